package dispatch

import (
	"time"

	"github.com/keyturn/keyturn/registry"
)

// slots says when a notice is due. All workers agree on it, because it follows
// from the event and the configuration alone.
type slots struct {
	every time.Duration // zero: no digests
	quiet quiet
}

// grace is how long after its end a slot is still open for events that took a
// while to be written.
const grace = 30 * time.Second

// due is the slot a notice belongs to, by its end: what has the same is one
// digest. Slots begin at whole multiples of their length in UTC. ends spares
// looking for the end of the same quiet hours thousands of times.
func (s slots) due(n *registry.Notice, now time.Time, ends map[time.Time]time.Time) time.Time {
	at := n.Event.At
	switch ahead := at.Sub(now); {
	case n.Urgent:
		return now.Add(min(ahead, 0))
	case ahead > max(s.every, time.Minute):
		at = now.Add(-s.every) // somebody's clock is wrong; the slot just over will do
	}
	if s.every > 0 {
		at = at.Truncate(s.every).Add(s.every)
	}
	if !s.quiet.holds(at) {
		return at
	}
	minute := at.Truncate(time.Minute)
	if _, ok := ends[minute]; !ok {
		ends[minute] = s.quiet.end(minute)
	}
	return ends[minute]
}

// opens is when the notices of a slot may be told.
func (s slots) opens(n *registry.Notice, due time.Time) time.Time {
	if n.Urgent || s.every == 0 {
		return due
	}
	return due.Add(grace)
}

// late reports whether a slot is long over. What was missed in several slots is
// told at once then, or an outage of a night would be a dozen messages.
func (s slots) late(due, now time.Time) bool {
	return now.After(due.Add(max(2*time.Hour, 2*s.every)))
}
