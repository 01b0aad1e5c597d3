package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn/registry"
)

// CloseDepartureInput says what could not be done.
type CloseDepartureInput struct {
	ID string `json:"id"`
	// Heirless is how many keys nobody was found for. They keep it open.
	Heirless int `json:"heirless,omitempty"`
	// Sessions says that sessions could not be ended, with the kind of error.
	Sessions string `json:"sessions,omitempty"`
}

// CloseDepartureResult says whether it is closed.
type CloseDepartureResult struct {
	Closed bool `json:"closed"`
}

// CloseDeparture ends a departure whose keys are all replaced. Keys that nobody was
// found for keep it open, and are a finding until a person names somebody. It is
// safe to repeat.
func (a *Leavers) CloseDeparture(ctx context.Context, in CloseDepartureInput) (CloseDepartureResult, error) {
	d, err := a.Registry.Departure(ctx, in.ID)
	if err != nil {
		return CloseDepartureResult{}, err
	}
	if d.State != registry.DepartureOpen {
		return CloseDepartureResult{Closed: true}, a.settle(ctx, d)
	}
	if in.Heirless > 0 {
		return CloseDepartureResult{}, a.report(ctx, d, heirlessKeys, registry.Critical,
			fmt.Sprintf("%d keys of a leaver belong to teams of which nobody is found to answer for them", in.Heirless),
			"name somebody: keyturn offboard successor "+d.ID+" EMAIL")
	}
	replaced, err := a.replaced(ctx, d)
	if err != nil {
		return CloseDepartureResult{}, err
	}
	d, err = a.change(ctx, d.ID, func(d *registry.Departure) {
		d.State, d.Closed, d.Replaced = registry.DepartureDone, a.Now().UTC(), replaced
		if in.Sessions != "" {
			d.Note = "sessions could not be ended (" + in.Sessions + ")"
		}
	})
	if err != nil {
		return CloseDepartureResult{}, err
	}
	if err := a.settle(ctx, d); err != nil || in.Sessions == "" {
		return CloseDepartureResult{Closed: true}, err
	}
	return CloseDepartureResult{Closed: true}, a.report(ctx, d, sessionsRemain, registry.Critical,
		"a leaver's sessions could not be ended ("+in.Sessions+"); their keys are replaced",
		"end them at the identity provider, then: keyturn findings accept")
}

// replaced is when the last key was replaced; zero if there were none.
func (a *Leavers) replaced(ctx context.Context, d registry.Departure) (last time.Time, err error) {
	known, err := a.selected(ctx, d)
	for n := 1; n <= known.batches && err == nil; n++ {
		for k, err := range a.Registry.BatchKeys(ctx, DepartureBatch(d.ID, n), registry.BatchDone, "") {
			if err != nil {
				return last, err
			}
			if k.At.After(last) {
				last = k.At
			}
		}
	}
	return last, err
}
