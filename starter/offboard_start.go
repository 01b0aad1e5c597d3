package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// runOffboard tells what the registry knows of a leaver, or confirms it, records the
// departure and has it worked on.
func runOffboard(ctx context.Context, a *app, email string, opts *offboardOptions) (err error) {
	ask := confirmation{command: "offboard " + email, yes: opts.yes || opts.dryRun}
	said, err := opts.departure(a, ask.command, email)
	if err != nil {
		return err
	}
	if err := ask.possible(a); err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := mayGetKeys(ctx, store, ask.command, said.Successor); err != nil {
		return err
	}
	p, err := readOffboardPlan(ctx, a, store, said)
	if err != nil {
		return err
	}
	if opts.dryRun {
		return a.print(p, func(w io.Writer) error { return p.write(w, a.now()) })
	}
	if err := p.write(a.err, a.now()); err != nil {
		return err
	}
	const prompt = "\nThey are signed out, others answer for their keys, and the old values are ended. Type the address to go on: "
	if err := ask.typed(ctx, a, prompt, "address", email); err != nil {
		return err
	}
	d, joined, err := beginDeparture(ctx, a, store, ask.command, said)
	if err != nil {
		return err
	}
	return followDeparture(ctx, a, store, d, joined, opts.watch || a.live() && !opts.noWatch)
}

// departure is what the person says who gives the command.
func (o *offboardOptions) departure(a *app, command, email string) (registry.Departure, error) {
	d := registry.Departure{
		ID: activities.NewDepartureID(), Email: email, Origin: activities.OriginOperator, Event: rand.Text(), At: a.now().UTC(),
		Reason: o.reason, Sure: true, Successor: people.Address(o.successor),
	}
	if err := plainText("--reason", o.reason); err != nil {
		return d, err
	}
	if o.successor != "" {
		if err := isHeir(command+" --successor", o.successor, email); err != nil {
			return d, err
		}
	}
	var err error
	d.Actor, err = a.actor()
	return d, err
}

// isHeir refuses who cannot get a leaver's keys, whatever the registry knows.
func isHeir(command, successor, leaver string) error {
	if people.Address(successor) == leaver {
		return usagef("%s: %s is the one who leaves; name somebody else", command, leaver)
	}
	return isAddress(command, successor)
}

// mayGetKeys refuses a successor who has left.
func mayGetKeys(ctx context.Context, store registry.Store, command, successor string) error {
	if successor == "" {
		return nil
	}
	d, err := store.Gone(ctx, successor)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return nil
	case err != nil:
		return err
	}
	return refusedf("%s: the successor %s left on %s; name somebody who is there", command, successor, d.At.UTC().Format(time.DateOnly))
}

// beginDeparture records a departure and starts its work. From the record on
// nothing is lost: a start that fails is made up for.
func beginDeparture(ctx context.Context, a *app, store registry.Store, command string, said registry.Departure) (d registry.Departure, joined bool, err error) {
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return d, false, err
	}
	defer eng.Close()
	d, opened, err := store.Depart(ctx, said)
	if err != nil {
		return d, false, fmt.Errorf("recording the departure: %w", err)
	}
	if !opened {
		// A directory announced it. From now on a person's word stands for it.
		d, err = editDeparture(ctx, store, command, d.ID, func(d *registry.Departure) {
			d.Sure = true
			if said.Successor != "" {
				d.Successor = said.Successor
			}
		})
		if err != nil {
			return d, true, err
		}
	}
	if err := eng.startOffboard(ctx, d.ID); err != nil {
		return d, !opened, fmt.Errorf("departure %s is recorded, but nothing has begun: %w; when that is mended, repeat the command", d.ID, err)
	}
	return d, !opened, nil
}

// startOffboard has a departure worked on. One that is worked on is left alone.
func (e *engine) startOffboard(ctx context.Context, departure string) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	opts, in := workflows.OffboardOptions(departure, e.config.TaskQueue)
	_, err := e.ExecuteWorkflow(ctx, opts, workflows.OffboardPerson, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) {
		return nil
	}
	return e.explain(err)
}

// A startedOffboarding is what the start of a departure's work prints.
type startedOffboarding struct {
	Departure string `json:"departure"`
	Email     string `json:"email"`
	Joined    bool   `json:"joined"` // it was open already
	Workflow  string `json:"workflow"`
}

// followDeparture says that a departure is worked on, and watches it if that is
// wanted.
func followDeparture(ctx context.Context, a *app, store registry.Store, d registry.Departure, joined, watch bool) error {
	human := func(w io.Writer) error {
		how := "is recorded"
		if joined {
			how = fmt.Sprintf("is open since %s, and joined", distance(d.At, a.now()))
		}
		_, _ = fmt.Fprintf(w, "departure %s of %s %s\n", d.ID, clean(d.Email), how)
		if !watch {
			_, _ = fmt.Fprintf(w, "follow it with: keyturn offboard show %s --watch\n", d.ID)
		}
		return nil
	}
	if !watch {
		return a.print(startedOffboarding{d.ID, d.Email, joined, workflows.OffboardWorkflowID(d.ID)}, human)
	}
	if err := human(a.progress()); err != nil {
		return err
	}
	return newDepartureWatcher(a, store, d.ID).watch(ctx)
}
