package main

import (
	"cmp"
	"context"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// A reportView says what became of a report, or would. It holds no value.
type reportView struct {
	DryRun   bool   `json:"dry_run"`
	Format   string `json:"format"`
	Findings int    `json:"findings"` // in the report
	// WithoutValue are findings that hold neither a value nor a hash of one. They are
	// left out.
	WithoutValue int             `json:"without_value"`
	LeftOut      int             `json:"left_out"`        // values that are no key's, with --only-ours
	LeftHits     int             `json:"left_out_places"` // findings of those
	Leaks        []*reportedLeak `json:"leaks"`

	by map[string]*reportedLeak // by the leak, or in a dry run by the generation
}

func newReportView(dryRun bool, format string) *reportView {
	return &reportView{DryRun: dryRun, Format: format, Leaks: []*reportedLeak{}, by: map[string]*reportedLeak{}}
}

// A reportedLeak is what became of one value.
type reportedLeak struct {
	Leak       string        `json:"leak,omitempty"` // empty in a dry run for one that would be new
	Key        keyturn.KeyID `json:"key,omitempty"`
	Generation int           `json:"generation,omitempty"`
	Match      string        `json:"match,omitempty"`
	Rule       string        `json:"rule,omitempty"`
	// Hits is in how many places it was found, in this report and before; in a dry
	// run, in this report.
	Hits  int `json:"hits"`
	Fresh int `json:"new_hits"` // of them, those nobody told of before
	// New says that nobody told of the leak before. In a dry run that is not found out
	// for a value that is no key's.
	New   bool               `json:"new,omitempty"`
	State registry.LeakState `json:"state,omitempty"`
}

// reported takes in what became of a value. One leak may be told of several times.
func (v *reportView) reported(one activities.Reported) {
	l := one.Leak
	r := v.by[l.ID]
	if r == nil {
		r = &reportedLeak{Leak: l.ID}
		v.by[l.ID] = r
		v.Leaks = append(v.Leaks, r)
	}
	r.see(l)
	r.Fresh += one.Fresh
	r.New = r.New || one.Opened
}

// see takes in how a leak is now.
func (r *reportedLeak) see(l registry.Leak) {
	r.Key, r.Generation, r.Match, r.Rule, r.Hits, r.State = l.Key, l.Generation, l.Match, l.Rule, l.Hits, l.State
}

// leaveOut counts a finding of a value that is no key's.
func (v *reportView) leaveOut(value *ownedValue) {
	v.LeftHits++
	if !value.left {
		value.left = true
		v.LeftOut++
	}
}

// wouldReport takes in what would become of a finding.
func (v *reportView) wouldReport(ctx context.Context, store registry.Leaks, f leaks.Finding, value *ownedValue) error {
	if value.lines == nil {
		for _, m := range value.matches {
			r, err := v.would(ctx, store, m)
			if err != nil {
				return err
			}
			value.lines = append(value.lines, r)
		}
		if len(value.matches) == 0 {
			value.lines = []*reportedLeak{{}}
			v.Leaks = append(v.Leaks, value.lines[0])
		}
	}
	for _, r := range value.lines {
		r.Rule = cmp.Or(r.Rule, f.Clean(f.Rule))
		r.Hits++
	}
	return nil
}

// would is the line of a generation.
func (v *reportView) would(ctx context.Context, store registry.Leaks, m activities.Match) (*reportedLeak, error) {
	name := keyturn.Label(m.Key, m.Generation)
	if r := v.by[name]; r != nil {
		return r, nil
	}
	l, err := leakOf(ctx, store, m.Key, m.Generation)
	if err != nil {
		return nil, err
	}
	r := &reportedLeak{Key: m.Key, Generation: m.Generation, Match: m.How, New: l == nil}
	if l != nil {
		r.Leak, r.State = l.ID, l.State
	}
	v.by[name] = r
	v.Leaks = append(v.Leaks, r)
	return r, nil
}

// leakOf is the leak of a generation, nil if there is none.
func leakOf(ctx context.Context, store registry.Leaks, key keyturn.KeyID, generation int) (*registry.Leak, error) {
	for l, err := range store.Leaks(ctx, registry.LeakFilter{Key: key}) {
		if err != nil {
			return nil, err
		}
		if l.Generation == generation {
			return &l, nil
		}
	}
	return nil, nil
}
