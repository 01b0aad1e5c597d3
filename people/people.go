// Package people is who works here: identity providers as Keyturn needs them. It
// answers whether a person is there, who leads a team, and signs a leaver out.
package people

import (
	"context"
	"iter"
	"strings"
)

// A Person is somebody as a directory knows them.
type Person struct {
	ID      string   // the directory's own; never empty
	Email   string   // as Address writes it
	Aliases []string // other addresses of the same person, likewise
	Name    string
	Manager string // the manager's address; empty where the directory does not say
	// Active says that the person may sign in. Somebody who is suspended or
	// deactivated may not.
	Active bool
}

// Has reports whether an address is one of the person's.
func (p Person) Has(email string) bool {
	email = Address(email)
	if p.Email == email {
		return true
	}
	for _, a := range p.Aliases {
		if a == email {
			return true
		}
	}
	return false
}

// A Team is a group of people that a directory knows.
type Team struct {
	Name    string
	Leads   []string // addresses, in the directory's order; empty where it does not say
	Members []string // addresses of those who are active
}

// Has reports whether an address is that of a member or a lead.
func (t Team) Has(email string) bool {
	email = Address(email)
	for _, list := range [][]string{t.Leads, t.Members} {
		for _, a := range list {
			if a == email {
				return true
			}
		}
	}
	return false
}

// A Directory is one identity provider or list of staff.
//
// All methods honour ctx, are safe for concurrent use and safe to repeat, and
// return *keyturn.Error values, except that a cancelled ctx comes back as
// ctx.Err(). None retries: a method makes each request once. Who or what the
// directory does not know is a NotFound error, and no error quotes an address.
type Directory interface {
	// Person returns the person with an address, in whatever case, or alias.
	// Somebody who was deactivated is found as long as the directory keeps them.
	Person(ctx context.Context, email string) (Person, error)
	// PersonByID is Person for the directory's own id, as deliveries carry it.
	PersonByID(ctx context.Context, id string) (Person, error)
	// Everyone yields all persons, those who are not active included where the
	// directory lists them, reading pages as the caller keeps going. Iteration
	// stops after the first error.
	Everyone(ctx context.Context) iter.Seq2[Person, error]
	// Team returns a team by its name in the directory.
	Team(ctx context.Context, name string) (Team, error)
	// Check finds out, by harmless calls only, whether the directory can be used.
	// The error says the mend.
	Check(ctx context.Context) error
}

// A SessionEnder is a directory that can sign a person out everywhere.
type SessionEnder interface {
	// EndSessions ends what the person is signed in to and takes back what
	// applications were granted in their name. Having nothing to end is no error,
	// and nor is a person who is gone. It returns what was ended in a few words
	// each, such as "3 application grants".
	EndSessions(ctx context.Context, p Person) (ended []string, err error)
}

// Address is how addresses are compared and kept: without surrounding blanks
// and in lower case.
func Address(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
