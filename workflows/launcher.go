package workflows

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// A Launcher is Temporal as the fleet's activities see it.
type Launcher struct {
	Client    client.Client
	Namespace string
	Queue     string // of the workflows
	Now       func() time.Time
}

var _ activities.Engine = Launcher{}

// Begin implements [activities.Engine].
func (l Launcher) Begin(ctx context.Context, s activities.Start) (activities.Begun, error) {
	order := Order{Key: s.Key.ID, Issuer: s.Key.Scope.Issuer(), Cause: s.Cause, Now: s.Now, Overlap: s.Overlap, Urgent: s.Urgent, IfDue: s.IfDue, Batch: s.Batch}
	opts := StartOptions(s.Operation, s.Key, order, l.Queue)
	opts.StartDelay = s.After
	_, err := l.Client.ExecuteWorkflow(ctx, opts, Flow(s.Operation), order)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case err == nil:
		return activities.Begun{What: activities.Started}, nil
	case !errors.As(err, &already):
		return activities.Begun{}, failed("start "+opts.ID, err)
	case !s.Hurry:
		return activities.Begun{What: activities.Busy}, nil
	}
	return l.hurry(ctx, s, order, opts)
}

// Underway implements [activities.Engine].
func (l Launcher) Underway(ctx context.Context, id keyturn.KeyID) (bool, error) {
	d, err := l.Client.DescribeWorkflowExecution(ctx, KeyWorkflowID(id), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, failed("look at "+KeyWorkflowID(id), err)
}

// Stop implements [activities.Engine].
func (l Launcher) Stop(ctx context.Context, issuer keyturn.Issuer, reason string) error {
	_, err := l.Client.WorkflowService().UpdateTaskQueueConfig(ctx, LimitRequest(l.Namespace, l.Queue, issuer, &taskqueuepb.RateLimit{RequestsPerSecond: 0}, reason))
	return failed("pause "+issuer.String(), err)
}

// Resume implements [activities.Engine].
func (l Launcher) Resume(ctx context.Context, issuer keyturn.Issuer) error {
	_, err := l.Client.WorkflowService().UpdateTaskQueueConfig(ctx, LimitRequest(l.Namespace, l.Queue, issuer, nil, ""))
	return failed("resume "+issuer.String(), err)
}

// failed says what kind of failure of Temporal's it was, and that in a sentence
// of our own.
func failed(op string, err error) error {
	var denied *serviceerror.PermissionDenied
	var invalid *serviceerror.InvalidArgument
	var unknown *serviceerror.Unimplemented
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &denied):
		return keyturn.Errorf(keyturn.Denied, op, "Temporal does not allow it to this worker; look at temporal.tls and temporal.api_key_file")
	case errors.As(err, &invalid):
		return keyturn.Errorf(keyturn.Invalid, op, "Temporal refuses it: %s", invalid.Message)
	case errors.As(err, &unknown):
		return keyturn.Errorf(keyturn.Unsupported, op, "this Temporal server cannot do it; upgrade it")
	}
	return keyturn.Errorf(keyturn.Unavailable, op, "Temporal does not answer as it should: %v", err)
}
