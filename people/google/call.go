package google

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. The longest is a page of 500 users, of which
// each may have 30 aliases and 2 KB of relations.
const maxAnswer = 8 << 20

// customer stands for the account of the administrator.
const customer = "my_customer"

// request is one call of the Directory API. The method is GET unless it says so.
type request struct {
	op, method, path string
	query            url.Values
	in               any
}

// ask makes one request as the administrator. why is said where it makes a
// difference what the request was refused for.
func (d *directory) ask(ctx context.Context, q request, out any) (why, error) {
	token, err := d.token(ctx, q.op)
	if err != nil {
		return "", err
	}
	return d.do(ctx, q, token, out)
}

// do makes one request. With out nil it matters that Google answered, and not what: a
// proxy's page is no answer of Google's.
func (d *directory) do(ctx context.Context, q request, token keyturn.Secret, out any) (why, error) {
	address := "https://admin.googleapis.com"
	if d.env.BaseURL != "" {
		address = d.env.BaseURL
	}
	address += "/admin/directory/v1/" + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	method := http.MethodGet
	if q.method != "" {
		method = q.method
	}
	req, err := exchange.NewRequest(ctx, q.op, method, address, q.in)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	got, err := exchange.Ask(ctx, q.op, d.env.HTTP, req, maxAnswer)
	if err != nil {
		return "", err
	}
	if got.Status == http.StatusUnauthorized {
		d.tokens.drop(token)
	}
	if got.Status/100 != 2 {
		return refusal(q.op, got)
	}
	understood := len(got.Body) == 0 || json.Valid(got.Body)
	if out != nil {
		understood = json.Unmarshal(got.Body, out) == nil
	}
	if !understood {
		return "", undocumented(q.op)
	}
	return "", nil
}

// page is one page of a listing, of whichever kind.
type page struct {
	Kind    string
	Next    string `json:"nextPageToken"`
	Users   []user
	Groups  []group
	Members []member
}

// pages reads a listing page by page. An answer that does not say which listing it
// is says nothing: an empty one would make leavers of everybody.
func (d *directory) pages(ctx context.Context, q request, kind string) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		q.query = maps.Clone(q.query)
		for {
			var p page
			_, err := d.ask(ctx, q, &p)
			if err == nil && (p.Kind != kind || p.Next != "" && p.Next == q.query.Get("pageToken")) {
				err = undocumented(q.op)
			}
			if !yield(p, err) || err != nil || p.Next == "" {
				return
			}
			q.query.Set("pageToken", p.Next)
		}
	}
}

// ofAccount is for what was asked of the whole account: what Google does not find
// there is the account.
func ofAccount(op string, err error) error {
	if keyturn.KindOf(err) == keyturn.NotFound {
		return keyturn.Errorf(keyturn.Denied, op, "the administrator that the setting admin names has no Google Workspace account")
	}
	return err
}

// undocumented is for an answer that is not what Google documents.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
