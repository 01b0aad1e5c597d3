package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/workflows"
)

func TestRotateStarts(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.expect(t, exitOK, "", "rotate", keyID, "--reason", "scheduled", "--note", "quarterly", "--as", "carol")
	if len(d.temporal.started) != 1 {
		t.Fatalf("started %d workflows, want 1", len(d.temporal.started))
	}
	call := d.temporal.started[0]
	want := workflows.Order{
		Key: keyID, Issuer: keyturn.Issuer{Provider: "stripe", Account: "acct_1"},
		Cause: activities.Cause{Reason: "scheduled", Note: "quarterly", Actor: "carol"},
	}
	if diff := cmp.Diff(want, call.order); diff != "" {
		t.Errorf("order (-want +got)\n%s", diff)
	}
	o := call.options
	if call.workflow != "RotateKey" || o.ID != "key/"+keyID || o.TaskQueue != "keyturn" {
		t.Errorf("started %s as %s on %s", call.workflow, o.ID, o.TaskQueue)
	}
	if o.WorkflowIDConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL || !o.WorkflowExecutionErrorWhenAlreadyStarted {
		t.Error("the workflow id is not used as a lock")
	}
	attributes := map[string]any{}
	for k, v := range o.TypedSearchAttributes.GetUntypedValues() {
		attributes[k.GetName()] = v
	}
	wantAttributes := map[string]any{
		"KeyId": keyID, "Provider": "stripe", "OwnerTeam": "payments", "Phase": "minting", "Reason": "scheduled",
		"DueAt": noon.AddDate(0, -2, 0).AddDate(0, 0, 90),
	}
	if diff := cmp.Diff(wantAttributes, attributes); diff != "" {
		t.Errorf("search attributes (-want +got)\n%s", diff)
	}
	for _, personal := range []string{"alice", "carol", "quarterly"} {
		if strings.Contains(o.StaticSummary+o.StaticDetails, personal) {
			t.Errorf("%q is shown in Temporal's UI:\n%s\n%s", personal, o.StaticSummary, o.StaticDetails)
		}
	}
	if !strings.Contains(d.stdout.String(), "keyturn watch "+keyID) || !d.temporal.closed {
		t.Errorf("stdout %q, connection closed: %v", d.stdout, d.temporal.closed)
	}
}

func TestIssueAwaitsApproval(t *testing.T) {
	t.Parallel()
	k := aKey()
	k.Ledger, k.Generation, k.Policy.Approval = nil, 0, true
	d := newDesk(t, k)
	d.expect(t, exitOK, "", "issue", keyID)
	call := d.temporal.started[0]
	if call.workflow != "IssueKey" || !call.order.Approval || call.order.Cause.Actor != "bob@laptop" {
		t.Errorf("started %+v", call)
	}
	if !strings.Contains(d.stdout.String(), "keyturn approve "+keyID) {
		t.Errorf("it does not say how to approve: %s", d.stdout)
	}
}

func TestStartedAsJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.expect(t, exitOK, "", "rotate", keyID, "-o", "json")
	golden(t, "testdata/started.json", d.stdout.String())
}

