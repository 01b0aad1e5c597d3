package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// sent notes that a destination was told.
func (r *round) sent(ctx context.Context, m *message) {
	r.mu.Lock()
	r.sum.Messages++
	var over []*item
	for _, it := range m.items {
		it.reached = append(it.reached, m.to)
		r.said[said{m.to, it.Event.ID}] = true
		if it.open--; it.open == 0 {
			over = append(over, it)
		}
	}
	r.mu.Unlock()
	r.resolved(ctx, over)
}

// failed puts off what a message was about.
func (r *round) failed(ctx context.Context, m *message, at time.Time) {
	r.mu.Lock()
	var over []*item
	for _, it := range m.items {
		if at.After(it.retry) {
			it.retry = at
		}
		if it.open--; it.open == 0 {
			over = append(over, it)
		}
	}
	r.mu.Unlock()
	r.resolved(ctx, over)
}

// unreached marks notices to an owner who does not exist for their team. It
// reports false for a message that anybody else is to get as well.
func (r *round) unreached(m *message) bool {
	if slices.ContainsFunc(m.items, func(it *item) bool { return it.To != registry.ToOwner || it.instead }) {
		return false
	}
	r.mu.Lock()
	for _, it := range m.items {
		it.open, it.missed = 0, true
	}
	r.mu.Unlock()
	r.d.needs.Log.Warn("an owner's address does not exist; the team is told instead", "channel", m.to.Channel, "notices", len(m.items))
	return true
}

// orphans are the notices whose owner does not exist, addressed to the team, but
// for what the team was told just now.
func (r *round) orphans(ctx context.Context, items []*item) []*item {
	var out []*item
	var nobody, told []string
	for _, it := range items {
		if !it.missed {
			continue
		}
		to := r.d.routes.team(&it.Notice)
		if len(to) == 0 {
			nobody = append(nobody, it.ID)
			continue
		}
		if err := r.address(ctx, it, to, true); err != nil {
			r.note(err)
			r.held = append(r.held, it)
			continue
		}
		it.to = slices.DeleteFunc(it.to, func(d Destination) bool { return r.said[said{d, it.Event.ID}] })
		if it.open = len(it.to); it.open == 0 {
			told = append(told, it.ID)
			continue
		}
		out = append(out, it)
	}
	if len(nobody) > 0 {
		r.nobody(len(nobody))
	}
	r.sum.Told += len(told)
	r.settle(ctx, append(told, nobody...))
	return out
}
