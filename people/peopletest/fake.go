package peopletest

import (
	"net/http"
	"time"
)

// A Stage is what the suite tells a fake.
type Stage struct {
	// Now is the time where the vendor is.
	Now func() time.Time
	// PageSize is the most that a page of any listing holds, however much is
	// asked for; 0 leaves it to the vendor's own rule.
	PageSize int
}

// A Fake is a directory made up for a test: its API, and the hands of its
// administrator. All of it is safe for concurrent use.
type Fake struct {
	// Handler is the vendor's API, and where it signs in. The suite puts it behind
	// [fake.Faults].
	Handler http.Handler
	// SecretID and Secret are what the secret store keeps as the credential.
	SecretID, Secret string
	// Add adds a person and returns the vendor's id of them.
	Add func(Human) (id string)
	// Deactivate takes a person's right to sign in, in the vendor's usual way.
	Deactivate func(id string)
	// Delete deletes a person.
	Delete func(id string)
	// AddTeam adds a team. It may be nil where there are none.
	AddTeam func(Team)
	// SignIn gives a person a session and, where the vendor has such things, a
	// grant to an application. Open is how many of either are open. Both may be
	// nil where sessions cannot be ended.
	SignIn func(id string)
	Open   func(id string) int
}

// A Human is a person to add. They may sign in.
type Human struct {
	Email   string // written as the vendor keeps it, in whatever case
	Aliases []string
	Name    string
	Manager string // the vendor's id of them; empty for none
}

// A Team is one to add.
type Team struct {
	Name           string
	Leads, Members []string // the vendor's ids of them; leads need not be members
}
