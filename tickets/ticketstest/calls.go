package ticketstest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// The methods that make requests, as they stand in Harness.Expect and in
// reports.
const (
	opOpen     = "Open"
	opState    = "State"
	opSet      = "Set"
	opComment  = "Comment"
	opPostpone = "Postpone"
	opCheck    = "Check"
)

// A call is one thing the tracker can do, ready to be done.
type call struct {
	op string
	do func(context.Context) error
}

// calls returns one call per method, each with a ticket of its own.
func (r *rig) calls(t testing.TB) []call {
	t.Helper()
	run := len(r.fake.Tickets())
	key := func(op string) string { return fmt.Sprintf("calls/%s-%d", op, run) }
	var out []call
	add := func(op string, do func(ctx context.Context, id string) error) {
		id := r.open(t, key(op)).ID
		out = append(out, call{op, func(ctx context.Context) error { return do(ctx, id) }})
	}
	add(opState, func(ctx context.Context, id string) error {
		s, err := r.State(ctx, id)
		if err == nil && s != tickets.Open {
			t.Errorf("State = %q, want open", s)
		}
		return err
	})
	add(opSet, func(ctx context.Context, id string) error { return r.Set(ctx, id, tickets.Closed) })
	add(opComment, func(ctx context.Context, id string) error {
		return r.Comment(ctx, id, tickets.Comment{Key: "calls/1", Text: "Still to do."})
	})
	add(opPostpone, func(ctx context.Context, id string) error {
		return r.Postpone(ctx, id, time.Date(2031, 6, 1, 12, 0, 0, 0, time.UTC))
	})
	out = append(out, call{opOpen, func(ctx context.Context) error {
		ref, err := r.Open(ctx, ticket(key(opOpen)))
		if err == nil && ref.ID == "" {
			t.Error("Open succeeded without an id")
		}
		return err
	}})
	out = append(out, call{opCheck, r.Check})
	r.requests.take()
	return out
}

// expected says what a status must become.
func (h Harness) expected(op string, status int) []keyturn.Kind {
	if kind, ok := h.Expect[fmt.Sprintf("%s %d", op, status)]; ok {
		return []keyturn.Kind{kind}
	}
	switch status {
	case 401, 403:
		return []keyturn.Kind{keyturn.Denied}
	case 404:
		// Where everything is missing, it may be that we are shut out.
		return []keyturn.Kind{keyturn.NotFound, keyturn.Denied, keyturn.Invalid}
	case 429:
		return []keyturn.Kind{keyturn.RateLimited}
	}
	return []keyturn.Kind{keyturn.Unavailable}
}

// most is how many requests a method may make.
func (h Harness) most(op string) int {
	if n, ok := h.Requests[op]; ok {
		return n
	}
	return map[string]int{opOpen: 3, opState: 1, opSet: 3, opComment: 2, opPostpone: 2, opCheck: 6}[op]
}
