package providertest

import (
	"context"
	"iter"
	"net/url"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// Uses reads Acme's audit log, which keeps lines of every age.
func (p *acme) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	return func(yield func(providers.Use, error) bool) {
		const op = "uses"
		if p.kind.values && p.bug != "half-supported" {
			yield(providers.Use{}, keyturn.Errorf(keyturn.Unsupported, "acme: "+op, "not here"))
			return
		}
		ask := url.Values{"key": {q.ID}}
		switch p.bug {
		case "uses-of-anybody":
			ask.Del("key")
		case "sends-value":
			ask.Set("value", q.Secret.Expose())
		case "uses-of-the-living":
			if err := p.call(ctx, op, "GET", p.path(q.ID), nil, nil); err != nil {
				yield(providers.Use{}, err)
				return
			}
		}
		var all []providers.Use
		for {
			var page struct {
				Lines []fake.Use
				Next  string
			}
			if err := p.call(ctx, op, "GET", "/v1/log?"+ask.Encode(), nil, &page); err != nil {
				if p.bug != "silent-log" && (p.bug != "half-list" || !ask.Has("after")) {
					yield(providers.Use{}, err)
				}
				return
			}
			if page.Lines == nil && p.bug != "believes-silence" {
				yield(providers.Use{}, keyturn.Errorf(keyturn.Unavailable, "acme: "+op, "no log came"))
				return
			}
			for _, u := range page.Lines {
				use, ok := p.line(u, q, len(all))
				if !ok {
					continue
				}
				if all = append(all, use); p.bug != "reads-all" && !yield(use, nil) {
					return
				}
			}
			if page.Next == "" || p.bug == "first-page" {
				break
			}
			ask.Set("after", page.Next)
		}
		for _, u := range all {
			if p.bug == "reads-all" && !yield(u, nil) {
				return
			}
		}
	}
}

// line is the nth line asked for as we word it, and whether it was asked for.
func (p *acme) line(u fake.Use, q providers.UseQuery, n int) (providers.Use, bool) {
	out := providers.Use{ID: u.ID, At: u.At, From: u.From, What: u.What, Agent: u.Agent}
	switch p.bug {
	case "uses-renumbered":
		out.ID = string(rune('a' + n))
	case "uses-unnumbered":
		out.ID = ""
	case "drops-agent":
		out.Agent = ""
	case "uses-after":
		return out, u.At.After(q.Since)
	case "uses-ever":
		return out, true
	}
	return out, !u.At.Before(q.Since)
}

// Locate reads the key that has the id.
func (p *acme) Locate(ctx context.Context, id string) (providers.RemoteKey, error) {
	const op = "acme: locate"
	switch {
	case p.kind.values && p.bug != "half-supported":
		return providers.RemoteKey{}, keyturn.Errorf(keyturn.Unsupported, op, "not here")
	case id == "":
		return providers.RemoteKey{}, keyturn.Errorf(keyturn.Invalid, op, "no id")
	case p.bug == "locates-anything":
		return providers.RemoteKey{ID: id, Enabled: true}, nil
	}
	var k acmeKey
	err := p.call(ctx, "locate", "GET", p.path(id), nil, &k)
	switch {
	case err == nil && k.ID == "":
		return providers.RemoteKey{}, keyturn.Errorf(keyturn.Unavailable, op, "no key came")
	case p.bug == "lost-is-trouble" && keyturn.KindOf(err) == keyturn.NotFound:
		return providers.RemoteKey{}, keyturn.Errorf(keyturn.Unavailable, op, "try again")
	case p.bug == "trouble-is-lost" && err != nil:
		return providers.RemoteKey{}, keyturn.Errorf(keyturn.NotFound, op, "nobody's")
	case err != nil:
		return providers.RemoteKey{}, err
	}
	if p.bug == "located-nobody" {
		k.Principal = ""
	}
	return p.remote(k), nil
}
