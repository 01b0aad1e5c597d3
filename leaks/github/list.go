package github

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// pageSize is the most GitHub puts on a page.
const pageSize = 100

// A list is one that GitHub keeps of alerts.
type list struct{ path, repo string } // repo is empty for an organisation's

func (s *source) lists() []list {
	if s.Org != "" {
		return []list{{path: "/orgs/" + s.Org + "/secret-scanning/alerts"}}
	}
	var out []list
	for _, r := range s.Repos {
		out = append(out, list{"/repos/" + r + "/secret-scanning/alerts", r})
	}
	return out
}

// unseen makes of a missing list what it is: something that is not shown.
func (l list) unseen(op string, err error) error {
	if keyturn.KindOf(err) != keyturn.NotFound {
		return err
	}
	if l.repo != "" {
		return keyturn.Errorf(keyturn.Denied, op, "GitHub shows no alerts of %s; see that secret scanning is on there, and that the token or the App has access to the repository and its secret scanning alerts", l.repo)
	}
	return keyturn.Errorf(keyturn.Denied, op, "GitHub shows no alerts of the organisation; see that org is its name, and that the token is of an owner or security manager, or the App is installed there, with access to secret scanning alerts")
}

// Open reads all alerts that are open and yields those that changed at or after since.
// It does not have them sorted by when they changed: GitHub does not say where those
// stand that never did. Since of a finding is when GitHub found it: only Look asks for
// commits.
func (s *source) Open(ctx context.Context, since time.Time) iter.Seq2[leaks.Finding, error] {
	const op = "github: open"
	since = since.Truncate(time.Second) // GitHub's times have no fractions
	return func(yield func(leaks.Finding, error) bool) {
		for _, l := range s.lists() {
			for f, err := range s.findings(ctx, op, l, since) {
				if !yield(f, err) || err != nil {
					return
				}
			}
		}
	}
}

// findings yields what one list holds that changed at or after since.
func (s *source) findings(ctx context.Context, op string, l list, since time.Time) iter.Seq2[leaks.Finding, error] {
	return func(yield func(leaks.Finding, error) bool) {
		var public, asked bool
		for a, err := range s.alerts(ctx, op, l) {
			if err != nil {
				yield(leaks.Finding{}, err)
				return
			}
			if changed(a).Before(since) {
				continue
			}
			n := name{l.repo, a.Number}
			if l.repo == "" {
				n.repo, public = a.Repository.Name, !a.Repository.Private
			} else if !asked {
				if public, err = s.public(ctx, op, l.repo); err != nil {
					yield(leaks.Finding{}, err)
					return
				}
				asked = true
			}
			if !a.ok() || !isRepo(n.repo) {
				yield(leaks.Finding{}, undocumented(op))
				return
			}
			f := s.finding(n, a, public || a.Leaked)
			location{Details: a.First}.place(&f)
			if !yield(f, nil) {
				return
			}
		}
	}
}

// changed is when an alert was made or changed last.
func changed(a alert) time.Time {
	if a.Updated.After(a.Created) {
		return a.Updated
	}
	return a.Created
}

// alerts reads a list to its end, or until the reader has enough.
func (s *source) alerts(ctx context.Context, op string, l list) iter.Seq2[alert, error] {
	return func(yield func(alert, error) bool) {
		query := url.Values{
			"state": {"open"}, "per_page": {strconv.Itoa(pageSize)},
			"after": {""}, // the first page, and cursors from there on
		}
		for seen := map[string]bool{}; ; {
			var page []alert
			header, err := s.get(ctx, op, l.path+"?"+query.Encode(), &page)
			if err == nil && page == nil {
				err = undocumented(op)
			}
			if err != nil {
				yield(alert{}, l.unseen(op, err))
				return
			}
			for _, a := range page {
				if !yield(a, nil) {
					return
				}
			}
			cursor, more := next(header)
			if !more {
				return
			}
			if cursor == "" || seen[cursor] {
				yield(alert{}, keyturn.Errorf(keyturn.Unavailable, op, "the link to the next page leads nowhere new"))
				return
			}
			seen[cursor] = true
			query.Set("after", cursor)
		}
	}
}

// next is the cursor of the next page ("Using pagination in the REST API"), and whether
// there is one. The link itself is not followed: it would choose who sees the token.
func next(h http.Header) (cursor string, more bool) {
	for _, value := range h.Values("Link") {
		for _, link := range strings.Split(value, ", ") {
			address, parameters, _ := strings.Cut(link, ">")
			if !strings.Contains(parameters, `rel="next"`) {
				continue
			}
			if u, err := url.Parse(strings.TrimPrefix(strings.TrimSpace(address), "<")); err == nil {
				cursor = u.Query().Get("after")
			}
			return cursor, true
		}
	}
	return "", false
}
