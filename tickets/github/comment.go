package github

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keyturn/keyturn/tickets"
)

// comment is the part of a comment that is read ("List issue comments").
type comment struct {
	Body string
	User *user
}

// Comment looks for the comment among all there are, oldest first, before it
// makes one. Two workers that say the same at the same moment say it twice:
// GitHub keeps nobody from it.
func (t *tracker) Comment(ctx context.Context, id string, c tickets.Comment) error {
	const op = "github: comment"
	path, err := t.issuePath(op, id)
	if err != nil {
		return err
	}
	if err := checkKey(op, c.Key); err != nil {
		return err
	}
	release, err := t.busy.take(ctx, id+" "+c.Key)
	if err != nil {
		return err
	}
	defer release()
	path += "/comments"
	for page, err := range pages[comment](ctx, t, op, path, url.Values{"per_page": {"100"}}) {
		if err != nil {
			return err
		}
		if said, err := t.said(ctx, op, page, c.Key); err != nil || said {
			return err
		}
	}
	got, err := t.call(ctx, op, http.MethodPost, path, map[string]string{"body": mark(c.Key) + "\n" + c.Text}, nil)
	return t.missing(ctx, op, got, err)
}

// said reports whether a page has the comment of a Key, from us: anybody who
// can read an issue can copy a mark.
func (t *tracker) said(ctx context.Context, op string, page []comment, key string) (bool, error) {
	me := ""
	for _, c := range page {
		if marked(c.Body) != key {
			continue
		}
		if me == "" {
			var err error
			if me, err = t.author(ctx, op); err != nil {
				return false, err
			}
		}
		if c.User.is(me) {
			return true, nil
		}
	}
	return false, nil
}
