package okta

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
)

// pages reads a listing to its end, or until the reader has enough. It begins with a
// query and follows Okta's links.
func pages[T any](ctx context.Context, p *provider, op, path, query string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for q, seen := query, map[string]bool{}; q != ""; {
			seen[q] = true
			var page []T
			header, err := p.page(ctx, op, path+"?"+q, &page)
			if err == nil && page == nil {
				err = undocumented(op)
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, x := range page {
				if !yield(x, nil) {
					return
				}
			}
			if q, err = p.nextPage(op, path, header); err == nil && seen[q] {
				err = keyturn.Errorf(keyturn.Unavailable, op, "the pages go round in a circle")
			}
			if err != nil {
				yield(none, err)
				return
			}
		}
	}
}

// nextPage is the query of the next page, or empty after the last (Core Okta
// API, "Link header"). A link elsewhere than to the org is an error: the token
// is shown nowhere else.
func (p *provider) nextPage(op, path string, h http.Header) (string, error) {
	for _, link := range h.Values("Link") {
		address, is := strings.CutSuffix(link, `>; rel="next"`)
		if !is {
			continue
		}
		u, err := url.Parse(strings.TrimPrefix(address, "<"))
		if err == nil && u.Path == path && u.RawQuery != "" {
			for _, base := range []string{p.env.BaseURL, p.vendor} {
				if u.Scheme+"://"+u.Host == base {
					return u.RawQuery, nil
				}
			}
		}
		return "", keyturn.Errorf(keyturn.Unavailable, op, "the next page is not where Okta's pages are")
	}
	return "", nil
}
