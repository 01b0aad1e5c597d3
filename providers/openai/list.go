package openai

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// List reads the keys of one owner, or of every active project and the
// organisation. A project tells its keys only all together.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "openai: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal == "" {
			p.listAll(ctx, op, yield)
			return
		}
		o, err := parse(op, principal)
		if err != nil {
			yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.NotFound, op, `there is no such principal; it is "admin" or <project id>/<service account id>`))
			return
		}
		found := false
		for k, err := range p.keysOf(ctx, op, o) {
			if err == nil && k.Principal != principal {
				continue
			}
			found = true
			if !yield(k, err) || err != nil {
				return
			}
		}
		if found || o.admin() {
			return
		}
		// Nothing there: because of no keys, or of no such account?
		if err := p.exists(ctx, op, o); err != nil {
			yield(providers.RemoteKey{}, err)
		}
	}
}

func (p *provider) listAll(ctx context.Context, op string, yield func(providers.RemoteKey, error) bool) {
	type project struct{ ID string }
	for x, err := range pages(ctx, p, op, "/v1/organization/projects", func(x project) string { return x.ID }) {
		if err == nil && !idPattern.MatchString(x.ID) {
			err = undocumented(op)
		}
		if err != nil {
			yield(providers.RemoteKey{}, err)
			return
		}
		for k, err := range p.keysOf(ctx, op, owner{project: x.ID}) {
			if keyturn.KindOf(err) == keyturn.NotFound {
				break // deleted since the page was read
			}
			if !yield(k, err) || err != nil {
				return
			}
		}
	}
	for k, err := range p.keysOf(ctx, op, owner{}) {
		if !yield(k, err) || err != nil {
			return
		}
	}
}

// keysOf lists all keys of an owner's project, whoever's they are, those of
// people who have left included; without a project, the admin keys.
func (p *provider) keysOf(ctx context.Context, op string, o owner) iter.Seq2[providers.RemoteKey, error] {
	path := o.keys()
	if !o.admin() {
		path += "?owner_project_access=any"
	}
	return func(yield func(providers.RemoteKey, error) bool) {
		for k, err := range pages(ctx, p, op, path, func(k key) string { return k.ID }) {
			if err != nil {
				yield(providers.RemoteKey{}, err)
				return
			}
			if !yield(p.remote(o.project, k), nil) {
				return
			}
		}
	}
}

// pages reads a listing to its end, or until the reader has enough.
func pages[T any](ctx context.Context, p *provider, op, path string, id func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		for at := path + sep + "limit=100"; ; {
			var page struct {
				Data []T
				More bool   `json:"has_more"`
				Last string `json:"last_id"`
			}
			err := p.manage(ctx, request{op, http.MethodGet, at, nil, &page})
			if err == nil && (page.Data == nil || page.More && len(page.Data) == 0) {
				err = undocumented(op)
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, x := range page.Data {
				if !yield(x, nil) {
					return
				}
			}
			if !page.More {
				return
			}
			after := page.Last
			if after == "" {
				after = id(page.Data[len(page.Data)-1])
			}
			at = path + sep + "limit=100&after=" + url.QueryEscape(after)
		}
	}
}
