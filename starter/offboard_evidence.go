package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// evidence is what an auditor is given of a departure. It holds no values.
type evidence struct {
	departureReport
	Written  time.Time       `json:"written"`
	Timeline []moment        `json:"timeline"`
	Keys     []*keyStory     `json:"every_key"`
	Findings []departureNote `json:"findings"`
	Unproven int             `json:"unproven"` // old values whose death could not be tried
}

// A moment is one step of a departure.
type moment struct {
	What string    `json:"what"`
	At   time.Time `json:"at,omitzero"` // zero if it has not happened
	// After is how many seconds after the departure was heard of it was.
	After int64  `json:"after_seconds"`
	More  string `json:"more,omitempty"`
}

// A departureNote is what was found about a departure, such as that it took too long.
type departureNote struct {
	Kind    string    `json:"kind"`
	Detail  string    `json:"detail"`
	Found   time.Time `json:"found"`
	Settled time.Time `json:"settled,omitzero"`
}

func readEvidence(ctx context.Context, a *app, store registry.Store, d registry.Departure) (*evidence, error) {
	r, err := readDepartureReport(ctx, store, d)
	if err != nil {
		return nil, err
	}
	e := &evidence{departureReport: *r, Written: a.now().UTC(), Keys: r.stories, Findings: []departureNote{}}
	made := map[keyturn.KeyID]time.Time{}
	for m, err := range store.MadeBy(ctx, []string{d.Email}) {
		if err != nil {
			return nil, err
		}
		made[m.Key] = m.At
	}
	for _, s := range e.Keys {
		if at, ok := made[s.Key]; ok && activities.StillMade(s.minted, at) {
			s.Why = append(s.Why, "made")
		}
		if len(s.Why) == 0 {
			// The rest of the reasons is in the worker's configuration.
			s.Why = append(s.Why, "in a personal path, or under another address of theirs")
		}
		e.Unproven += len(s.Unproven)
	}
	if err := e.addUnissued(ctx, a, store, d); err != nil {
		return nil, err
	}
	if err := e.addFindings(ctx, store); err != nil {
		return nil, err
	}
	e.addMoments()
	return e, nil
}

// addUnissued adds the keys that were handed over and are in no batch: they were
// never issued, so that there was nothing to replace.
func (e *evidence) addUnissued(ctx context.Context, a *app, store registry.Store, d registry.Departure) error {
	known := map[keyturn.KeyID]bool{}
	for _, s := range e.Keys {
		known[s.Key] = true
	}
	count := &counter{a: a}
	defer count.clear()
	for k, err := range store.Find(ctx, registry.Filter{}) {
		if err != nil {
			return err
		}
		if count.next(); known[k.ID] || k.Current() != nil {
			continue
		}
		s := &keyStory{Key: k.ID}
		if err := s.read(ctx, store, d); err != nil {
			return err
		}
		if !s.Handed.IsZero() || people.Address(s.Owner) == d.Email {
			e.Keys = append(e.Keys, s)
		}
	}
	return nil
}

func (e *evidence) addFindings(ctx context.Context, store registry.Store) error {
	for _, settled := range []bool{false, true} {
		f := registry.FindingFilter{Check: activities.LeaverCheck, Place: e.Departure, Settled: settled, Accepted: true}
		for found, err := range store.Findings(ctx, f) {
			if err != nil {
				return err
			}
			e.Findings = append(e.Findings, departureNote{found.Kind, found.Detail, found.Found, found.Settled})
		}
	}
	slices.SortStableFunc(e.Findings, func(x, y departureNote) int { return x.Found.Compare(y.Found) })
	return nil
}

// addMoments lists the steps in the order in which they were taken.
func (e *evidence) addMoments() {
	add := func(what string, at time.Time, more string) {
		m := moment{What: what, At: at, More: more}
		if !at.IsZero() {
			m.After = int64(at.Sub(e.At).Seconds())
		}
		e.Timeline = append(e.Timeline, m)
	}
	var replaced, died extent
	for _, s := range e.Keys {
		replaced.see(s.Replaced)
		died.see(s.Died)
	}
	add("heard of", e.At, e.Origin+", recorded by "+e.Actor)
	add("sessions ended", e.Sessions, strings.Join(e.Ended, ", "))
	add("keys handed over", e.Handed, "")
	add("first key replaced", replaced.first, "consumers read the new value")
	add("last key replaced", replaced.last, "")
	add("first old value dead", died.first, "")
	add("last old value dead", died.last, "")
	add("closed", e.Closed, e.Note)
	slices.SortStableFunc(e.Timeline, func(x, y moment) int {
		if x.At.IsZero() || y.At.IsZero() {
			return cmp.Compare(y.At.Unix(), x.At.Unix()) // what has not happened comes last
		}
		return x.At.Compare(y.At)
	})
}

// extent is the first and the last of several times.
type extent struct{ first, last time.Time }

func (s *extent) see(t time.Time) {
	if t.IsZero() {
		return
	}
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
}
