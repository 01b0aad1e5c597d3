package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// wordOptions are what the commands that speak to an operation have in common.
type wordOptions struct {
	key     keyturn.KeyID
	run     string
	note    string
	timeout time.Duration
}

func (o *wordOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.note, "note", "", "a `SENTENCE` for the record")
	cmd.Flags().StringVar(&o.run, "run", "", "speak to this `RUN` only, not to whichever is under way")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for a worker's answer")
}

func (o *wordOptions) check(command string) error {
	if o.timeout <= 0 {
		return usagef("%s: --timeout must be more than nothing, such as 30s", command)
	}
	return plainText("--note", o.note)
}

// A spoken is what a word that was accepted prints.
type spoken struct {
	Word string        `json:"word"`
	Key  keyturn.KeyID `json:"key"`
	Run  string        `json:"run,omitempty"`
}

// say sends a word to the operation on a key and waits for its answer. what
// makes the argument from the person and the note.
func say(ctx context.Context, a *app, name string, o *wordOptions, what func(workflows.Word) any) error {
	command := name + " " + string(o.key)
	run, err := a.tell(ctx, command, name, o, what, nil)
	if err != nil {
		return err
	}
	return a.print(spoken{name, o.key, run}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s: done; follow the operation with: keyturn watch %s\n", command, o.key)
		return err
	})
}

// tell sends an update to the operation on a key, waits for its answer, which
// goes into out unless that is nil, and returns the run that gave it.
func (a *app) tell(ctx context.Context, command, update string, o *wordOptions, what func(workflows.Word) any, out any) (run string, err error) {
	if err := o.check(command); err != nil {
		return "", err
	}
	actor, err := a.actor()
	if err != nil {
		return "", err
	}
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return "", err
	}
	defer eng.Close()
	open, err := eng.hears(ctx, command, update, o)
	if err != nil {
		return "", err
	}
	run, err = eng.update(ctx, o, client.UpdateWorkflowOptions{
		UpdateID: rand.Text(), WorkflowID: workflows.KeyWorkflowID(o.key), RunID: open.Run, UpdateName: update,
		Args: []any{what(workflows.Word{Actor: actor, Note: o.note})}, WaitForStage: client.WorkflowUpdateStageCompleted,
	}, out)
	if err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	return run, nil
}

// hears finds the operation that an update is for, and refuses where none has
// begun. The update then goes to that run and no other: one that is planned must
// not be begun by it.
func (e *engine) hears(ctx context.Context, command, update string, o *wordOptions) (*opened, error) {
	short, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	open, err := e.open(short, o.key, o.run)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%s: %w", command, err)
	case open == nil:
		return nil, nothingUnderWay(command, o.key)
	case open.planned():
		return nil, refusedf("%s: %w", command, &plannedError{open, o.key, update})
	}
	return open, nil
}

// update sends an update, waits for its answer, which goes into out unless that
// is nil, and turns a refusal into an error that says why.
func (e *engine) update(ctx context.Context, o *wordOptions, u client.UpdateWorkflowOptions, out any) (string, error) {
	short, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	handle, err := e.UpdateWorkflow(short, u)
	if err == nil {
		err = handle.Get(short, out)
	}
	var refused *temporal.ApplicationError
	var missing *serviceerror.NotFound
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	switch {
	case err == nil:
		return handle.RunID(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &refused):
		return "", refusedf("refused: %s; see: keyturn watch %s", refused.Message(), o.key)
	case errors.As(err, &missing):
		return "", refusedf("no operation is under way on this key; see: keyturn keys show %s", o.key)
	case errors.As(err, &late), errors.Is(err, context.DeadlineExceeded), short.Err() != nil:
		return "", fmt.Errorf("no worker answered within %s; is keyturn-worker running on task queue %q, and is its log clean? The word may still arrive: keyturn watch %s",
			o.timeout, e.config.TaskQueue, o.key)
	}
	return "", e.explain(err)
}
