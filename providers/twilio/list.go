package twilio

import (
	"context"
	"iter"
	"net/http"
	"net/mail"
	"net/url"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// key is an API key as Twilio shows it ("Key resource v1").
type key struct {
	SID     string `json:"sid"`
	Name    string `json:"friendly_name"`
	Created string `json:"date_created"` // RFC 2822
}

func (k key) remote() (providers.RemoteKey, bool) {
	out := providers.RemoteKey{ID: k.SID, Label: k.Name, Enabled: true}
	if !isSID("SK", k.SID) {
		return out, false
	}
	if k.Created == "" {
		return out, true // the description allows null
	}
	at, err := mail.ParseDate(k.Created)
	out.Created = at.UTC()
	return out, err == nil
}

// page is a page of keys.
type page struct {
	Keys []key `json:"keys"`
	Meta *struct {
		Next *string `json:"next_page_url"`
	} `json:"meta"`
}

// pageSize is well below the 1000 that Twilio allows, so that a page is read
// quickly.
const pageSize = 100

// List reads the account's API keys, ones made by hand included.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "twilio: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		fail := func(err error) { yield(providers.RemoteKey{}, err) }
		if err := p.served(op, principal, keyturn.NotFound); err != nil {
			fail(err)
			return
		}
		asked := map[string]bool{}
		for query := p.query(pageSize); query != nil; {
			if asked[query.Encode()] {
				fail(keyturn.Errorf(keyturn.Unavailable, op, "Twilio's pages lead back to one that was read; list again"))
				return
			}
			asked[query.Encode()] = true
			admin, err := p.admin(ctx)
			if err != nil {
				fail(err)
				return
			}
			got, err := p.page(ctx, op, admin, query)
			if err != nil {
				fail(err)
				return
			}
			for _, k := range got.Keys {
				r, ok := k.remote()
				if !ok {
					fail(undocumented(op))
					return
				}
				if !yield(r, nil) {
					return
				}
			}
			if query, err = p.next(op, got); err != nil {
				fail(err)
				return
			}
		}
	}
}

func (p *provider) query(size int) url.Values {
	return url.Values{"AccountSid": {p.env.Account}, "PageSize": {strconv.Itoa(size)}}
}

func (p *provider) page(ctx context.Context, op string, as pair, query url.Values) (page, error) {
	var out page
	_, err := p.do(ctx, op, as, call{method: http.MethodGet, host: hostIAM, path: "/v1/Keys?" + query.Encode()}, &out)
	if err == nil && (out.Keys == nil || out.Meta == nil) {
		err = undocumented(op)
	}
	return out, err
}

// next asks for the page after got, nil after the last one. Only the position
// is taken from the address in the answer: a credential goes to no host that
// an answer names.
func (p *provider) next(op string, got page) (url.Values, error) {
	if got.Meta.Next == nil || *got.Meta.Next == "" {
		return nil, nil
	}
	at, err := url.Parse(*got.Meta.Next)
	if err != nil {
		return nil, undocumented(op)
	}
	query := p.query(pageSize)
	for _, name := range []string{"Page", "PageToken"} {
		if v := at.Query().Get(name); v != "" {
			query.Set(name, v)
		}
	}
	if len(query) == len(p.query(pageSize)) {
		return nil, undocumented(op)
	}
	return query, nil
}
