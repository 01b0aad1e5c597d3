package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/entry"
)

// An applier applies entry files. It reads them twice, so that an estate of
// any size passes through in little memory and is checked as a whole before
// anything is written.
type applier struct {
	a     *app
	store registry.Store
	opts  *applyOptions
	actor string
	id    string // of this application; events carry it, so that retries are recorded once
	done  int
}

// plan checks all entries and counts what they would change.
func (ap *applier) plan(ctx context.Context) (*applyPlan, error) {
	p := &applyPlan{DryRun: ap.opts.dryRun}
	bar := ap.a.bar(-1, "checking")
	for batch := range batches(ap.read(p), batchSize) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		matches, err := ap.match(ctx, batch)
		if err != nil {
			return nil, err
		}
		for i, m := range matches {
			findings := append(batch[i].findings(m.managed()), m.findings()...)
			if m.kept != nil {
				p.Kept = append(p.Kept, *m.kept)
			}
			switch {
			case len(findings) > 0:
				p.Findings = append(p.Findings, findings...)
			case m.isNew():
				p.Create++
			case len(m.changes()) > 0:
				p.Update++
			default:
				p.Unchanged++
			}
		}
		_ = bar.Add(len(batch))
	}
	slices.SortStableFunc(p.Findings, func(a, b entry.Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return p, bar.Finish()
}

// A checked is an entry and what is wrong with it.
type checked struct {
	entry           entry.Entry
	strict, lenient []entry.Finding
}

// findings are what counts: dates in the file of a managed key do not.
func (c *checked) findings(managed bool) []entry.Finding {
	if managed {
		return c.lenient
	}
	return c.strict
}

// read yields the entries of the files, each checked. Documents that are no
// entries become findings of p.
func (ap *applier) read(p *applyPlan) func(yield func(checked) bool) {
	strict := entry.NewChecker(ap.opts.rules.rules(ap.a.now(), false))
	lenient := entry.NewChecker(ap.opts.rules.rules(ap.a.now(), true))
	return func(yield func(checked) bool) {
		for e, findings := range entry.Read(ap.opts.paths...) {
			p.Entries++
			if len(findings) > 0 {
				p.Findings = append(p.Findings, findings...)
				continue
			}
			if !yield(checked{e, strict.Check(e), lenient.Check(e)}) {
				return
			}
		}
	}
}

func (ap *applier) match(ctx context.Context, batch []checked) ([]match, error) {
	entries := make([]entry.Entry, len(batch))
	for i, c := range batch {
		entries[i] = c.entry
	}
	return lookUp(ctx, ap.store, entries)
}

// apply reads the files again and writes what differs.
func (ap *applier) apply(ctx context.Context, changes int) error {
	bar := ap.a.bar(changes, "applying")
	again := &applyPlan{}
	for batch := range batches(ap.read(again), batchSize) {
		if len(again.Findings) > 0 {
			return errors.New("a file changed while it was being applied")
		}
		n, err := ap.save(ctx, batch)
		if err != nil {
			return err
		}
		ap.done += n
		_ = bar.Add(n)
	}
	return bar.Finish()
}

// save writes one batch. A key that changed in between is read anew, so that
// no observed fact is lost.
func (ap *applier) save(ctx context.Context, batch []checked) (int, error) {
	const tries = 5
	var before []match
	for try := 1; ; try++ {
		matches, err := ap.match(ctx, batch)
		if err != nil {
			return 0, err
		}
		changes, err := ap.changes(batch, matches)
		if err != nil || len(changes) == 0 {
			return 0, err
		}
		err = ap.store.SaveAll(ctx, changes)
		switch {
		case err == nil:
			return len(changes), nil
		case keyturn.KindOf(err) != keyturn.Conflict, try == tries, before != nil && same(before, matches):
			return 0, err // not a race: the registry refuses these changes themselves
		}
		before = matches
	}
}

// same reports whether nobody touched the keys between two looks.
func same(a, b []match) bool {
	for i := range a {
		if a[i].stored.Revision != b[i].stored.Revision {
			return false
		}
	}
	return true
}

func (ap *applier) changes(batch []checked, matches []match) ([]registry.Change, error) {
	var out []registry.Change
	for i, m := range matches {
		if f := append(batch[i].findings(m.managed()), m.findings()...); len(f) > 0 {
			return nil, fmt.Errorf("a file or the registry changed in between: %s", f[0])
		}
		key, detail := m.entry.Key(), "created"
		if !m.isNew() {
			changed := m.changes()
			if len(changed) == 0 {
				continue
			}
			key, detail = entry.Merge(m.stored, m.entry), "changed "+fieldList(changed)
		}
		out = append(out, registry.Change{Key: key, Event: registry.Event{
			ID: "apply/" + ap.id + "/" + string(key.ID), Key: key.ID, What: registry.Applied,
			Actor: ap.actor, At: ap.a.now().UTC(), Reason: ap.opts.note, Detail: detail,
		}})
	}
	return out, nil
}
