package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// A departureView is how far a departure is at one moment.
type departureView struct {
	Departure registry.Departure
	keys      *batchView // nil until a worker has selected the keys
	accounts  []registry.AccountStatus
	stage     string // what was last seen done beside the keys
	changed   time.Time
	still     time.Duration // for how long nothing has changed
}

// see reads how far it is now.
func (v *departureView) see(ctx context.Context, store registry.Store, id string, now time.Time) (err error) {
	if v.Departure, err = store.Departure(ctx, id); err != nil {
		return err
	}
	batches, progress, err := departureProgress(ctx, store, id)
	if err != nil {
		return err
	}
	if len(batches) > 0 {
		if v.keys == nil {
			v.keys = newBatchView(batches[0], v.accounts)
			v.changed = now
		}
		v.keys.see(progress, now)
	}
	if stage := fmt.Sprint(v.Departure.Sessions, v.Departure.Handed); stage != v.stage {
		v.stage, v.changed = stage, now
	}
	v.still = now.Sub(v.changed)
	if v.keys != nil {
		v.still = min(v.still, v.keys.still)
	}
	return nil
}

// batchesOf are the batches of a departure, the first one first: most have one, and
// another comes where an entry gave the leaver one more key meanwhile.
func batchesOf(ctx context.Context, store registry.Store, departure string) ([]registry.Batch, error) {
	var out []registry.Batch
	for {
		b, err := store.Batch(ctx, activities.DepartureBatch(departure, len(out)+1))
		if keyturn.KindOf(err) == keyturn.NotFound {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
}

// departureProgress counts the keys of all batches of a departure by account.
func departureProgress(ctx context.Context, store registry.Store, departure string) ([]registry.Batch, []registry.BatchProgress, error) {
	batches, err := batchesOf(ctx, store, departure)
	if err != nil {
		return nil, nil, err
	}
	sums := map[keyturn.Issuer]registry.BatchProgress{}
	for _, b := range batches {
		progress, err := store.BatchProgress(ctx, b.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range progress {
			sum := sums[p.Issuer]
			sum.Issuer = p.Issuer
			sum.Waiting += p.Waiting
			sum.Started += p.Started
			sum.Skipped += p.Skipped
			sum.Done += p.Done
			sum.Failed += p.Failed
			sums[p.Issuer] = sum
		}
	}
	return batches, slices.SortedFunc(maps.Values(sums), func(x, y registry.BatchProgress) int {
		return cmp.Or(cmp.Compare(x.Issuer.Provider, y.Issuer.Provider), cmp.Compare(x.Issuer.Account, y.Issuer.Account))
	}), nil
}

// signedOut reports whether the leaver's sessions are ended, in words.
func (v *departureView) signedOut(now time.Time) string {
	if v.Departure.Sessions.IsZero() {
		return "sessions not ended yet"
	}
	return "sessions ended " + distance(v.Departure.Sessions, now)
}

// handed reports whether every key has another owner, in words.
func (v *departureView) handed(now time.Time) string {
	if v.Departure.Handed.IsZero() {
		return "keys not handed over yet"
	}
	return "keys handed over " + distance(v.Departure.Handed, now)
}

// counts says how far the keys are.
func (v *departureView) counts() string {
	if v.keys == nil {
		return "no key selected yet"
	}
	return v.keys.counts()
}

// hint says what a person should know who waits; empty for nothing.
func (v *departureView) hint() string {
	id := v.Departure.ID
	switch {
	case v.Departure.State != registry.DepartureOpen:
		return ""
	case v.keys != nil && v.keys.Total.Open() == 0 && v.keys.Total.Failed+v.keys.Total.Skipped > 0:
		return "what failed or was skipped is tried again every few minutes; see why: keyturn offboard show " + id
	case v.keys != nil && v.keys.Total.Open() == 0 && v.Departure.Handed.IsZero():
		return fmt.Sprintf("every key is replaced; if nobody is found to answer for some, name somebody: keyturn offboard successor %s EMAIL", id)
	case v.keys != nil && v.keys.Total.Waiting == 0 && v.keys.Total.Started > 0:
		return v.keys.hint()
	case v.still > time.Minute:
		return fmt.Sprintf("nothing has changed for %s; is keyturn-worker running, with the section people?", rough(v.still))
	}
	return ""
}
