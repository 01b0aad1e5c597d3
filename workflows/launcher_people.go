package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

var _ activities.LeaverEngine = Launcher{}

// Offboard implements [activities.LeaverEngine]. One that was cut off, as by a
// terminate, goes on.
func (l Launcher) Offboard(ctx context.Context, departure string) error {
	o, in := OffboardOptions(departure, l.Queue)
	return l.start(ctx, o, OffboardPerson, in)
}

// Hear has somebody looked at of whom a directory sent news.
func (l Launcher) Hear(ctx context.Context, directory, id, event string) error {
	o := l.once(HearWorkflowID(directory, event), "news from "+directory)
	o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	return l.start(ctx, o, HearDirectory, activities.LookAtPersonInput{Directory: directory, ID: id, Event: event})
}

// Compare has registry and directories compared, because a directory could not
// deliver everything.
func (l Launcher) Compare(ctx context.Context) error {
	return l.start(ctx, l.once(CompareWorkflowID, "compare directories: deliveries were missed"), CompareDirectories, CompareDirectoriesInput{})
}

// once are the options of what runs under an id that is open once.
func (l Launcher) once(id, summary string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: l.Queue, StaticSummary: summary,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:                 temporal.Priority{PriorityKey: Priority("offboarding")},
		TypedSearchAttributes:    temporal.NewSearchAttributes(ReasonAttribute.ValueSet("offboarding")),
	}
}

func (l Launcher) start(ctx context.Context, o client.StartWorkflowOptions, flow, in any) error {
	_, err := l.Client.ExecuteWorkflow(ctx, o, flow, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) {
		return nil
	}
	return failed("start "+o.ID, err)
}

// RunBatch implements [activities.LeaverEngine].
func (l Launcher) RunBatch(ctx context.Context, b registry.Batch) error {
	o, in := BatchOptions(b, l.Queue)
	_, err := l.Client.SignalWithStartWorkflow(ctx, o.ID, SignalResume, nil, o, RotateBatch, in)
	return failed("start "+o.ID, err)
}

// Expedite implements [activities.LeaverEngine]. What is refused needs none: it
// waits for nothing that can be cut short, or has ended.
func (l Launcher) Expedite(ctx context.Context, id keyturn.KeyID, h activities.Hurry) error {
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := l.Client.UpdateWorkflow(short, client.UpdateWorkflowOptions{
		WorkflowID: KeyWorkflowID(id), UpdateName: UpdateExpedite, WaitForStage: client.WorkflowUpdateStageAccepted,
		Args: []any{Word{Actor: h.Actor, Note: h.Note, Override: true}},
	})
	var refused *temporal.ApplicationError
	var missing *serviceerror.NotFound
	late := ctx.Err() == nil && short.Err() != nil // its worker is busy; it is told again
	if errors.As(err, &refused) || errors.As(err, &missing) || late {
		return nil
	}
	return failed(fmt.Sprintf("expedite %s", id), err)
}
