package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// runRotateMany tells the plan for all keys that match, or confirms it, records
// the keys as a batch and has them begun.
func runRotateMany(ctx context.Context, a *app, opts *rotateOptions) (err error) {
	cause, err := opts.cause.cause(a)
	if err != nil {
		return err
	}
	sel, err := parseSelector(opts.selectors[0], a.now())
	if err != nil {
		return err
	}
	ask := confirmation{command: "rotate --selector " + sel.text, yes: opts.yes || opts.dryRun}
	if err := ask.possible(a); err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	p, err := readBulkPlan(ctx, a, store, sel, opts.now)
	if err != nil {
		return err
	}
	if p.Keys == 0 {
		return refusedf("%s: no key in service matches; see what there is with: keyturn keys list", ask.command)
	}
	if opts.dryRun {
		return p.tell(a)
	}
	if err := p.write(a.err, a.now()); err != nil {
		return err
	}
	if p.Begin == 0 {
		return refusedf("%s: none of the keys can begin now, nothing was changed; the plan above says why", ask.command)
	}
	hintUrgent(a, cause.Reason, opts.now)
	if err := p.confirm(ctx, a, ask); err != nil {
		return err
	}
	b := registry.Batch{
		ID: newBatchID(), Selector: sel.text, Reason: cause.Reason, Note: cause.Note, Actor: cause.Actor, Now: opts.now, At: a.now().UTC(), Keys: len(p.ids),
	}
	if err := p.begin(ctx, a, store, b); err != nil {
		return err
	}
	return followBatch(ctx, a, store, b, len(p.ids), opts.watch || a.live() && !opts.noWatch)
}

// newBatchID makes an id that tells nothing: it is shown in Temporal.
func newBatchID() string { return "b-" + strings.ToLower(rand.Text()[:10]) }

// tell prints the plan alone.
func (p *bulkPlan) tell(a *app) error {
	if err := a.print(p, func(w io.Writer) error { return p.write(w, a.now()) }); err != nil {
		return err
	}
	if p.Begin == 0 {
		return silent(exitRefused)
	}
	return nil
}

// confirm has the person type how many keys it is about.
func (p *bulkPlan) confirm(ctx context.Context, a *app, ask confirmation) error {
	what := "The old keys are ended when their overlap is over."
	if p.Now {
		what = "The old keys are ended as soon as the new ones are in place, whoever still uses them."
	}
	prompt := fmt.Sprintf("\n%s Type the number of keys in the batch, %d, to go on: ", what, len(p.ids))
	return ask.typed(ctx, a, prompt, "number", strconv.Itoa(len(p.ids)))
}

// begin records the batch and starts what begins its keys. From the record on
// nothing is lost: a start that fails can be made up for.
func (p *bulkPlan) begin(ctx context.Context, a *app, store registry.Store, b registry.Batch) error {
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	defer eng.Close()
	if err := store.AddBatch(ctx, b, p.ids); err != nil {
		return fmt.Errorf("recording the batch: %w", err)
	}
	if err := eng.startBatch(ctx, b); err != nil {
		return fmt.Errorf("batch %s is recorded, but nothing has begun: %w; when that is mended: keyturn batches resume %[1]s", b.ID, err)
	}
	return nil
}

// A startedBatch is what the start of a batch prints.
type startedBatch struct {
	Batch    string `json:"batch"`
	Keys     int    `json:"keys"` // that begin
	Workflow string `json:"workflow"`
}

// followBatch says that keys of a batch begin, and watches it if that is wanted.
func followBatch(ctx context.Context, a *app, store registry.Store, b registry.Batch, keys int, watch bool) error {
	human := func(w io.Writer) error {
		_, _ = fmt.Fprintf(w, "batch %s has started: %s\n", b.ID, plural(keys, "key", "keys"))
		if !watch {
			_, _ = fmt.Fprintf(w, "follow it with: keyturn batches show %s --watch\n", b.ID)
		}
		return nil
	}
	if !watch {
		return a.print(startedBatch{b.ID, keys, workflows.BatchWorkflowID(b.ID)}, human)
	}
	if err := human(a.progress()); err != nil {
		return err
	}
	return newBatchWatcher(a, store, b).watch(ctx)
}
