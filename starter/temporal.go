package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// temporalClient is the little this program asks of Temporal.
type temporalClient interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
	UpdateWorkflow(ctx context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error)
	QueryWorkflow(ctx context.Context, workflowID, runID, queryType string, args ...any) (converter.EncodedValue, error)
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	ScheduleClient() client.ScheduleClient
	UpdateTaskQueueConfig(ctx context.Context, request *workflowservice.UpdateTaskQueueConfigRequest) error
	Close()
}

// An sdkClient is a real client, with the one call it has no method for.
type sdkClient struct{ client.Client }

func (c sdkClient) UpdateTaskQueueConfig(ctx context.Context, request *workflowservice.UpdateTaskQueueConfigRequest) error {
	_, err := c.WorkflowService().UpdateTaskQueueConfig(ctx, request)
	return err
}

// An engine is a connection to Temporal and what is needed to read its answers.
type engine struct {
	temporalClient
	config   dial.Config
	failures converter.FailureConverter // decrypts what failures say
	decode   converter.DataConverter    // decrypts payloads
	now      func() time.Time
}

// engine connects; the caller closes it. What the client has to say from level
// up goes to standard error.
func (a *app) engine(ctx context.Context, level slog.Level) (*engine, error) {
	s, err := a.load()
	if err != nil {
		return nil, err
	}
	opts, err := dial.Options(s.Temporal, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, usagef("%w; mend the configuration", err)
	}
	c, err := a.dialTemporal(ctx, s.Temporal, a.logger(level))
	if err != nil {
		return nil, err
	}
	return &engine{temporalClient: c, config: s.Temporal, failures: opts.FailureConverter, decode: opts.DataConverter, now: a.now}, nil
}

// An opened is the open operation on a key.
type opened struct {
	Run     string    `json:"run"`
	Name    string    `json:"name"` // issue, rotate, revoke
	Started time.Time `json:"started"`
	Begins  time.Time `json:"begins,omitzero"` // if it is planned for later
	Batch   string    `json:"batch,omitempty"` // that it is of
}

// open finds the operation that holds a key, nil when there is none: the run
// that is named, or whichever it is.
func (e *engine) open(ctx context.Context, id keyturn.KeyID, run string) (*opened, error) {
	d, err := e.DescribeWorkflowExecution(ctx, workflows.KeyWorkflowID(id), run)
	var missing *serviceerror.NotFound
	switch info := d.GetWorkflowExecutionInfo(); {
	case errors.As(err, &missing):
		return nil, nil
	case err != nil:
		return nil, e.explain(err)
	case info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		o := &opened{
			Run: info.GetExecution().GetRunId(), Name: operationName(info.GetType().GetName()),
			Started: began(info), Batch: workflows.BatchOf(d),
		}
		if begins, planned := workflows.Planned(d, e.now()); planned {
			o.Begins = begins
		}
		return o, nil
	}
	return nil, nil
}

// limitActivities sets the limit of an account's activities, or with nil leaves
// it to the workers again.
func (e *engine) limitActivities(ctx context.Context, issuer keyturn.Issuer, limit *taskqueuepb.RateLimit, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // the client itself would try for ever
	defer cancel()
	err := e.UpdateTaskQueueConfig(ctx, workflows.LimitRequest(e.config.Namespace, e.config.TaskQueue, issuer, limit, reason))
	var unknown *serviceerror.Unimplemented
	if errors.As(err, &unknown) {
		return fmt.Errorf("the Temporal server at %s cannot limit a task queue; upgrade it", e.config.Address)
	}
	return e.explain(err)
}

// operationName turns the name of a workflow into that of its command.
func operationName(workflow string) string {
	return strings.ToLower(strings.TrimSuffix(workflow, "Key"))
}

// explain says what to do about an error of Temporal's.
func (e *engine) explain(err error) error {
	var namespace *serviceerror.NamespaceNotFound
	var denied *serviceerror.PermissionDenied
	var invalid *serviceerror.InvalidArgument
	var unavailable *serviceerror.Unavailable
	var late *serviceerror.DeadlineExceeded
	switch {
	case errors.As(err, &namespace):
		return fmt.Errorf("the Temporal server at %s has no namespace %q; set temporal.namespace, or create it with: temporal operator namespace create -n %[2]s", e.config.Address, e.config.Namespace)
	case errors.As(err, &denied):
		return fmt.Errorf("the Temporal server at %s refuses access to namespace %q; look at temporal.tls and temporal.api_key_file: %w", e.config.Address, e.config.Namespace, err)
	case errors.As(err, &invalid) && strings.Contains(invalid.Message, "earch attribute"):
		return fmt.Errorf("namespace %q does not know Keyturn's search attributes; create them as the documentation says: %w", e.config.Namespace, err)
	case errors.As(err, &unavailable), errors.As(err, &late), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the Temporal server at %s does not answer; is it running, and is temporal.address right? %w", e.config.Address, err)
	}
	return err
}

// getKey reads a key and says where to look when there is none.
func getKey(ctx context.Context, store registry.Store, id keyturn.KeyID) (keyturn.Key, error) {
	k, err := store.Get(ctx, id)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return k, refusedf("no key %q in the registry; see: keyturn keys list", id)
	}
	return k, err
}
