package entra

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

const needsUsers = "User.Read.All"

// Person asks for the user with that user principal name, and then the index for
// one with that address: three requests at most. Somebody who was deleted is not
// found by their address.
func (d *directory) Person(ctx context.Context, email string) (people.Person, error) {
	const op = "entra: person"
	email = people.Address(email)
	name, domain, ok := strings.Cut(email, "@")
	if !ok || name == "" || domain == "" || strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return people.Person{}, keyturn.Errorf(keyturn.NotFound, op, "that is not an address")
	}
	p, err := d.user(ctx, op, email)
	if keyturn.KindOf(err) != keyturn.NotFound {
		return p, err
	}
	id, err := d.find(ctx, op, email)
	if err != nil {
		return people.Person{}, err
	}
	p, err = d.user(ctx, op, id)
	if err == nil && !p.Has(email) { // the index is behind
		return people.Person{}, unknown(op)
	}
	return p, err
}

// PersonByID finds those too who were deleted in the last 30 days.
func (d *directory) PersonByID(ctx context.Context, id string) (people.Person, error) {
	const op = "entra: person by id"
	if !guid.MatchString(id) {
		return people.Person{}, unknown(op)
	}
	p, err := d.user(ctx, op, id)
	if keyturn.KindOf(err) != keyturn.NotFound {
		return p, err
	}
	var u struct {
		user
		Type string `json:"@odata.type"`
	}
	err = d.ask(ctx, request{op: op, method: http.MethodGet, path: "/directory/deletedItems/" + id, needs: needsUsers}, &u)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return people.Person{}, unknown(op)
	case err != nil:
		return people.Person{}, err
	case u.Type != "" && !strings.EqualFold(u.Type, "#microsoft.graph.user"):
		return people.Person{}, unknown(op) // a group, perhaps
	}
	return u.gone(op)
}

// Everyone leaves the managers out: they would make ten times as many pages.
func (d *directory) Everyone(ctx context.Context) iter.Seq2[people.Person, error] {
	const op = "entra: everyone"
	return func(yield func(people.Person, error) bool) {
		q := url.Values{"$select": {fields}, "$top": {pageSize}}
		for u, err := range pages[user](ctx, d, request{op: op, method: http.MethodGet, path: "/users?" + q.Encode(), needs: needsUsers}) {
			var p people.Person
			if err == nil {
				p, err = u.person(op)
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// user reads one user by id or user principal name, with their manager.
func (d *directory) user(ctx context.Context, op, key string) (people.Person, error) {
	q := url.Values{"$select": {fields}, "$expand": {"manager($select=id,mail,userPrincipalName)"}}
	var u user
	err := d.ask(ctx, request{op: op, method: http.MethodGet, path: "/users/" + url.PathEscape(key) + "?" + q.Encode(), needs: needsUsers}, &u)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return people.Person{}, unknown(op)
	case err != nil:
		return people.Person{}, err
	}
	return u.person(op)
}

// find is the id of the user with an address. The index is asked, which alone
// knows each address, and cannot tell the manager.
func (d *directory) find(ctx context.Context, op, email string) (string, error) {
	q := url.Values{
		"$select": {"id"}, "$top": {"2"}, "$count": {"true"},
		"$filter": {"mail eq " + quote(email) + " or proxyAddresses/any(p:p eq " + quote("smtp:"+email) + ")"},
	}
	var page struct {
		Value []user `json:"value"`
	}
	err := d.ask(ctx, request{op: op, method: http.MethodGet, path: "/users?" + q.Encode(), needs: needsUsers, indexed: true}, &page)
	switch {
	case err != nil:
		return "", err
	case page.Value == nil || len(page.Value) > 0 && !guid.MatchString(page.Value[0].ID):
		return "", undocumented(op)
	case len(page.Value) == 0:
		return "", unknown(op)
	case len(page.Value) > 1:
		return "", keyturn.Errorf(keyturn.Invalid, op, "several users of the tenant have this address; take it from all but one")
	}
	return page.Value[0].ID, nil
}

func unknown(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "the tenant has no such user")
}
