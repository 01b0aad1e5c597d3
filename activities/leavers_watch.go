package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// WatchDepartureInput asks to look at a departure until a time.
type WatchDepartureInput struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until"`
}

// DepartureProgress is how far a departure is.
type DepartureProgress struct {
	Keys     int  `json:"keys"`               // that the leaver could have seen
	Done     int  `json:"done"`               // replaced, with the old value dead
	Settled  int  `json:"settled,omitempty"`  // that needed nothing: replaced by others, ended, never issued
	Underway int  `json:"underway,omitempty"` // begun or about to begin
	Failed   int  `json:"failed,omitempty"`   // to be tried again
	Late     bool `json:"late,omitempty"`     // not all done within the SLA
	Closed   bool `json:"closed,omitempty"`   // a person closed the departure
}

// Finished reports whether nothing is left to be done.
func (p DepartureProgress) Finished() bool { return p.Closed || p.Done+p.Settled == p.Keys }

// WatchDeparture follows the keys of a departure until all are replaced or the
// time is over. What could not be begun, or was rolled back, it has tried again
// after a while; what another operation holds, it has hurried. When the SLA is over
// it tells security what is open. It is safe to repeat.
func (a *Leavers) WatchDeparture(ctx context.Context, in WatchDepartureInput) (DepartureProgress, error) {
	stopping := activity.GetWorkerStopChannel(ctx)
	for first := true; ; first = false {
		p, err := a.look(ctx, in.ID, first)
		if err != nil || p.Finished() || !a.Now().Before(in.Until) {
			return p, err
		}
		select {
		case <-ctx.Done():
			return p, ctx.Err()
		case <-stopping:
			return p, nil // another worker goes on
		case <-time.After(a.Poll):
		}
	}
}

// look looks once. With begin it has keys begun that wait for whatever reason, also
// where whatever was to begin them was cut off, and tells of what is late.
func (a *Leavers) look(ctx context.Context, id string, begin bool) (DepartureProgress, error) {
	d, err := a.Registry.Departure(ctx, id)
	if err != nil {
		return DepartureProgress{}, err
	}
	p := DepartureProgress{Closed: d.State != registry.DepartureOpen}
	var open []keyturn.KeyID
	for n := 1; ; n++ {
		b, err := a.Registry.Batch(ctx, DepartureBatch(id, n))
		if keyturn.KindOf(err) == keyturn.NotFound {
			break
		}
		if err != nil {
			return p, err
		}
		left, err := a.lookAt(ctx, d, b, &p, begin)
		if err != nil {
			return p, err
		}
		open = append(open, left...)
	}
	if sla := time.Duration(a.Rules.SLA); sla > 0 && !p.Finished() && a.Now().Sub(d.At) >= sla {
		if p.Late = true; begin {
			return p, a.tellLate(ctx, d, p, open)
		}
	}
	return p, nil
}

// lookAt counts the keys of a batch, has those tried again that are to be, and
// returns the ids of some that are not done.
func (a *Leavers) lookAt(ctx context.Context, d registry.Departure, b registry.Batch, p *DepartureProgress, begin bool) ([]keyturn.KeyID, error) {
	progress, err := a.Registry.BatchProgress(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	rest := 0
	for _, of := range progress {
		p.Keys += of.Keys()
		p.Done += of.Done
		p.Underway += of.Open()
		rest += of.Skipped + of.Failed
	}
	var open []keyturn.KeyID
	if rest > 0 {
		again, left, err := a.unreplaced(ctx, d, b, p)
		if err != nil {
			return nil, err
		}
		open = append(open, left...)
		if len(again) > 0 && !p.Closed {
			begin = true
			if err := a.Registry.MarkBatch(ctx, b.ID, again); err != nil {
				return nil, err
			}
		}
	}
	if begin && !p.Closed && p.Underway > 0 {
		if err := a.Engine.RunBatch(ctx, b); err != nil {
			return nil, err
		}
	}
	for k, err := range a.Registry.BatchKeys(ctx, b.ID, registry.BatchStarted, "") {
		if err != nil || len(open) >= mostNamed {
			return open, err
		}
		open = append(open, k.Key)
	}
	return open, nil
}

// mostNamed is how many of the open keys are named and told of.
const mostNamed = 20

// unreplaced looks at the keys of a batch that were skipped or rolled back. It
// returns those to be tried again, as they are to be marked, and all that are open.
func (a *Leavers) unreplaced(ctx context.Context, d registry.Departure, b registry.Batch, p *DepartureProgress) (again []registry.BatchKey, open []keyturn.KeyID, err error) {
	now := a.Now().UTC()
	for _, state := range []registry.BatchState{registry.BatchSkipped, registry.BatchFailed} {
		for k, err := range a.Registry.BatchKeys(ctx, b.ID, state, "") {
			if err != nil {
				return nil, nil, err
			}
			if Needless(k.State, k.Why) {
				p.Settled++
				continue
			}
			open = append(open, k.Key)
			if now.Sub(k.At) < a.Retry {
				p.Failed++
				continue
			}
			if k.Why == SkipBusy && d.State == registry.DepartureOpen {
				// What holds the key may be in a soak in which the leaver's value works.
				if err := a.Engine.Expedite(ctx, k.Key, Hurry{Actor: DepartureActor(d.ID), Note: "a leaver could have seen the old value"}); err != nil {
					return nil, nil, err
				}
			}
			p.Underway++
			again = append(again, registry.BatchKey{Key: k.Key, State: registry.BatchWaiting, At: now})
		}
	}
	return again, open, nil
}

// Needless reports whether a key of a departure's batch needs no replacement: the
// leaver cannot know its value.
func Needless(s registry.BatchState, why string) bool {
	return s == registry.BatchSkipped && (why == SkipReplaced || why == SkipEnded || why == SkipUnissued)
}
