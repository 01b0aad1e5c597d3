package okta

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
)

// pages yields what a list holds, reading a page when the last one is used up.
// No page is asked for twice.
func pages[T any](ctx context.Context, d *directory, op, need, path, query string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for seen := map[string]bool{}; query != ""; {
			seen[query] = true
			var page []T
			header, err := d.get(ctx, op, need, path+"?"+query, &page)
			if keyturn.KindOf(err) == keyturn.NotFound && (path == usersPath || path == groupsPath) {
				err = undocumented(op) // every org has these lists
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, one := range page {
				if !yield(one, nil) {
					return
				}
			}
			if query, err = d.next(op, path, header); err == nil && seen[query] {
				err = keyturn.Errorf(keyturn.Unavailable, op, "the pages go round in a circle")
			}
			if err != nil {
				yield(none, err)
				return
			}
		}
	}
}

// next is the query of the next page, or empty after the last (Core Okta API,
// "Link header"). A link elsewhere than to the same list of the org is an error:
// the token is shown nowhere else, and half a list is worse than none, because
// whoever is missing in it looks gone.
func (d *directory) next(op, path string, h http.Header) (string, error) {
	for _, value := range h.Values("Link") {
		for _, link := range strings.Split(value, ", ") { // as some proxies join them
			address, parameters, _ := strings.Cut(link, ">")
			if !strings.Contains(parameters, `rel="next"`) {
				continue
			}
			u, err := url.Parse(strings.TrimPrefix(strings.TrimSpace(address), "<"))
			if err == nil && u.Path == path && u.RawQuery != "" {
				for _, base := range []string{d.env.BaseURL, d.vendor} {
					if u.Scheme+"://"+u.Host == base {
						return u.RawQuery, nil
					}
				}
			}
			return "", keyturn.Errorf(keyturn.Unavailable, op, "the next page is not where Okta's pages are; is domain the org's own?")
		}
	}
	return "", nil
}
