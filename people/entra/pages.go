package entra

import (
	"context"
	"iter"
	"strings"

	"github.com/keyturn/keyturn"
)

// pageSize is the most Graph puts on a page (Microsoft Graph, "Paging"). It may
// put fewer.
const pageSize = "999"

// pages yields what a listing holds, page by page, and stops after an error.
func pages[T any](ctx context.Context, d *directory, r request) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r := r
		for seen := map[string]bool{}; ; {
			seen[r.path] = true
			var page struct {
				Value []T    `json:"value"`
				Next  string `json:"@odata.nextLink"`
			}
			err := d.ask(ctx, r, &page)
			if err == nil && page.Value == nil {
				err = undocumented(r.op)
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, x := range page.Value {
				if !yield(x, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			var ok bool
			if r.path, ok = d.next(page.Next); !ok || seen[r.path] {
				yield(none, keyturn.Errorf(keyturn.Unavailable, r.op, "the next page is not where Graph's pages are"))
				return
			}
		}
	}
}

// next is the path of the next page, if link is one of Graph's own or of the
// address we were told to use: an access token is shown nowhere else.
func (d *directory) next(link string) (string, bool) {
	for _, base := range []string{d.at.graph, d.vendor} {
		if path, ok := strings.CutPrefix(link, strings.TrimSuffix(base, "/")+version+"/"); ok {
			return "/" + path, true
		}
	}
	return "", false
}
