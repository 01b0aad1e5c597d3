package github

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Open looks for the issue among all that bear our label, newest first, before
// it makes one. GitHub itself keeps nobody from making two. So afterwards it
// looks once more: where another worker was quicker, the later issue is closed
// as a duplicate and the earlier one returned.
func (t *tracker) Open(ctx context.Context, in tickets.Ticket) (tickets.Ref, error) {
	const op = "github: open"
	if err := checkKey(op, in.Key); err != nil {
		return tickets.Ref{}, err
	}
	release, err := t.busy.take(ctx, in.Key)
	if err != nil {
		return tickets.Ref{}, err
	}
	defer release()
	found, err := t.find(ctx, op, in.Key)
	if err == nil && len(found) == 0 {
		found, err = t.create(ctx, op, in)
	}
	if keyturn.KindOf(err) == keyturn.NotFound {
		err = keyturn.Errorf(keyturn.Denied, op, "GitHub lets the token neither list nor open issues of the repository; give it the permission Issues (read and write)")
	}
	if err != nil {
		return tickets.Ref{}, err
	}
	return t.first(ctx, op, found)
}

// newest asks for issues with our label, newest first.
func newest(perPage int) url.Values {
	return url.Values{
		"labels": {label}, "state": {"all"}, "sort": {"created"}, "direction": {"desc"},
		"per_page": {strconv.Itoa(perPage)},
	}
}

// find returns our issues of a Key. It stops at the page that has one.
func (t *tracker) find(ctx context.Context, op, key string) ([]issue, error) {
	for page, err := range pages[issue](ctx, t, op, t.in("/issues"), newest(100)) {
		if err != nil {
			return nil, err
		}
		found, err := t.ours(ctx, op, of(page, key))
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}

// of picks the issues that are marked with a Key.
func of(page []issue, key string) []issue {
	return slices.DeleteFunc(page, func(i issue) bool { return i.PullRequest != nil || marked(i.Body) != key })
}

// create makes an issue, and returns it with any that another worker made at
// the same time.
func (t *tracker) create(ctx context.Context, op string, in tickets.Ticket) ([]issue, error) {
	draft := map[string]any{"title": in.Title, "body": bodyOf(in.Key, in.Due, in.Body), "labels": t.allLabels()}
	if len(t.Assignees) > 0 {
		draft["assignees"] = t.Assignees
	}
	if t.Type != "" {
		draft["type"] = t.Type
	}
	var made issue
	got, err := t.call(ctx, op, http.MethodPost, t.in("/issues"), draft, &made)
	if err != nil {
		return nil, t.missing(ctx, op, got, err)
	}
	if made.Number == 0 || made.HTMLURL == "" {
		return nil, undocumented(op)
	}
	if !made.is(label) {
		// "Labels are silently dropped otherwise." Nobody would find it again.
		if err := t.change(ctx, op, made.ref().ID, map[string]any{"state": "closed", "state_reason": "not_planned"}); err != nil {
			return nil, err
		}
		return nil, keyturn.Errorf(keyturn.Denied, op, "GitHub dropped the issue's labels, so it was closed again; give the token's account the role Write")
	}
	// Rivals are seconds old: they are among the newest.
	for page, err := range pages[issue](ctx, t, op, t.in("/issues"), newest(30)) {
		if err != nil {
			return nil, err
		}
		rivals := slices.DeleteFunc(of(page, in.Key), func(i issue) bool { return i.Number == made.Number })
		rivals, err = t.ours(ctx, op, rivals)
		return append(rivals, made), err
	}
	return []issue{made}, nil
}

// first returns the oldest of some issues of one Key, and closes the others.
func (t *tracker) first(ctx context.Context, op string, found []issue) (tickets.Ref, error) {
	slices.SortFunc(found, func(a, b issue) int { return cmp.Compare(a.Number, b.Number) })
	for _, i := range found[1:] {
		if i.State == "closed" {
			continue
		}
		err := t.change(ctx, op, i.ref().ID, map[string]any{"state": "closed", "state_reason": "duplicate"})
		if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return tickets.Ref{}, err
		}
	}
	if found[0].HTMLURL == "" {
		return tickets.Ref{}, undocumented(op)
	}
	return found[0].ref(), nil
}
