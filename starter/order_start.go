package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// start starts the workflow under the key's lock and returns its run.
func (o *order) start(ctx context.Context, a *app, eng *engine, key *keyturn.Key) (string, error) {
	open, err := eng.open(ctx, key.ID)
	if err != nil {
		return "", err
	}
	if open != nil {
		return "", o.busy(open.Name, open.Run, a.now().Sub(open.Started))
	}
	if why := blocks(o.op, key, nil, true); len(why) > 0 {
		return "", refusedf("%s: %s", o.command(), strings.Join(why, "; "))
	}
	run, err := eng.ExecuteWorkflow(ctx, o.options(eng, key), o.workflow, workflows.Order{
		Key: key.ID, Issuer: key.Scope.Issuer(), Cause: o.cause, Now: o.opts.now,
		Approval: o.op == keyturn.Issue && key.Policy.Approval,
	})
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &already): // somebody was faster just now
		return "", o.busy("an operation", already.RunId, 0)
	case err != nil:
		return "", fmt.Errorf("%s: %w", o.command(), eng.explain(err))
	}
	return run.GetRunID(), nil
}

func (o *order) busy(name, run string, since time.Duration) error {
	age := ""
	if since >= time.Second {
		age = ", begun " + rough(since) + " ago"
	}
	return refusedf("%s: %s is already under way on this key (run %s%s); follow it with: keyturn watch %s; cut its waits short with: keyturn expedite %[5]s",
		o.command(), name, run, age, o.opts.key)
}

// options are how the workflow is started: its id is the key's lock, and one
// run at a time may hold it. What is written here is shown in Temporal's UI
// and, in the search attributes, never encrypted: it names a team, no person.
func (o *order) options(eng *engine, key *keyturn.Key) client.StartWorkflowOptions {
	attributes := []temporal.SearchAttributeUpdate{
		workflows.KeyIDAttribute.ValueSet(string(key.ID)),
		workflows.ProviderAttribute.ValueSet(key.Scope.Provider),
		workflows.TeamAttribute.ValueSet(key.Owner.Team),
		workflows.PhaseAttribute.ValueSet(string(o.firstPhase(key))),
		workflows.ReasonAttribute.ValueSet(o.cause.Reason),
	}
	if due := key.Due(); !due.IsZero() {
		attributes = append(attributes, workflows.DueAttribute.ValueSet(due.UTC()))
	}
	return client.StartWorkflowOptions{
		ID:                                       workflows.KeyWorkflowID(key.ID),
		TaskQueue:                                eng.config.TaskQueue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    temporal.NewSearchAttributes(attributes...),
		StaticSummary:                            fmt.Sprintf("%s %s at %s: %s", o.op, key.ID, key.Scope.Provider, o.cause.Reason),
		StaticDetails: fmt.Sprintf("- key: %s\n- provider: %s\n- team: %s\n- secret: %s:%s\n- consumers: %d\n- reason: %s\n",
			key.ID, key.Scope.Issuer(), key.Owner.Team, key.Storage.Secret.Store, key.Storage.Secret.Path, len(key.Storage.Consumers), o.cause.Reason),
	}
}

func (o *order) firstPhase(key *keyturn.Key) workflows.Phase {
	switch {
	case o.op == keyturn.Revoke:
		return workflows.Retiring
	case o.op == keyturn.Issue && key.Policy.Approval:
		return workflows.AwaitingApproval
	}
	return workflows.Minting
}
