package google

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// EndSessions signs the person out on all devices, takes back what they granted to
// applications, and deletes their application passwords, by which mail programs sign
// in without anything else. What fails keeps the rest from nothing.
func (d *directory) EndSessions(ctx context.Context, p people.Person) ([]string, error) {
	const op = "google: end sessions"
	if !isID(p.ID) {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the person's id is not one of Google's")
	}
	token, err := d.token(ctx, op)
	if err != nil {
		return nil, err
	}
	e := ending{d, op, token}
	path := "users/" + p.ID
	out, outErr := e.gone(ctx, http.MethodPost, path+"/signOut")
	grants, grantsErr := e.takeBack(ctx, path+"/tokens")
	passwords, passwordsErr := e.takeBack(ctx, path+"/asps")
	var ended []string
	if out {
		ended = append(ended, "all sessions")
	}
	ended = append(ended, count(grants, "application grant")...)
	ended = append(ended, count(passwords, "application password")...)
	return ended, cmp.Or(outErr, grantsErr, passwordsErr)
}

// ending is what all its requests have in common. One token serves them, so that
// one that cannot be had is asked for once.
type ending struct {
	*directory
	op    string
	token keyturn.Secret
}

// takeBack deletes everything that is listed at a path, and counts it.
func (e ending) takeBack(ctx context.Context, path string) (n int, err error) {
	var list struct {
		Items []struct {
			ClientID string // of a grant
			CodeID   int    // of a password
		}
	}
	if _, err := e.do(ctx, request{op: e.op, path: path}, e.token, &list); err != nil {
		return 0, unlessGone(err)
	}
	for _, item := range list.Items {
		id := item.ClientID
		if id == "" {
			id = strconv.Itoa(item.CodeID)
		}
		deleted, failed := e.gone(ctx, http.MethodDelete, path+"/"+url.PathEscape(id))
		if deleted {
			n++
		}
		err = cmp.Or(err, failed)
	}
	return n, err
}

// gone makes a request that ends something. It is false for what was not there.
func (e ending) gone(ctx context.Context, method, path string) (ended bool, err error) {
	_, err = e.do(ctx, request{op: e.op, method: method, path: path}, e.token, nil)
	return err == nil, unlessGone(err)
}

// unlessGone is err, unless it says that what was to be ended was not there.
func unlessGone(err error) error {
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}

// count says how many of something there were, unless there were none.
func count(n int, what string) []string {
	switch n {
	case 0:
		return nil
	case 1:
		return []string{"1 " + what}
	}
	return []string{fmt.Sprintf("%d %ss", n, what)}
}
