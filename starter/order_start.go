package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// start starts the workflow under the key's lock. A rotation that is planned for
// later begins now instead, as this order says.
func (o *order) start(ctx context.Context, a *app, eng *engine, key *keyturn.Key) (started, error) {
	open, err := eng.open(ctx, key.ID, "")
	if err != nil {
		return started{}, err
	}
	if open != nil && !open.mayBegin(o.op) {
		return started{}, o.busy(open, a.now())
	}
	if why := o.blocks(key, open, true); len(why) > 0 {
		return started{}, refusedf("%s: %s", o.command(), strings.Join(why, "; "))
	}
	order := workflows.Order{
		Key: key.ID, Issuer: key.Scope.Issuer(), Cause: o.cause, Now: o.opts.now,
		Approval: o.op == keyturn.Issue && key.Policy.Approval,
	}
	s := started{Operation: o.op, Key: key.ID, Workflow: workflows.KeyWorkflowID(key.ID), Approval: order.Approval}
	if open != nil {
		if s.Run, err = o.beginNow(ctx, eng, key, order, open); s.Run == open.Run {
			s.Planned = open.Begins
		}
	} else {
		s.Run, err = o.startNew(ctx, eng, key, order)
	}
	return s, err
}

func (o *order) startNew(ctx context.Context, eng *engine, key *keyturn.Key, order workflows.Order) (run string, err error) {
	var in any = order
	if o.special != nil {
		in = o.special.input(order)
	}
	r, err := eng.ExecuteWorkflow(ctx, workflows.StartOptions(o.op, key, order, eng.config.TaskQueue), o.workflow, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &already): // somebody was faster just now
		return "", o.busy(&opened{Name: "an operation", Run: already.RunId}, time.Time{})
	case err != nil:
		return "", fmt.Errorf("%s: %w", o.command(), eng.explain(err))
	}
	return r.GetRunID(), nil
}

// beginNow has a planned rotation begin. It stays in its batch, which waits for
// it.
func (o *order) beginNow(ctx context.Context, eng *engine, key *keyturn.Key, order workflows.Order, open *opened) (run string, err error) {
	order.Batch = open.Batch
	opts := workflows.BeginNow(workflows.StartOptions(o.op, key, order, eng.config.TaskQueue))
	r, err := eng.SignalWithStartWorkflow(ctx, opts.ID, workflows.SignalBegin, order, opts, o.workflow, order)
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.command(), eng.explain(err))
	}
	return r.GetRunID(), nil
}

func (o *order) busy(open *opened, now time.Time) error {
	if open.planned() {
		return refusedf("%s: %s", o.command(), open.inTheWay(o.opts.key))
	}
	age := ""
	if since := now.Sub(open.Started); since >= time.Second {
		age = ", begun " + rough(since) + " ago"
	}
	return refusedf("%s: %s is already under way on this key (run %s%s); follow it with: keyturn watch %s; cut its waits short with: keyturn expedite %[5]s",
		o.command(), open.Name, open.Run, age, o.opts.key)
}
