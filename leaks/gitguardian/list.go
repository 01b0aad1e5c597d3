package gitguardian

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// Open yields the incidents that are open and were triggered at or after since. Reopening
// one leaves its dates as they were. All are read: what the filters of the API compare is
// the commit's date for what a scan of the history found. A list has no places; only Look
// does.
func (s *source) Open(ctx context.Context, since time.Time) iter.Seq2[leaks.Finding, error] {
	const op = "gitguardian: open"
	return func(yield func(leaks.Finding, error) bool) {
		for _, k := range s.kinds() {
			for _, status := range []string{"TRIGGERED", "ASSIGNED"} {
				for i, err := range s.incidents(ctx, op, k, status) {
					if err == nil && !i.ok() {
						err = undocumented(op)
					}
					if err != nil {
						yield(leaks.Finding{}, err)
						return
					}
					if i.Date.Before(since) && i.Triggered.Before(since) {
						continue
					}
					if !yield(s.whole(k, i), nil) {
						return
					}
				}
			}
		}
	}
}

// incidents reads the list of one status to its end, or until the reader has enough. A
// request for two statuses at once is not documented.
func (s *source) incidents(ctx context.Context, op string, k kind, status string) iter.Seq2[incident, error] {
	return func(yield func(incident, error) bool) {
		query := url.Values{"status": {status}, "per_page": {"100"}}
		for seen := map[string]bool{}; ; {
			var page []incident
			header, err := s.get(ctx, op, string(k)+"?"+query.Encode(), &page)
			if err == nil && page == nil {
				err = undocumented(op)
			}
			if err != nil {
				yield(incident{}, unlisted(op, err))
				return
			}
			for _, i := range page {
				if !yield(i, nil) {
					return
				}
			}
			cursor, more := next(header)
			if !more {
				return
			}
			if cursor == "" || seen[cursor] {
				yield(incident{}, keyturn.Errorf(keyturn.Unavailable, op, "the link to the next page leads nowhere new"))
				return
			}
			seen[cursor] = true
			query.Set("cursor", cursor)
		}
	}
}

// next is the cursor of the next page ("Pagination"), and whether there is one. The link
// itself is not followed: it would choose who sees the token.
func next(h http.Header) (cursor string, more bool) {
	for _, value := range h.Values("Link") {
		for _, link := range strings.Split(value, ",") {
			address, parameters, _ := strings.Cut(link, ">")
			if !strings.Contains(parameters, `rel="next"`) {
				continue
			}
			if u, err := url.Parse(strings.TrimPrefix(strings.TrimSpace(address), "<")); err == nil {
				cursor = u.Query().Get("cursor")
			}
			return cursor, true
		}
	}
	return "", false
}
