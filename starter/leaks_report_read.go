package main

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// A reportReading reads a report, some findings at a time.
type reportReading struct {
	opts     *leaksReportOptions
	match    matcher
	reporter *activities.Reporter // nil in a dry run
	view     *reportView
	group    []leaks.Finding
}

func newReportReading(opts *leaksReportOptions, store registry.Leaks, prints leaks.Fingerprinter, format string) *reportReading {
	return &reportReading{
		opts: opts, match: matcher{store: store, prints: prints, known: map[leaks.Digest]*ownedValue{}},
		view: newReportView(opts.dryRun, format),
	}
}

// reportGroup is how many findings are reported at once.
const reportGroup = 300

// read reads all of a report. What came before an error is recorded.
func (r *reportReading) read(ctx context.Context, findings iter.Seq2[leaks.Finding, error]) error {
	for f, err := range findings {
		if err != nil {
			if flushed := r.flush(ctx); flushed != nil {
				return flushed
			}
			return err
		}
		if err := r.take(ctx, f); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// take takes in a finding.
func (r *reportReading) take(ctx context.Context, f leaks.Finding) error {
	r.view.Findings++
	if f.Value.IsZero() && f.HMSL == "" && f.SHA1 == "" && f.RemoteID == "" && len(f.Beside) == 0 {
		r.view.WithoutValue++
		return nil
	}
	f.Public = f.Public || r.opts.public
	if f.Repo == "" && r.opts.repo != "" {
		// Scanners name a finding by its place, which another repository has, too.
		f.Repo, f.Event = r.opts.repo, r.opts.repo+":"+f.Event
	}
	if r.opts.dryRun || r.opts.onlyOurs {
		v, err := r.match.whose(ctx, f)
		switch {
		case err != nil:
			return err
		case r.opts.onlyOurs && len(v.matches) == 0:
			r.view.leaveOut(v)
			return nil
		case r.opts.dryRun:
			return r.view.wouldReport(ctx, r.match.store, f, v)
		}
	}
	if r.group = append(r.group, f); len(r.group) < reportGroup {
		return nil
	}
	return r.flush(ctx)
}

// flush reports what was read since the last time.
func (r *reportReading) flush(ctx context.Context) error {
	if len(r.group) == 0 {
		return nil
	}
	out, err := r.reporter.Report(ctx, r.group)
	r.group = r.group[:0]
	for _, one := range out {
		r.view.reported(one)
	}
	if err != nil {
		return fmt.Errorf("%w; %s answered before that; when it is mended, repeat the command", err, plural(len(r.view.Leaks), "leak was", "leaks were"))
	}
	return nil
}

// A matcher says whose values are. It remembers those it was asked about, because that
// takes milliseconds, but none of the values.
type matcher struct {
	store  registry.Leaks
	prints leaks.Fingerprinter
	known  map[leaks.Digest]*ownedValue
}

// An ownedValue is a value and whose it is.
type ownedValue struct {
	marks   []keyturn.Mark
	matches []activities.Match // empty if it is no key's
	lines   []*reportedLeak    // that tell of it, in a dry run
	left    bool               // it was left out
}

// whose says whose a finding's value is: the same for all findings of a value. What
// stands beside it is looked at as long as it is nobody's.
func (m *matcher) whose(ctx context.Context, f leaks.Finding) (*ownedValue, error) {
	name := f.Digest()
	v := m.known[name]
	if v == nil {
		v = &ownedValue{marks: m.prints.Marks(f)}
		m.known[name] = v
	} else if len(v.matches) > 0 || len(f.Beside) == 0 {
		return v, nil
	}
	matches, err := activities.Whose(ctx, m.store, m.prints, []leaks.Finding{f}, v.marks)
	if err != nil {
		return nil, err
	}
	v.matches = slices.DeleteFunc(matches, func(o activities.Match) bool { return o.Key == "" })
	return v, nil
}
