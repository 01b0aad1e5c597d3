package ticketstest

import (
	"net/http"
	"time"

	"github.com/keyturn/keyturn/tickets"
)

// A World is what the suite tells a fake.
type World struct {
	// Now is the time where the vendor is.
	Now func() time.Time
	// Accepts reports whether a credential is good. Every request shows one.
	Accepts func(credential string) bool
	// PageSize is the most that a page of any listing holds, however much is
	// asked for; 0 leaves it to the vendor's own rule.
	PageSize int
}

// A Fake is a tracker made up for a test: its API, and the hands of a person
// who works with it. All of it is safe for concurrent use.
type Fake struct {
	// Handler is the vendor's API. The suite puts it behind [fake.Faults].
	Handler http.Handler
	// Tickets returns what the tracker holds, oldest first.
	Tickets func() []Held
	// SetState closes or reopens a ticket by hand.
	SetState func(id string, s tickets.State)
	// Delete deletes a ticket by hand.
	Delete func(id string)
	// Deliver makes a delivery of the vendor's webhook. A nil header says that
	// the vendor sends nothing on such an event.
	Deliver func(Delivery) (http.Header, []byte)
}

// Held is a ticket as the fake holds it.
type Held struct {
	ID    string // as in tickets.Ref
	Title string
	// Body and Comments (oldest first) are Markdown, or turned back into it
	// where the vendor has a format of its own: `code`, **bold**, [text](url),
	// "- " and "- [ ] " before an item. What the adapter adds may stay in.
	Body     string
	Comments []string
	State    tickets.State
	Due      string // 2006-01-02; empty for none
	Urgent   bool
}

// An Event is something the vendor's webhook may tell.
type Event string

// The events. Those up to Removed are about a ticket's state.
const (
	Closed    Event = "closed"
	Reopened  Event = "reopened"
	Removed   Event = "removed"   // the ticket was deleted
	Commented Event = "commented" // somebody commented: no change of state
	Elsewhere Event = "elsewhere" // another project's ticket was closed
	Ping      Event = "ping"      // the webhook was set up
)

// A Delivery is one that a fake is asked to make.
type Delivery struct {
	Event  Event
	Ticket string    // its ID; ignored for Elsewhere and Ping
	Name   string    // the vendor's name for the delivery, a UUID
	At     time.Time // when it is sent, where the vendor says so
	Secret string    // what it is signed with
	// Body is sent and signed in place of the body that goes with Event, unless
	// it is nil.
	Body []byte
}
