package github

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
)

// maxPages is how many pages of 100 are read of one listing.
const maxPages = 200

// pages yields a listing page by page, to its end or an error.
//
// A page links to the next by its number or, in large repositories, by a cursor
// ("Using pagination in the REST API"). What the link asks for is put to our
// own address: the link itself would choose who sees the token.
func pages[T any](ctx context.Context, t *tracker, op, path string, query url.Values) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for range maxPages {
			var page []T
			got, err := t.call(ctx, op, http.MethodGet, path+"?"+query.Encode(), nil, &page)
			if err == nil && page == nil {
				err = undocumented(op)
			}
			if !yield(page, t.missing(ctx, op, got, err)) || err != nil {
				return
			}
			next := following(got.header.Get("Link"))
			if next == nil {
				return
			}
			for _, name := range []string{"page", "after"} {
				query.Del(name)
				if v := next.Get(name); v != "" {
					query.Set(name, v)
				}
			}
		}
		yield(nil, keyturn.Errorf(keyturn.Exhausted, op, "the listing has more than %d pages; give tickets a repository of their own in the setting repository", maxPages))
	}
}

// following returns the query of a Link header's next page; nil for none.
func following(link string) url.Values {
	for part := range strings.SplitSeq(link, ",") {
		address, rel, _ := strings.Cut(strings.TrimSpace(part), ">")
		if !strings.Contains(rel, `rel="next"`) {
			continue
		}
		if u, err := url.Parse(strings.TrimPrefix(address, "<")); err == nil {
			return u.Query()
		}
	}
	return nil
}
