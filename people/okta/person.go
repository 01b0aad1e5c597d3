package okta

import (
	"context"
	"iter"
	"net/url"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// Person asks for the login first, which Okta answers with what is so now. Only
// if nobody who is here has it, it searches all addresses, and reads whom it found
// again: what a search finds may be older (List all users). A new person's other
// addresses are therefore found some time after the login.
func (d *directory) Person(ctx context.Context, email string) (people.Person, error) {
	const op = "okta: person"
	email = people.Address(email)
	if !address(email) {
		return people.Person{}, unknown(op)
	}
	u, err := d.byLogin(ctx, op, email)
	if err == nil && u.active() {
		return d.whole(ctx, op, u)
	}
	if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
		return people.Person{}, err
	}
	// The login of somebody who left may be the address of somebody who is here.
	id, err := d.search(ctx, op, email, u)
	if err != nil {
		return people.Person{}, err
	}
	if id != u.ID {
		if u, err = d.byID(ctx, op, id); err != nil {
			return people.Person{}, err
		}
		if !u.person().Has(email) {
			return people.Person{}, unknown(op)
		}
	}
	return d.whole(ctx, op, u)
}

// PersonByID reads the person with Okta's id.
func (d *directory) PersonByID(ctx context.Context, id string) (people.Person, error) {
	const op = "okta: person by id"
	if !plain(id) {
		return people.Person{}, unknown(op)
	}
	u, err := d.byID(ctx, op, id)
	if err != nil {
		return people.Person{}, err
	}
	return d.whole(ctx, op, u)
}

// Everyone lists the people of every status. Without a filter Okta leaves out
// those who are DEPROVISIONED, and with one it does not (List all users); this
// filter lets everybody pass. One list, unlike one for each status, misses
// nobody whose status changes meanwhile. A manager is named only where the
// profile holds the address: Person asks for one that is named by id, which
// here would be a request for each.
func (d *directory) Everyone(ctx context.Context) iter.Seq2[people.Person, error] {
	const op = "okta: everyone"
	query := url.Values{"limit": {"200"}, "filter": {`lastUpdated gt "2000-01-01T00:00:00.000Z"`}}.Encode()
	return func(yield func(people.Person, error) bool) {
		for u, err := range pages[user](ctx, d, op, readUsers, usersPath, query) {
			if err == nil && !u.ok() {
				err = undocumented(op)
			}
			if err != nil {
				yield(people.Person{}, err)
				return
			}
			if !yield(u.person(), nil) {
				return
			}
		}
	}
}

// byLogin reads the user with a login. Okta does not find logins with a slash so
// (Retrieve a user).
func (d *directory) byLogin(ctx context.Context, op, login string) (user, error) {
	if strings.Contains(login, "/") {
		return user{}, unknown(op)
	}
	u, err := d.one(ctx, op, url.QueryEscape(login)) // it has no spaces
	if err == nil && people.Address(u.Profile.Login) != login {
		return user{}, unknown(op) // one that differs in diacritical marks
	}
	return u, err
}

// byID reads the user with an id, and not one whose login begins like it, which
// Okta finds as well.
func (d *directory) byID(ctx context.Context, op, id string) (user, error) {
	u, err := d.one(ctx, op, id)
	if err == nil && u.ID != id {
		return user{}, unknown(op)
	}
	return u, err
}

func (d *directory) one(ctx context.Context, op, name string) (user, error) {
	var u user
	if _, err := d.get(ctx, op, readUsers, usersPath+"/"+name, &u); err != nil {
		if keyturn.KindOf(err) == keyturn.NotFound {
			err = unknown(op)
		}
		return user{}, err
	}
	if !u.ok() {
		return user{}, undocumented(op)
	}
	return u, nil
}

// whole is the user as a person, with the manager. A manager whom Okta does not
// know or may not show is none.
func (d *directory) whole(ctx context.Context, op string, u user) (people.Person, error) {
	p := u.person()
	id := u.Profile.ManagerID
	if p.Manager != "" || !plain(id) || id == u.ID {
		return p, nil
	}
	m, err := d.byID(ctx, op, id)
	if err != nil && keyturn.KindOf(err) != keyturn.NotFound && !lacks(err) {
		return people.Person{}, err
	}
	p.Manager = m.person().Email
	return p, nil
}

func unknown(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "Okta knows no such person")
}
