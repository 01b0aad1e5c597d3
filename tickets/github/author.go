package github

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
)

// author is the login of the account we are, as the settings or GitHub say.
func (t *tracker) author(ctx context.Context, op string) (string, error) {
	if t.Author != "" {
		return t.Author, nil
	}
	var me user
	got, err := t.call(ctx, op, http.MethodGet, "/user", nil, &me)
	switch {
	case got.status == http.StatusForbidden && keyturn.KindOf(err) == keyturn.Denied:
		return "", keyturn.Errorf(keyturn.Denied, op, "the token may not ask whose it is; put the login that its issues are opened by into the setting author")
	case err != nil:
		return "", err
	case me.Login == "":
		return "", undocumented(op)
	}
	return me.Login, nil
}

// ours picks the issues our account opened. Without any it asks nobody.
func (t *tracker) ours(ctx context.Context, op string, found []issue) ([]issue, error) {
	if len(found) == 0 {
		return nil, nil
	}
	me, err := t.author(ctx, op)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(i issue) bool { return !i.User.is(me) }), nil
}

// is reports whether a user, who may have left GitHub, has a login.
func (u *user) is(login string) bool { return u != nil && strings.EqualFold(u.Login, login) }
