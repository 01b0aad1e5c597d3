package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// An operation that is planned for later holds its key and has not begun. What
// is said to it as an update would begin it, and a question would not be
// answered before it begins, so neither is sent.

func (o *opened) planned() bool { return o != nil && !o.Begins.IsZero() }

// began is when an operation began: at its start or, if that was delayed, when it
// took its first step, of which Temporal makes a reset point.
func began(info *workflowpb.WorkflowExecutionInfo) time.Time {
	first := info.GetAutoResetPoints().GetPoints()
	if at(info.GetExecutionTime()).After(at(info.GetStartTime())) && len(first) > 0 {
		return at(first[0].GetCreateTime())
	}
	return at(info.GetStartTime())
}

// mayBegin reports whether a command for op begins a planned operation.
func (o *opened) mayBegin(op keyturn.Operation) bool {
	return o.planned() && op == keyturn.Rotate && o.Name == string(op)
}

// inTheWay says why another operation cannot begin.
func (o *opened) inTheWay(key keyturn.KeyID) string {
	return fmt.Sprintf("%s is planned on this key for %s (run %s); call it off first with: keyturn abort %s", o.Name, o.Begins.UTC().Format(time.RFC3339), o.Run, key)
}

// A plannedError is why an update is not sent.
type plannedError struct {
	open   *opened
	key    keyturn.KeyID
	update string
}

func (e *plannedError) Error() string {
	why := fmt.Sprintf("refused: %s is planned for %s and has not begun", e.open.Name, e.open.Begins.UTC().Format(time.RFC3339))
	if e.update == workflows.UpdateExpedite {
		return fmt.Sprintf("%s; begin it now with: keyturn rotate %s", why, e.key)
	}
	return fmt.Sprintf("%s, so there is nothing to %s yet; call it off with: keyturn abort %s", why, e.update, e.key)
}

// A calledOff is what calling off a planned operation prints.
type calledOff struct {
	spoken
	Planned time.Time `json:"planned_for"`
}

// callOff ends an operation before it begins. A cancellation is kept by Temporal
// until a worker reads it, and the operation then ends with its first step. If
// it has begun by then, it is undone like any other.
func callOff(ctx context.Context, a *app, o *wordOptions, open *opened) error {
	command := workflows.UpdateAbort + " " + string(o.key)
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	defer eng.Close()
	short, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	err = eng.CancelWorkflow(short, workflows.KeyWorkflowID(o.key), open.Run)
	var missing *serviceerror.NotFound
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &missing):
		return nothingUnderWay(command, o.key)
	case err != nil:
		return fmt.Errorf("%s: %w", command, eng.explain(err))
	}
	if o.note != "" {
		_, _ = fmt.Fprintln(a.err, "keyturn: hint: the note is not kept; an operation that never began has no record for it")
	}
	return a.print(calledOff{spoken{workflows.UpdateAbort, o.key, open.Run}, open.Begins}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, `%s: what was planned for %s is called off; nothing has begun, so nothing is undone
a worker closes it now, if its account is not paused; until then it holds the key: keyturn watch %s
a sweep plans it again after a while (6 hours, if not configured) if the key is still due; keep it from that with: keyturn calendar freeze --key %[3]s --reason TEXT
`, command, stamp(open.Begins, a.now()), o.key)
		return err
	})
}

func nothingUnderWay(command string, key keyturn.KeyID) error {
	return refusedf("%s: no operation is under way on this key; see: keyturn keys show %s", command, key)
}
