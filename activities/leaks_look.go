package activities

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// LookAtAlertInput says of which alert a scanner sent news.
type LookAtAlertInput struct {
	Source string `json:"source"`
	Alert  string `json:"alert"`
}

// LookAtAlertResult says which leak it is of.
type LookAtAlertResult struct {
	Leak   string `json:"leak,omitempty"`
	Opened bool   `json:"opened,omitempty"`
}

// LookAtAlert reads an alert at the scanner, with the value that was found, and
// reports it. An alert that is gone is no leak. It is safe to repeat.
func (a *Leaks) LookAtAlert(ctx context.Context, in LookAtAlertInput) (LookAtAlertResult, error) {
	source, ok := a.Sources[in.Source].(leaks.Looker)
	if !ok {
		return LookAtAlertResult{}, keyturn.Errorf(keyturn.Unavailable, "look at alert", "no source called %s that can be asked is configured on this worker; give every worker the same leaks section", in.Source)
	}
	f, err := source.Look(ctx, in.Alert)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return LookAtAlertResult{}, nil
	}
	if err != nil {
		return LookAtAlertResult{}, err
	}
	out, err := NewReporter(a, in.Source).Report(ctx, []leaks.Finding{f})
	if err != nil || len(out) == 0 {
		return LookAtAlertResult{}, err
	}
	return LookAtAlertResult{Leak: out[0].Leak.ID, Opened: out[0].Opened}, nil
}

// LookForLeaksInput asks to look for leaks nobody was told of.
type LookForLeaksInput struct {
	// Since is from when on scanners are asked; zero is the last week.
	Since time.Time `json:"since,omitzero"`
}

// LookForLeaksResult counts what was found.
type LookForLeaksResult struct {
	Resumed int `json:"resumed"` // open leaks, which go on if nobody worked on them
	Alerts  int `json:"alerts"`  // open at the scanners
	Opened  int `json:"opened"`  // of them, leaks that were not known
}

// lookBack is how far back scanners are asked. Deliveries that got lost are found
// long before.
const lookBack = 7 * 24 * time.Hour

// LookForLeaks finds leaks nobody told of, because deliveries get lost: alerts that are
// open at the scanners. It has open leaks answered that nobody works on. A scanner that does not answer keeps nothing
// else from being looked at. It is safe to repeat.
func (a *Leaks) LookForLeaks(ctx context.Context, in LookForLeaksInput) (LookForLeaksResult, error) {
	var res LookForLeaksResult
	for _, state := range []registry.LeakState{registry.LeakOpen, registry.LeakDismissed} {
		for l, err := range a.Keys.Registry.Leaks(ctx, registry.LeakFilter{State: state}) {
			if err != nil {
				return res, err
			}
			if !l.Closed.IsZero() {
				continue
			}
			res.Resumed++
			if err := a.Engine.Respond(ctx, l.ID); err != nil {
				return res, err
			}
		}
	}
	if in.Since.IsZero() {
		in.Since = a.Keys.Now().Add(-lookBack)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.Sources)) {
		if err := a.open(ctx, name, in.Since, &res); err != nil {
			errs = append(errs, err)
		}
	}
	return res, errors.Join(errs...)
}

// open reports what is open at one scanner.
func (a *Leaks) open(ctx context.Context, name string, since time.Time, res *LookForLeaksResult) error {
	source, ok := a.Sources[name].(leaks.Lister)
	if !ok {
		return nil
	}
	for f, err := range source.Open(ctx, since) {
		if err != nil {
			return err
		}
		res.Alerts++
		out, err := NewReporter(a, name).Report(ctx, []leaks.Finding{f})
		if err != nil {
			return err
		}
		for _, r := range out {
			if r.Opened {
				res.Opened++
			}
		}
	}
	return nil
}
