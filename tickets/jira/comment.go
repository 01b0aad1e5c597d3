package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// commentPage is how many comments are read at a time.
const commentPage = 50

// Comment says something on the ticket, unless one of its comments carries
// c.Key already. Calls of two workers for one Key that overlap may both say it.
func (t *tracker) Comment(ctx context.Context, id string, c tickets.Comment) error {
	const op = "jira: comment"
	path, err := issuePath(op, id)
	if err != nil {
		return err
	}
	body, ok := adf(c.Text)
	if !ok || c.Key == "" {
		return keyturn.Errorf(keyturn.Invalid, op, "a comment needs a key and a text")
	}
	path += "/comment"
	done, err := t.commenting.take(ctx, id+" "+c.Key)
	if err != nil {
		return err
	}
	defer done()
	if said, err := t.said(ctx, op, path, c.Key); err != nil || said {
		return err
	}
	in := map[string]any{"body": body, "properties": brand{Comment: c.Key}.on()}
	err = t.call(ctx, op, http.MethodPost, path, in, nil)
	if keyturn.KindOf(err) == keyturn.Invalid {
		return keyturn.Errorf(keyturn.Invalid, op, "Jira refused the comment; is it longer than 32,767 characters?")
	}
	return t.missing(ctx, op, err)
}

// said reports whether an issue has the comment of key. Comments come oldest
// first, so that one made meanwhile comes last. Pages are numbered: if a comment
// is deleted meanwhile, another could be missed, and it is an Unavailable error.
func (t *tracker) said(ctx context.Context, op, path, key string) (bool, error) {
	for start, total := 0, 0; ; {
		q := url.Values{"orderBy": {"created"}, "startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(commentPage)}}
		var page struct {
			Comments []struct {
				ID json.Number `json:"id"`
			}
			Total int
		}
		err := t.call(ctx, op, http.MethodGet, path+"?"+q.Encode(), nil, &page)
		switch {
		case err != nil:
			return false, t.missing(ctx, op, err)
		case page.Comments == nil:
			return false, undocumented(op)
		case page.Total < total:
			return false, keyturn.Errorf(keyturn.Unavailable, op, "comments were deleted while they were read; try again")
		case len(page.Comments) == 0:
			return false, nil
		}
		ids := make([]json.Number, 0, len(page.Comments))
		for _, c := range page.Comments {
			ids = append(ids, c.ID)
		}
		if found, err := t.branded(ctx, op, ids, brand{Comment: key}); err != nil || found {
			return found, err
		}
		if start, total = start+len(ids), page.Total; start >= total {
			return false, nil
		}
	}
}

// branded reports whether one of some comments is the one of b. "Get comments"
// documents no way to return properties, "Get comments by IDs" does.
func (t *tracker) branded(ctx context.Context, op string, ids []json.Number, b brand) (bool, error) {
	var out struct {
		Values []struct {
			Properties []struct {
				Key   string
				Value json.RawMessage
			}
		}
	}
	if err := t.call(ctx, op, http.MethodPost, "/comment/list?expand=properties", map[string]any{"ids": ids}, &out); err != nil {
		return false, err
	}
	if out.Values == nil {
		return false, undocumented(op)
	}
	for _, c := range out.Values {
		for _, p := range c.Properties {
			if p.Key == property && b.is(p.Value) {
				return true, nil
			}
		}
	}
	return false, nil
}
