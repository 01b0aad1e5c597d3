// Package roster is a directory of the people who were pushed to Keyturn: by an
// identity provider over SCIM, or from a list of staff. It cannot end sessions.
package roster

import (
	"context"
	"encoding/json"
	"iter"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// A Directory is what was pushed under one name. Both fields are required.
type Directory struct {
	Name   string // in the configuration
	Roster registry.Roster
}

var _ people.Directory = (*Directory)(nil)

// Person implements [people.Directory]. An address of somebody who is active
// comes before the same of somebody who is not, and the main address of a person
// before an alias. An alias is looked for in all documents.
func (d *Directory) Person(ctx context.Context, email string) (people.Person, error) {
	const op = "roster: person"
	email = people.Address(email)
	if email == "" {
		return people.Person{}, d.missing(op)
	}
	for _, f := range []registry.MemberFilter{{Email: email}, {Name: email}, {}} {
		f.Directory, f.Kind = d.Name, registry.UserMember
		found, ok, err := d.first(ctx, f, func(p people.Person) bool { return p.Has(email) })
		if ok || err != nil {
			return d.finish(ctx, found, err)
		}
	}
	return people.Person{}, d.missing(op)
}

// PersonByID implements [people.Directory] for the roster's own id and for that
// of the identity provider.
func (d *Directory) PersonByID(ctx context.Context, id string) (people.Person, error) {
	const op = "roster: person by id"
	if id == "" {
		return people.Person{}, d.missing(op)
	}
	m, err := d.Roster.Member(ctx, d.Name, registry.UserMember, id)
	if err == nil {
		found, err := read(m)
		return d.finish(ctx, found, err)
	}
	if keyturn.KindOf(err) != keyturn.NotFound {
		return people.Person{}, err
	}
	f := registry.MemberFilter{Directory: d.Name, Kind: registry.UserMember, ExternalID: id}
	found, ok, err := d.first(ctx, f, func(people.Person) bool { return true })
	if ok || err != nil {
		return d.finish(ctx, found, err)
	}
	return people.Person{}, d.missing(op)
}

// Everyone implements [people.Directory].
func (d *Directory) Everyone(ctx context.Context) iter.Seq2[people.Person, error] {
	return func(yield func(people.Person, error) bool) {
		managers := map[string]string{} // addresses by what documents say
		for m, err := range d.Roster.Members(ctx, registry.MemberFilter{Directory: d.Name, Kind: registry.UserMember}) {
			var found one
			if err == nil {
				found, err = read(m)
			}
			if err == nil {
				address, known := managers[found.manager]
				if !known {
					address, err = d.manager(ctx, found.manager)
					managers[found.manager] = address
				}
				found.person.Manager = address
			}
			if err != nil {
				yield(people.Person{}, err)
				return
			}
			if !yield(found.person, nil) {
				return
			}
		}
	}
}

// Check implements [people.Directory].
func (d *Directory) Check(ctx context.Context) error {
	f := registry.MemberFilter{Directory: d.Name, Kind: registry.UserMember, Limit: 1}
	for _, err := range d.Roster.Members(ctx, f) {
		return err
	}
	return keyturn.Errorf(keyturn.NotYet, "roster: check", "nobody is in the directory %q yet; let the identity provider push its users, or import the list of staff", d.Name)
}

// A one is somebody whose manager is not looked up yet.
type one struct {
	person  people.Person
	manager string // as the document has it
}

// first returns the first person that is wanted, one who is active if there is.
func (d *Directory) first(ctx context.Context, f registry.MemberFilter, wanted func(people.Person) bool) (found one, ok bool, err error) {
	for m, err := range d.Roster.Members(ctx, f) {
		if err != nil {
			return one{}, false, err
		}
		next, err := read(m)
		if err != nil {
			return one{}, false, err
		}
		if !wanted(next.person) {
			continue
		}
		if next.person.Active {
			return next, true, nil
		}
		if !ok {
			found, ok = next, true
		}
	}
	return found, ok, nil
}

// finish looks the manager up.
func (d *Directory) finish(ctx context.Context, found one, err error) (people.Person, error) {
	if err != nil {
		return people.Person{}, err
	}
	found.person.Manager, err = d.manager(ctx, found.manager)
	if err != nil {
		return people.Person{}, err
	}
	return found.person, nil
}

// manager returns the address of a manager, whom a document names by the roster's
// id, by the identity provider's, or by address. It is empty for an unknown one.
func (d *Directory) manager(ctx context.Context, named string) (string, error) {
	if named == "" {
		return "", nil
	}
	m, err := d.Roster.Member(ctx, d.Name, registry.UserMember, named)
	switch {
	case err == nil:
		return m.Email, nil
	case keyturn.KindOf(err) != keyturn.NotFound:
		return "", err
	case strings.Contains(named, "@"):
		return people.Address(named), nil
	}
	f := registry.MemberFilter{Directory: d.Name, Kind: registry.UserMember, ExternalID: named}
	found, _, err := d.first(ctx, f, func(people.Person) bool { return true })
	return found.person.Email, err
}

func read(m registry.Member) (one, error) {
	var u User
	if err := json.Unmarshal(m.Document, &u); err != nil {
		return one{}, keyturn.Errorf(keyturn.Invalid, "roster: read", "the document of user %s is no SCIM user; push or import it again", m.ID)
	}
	return one{u.person(m), u.manager()}, nil
}

func (d *Directory) missing(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "the directory %q does not have this person", d.Name)
}
