package stripe

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// List reads the account's secret and restricted keys that have not expired,
// ones made by hand included. Publishable keys are not secrets and are left
// out. In test mode every page carries the values of all keys on it; they are
// not decoded.
func (p *managed) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "stripe: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		fail := func(err error) { yield(providers.RemoteKey{}, err) }
		if principal != "" {
			fail(keyturn.Errorf(keyturn.NotFound, op, "API keys belong to no principal; list the account"))
			return
		}
		asked := map[string]bool{}
		for query := first; query != ""; {
			if asked[query] {
				fail(keyturn.Errorf(keyturn.Unavailable, op, "Stripe's pages lead back to one that was read; list again"))
				return
			}
			asked[query] = true
			got, _, err := p.page(ctx, op, query)
			if err != nil {
				fail(err)
				return
			}
			for _, k := range got.Data {
				if k.ID == "" || k.Type == "" || k.Status == "" {
					fail(undocumented(op))
					return
				}
				if k.Type == secretKey && k.Status == "active" && !yield(k.remote(), nil) {
					return
				}
			}
			if query, err = next(op, got); err != nil {
				fail(err)
				return
			}
		}
	}
}

// first asks for the first page, with the most keys that a page may have.
const first = "?limit=100"

type page struct {
	Data []key   `json:"data"`
	Next *string `json:"next_page_url"`
}

func (p *managed) page(ctx context.Context, op, query string) (page, refusal, error) {
	var out page
	got, err := p.manage(ctx, p.request(op, http.MethodGet, keysPath+query), &out)
	if err == nil && out.Data == nil {
		err = undocumented(op)
	}
	return out, got, err
}

// next asks for the page after got, empty after the last one. Only the
// position is taken from the address in the answer: a credential goes to no
// host that an answer names.
func next(op string, got page) (string, error) {
	if got.Next == nil || *got.Next == "" {
		return "", nil
	}
	at, err := url.Parse(*got.Next)
	if err != nil || at.Query().Get("page") == "" {
		return "", undocumented(op)
	}
	return first + "&page=" + url.QueryEscape(at.Query().Get("page")), nil
}

// request prepares a call on the account's keys as the platform.
func (p *managed) request(op, method, path string) request {
	return request{op: op, method: method, path: path, header: map[string]string{
		"Stripe-Version": p.Version,
		"Stripe-Context": p.env.Account,
	}}
}

// manage makes a call on the account's keys.
func (p *managed) manage(ctx context.Context, r request, out any) (refusal, error) {
	admin, err := p.env.Credential(ctx, p.Credentials)
	if err != nil {
		return refusal{}, err // a missing credential of ours is no missing key
	}
	r.key = admin.Secret
	got, err := send(ctx, p.env, r, out)
	var e *keyturn.Error
	if got.status == http.StatusForbidden && errors.As(err, &e) {
		e.Message = "Stripe does not let the platform manage this account's keys; is its app still installed?"
	}
	return got, err
}

// isKey reports whether id is one of the preview's. Nothing else is put into a
// path.
func isKey(id string) bool {
	rest, ok := strings.CutPrefix(id, "mk_")
	strange := func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') }
	return ok && rest != "" && !strings.ContainsFunc(rest, strange)
}

func strangeID(op string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "the key id is not one of Stripe's managed keys, which begin with mk_")
}
