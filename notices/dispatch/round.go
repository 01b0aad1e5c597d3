package dispatch

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// A round is one Once.
type round struct {
	d   *Dispatcher
	now time.Time

	mu   sync.Mutex // guards what follows, and the items
	sum  Summary
	errs []error
	held []*item
	said map[said]bool // in this round
}

// said is that a destination was told of an event.
type said struct {
	to    Destination
	event string
}

// An item is a notice that was claimed and is due.
type item struct {
	registry.Notice
	due     time.Time
	to      []Destination // still to be told
	instead bool          // of the owner
	open    int           // how many of them were not tried yet
	missed  bool          // the owner does not exist; the team is told instead
	reached []Destination
	retry   time.Time // when to tell those that could not be told; zero: there are none
}

// wait puts back what is not due and returns the rest.
func (r *round) wait(ctx context.Context, claimed []registry.Notice) []*item {
	var due []*item
	later, ends := map[time.Time][]string{}, map[time.Time]time.Time{}
	for _, n := range claimed {
		it := &item{Notice: n, due: r.d.slots.due(&n, r.now, ends)}
		if opens := r.d.slots.opens(&n, it.due); opens.After(r.now) {
			later[opens] = append(later[opens], n.ID)
			continue
		}
		due = append(due, it)
	}
	r.putBack(ctx, later)
	for _, ids := range later {
		r.sum.Waiting += len(ids)
	}
	if r.sum.Waiting > 0 {
		r.d.needs.Count("", Waiting, r.sum.Waiting)
	}
	return due
}

// route finds out who is to be told, and settles what needs no telling.
func (r *round) route(ctx context.Context, due []*item) []*item {
	var routed []*item
	var done []string
	var old []*item
	for _, it := range due {
		to, instead := r.d.of(&it.Notice)
		if len(to) == 0 {
			r.nobody(1)
			done = append(done, it.ID)
			continue
		}
		if err := r.address(ctx, it, to, instead); err != nil {
			r.note(err)
			r.held = append(r.held, it)
			continue
		}
		switch {
		case len(it.to) == 0:
			r.sum.Told++
			done = append(done, it.ID)
		case r.now.Sub(it.Event.At) >= tooOld:
			old = append(old, it)
			done = append(done, it.ID)
		default:
			routed = append(routed, it)
		}
	}
	r.giveUp(old)
	r.settle(ctx, done)
	return routed
}

// address sets where a notice goes, without those that were reached before.
func (r *round) address(ctx context.Context, it *item, to []Destination, instead bool) error {
	it.to, it.instead = nil, instead
	for _, d := range to {
		if len(to) > 1 && it.Attempts > 0 {
			reached, err := r.d.needs.Told.Delivered(ctx, toldSource, toldID(it.ID, d))
			if err != nil {
				return err
			}
			if reached {
				continue
			}
		}
		it.to = append(it.to, d)
	}
	it.open = len(it.to)
	return nil
}

// toldSource sets what a Dispatcher remembers apart from webhook deliveries.
const toldSource = "notices"

// toldID names a notice and a destination without saying who that is.
func toldID(notice string, d Destination) string {
	return fmt.Sprintf("%s/%x", notice, sha256.Sum256([]byte(d.Channel+"\x00"+d.To)))[:len(notice)+17]
}

// resolved puts notices that everybody was tried for to rest: those that were
// told are settled, the others deferred.
func (r *round) resolved(ctx context.Context, items []*item) {
	var done []string
	later := map[time.Time][]string{}
	for _, it := range items {
		if it.retry.IsZero() {
			done = append(done, it.ID)
			continue
		}
		r.remember(ctx, it)
		later[it.retry] = append(later[it.retry], it.ID)
	}
	r.settle(ctx, done)
	r.putBack(ctx, later)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sum.Told += len(done)
	r.sum.Failed += len(items) - len(done)
}

// remember writes down who was told, before a notice is put back for the sake
// of somebody else.
func (r *round) remember(ctx context.Context, it *item) {
	for _, d := range it.reached {
		r.write(ctx, func(ctx context.Context) error {
			return r.d.needs.Told.RecordDelivery(ctx, toldSource, toldID(it.ID, d), r.now)
		})
	}
}

func (r *round) settle(ctx context.Context, ids []string) {
	if len(ids) > 0 {
		r.write(ctx, func(ctx context.Context) error { return r.d.needs.Outbox.SettleNotices(ctx, ids) })
	}
}

func (r *round) putBack(ctx context.Context, later map[time.Time][]string) {
	for at, ids := range later {
		r.write(ctx, func(ctx context.Context) error { return r.d.needs.Outbox.DeferNotices(ctx, ids, at) })
	}
}

// write writes to the registry, also when ctx has ended meanwhile: what was told
// must not be told again because the worker stops.
func (r *round) write(ctx context.Context, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := f(ctx); err != nil {
		r.note(err)
	}
}

// giveUp says that notices are too old to be told.
func (r *round) giveUp(items []*item) {
	if len(items) == 0 {
		return
	}
	var keys []string
	for _, it := range items {
		for _, d := range it.to {
			r.d.needs.Count(d.Channel, GivenUp, 1)
		}
		if len(keys) < 10 {
			keys = append(keys, string(it.Event.Key)+" "+it.Event.What)
		}
	}
	r.sum.GivenUp += len(items)
	r.d.needs.Log.Error("notices are given up because they are a week old; the keys' history has them", "notices", len(items), "first", keys)
}

func (r *round) nobody(n int) {
	r.mu.Lock()
	r.sum.Nobody += n
	r.mu.Unlock()
	r.d.needs.Count("", Nobody, n)
}

// giveBack returns what was not got to, for anybody to take at once.
func (r *round) giveBack(ctx context.Context) {
	var ids []string
	for _, it := range r.held {
		r.remember(ctx, it)
		ids = append(ids, it.ID)
	}
	if len(ids) > 0 {
		r.putBack(ctx, map[time.Time][]string{r.now: ids})
	}
}

func (r *round) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err)
}
