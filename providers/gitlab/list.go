package gitlab

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// pageSize is the most GitLab puts on a page (REST API, "Pagination").
const pageSize = 100

// List reads the active tokens of a project or group, oldest first, so that a
// token made meanwhile comes last. Without a principal it reads those of the
// setting group, of every group below it and of all their projects, which is a
// request for each of them.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "gitlab: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		for of, err := range p.owners(ctx, op, principal) {
			if err != nil {
				yield(providers.RemoteKey{}, err)
				return
			}
			q := url.Values{"state": {"active"}, "sort": {"created_asc"}}
			for t, err := range pages[token](ctx, p, op, of.path()+"/access_tokens", q) {
				if err != nil {
					yield(providers.RemoteKey{}, err)
					return
				}
				// Before 17.2 GitLab knows no state and lists revoked ones.
				if !t.Revoked && !yield(t.remote(of), nil) {
					return
				}
			}
		}
	}
}

// owners are the project or group called principal, or all of the account's.
func (p *provider) owners(ctx context.Context, op, principal string) iter.Seq2[owner, error] {
	return func(yield func(owner, error) bool) {
		if principal != "" {
			yield(parseOwner(op, principal))
			return
		}
		if p.Group == 0 {
			yield(owner{}, keyturn.Errorf(keyturn.Unsupported, op, "GitLab lists tokens by project and group; set group to list the account's"))
			return
		}
		top := owner{"group", p.Group}
		if !yield(top, nil) {
			return
		}
		byID := url.Values{"order_by": {"id"}, "sort": {"asc"}}
		projects := url.Values{
			"order_by": {"id"}, "sort": {"asc"}, "simple": {"true"}, "include_subgroups": {"true"},
			"with_shared": {"false"}, // those are another account's
		}
		for _, below := range []struct {
			kind, path string
			q          url.Values
		}{{"group", "/descendant_groups", byID}, {"project", "/projects", projects}} {
			for found, err := range pages[token](ctx, p, op, top.path()+below.path, below.q) {
				if err == nil && found.ID == 0 {
					err = undocumented(op)
				}
				if !yield(owner{below.kind, found.ID}, err) || err != nil {
					return
				}
			}
		}
	}
}

// pages reads a listing. Its pages are numbered: an item that goes away
// meanwhile would make another slip from a page not yet read to one that was.
// Then the listing ends in an Unavailable error.
func pages[T any](ctx context.Context, p *provider, op, path string, q url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		q.Set("per_page", strconv.Itoa(pageSize))
		for next, most := "1", 0; next != ""; {
			q.Set("page", next)
			r, err := p.manage(ctx, op, http.MethodGet, path+"?"+q.Encode(), nil)
			var items []T
			if err == nil {
				err = r.read(op, &items)
			}
			total, said := strconv.Atoi(r.Header.Get("X-Total")) // left out beyond 10,000 items
			switch {
			case err == nil && items == nil:
				err = undocumented(op)
			case err == nil && said == nil && total < most:
				err = keyturn.Errorf(keyturn.Unavailable, op, "something was deleted while it was listed; list again")
			}
			if err != nil {
				yield(none, err)
				return
			}
			most = max(most, total)
			for _, i := range items {
				if !yield(i, nil) {
					return
				}
			}
			if next, err = following(op, next, r.Header, len(items)); err != nil {
				yield(none, err)
				return
			}
		}
	}
}

// following is the number of the next page, empty after the last. GitLab names
// it in X-Next-Page; where something on the way dropped that header, a full
// page has a next one.
func following(op, page string, h http.Header, items int) (string, error) {
	next := h.Get("X-Next-Page")
	n, err := strconv.Atoi(page)
	switch {
	case err != nil || next == page:
		return "", undocumented(op)
	case len(h.Values("X-Next-Page")) == 0 && items == pageSize:
		return strconv.Itoa(n + 1), nil
	}
	return next, nil
}
