package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

func TestWordsAreSaid(t *testing.T) {
	t.Parallel()
	bob := workflows.Word{Actor: "bob@laptop", Note: "because"}
	for name, c := range map[string]struct {
		args []string
		want any
	}{
		"approve":  {nil, bob},
		"reject":   {nil, bob},
		"expedite": {nil, bob},
		"abort":    {nil, bob},
		"extend":   {[]string{"--for", "2h"}, workflows.Extension{Word: bob, For: keyturn.Duration(2 * time.Hour)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.underWay("RotateKey")
			args := append([]string{name, keyID, "--note", "because"}, c.args...)
			d.expect(t, exitOK, "", args...)
			if len(d.temporal.updates) != 1 {
				t.Fatalf("%d updates, want 1", len(d.temporal.updates))
			}
			u := d.temporal.updates[0]
			if u.WorkflowID != "key/"+keyID || u.UpdateName != name || u.RunID != "run-1" || u.WaitForStage != client.WorkflowUpdateStageCompleted {
				t.Errorf("sent %+v", u)
			}
			if diff := cmp.Diff([]any{c.want}, u.Args); diff != "" {
				t.Errorf("arguments (-want +got)\n%s", diff)
			}
			if !strings.Contains(d.stdout.String(), name+" "+keyID+": done") || !d.temporal.closed {
				t.Errorf("stdout %q, connection closed: %v", d.stdout, d.temporal.closed)
			}
		})
	}
}

func TestWordToOneRun(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.underWay("RotateKey")
	d.expect(t, exitOK, "", "abort", keyID, "--run", "run-7", "--as", "carol", "-o", "json")
	if u := d.temporal.updates[0]; u.RunID != "run-7" || u.Args[0].(workflows.Word).Actor != "carol" {
		t.Errorf("sent %+v", u)
	}
	golden(t, "testdata/spoken.json", d.stdout.String())
}

func TestWordsRefused(t *testing.T) {
	t.Parallel()
	wait := func(ctx context.Context) error { // as the SDK does when no worker polls
		<-ctx.Done()
		return client.NewWorkflowUpdateServiceTimeoutOrCanceledError(ctx.Err())
	}
	for name, c := range map[string]struct {
		update func(context.Context) error
		args   string
		code   int
		says   string
	}{
		"the workflow says no": {
			func(context.Context) error {
				return temporal.NewNonRetryableApplicationError("no approval is asked for", "invalid", nil)
			},
			"approve", exitRefused, "keyturn: approve " + keyID + ": refused: no approval is asked for; see: keyturn watch " + keyID,
		},
		"nothing is under way": {
			func(context.Context) error { return serviceerror.NewNotFound("workflow execution already completed") },
			"abort", exitRefused, "no operation is under way on this key; see: keyturn keys show " + keyID,
		},
		"no worker":          {wait, "expedite --timeout 20ms", exitFailed, `no worker answered within 20ms; is keyturn-worker running on task queue "keyturn"`},
		"no namespace":       {func(context.Context) error { return serviceerror.NewNamespaceNotFound("keyturn") }, "reject", exitFailed, "temporal operator namespace create"},
		"extend by nothing":  {nil, "extend", exitUsage, "such as --for 2h"},
		"extend by zero":     {nil, "extend --for 0s", exitUsage, "must be more than nothing"},
		"extend by nonsense": {nil, "extend --for soon", exitUsage, `"soon" is not a duration`},
		"no timeout":         {nil, "abort --timeout 0s", exitUsage, "--timeout must be more than nothing"},
		"a note of lines":    {nil, "abort --note a\nb", exitUsage, "--note: one line of plain text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.underWay("RotateKey")
			d.temporal.update = c.update
			d.expect(t, c.code, c.says, append(strings.Split(c.args, " "), keyID)...)
			if n := strings.Count(d.stderr.String(), "\n"); n != 1 {
				t.Errorf("%d lines on standard error, want one:\n%s", n, d.stderr)
			}
			if c.update == nil && len(d.temporal.updates) != 0 {
				t.Error("it was sent all the same")
			}
		})
	}
}

func TestInterruptedWord(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.underWay("RotateKey")
	ctx, cancel := context.WithCancel(t.Context())
	d.temporal.update = func(short context.Context) error {
		cancel()
		<-short.Done()
		return fmt.Errorf("sdk: %w", short.Err())
	}
	if code := run(ctx, d.app, []string{"abort", keyID}); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, d.stderr)
	}
}