func TestAlreadyUnderWay(t *testing.T) {
	t.Parallel()
	t.Run("seen", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, aKey())
		d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
			return described("RotateKey", enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 5), nil
		}
		d.expect(t, exitRefused, "rotate is already under way on this key (run run-1, begun 1m ago); follow it with: keyturn watch "+keyID+
			"; cut its waits short with: keyturn expedite "+keyID, "revoke", keyID, "--yes")
		if len(d.temporal.started) != 0 {
			t.Error("it was started all the same")
		}
	})
	t.Run("raced", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, aKey())
		d.temporal.startErr = serviceerror.NewWorkflowExecutionAlreadyStarted("already", "request", "run-9")
		d.expect(t, exitRefused, "already under way on this key (run run-9)", "rotate", keyID)
	})
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  string
		tty     bool
		args    []string
		code    int
		says    string
		started bool
	}{
		"revoke, id typed":            {keyID + "\n", true, []string{"revoke", keyID}, exitOK, "ended for good", true},
		"revoke, id without newline":  {keyID, true, []string{"revoke", keyID}, exitOK, "Type the key's id", true},
		"revoke, yes is not the id":   {"yes\n", true, []string{"revoke", keyID}, exitRefused, "not confirmed, nothing was changed", false},
		"revoke, nothing typed":       {"", true, []string{"revoke", keyID}, exitRefused, "not confirmed", false},
		"revoke, no terminal":         {keyID + "\n", false, []string{"revoke", keyID}, exitUsage, "add --yes", false},
		"revoke, no terminal, --yes":  {"", false, []string{"revoke", keyID, "--yes"}, exitOK, "", true},
		"rotate asks nothing":         {"", false, []string{"rotate", keyID}, exitOK, "", true},
		"rotate --now, no terminal":   {"", false, []string{"rotate", keyID, "--now"}, exitUsage, "add --yes", false},
		"rotate --now, id typed":      {keyID + "\n", true, []string{"rotate", keyID, "--now"}, exitOK, "whoever still uses it (1 known consumer)", true},
		"rotate --now, refused":       {"n\n", true, []string{"rotate", keyID, "--now"}, exitRefused, "not confirmed", false},
		"a leak without --now: hint":  {"", false, []string{"rotate", keyID, "--reason", "leak"}, exitOK, "add --now", true},
		"revoke --dry-run asks not":   {"", false, []string{"revoke", keyID, "--dry-run"}, exitOK, "", false},
		"a sentence is no reason":     {"", false, []string{"rotate", keyID, "--reason", "Alice left us"}, exitUsage, "sentences go in --note", false},
		"escape sequences in a note":  {"", false, []string{"rotate", keyID, "--note", "a\x1b[2Jb"}, exitUsage, "--note: one line of plain text", false},
		"escape sequences in a name":  {"", false, []string{"rotate", keyID, "--as", "a\nb"}, exitUsage, "--as: one line of plain text", false},
		"no such key":                 {"", false, []string{"rotate", "nope"}, exitRefused, "keyturn keys list", false},
		"issued already":              {"", false, []string{"issue", keyID}, exitRefused, "keyturn rotate " + keyID, false},
		"issue has no --now":          {"", false, []string{"issue", keyID, "--now"}, exitUsage, "unknown flag: --now", false},
		"revoke --now starts with it": {"", false, []string{"revoke", keyID, "--now", "-y"}, exitOK, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, aKey())
			d.in, d.term.In = strings.NewReader(c.answer), c.tty
			d.expect(t, c.code, c.says, c.args...)
			if got := len(d.temporal.started) == 1; got != c.started {
				t.Errorf("started: %v, want %v", got, c.started)
			}
			for _, s := range d.temporal.started {
				if now := strings.Contains(strings.Join(c.args, " "), "--now"); s.order.Now != now {
					t.Errorf("order.Now is %v", s.order.Now)
				}
			}
		})
	}
}

// TestInterruptedQuestion: Ctrl-C at the question ends the program although
// the terminal has not answered.
func TestInterruptedQuestion(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	never, w := io.Pipe()
	defer func() { _ = w.Close() }()
	d.in, d.term.In = never, true
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	done := make(chan int, 1)
	go func() { done <- run(ctx, d.app, []string{"revoke", keyID}) }()
	select {
	case code := <-done:
		if code == exitOK || len(d.temporal.started) != 0 {
			t.Errorf("exit code %d, started %d", code, len(d.temporal.started))
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits for an answer")
	}
}

func TestTemporalErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"namespace":        {serviceerror.NewNamespaceNotFound("keyturn"), "temporal operator namespace create"},
		"search attribute": {serviceerror.NewInvalidArgument("Namespace keyturn has no mapping defined for search attribute KeyId"), "does not know Keyturn's search attributes"},
		"denied":           {serviceerror.NewPermissionDenied("no", ""), "temporal.api_key_file"},
		"unavailable":      {serviceerror.NewUnavailable("down"), "is it running"},
		"anything else":    {errors.New("boom"), "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, aKey())
			d.temporal.startErr = c.err
			d.expect(t, exitFailed, c.says, "rotate", keyID)
			if n := strings.Count(d.stderr.String(), "\n"); n != 1 {
				t.Errorf("%d lines, want one:\n%s", n, d.stderr)
			}
		})
	}
}

func TestTemporalUnreachable(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.dialTemporal = func(context.Context, dial.Config, *slog.Logger) (temporalClient, error) {
		return nil, errors.New("no Temporal at 127.0.0.1:7233")
	}
	for _, args := range [][]string{{"rotate", keyID}, {"watch", keyID}, {"abort", keyID}} {
		d.expect(t, exitFailed, "no Temporal at", args...)
	}
}
