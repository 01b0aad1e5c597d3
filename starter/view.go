package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// A view is what can be seen of an operation at one moment.
type view struct {
	Key       keyturn.KeyID
	Run       string
	Operation string
	Started   time.Time
	Begins    time.Time // if it is planned for later
	Closed    time.Time // zero while it runs
	// Status is the last the workflow said of itself; nil before it spoke.
	Status *workflows.Status
	// Silent says why Status may be out of date; empty while it is not.
	Silent   string
	Attempts []attempt
	Result   *workflows.Result // once it has ended with one
	Failure  string            // once it has ended without one
}

func (v *view) ended() bool { return !v.Closed.IsZero() }

// generous waits: a worker answers in milliseconds when there is one.
const (
	describeTimeout = 10 * time.Second
	queryTimeout    = 5 * time.Second
	idleAfter       = 10 * time.Second
)

// A looker looks at one run again and again, asking the worker only when
// something has happened: a query is a billed action.
type looker struct {
	eng  *engine
	now  func() time.Time
	last view
	// events is how long the history was when the status was read.
	events int64
}

// look returns what can be seen now. It fails only where looking again cannot
// help.
func (l *looker) look(ctx context.Context) (view, error) {
	short, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	d, err := l.eng.DescribeWorkflowExecution(short, workflows.KeyWorkflowID(l.last.Key), l.last.Run)
	v := l.last
	switch {
	case ctx.Err() != nil:
		return v, ctx.Err()
	case err != nil && hopeless(err):
		return v, l.missing(err)
	case err != nil:
		v.Silent = "Temporal at " + l.eng.config.Address + " does not answer; trying on"
		l.last = v
		return v, nil
	}
	info := d.GetWorkflowExecutionInfo()
	v.Run = info.GetExecution().GetRunId()
	v.Operation, v.Started = operationName(info.GetType().GetName()), began(info)
	v.Attempts, v.Silent, v.Begins = l.attempts(d), l.stuck(d), time.Time{}
	if begins, planned := workflows.Planned(d, l.now()); planned {
		v.Begins = begins // until then it answers no question
		l.last = v
		return v, ctx.Err()
	}
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		v.Closed, v.Silent = at(info.GetCloseTime()), ""
		l.outcome(ctx, &v)
	}
	if done := v.Status != nil && v.Status.Phase == workflows.Done; !done && (v.Status == nil || info.GetHistoryLength() != l.events) {
		l.ask(ctx, &v, info.GetHistoryLength())
	}
	l.last = v
	return v, ctx.Err()
}

// ask reads the status from the worker.
func (l *looker) ask(ctx context.Context, v *view, events int64) {
	short, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	val, err := l.eng.QueryWorkflow(short, workflows.KeyWorkflowID(v.Key), v.Run, workflows.QueryStatus)
	var s workflows.Status
	if err == nil {
		err = val.Get(&s)
	}
	var failed *serviceerror.QueryFailed
	switch {
	case err == nil:
		v.Status, v.Silent, l.events = &s, "", events
	case v.ended(): // without a worker the phases stay unknown, but not the result
	case errors.As(err, &failed):
		v.Silent = "the worker cannot say how far it is; see its log"
	case v.Silent == "":
		v.Silent = l.nobody()
	}
}

func (l *looker) nobody() string {
	return fmt.Sprintf("no worker answers on task queue %q; is keyturn-worker running? trying on", l.eng.config.TaskQueue)
}

// outcome reads how a closed run ended.
func (l *looker) outcome(ctx context.Context, v *view) {
	short, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	var res workflows.Result
	err := l.eng.GetWorkflow(short, workflows.KeyWorkflowID(v.Key), v.Run).Get(short, &res)
	var app *temporal.ApplicationError
	var stopped *temporal.TerminatedError
	switch {
	case err == nil:
		v.Result = &res
	case errors.As(err, &app):
		v.Failure = app.Message()
	case errors.As(err, &stopped):
		v.Failure = "it was terminated"
	case temporal.IsCanceledError(err):
		v.Failure = "it was cancelled"
	case temporal.IsTimeoutError(err):
		v.Failure = "it ran out of time"
	default:
		v.Failure = "its result cannot be read: " + l.eng.explain(err).Error()
	}
}

func (l *looker) missing(err error) error {
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return refusedf("watch %s: no operation on this key is known to Temporal; see: keyturn keys history %[1]s", l.last.Key)
	}
	return fmt.Errorf("watch %s: %w", l.last.Key, l.eng.explain(err))
}

// hopeless recognises errors that stay the same however often one looks.
func hopeless(err error) bool {
	var missing *serviceerror.NotFound
	var namespace *serviceerror.NamespaceNotFound
	var denied *serviceerror.PermissionDenied
	var invalid *serviceerror.InvalidArgument
	return errors.As(err, &missing) || errors.As(err, &namespace) || errors.As(err, &denied) || errors.As(err, &invalid)
}

func at(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
