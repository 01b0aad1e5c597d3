// Package rollout answers one question: is everybody using the new version?
package rollout

import (
	"context"

	"github.com/keyturn/keyturn"
)

// A Move is what consumers are asked to have done.
type Move struct {
	Key keyturn.Key
	New keyturn.Issued
	Old []keyturn.Issued
}

// A Status is what can be said about one consumer.
type Status string

// The statuses. Unknown is a state of its own: what cannot be observed is
// never taken for moved.
const (
	Moved   Status = "moved"   // it uses the new version
	Behind  Status = "behind"  // it uses another version
	Unknown Status = "unknown" // it cannot be told
)

// A Report is what a Checker saw. Detail is written by the checker and quotes
// nothing a stranger wrote.
type Report struct {
	Status Status
	Detail string // "3 of 4 pods restarted"
}

// A Checker can see one kind of consumer. Check makes one attempt, honours
// ctx and is safe for concurrent use. A consumer that cannot be reached just
// now is an Unavailable error.
type Checker interface {
	Kind() string
	Check(ctx context.Context, c keyturn.Consumer, m Move) (Report, error)
}
