package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn/workflows"
)

// A fillWatcher follows the making of fingerprints until it has ended.
type fillWatcher struct {
	a        *app
	eng      *engine
	of       *backfill
	interval time.Duration

	events int64  // how long the history was when it was asked last
	said   string // what it said last
	drawn  redrawn
}

func newFillWatcher(a *app, eng *engine, b *backfill) *fillWatcher {
	return &fillWatcher{a: a, eng: eng, of: b, interval: time.Second}
}

// watch shows what the workflow says of itself again and again, and returns its result.
func (w *fillWatcher) watch(ctx context.Context) (*workflows.FillResult, error) {
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	for {
		d, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, w.leave()
		case err != nil:
			return nil, fmt.Errorf("watching: %w; the work goes on; come back with: %s", w.eng.explain(err), w.of.again())
		case d != nil && !isRunning(d):
			return w.result(ctx)
		}
		select {
		case <-ctx.Done():
			return nil, w.leave()
		case <-tick.C:
		}
	}
}

// look looks once. A server that does not answer is asked again.
func (w *fillWatcher) look(ctx context.Context) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	short, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	// A run goes on in another, so the run is not named.
	d, err := w.eng.DescribeWorkflowExecution(short, w.of.Workflow, "")
	if err != nil {
		if hopeless(err) {
			return nil, err
		}
		w.show("Temporal at " + w.eng.config.Address + " does not answer; trying on")
		return nil, nil
	}
	if events := d.GetWorkflowExecutionInfo().GetHistoryLength(); isRunning(d) && events != w.events {
		w.ask(ctx, events)
	}
	return d, nil
}

// metadataQuery is the SDK's own query for what a workflow says of itself.
const metadataQuery = "__temporal_workflow_metadata"

// ask asks the workflow how far it is. A query is a billed action, so it is asked only
// when something has happened.
func (w *fillWatcher) ask(ctx context.Context, events int64) {
	short, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var says sdkpb.WorkflowMetadata
	val, err := w.eng.QueryWorkflow(short, w.of.Workflow, "", metadataQuery)
	if err == nil {
		err = val.Get(&says)
	}
	var failed *serviceerror.QueryFailed
	switch {
	case err == nil:
		w.events = events
		w.show(says.GetCurrentDetails())
	case errors.As(err, &failed):
	default:
		w.show(fmt.Sprintf("no worker answers on task queue %q; is keyturn-worker running? trying on", w.eng.config.TaskQueue))
	}
}

// show shows a text: on a terminal in place, elsewhere in a line of its own.
func (w *fillWatcher) show(text string) {
	if text == "" || text == w.said {
		return
	}
	w.said = text
	if w.a.live() {
		width, height := w.a.term.Size()
		w.drawn.draw(w.a.out, []string{cut(clean(text), width)}, height)
		return
	}
	_, _ = fmt.Fprintf(w.a.progress(), "%s %s\n", w.a.now().UTC().Format(time.RFC3339), clean(text))
}

func (w *fillWatcher) leave() error {
	_, _ = fmt.Fprintf(w.a.err, "keyturn: stopped watching; the work goes on. Come back with: %s\n", w.of.again())
	return silent(exitInterrupted)
}

// result reads how it ended.
func (w *fillWatcher) result(ctx context.Context) (*workflows.FillResult, error) {
	short, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	var r workflows.FillResult
	err := w.eng.GetWorkflow(short, w.of.Workflow, "").Get(short, &r)
	var app *temporal.ApplicationError
	switch {
	case err == nil:
		return &r, nil
	case ctx.Err() != nil:
		return nil, w.leave()
	case errors.As(err, &app):
		return nil, fmt.Errorf("leaks backfill: it failed: %s; mend that, then run it again: what is done stays done", app.Message())
	}
	return nil, fmt.Errorf("leaks backfill: it did not end well: %w; run it again: what is done stays done", w.eng.explain(err))
}

// isRunning reports whether a workflow runs.
func isRunning(d *workflowservice.DescribeWorkflowExecutionResponse) bool {
	return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
}
