package people

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// A Hearer is a directory that tells Keyturn by webhook that something became of
// a person.
type Hearer interface {
	// Hear reads one delivery, or answers a handshake. A delivery that does not
	// prove that it comes from the directory, or is too old, is a Denied error;
	// one that does, and cannot be understood, is Invalid; a directory that was
	// given no webhook secret is Unsupported. It makes no request.
	Hear(d Delivery) (News, error)
}

// A Subscriber is a directory whose deliveries must be asked for again and again,
// because what was asked for ends by itself.
type Subscriber interface {
	// Subscribe has the directory deliver to address, and keeps a subscription
	// that lasts. It returns when the one that lasts longest ends. It is to be
	// called again well before that; once an hour is always often enough.
	Subscribe(ctx context.Context, address string) (until time.Time, err error)
}

// A Delivery is one request to a directory's webhook. Its body is bounded.
type Delivery struct {
	Method string
	Header http.Header
	Query  url.Values
	Body   []byte
}

// News is what a delivery says. It is a hint and no more: whoever gets it asks
// the directory, because deliveries come late, twice and out of order.
type News struct {
	// Answer is what a handshake is answered with, as ContentType. Such a
	// delivery says nothing else.
	Answer      string
	ContentType string
	// Changed are the persons something became of, each once.
	Changed []Change
	// Missed says that the directory could not deliver everything: all persons
	// are to be compared.
	Missed bool
}

// A Change says that something became of a person.
type Change struct {
	Event string // the directory's name for it, the same when it is delivered again
	ID    string // the directory's id of the person
	Email string // empty where the delivery does not say
}
