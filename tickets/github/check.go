package github

import (
	"context"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
)

// Check reads the repository and whose the token is, tries whether it may open
// issues by sending one without a title, which GitHub refuses to make, and
// looks up what the settings name.
func (t *tracker) Check(ctx context.Context) error {
	const op = "github: check"
	r, err := t.repository(ctx, op)
	if err != nil {
		return err
	}
	me, err := t.author(ctx, op)
	if err != nil {
		return err
	}
	switch {
	case r.Archived:
		return keyturn.Errorf(keyturn.Invalid, op, "the repository is archived; name another in the setting repository")
	case r.Permissions != nil && !r.Permissions.Push && !strings.HasSuffix(me, "[bot]"):
		// "Only users with push access can set labels for new issues."
		return keyturn.Errorf(keyturn.Denied, op, "the token's account %s lacks the role Write in %s; without it GitHub drops the labels of its issues", me, t.Repository)
	}
	got, err := t.call(ctx, op, http.MethodPost, t.in("/issues"), struct{}{}, nil)
	if got.status != http.StatusUnprocessableEntity {
		if err == nil {
			err = undocumented(op)
		}
		return err
	}
	for _, a := range t.Assignees {
		if err := t.checkAssignee(ctx, op, a); err != nil {
			return err
		}
	}
	return t.checkType(ctx, op)
}

// checkAssignee asks whether an issue can be given to somebody ("Check if a
// user can be assigned").
func (t *tracker) checkAssignee(ctx context.Context, op, login string) error {
	got, err := t.call(ctx, op, http.MethodGet, t.in("/assignees/"+login), nil, nil)
	if got.status == http.StatusNotFound {
		return keyturn.Errorf(keyturn.Invalid, op, "no issue of %s can be given to %s; correct the setting assignees, or let them into the repository", t.Repository, login)
	}
	return err
}

// checkType looks the issue type up ("List issue types for a repository").
// Where there is no such listing, nobody can tell.
func (t *tracker) checkType(ctx context.Context, op string) error {
	if t.Type == "" {
		return nil
	}
	var all []struct{ Name string }
	got, err := t.call(ctx, op, http.MethodGet, t.in("/issue-types"), nil, &all)
	switch {
	case got.status == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	}
	for _, one := range all {
		if strings.EqualFold(one.Name, t.Type) {
			return nil
		}
	}
	return keyturn.Errorf(keyturn.Invalid, op, "the repository has no issue type %q; correct the setting type", t.Type)
}
