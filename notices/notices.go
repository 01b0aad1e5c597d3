// Package notices tells people what happens to their keys: ahead of a
// rotation, after it, and whenever something went wrong.
package notices

import (
	"context"
	"time"
)

// A Message is one thing said to one address: a single notice, or a digest of
// many.
type Message struct {
	// ID is the same whenever this message is sent again after an answer was
	// lost, so that the receiving end can tell. It holds letters, digits and
	// hyphens only.
	ID      string
	To      string // the address, where the channel has more than one: an e-mail address
	Subject string // one line
	Text    string // plain text
	Urgent  bool
	At      time.Time
	Notices []Notice // what the message is about, for channels that machines read
}

// A Notice is one thing that happened to one key.
type Notice struct {
	ID     string    `json:"id"`
	What   string    `json:"what"` // a word of registry.Event
	Key    string    `json:"key"`
	Team   string    `json:"team"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Urgent bool      `json:"urgent,omitempty"`
}

// A Channel carries messages: mail, chat, a webhook. Its methods are safe for
// concurrent use and return *keyturn.Error values, whose messages name nobody.
type Channel interface {
	// CheckAddress says whether messages can go to an address, by its form
	// alone. The error is Invalid and says what an address of this channel looks
	// like. A channel that leads to one place takes the empty address only.
	CheckAddress(to string) error
	// Send honours ctx and makes one attempt; a cancelled ctx comes back as
	// ctx.Err(). After an Unavailable error the message may or may not have
	// arrived: sending it again is right. NotFound means that the address does
	// not exist.
	Send(ctx context.Context, m Message) error
}
