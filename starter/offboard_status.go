package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A departureReport tells how a departure stands.
type departureReport struct {
	departureHead
	Heard    []heard        `json:"heard"`
	Batches  []string       `json:"batches"`
	Accounts []batchAccount `json:"accounts"`
	Open     []openKey      `json:"open"`
	Given    []given        `json:"given"`

	stories []*keyStory
}

// heard is one time a departure was heard of.
type heard struct {
	Origin string    `json:"origin"`
	Actor  string    `json:"actor"`
	At     time.Time `json:"at"`
}

// An openKey is yet to be replaced.
type openKey struct {
	Key keyturn.KeyID `json:"key"`
	keyturn.Issuer
	State registry.BatchState `json:"state"`
	Since time.Time           `json:"since,omitzero"`
	Why   string              `json:"why,omitempty"`
	Mend  string              `json:"mend"`
}

// given are the keys that one person answers for now.
type given struct {
	To   string          `json:"to"`
	Keys []keyturn.KeyID `json:"keys"`
}

func readDepartureReport(ctx context.Context, store registry.Store, d registry.Departure) (*departureReport, error) {
	batches, progress, err := departureProgress(ctx, store, d.ID)
	if err != nil {
		return nil, err
	}
	r := &departureReport{
		departureHead: headOfDeparture(d, progress), Heard: []heard{}, Batches: []string{}, Accounts: []batchAccount{}, Open: []openKey{}, Given: []given{},
	}
	for h, err := range store.Heard(ctx, d.ID) {
		if err != nil {
			return nil, err
		}
		r.Heard = append(r.Heard, heard{h.Origin, h.Actor, h.At})
	}
	for _, b := range batches {
		r.Batches = append(r.Batches, b.ID)
	}
	for _, p := range progress {
		at := batchAccount{Issuer: p.Issuer, Keys: p.Keys()}
		at.add(p)
		r.Accounts = append(r.Accounts, at)
	}
	if r.stories, err = readStories(ctx, store, d, batches); err != nil {
		return nil, err
	}
	r.tell()
	return r, nil
}

// tell sorts the keys into those that are open, and those that were given away.
func (r *departureReport) tell() {
	to := map[string][]keyturn.KeyID{}
	for _, s := range r.stories {
		if s.open() {
			r.Open = append(r.Open, openKey{s.Key, s.Issuer, s.State, s.Since, s.Trouble, s.mend(r.State == registry.DepartureOpen)})
		}
		if !s.Handed.IsZero() {
			to[s.Owner] = append(to[s.Owner], s.Key)
		}
	}
	for who, keys := range to {
		r.Given = append(r.Given, given{who, keys})
	}
	slices.SortFunc(r.Given, func(x, y given) int { return cmp.Compare(x.To, y.To) })
}
