package keyturn

import (
	"errors"
	"fmt"
	"time"
)

// A Kind is the part of an error that decides what happens next: retry, wait,
// roll back, ask a human, or stop. Kinds are wire format: they are recorded in
// workflow histories, so they are added to but never renamed.
type Kind string

// The kinds. Only NotYet, RateLimited and Unavailable are worth another try.
const (
	Denied      Kind = "denied"       // a credential was refused
	Invalid     Kind = "invalid"      // the request can never succeed as written
	NotFound    Kind = "not_found"    // the thing asked about does not exist
	Conflict    Kind = "conflict"     // somebody changed it first
	Exhausted   Kind = "exhausted"    // a quota is full, such as two keys per user
	Behind      Kind = "behind"       // consumers did not move in time
	Final       Kind = "final"        // it can no longer be undone
	NotYet      Kind = "not_yet"      // nothing is wrong, it only needs time
	RateLimited Kind = "rate_limited" // wait RetryAfter, then try again
	Unavailable Kind = "unavailable"  // the other side failed; try again
	Unsupported Kind = "unsupported"  // this provider cannot do that
)

// Retryable reports whether trying the same thing again can help.
func (k Kind) Retryable() bool {
	return k == NotYet || k == RateLimited || k == Unavailable
}

// An Error is a failure with a kind. Message must be safe to show to anyone:
// adapters write it themselves and never paste a response body into it.
type Error struct {
	Kind       Kind
	Op         string // "stripe: revoke"
	Message    string
	RetryAfter time.Duration // how long the other side asked us to wait; 0 is unsaid
}

func (e *Error) Error() string { return e.Op + ": " + e.Message }

// Errorf builds an *Error. The arguments must be safe to show to anyone.
func Errorf(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Message: fmt.Sprintf(format, args...)}
}

// KindOf reports the kind of err: none for nil, and Unavailable for an error
// that carries no kind, because what we do not understand we may retry.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unavailable
}
