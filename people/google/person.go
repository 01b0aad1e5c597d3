package google

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// userFields is what is asked for of a user, and no more: Google also has people's
// phone numbers and home addresses.
const userFields = "id,primaryEmail,aliases,nonEditableAliases,name/fullName,suspended,archived,deletionTime,relations"

// user is a user as the Directory API shows them.
type user struct {
	ID           string
	PrimaryEmail string
	Aliases      []string
	Fixed        []string `json:"nonEditableAliases"` // those of other domains of the account
	Name         struct{ FullName string }
	Suspended    bool
	Archived     bool
	DeletionTime string
	Relations    json.RawMessage // of any form, says the API's description
}

// person is false for an answer that names nobody.
func (u user) person() (people.Person, bool) {
	p := people.Person{
		ID: u.ID, Email: people.Address(u.PrimaryEmail), Name: u.Name.FullName, Manager: u.manager(),
		Active: !u.Suspended && !u.Archived && u.DeletionTime == "",
	}
	others := map[string]bool{}
	for _, a := range append(u.Aliases, u.Fixed...) {
		others[people.Address(a)] = true
	}
	delete(others, "")
	delete(others, p.Email)
	p.Aliases = slices.Sorted(maps.Keys(others))
	return p, isID(p.ID) && p.Email != ""
}

// manager is the address in the relation of that type, which is free text.
func (u user) manager() string {
	var relations []struct{ Type, Value string }
	_ = json.Unmarshal(u.Relations, &relations)
	for _, r := range relations {
		if address := people.Address(r.Value); r.Type == "manager" && isAddress(address) {
			return address
		}
	}
	return ""
}

// Person takes one request, and another one for an address that the administrator
// may not ask about: that is how Google answers for other organisations' addresses.
func (d *directory) Person(ctx context.Context, email string) (people.Person, error) {
	const op = "google: person"
	address := people.Address(email)
	if !isAddress(address) {
		return people.Person{}, nobody(op)
	}
	var u user
	reason, err := d.ask(ctx, request{op: op, path: "users/" + url.PathEscape(address), query: url.Values{"fields": {userFields}}}, &u)
	if reason == forbidden {
		return d.search(ctx, op, address)
	}
	if err != nil {
		return people.Person{}, err
	}
	p, ok := u.person()
	if !ok || !p.Has(address) {
		return people.Person{}, undocumented(op)
	}
	return p, nil
}

// search looks for an address among the users of the account.
func (d *directory) search(ctx context.Context, op, address string) (people.Person, error) {
	for p, err := range d.persons(ctx, op, url.Values{"query": {"email=" + quoted(address)}}) {
		if err != nil {
			return people.Person{}, err
		}
		if p.Has(address) {
			return p, nil
		}
	}
	return people.Person{}, nobody(op)
}

// quoted writes a value in a query ("Search for users", "Search for groups").
func quoted(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// PersonByID finds nobody who was deleted.
func (d *directory) PersonByID(ctx context.Context, id string) (people.Person, error) {
	const op = "google: person by id"
	if !isID(id) {
		return people.Person{}, nobody(op)
	}
	var u user
	if _, err := d.ask(ctx, request{op: op, path: "users/" + id, query: url.Values{"fields": {userFields}}}, &u); err != nil {
		return people.Person{}, err
	}
	p, ok := u.person()
	if !ok || p.ID != id {
		return people.Person{}, undocumented(op)
	}
	return p, nil
}

// Everyone yields those who were deleted, whom Google keeps for some weeks, after all
// others. An address of theirs that somebody else has by now is left out, and so is a
// person whose main address that is.
func (d *directory) Everyone(ctx context.Context) iter.Seq2[people.Person, error] {
	const op = "google: everyone"
	return func(yield func(people.Person, error) bool) {
		has := map[string]bool{}
		for p, err := range d.persons(ctx, op, nil) {
			has[p.Email] = true
			for _, address := range p.Aliases {
				has[address] = true
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
		for p, err := range d.persons(ctx, op, url.Values{"showDeleted": {"true"}}) {
			if err == nil && has[p.Email] {
				continue
			}
			p.Active = false
			p.Aliases = slices.DeleteFunc(p.Aliases, func(a string) bool { return has[a] })
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// persons lists users of the account, more narrowly as query says. It stops after
// the first error.
func (d *directory) persons(ctx context.Context, op string, query url.Values) iter.Seq2[people.Person, error] {
	q := url.Values{"customer": {customer}, "maxResults": {"500"}, "fields": {"kind,nextPageToken,users(" + userFields + ")"}}
	maps.Copy(q, query)
	return func(yield func(people.Person, error) bool) {
		for page, err := range d.pages(ctx, request{op: op, path: "users", query: q}, "admin#directory#users") {
			if err != nil {
				yield(people.Person{}, ofAccount(op, err))
				return
			}
			for _, u := range page.Users {
				p, ok := u.person()
				if !ok {
					yield(people.Person{}, undocumented(op))
					return
				}
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

func nobody(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "Google Workspace knows nobody of that address or id")
}
