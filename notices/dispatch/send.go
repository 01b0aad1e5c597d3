package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
)

// tell sends what is to be said about items. Owners who turn out not to exist
// are told through their team, in a second go.
func (r *round) tell(ctx context.Context, items []*item) {
	r.send(ctx, r.group(items))
	r.send(ctx, r.group(r.orphans(ctx, items)))
	for _, it := range items {
		if it.open > 0 {
			r.held = append(r.held, it)
		}
	}
}

// send has each channel carry its messages, one after the other. The channels
// do not wait for each other.
func (r *round) send(ctx context.Context, messages []*message) {
	lanes := map[string][]*message{}
	for _, m := range messages {
		lanes[m.to.Channel] = append(lanes[m.to.Channel], m)
	}
	var wait sync.WaitGroup
	for name, lane := range lanes {
		wait.Go(func() { r.carry(ctx, name, lane) })
	}
	wait.Wait()
}

const (
	// downAfter is how many messages in a row a channel may fail before it is
	// taken to be down, and the others are held without being tried.
	downAfter = 3
	// holdFor is how long they are held.
	holdFor = time.Minute
	// longestWait is the longest time between two tries.
	longestWait = time.Hour
)

// carry sends a channel's messages until it is down, the claim is nearly over
// or ctx has ended. What stays open is given back.
func (r *round) carry(ctx context.Context, name string, lane []*message) {
	var failures int   // in a row
	var down time.Time // until when the channel is not to be tried
	for _, m := range lane {
		if ctx.Err() != nil || r.d.needs.Now().Sub(r.now) > lease-2*sendLimit {
			return
		}
		if !down.IsZero() {
			r.d.needs.Count(name, Held, len(m.items))
			r.failed(ctx, m, down)
			continue
		}
		err := r.one(ctx, m)
		if err == nil {
			failures = 0
			r.d.needs.Count(name, Sent, len(m.items))
			r.sent(ctx, m)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		r.d.needs.Count(name, Failed, len(m.items))
		kind := keyturn.KindOf(err)
		if kind == keyturn.NotFound && r.unreached(m) {
			failures = 0
			continue
		}
		at := again(m, err, r.d.needs.Now())
		r.d.needs.Log.Warn("a message was not taken; it is sent again", "channel", name, "kind", string(kind), "error", safe(err),
			"notices", len(m.items), "again", at.UTC().Format(time.RFC3339))
		r.failed(ctx, m, at)
		failures++
		switch {
		case kind == keyturn.RateLimited:
			down = at
		case failures >= downAfter && (kind == keyturn.Unavailable || kind == keyturn.Denied):
			down = r.d.needs.Now().Add(holdFor)
		}
	}
}

// one sends one message.
func (r *round) one(ctx context.Context, m *message) error {
	text, err := r.d.compose(m)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, "notices", "the message cannot be worded")
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	return r.d.needs.Channels[m.to.Channel].Send(ctx, text)
}

// again is when to send a message again: after a minute, then twice as long
// every time, up to an hour; later if the other side says so. It is one time
// for the whole message, which stays the same message so.
func again(m *message, err error, now time.Time) time.Time {
	attempts := 0
	for _, it := range m.items {
		attempts = max(attempts, it.Attempts)
	}
	wait := min(time.Minute<<min(attempts, 10), longestWait)
	if e := (*keyturn.Error)(nil); errors.As(err, &e) {
		wait = max(wait, min(e.RetryAfter, longestWait))
	}
	return now.Add(wait)
}

// safe is what may be logged of an error: what we wrote ourselves.
func safe(err error) string {
	if e := (*keyturn.Error)(nil); errors.As(err, &e) {
		return e.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within " + sendLimit.String()
	}
	return "the channel failed"
}
