package main

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

const (
	runningStatus    = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	completedStatus  = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	terminatedStatus = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
)

// A scene is what is seen at one look.
type scene struct {
	describe *workflowservice.DescribeWorkflowExecutionResponse
	err      error
	status   workflows.Status
	queryErr error
}

// play has the fake Temporal show one scene after the other, and the last one
// from then on.
func play(d *desk, scenes ...scene) {
	now := func() scene { return scenes[min(max(d.temporal.asked, 1), len(scenes))-1] }
	d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
		return now().describe, now().err
	}
	d.temporal.query = func(context.Context) (workflows.Status, error) {
		d.temporal.mu.Lock()
		defer d.temporal.mu.Unlock()
		return now().status, now().queryErr
	}
}

func status(phases ...workflows.Phase) workflows.Status {
	s := workflows.Status{Key: keyID, Operation: keyturn.Rotate, Generation: 2}
	for i, p := range phases {
		s.Phase, s.Since = p, noon.Add(time.Duration(i-len(phases))*10*time.Second)
		s.Past = append(s.Past, workflows.PastPhase{Phase: p, At: s.Since})
	}
	return s
}

func soaking(until time.Duration) workflows.Status {
	s := status(workflows.Minting, workflows.Moving, workflows.Soaking)
	s.Detail, s.Until = "old and new both work", noon.Add(until)
	return s
}

// failing adds an activity that is being tried again.
func failing(d *workflowservice.DescribeWorkflowExecutionResponse, kind keyturn.Kind, message string) *workflowservice.DescribeWorkflowExecutionResponse {
	err := temporal.NewApplicationError(message, string(kind))
	d.PendingActivities = append(d.PendingActivities, &workflowpb.PendingActivityInfo{
		ActivityType: &commonpb.ActivityType{Name: "MintKey"}, Attempt: 3, State: enumspb.PENDING_ACTIVITY_STATE_SCHEDULED,
		LastFailure: temporal.GetDefaultFailureConverter().ErrorToFailure(err), ScheduledTime: timestamppb.New(noon),
		NextAttemptScheduleTime: timestamppb.New(noon.Add(12 * time.Second)),
	})
	return d
}

var rotated = workflows.Result{
	Outcome: workflows.Rotated, Generation: 2, New: &keyturn.Issued{Generation: 2, RemoteID: "rk_2"},
	Ended: []string{"rk_1"}, Unproven: []string{"rk_1"}, Unknown: []string{"service checkout"}, Expires: noon.AddDate(0, 11, 0),
}

// aRotation is one from its beginning to its end.
func aRotation() []scene {
	done := status(workflows.Minting, workflows.Moving, workflows.Soaking, workflows.Retiring, workflows.Done)
	return []scene{
		{describe: described("RotateKey", runningStatus, 3), queryErr: serviceerror.NewDeadlineExceeded("no poller")},
		{describe: failing(described("RotateKey", runningStatus, 5), keyturn.Unavailable, "stripe: mint: the service is down"), status: status(workflows.Minting)},
		{describe: failing(described("RotateKey", runningStatus, 9), keyturn.NotYet, "rotate "+keyID+": 1 of 1 consumers have not moved: service checkout"), status: status(workflows.Minting, workflows.Moving)},
		{err: serviceerror.NewUnavailable("down")},
		{describe: described("RotateKey", runningStatus, 12), status: soaking(8 * time.Minute)},
		{describe: described("RotateKey", runningStatus, 15), status: soaking(2 * time.Hour)},
		{describe: described("RotateKey", completedStatus, 20), status: done},
	}
}

func TestWatchLines(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	play(d, aRotation()...)
	d.temporal.result = func() (workflows.Result, error) { return rotated, nil }
	d.expect(t, exitOK, "", "watch", keyID, "--interval", "100ms")
	golden(t, "testdata/watch/rotation.txt", d.stdout.String())
	if d.stderr.Len() > 0 {
		t.Errorf("standard error: %s", d.stderr)
	}
}

// TestWatchAsksSparingly: a query is billed, so without news none is made.
func TestWatchAsksSparingly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	same := scene{describe: described("RotateKey", runningStatus, 5), status: status(workflows.Minting)}
	play(d, same, same, same, same, scene{describe: described("RotateKey", completedStatus, 9), status: status(workflows.Minting, workflows.Done)})
	d.temporal.result = func() (workflows.Result, error) { return rotated, nil }
	d.expect(t, exitOK, "", "watch", keyID, "--interval", "100ms")
	if d.temporal.queries != 2 {
		t.Errorf("%d queries in five looks, want 2", d.temporal.queries)
	}
}

func TestWatchDocument(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "yaml"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, aKey())
			play(d, aRotation()...)
			d.temporal.result = func() (workflows.Result, error) { return rotated, nil }
			d.expect(t, exitOK, "rotate "+keyID+": soaking until", "watch", keyID, "--interval", "100ms", "-o", format)
			golden(t, "testdata/watch/rotation."+format, d.stdout.String())
		})
	}
}

func TestRotateAndWatch(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	begun := false
	d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
		if !begun {
			begun = true
			return nil, serviceerror.NewNotFound("never ran")
		}
		return described("RotateKey", completedStatus, 9), nil
	}
	d.temporal.query = func(context.Context) (workflows.Status, error) {
		return workflows.Status{}, serviceerror.NewUnavailable("no worker")
	}
	d.temporal.result = func() (workflows.Result, error) {
		return workflows.Result{Outcome: workflows.RolledBack, Why: "behind", Detail: "1 of 1 consumers did not move in time"}, nil
	}
	d.expect(t, exitRolledBack, "", "rotate", keyID, "--watch", "-o", "json")
	var doc watched
	if err := json.Unmarshal(d.stdout.Bytes(), &doc); err != nil || doc.Result.Why != "behind" {
		t.Errorf("standard output is not one document (%v): %s", err, d.stdout)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		result workflows.Result
		err    error
		code   int
		says   string // on either stream
	}{
		"issued":      {workflows.Result{Outcome: workflows.Issued}, nil, exitOK, "issued in 1m"},
		"revoked":     {workflows.Result{Outcome: workflows.Revoked, Ended: []string{"rk_1"}}, nil, exitOK, "ended     rk_1"},
		"rolled back": {workflows.Result{Outcome: workflows.RolledBack, Why: "aborted"}, nil, exitRolledBack, "rolled back after 1m (aborted)"},
		"rejected":    {workflows.Result{Outcome: workflows.Rejected, Why: "rejected", Detail: "no"}, nil, exitRejected, "was rejected (rejected): no"},
		"new outcome": {workflows.Result{Outcome: "transcended"}, nil, exitFailed, "transcended"},
		"failed":      {workflows.Result{}, temporal.NewApplicationError("start this workflow under the id key/x", "invalid"), exitFailed, "start this workflow under the id key/x; see what is left of it"},
		"terminated":  {workflows.Result{}, &temporal.TerminatedError{}, exitFailed, "it was terminated"},
		"cancelled":   {workflows.Result{}, temporal.NewCanceledError(), exitFailed, "it was cancelled"},
		"timed out":   {workflows.Result{}, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil), exitFailed, "it ran out of time"},
		"unreadable":  {workflows.Result{}, errors.New("a payload is encrypted with key \"k1\""), exitFailed, "its result cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			play(d, scene{describe: described("RotateKey", completedStatus, 9), status: status(workflows.Done)})
			d.temporal.result = func() (workflows.Result, error) { return c.result, c.err }
			d.expect(t, c.code, "", "watch", keyID)
			if all := d.stdout.String() + d.stderr.String(); !strings.Contains(all, c.says) {
				t.Errorf("%q is not said:\n%s", c.says, all)
			}
		})
	}
}

func TestWatchInVain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code int
		says string
	}{
		"never ran":    {serviceerror.NewNotFound("no"), exitRefused, "no operation on this key is known to Temporal; see: keyturn keys history " + keyID},
		"no namespace": {serviceerror.NewNamespaceNotFound("keyturn"), exitFailed, "temporal operator namespace create"},
		"denied":       {serviceerror.NewPermissionDenied("no", ""), exitFailed, "refuses access"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			play(d, scene{err: c.err})
			d.expect(t, c.code, c.says, "watch", keyID)
		})
	}
	newDesk(t).expect(t, exitUsage, "--interval must be at least", "watch", keyID, "--interval", "1ms")
}

func TestWatchInterrupted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	play(d, scene{describe: described("RotateKey", runningStatus, 5), status: status(workflows.Minting)})
	d.temporal.query = func(context.Context) (workflows.Status, error) {
		cancel()
		return status(workflows.Minting), nil
	}
	if code := run(ctx, d.app, []string{"watch", keyID}); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if !strings.Contains(d.stderr.String(), "the operation goes on. Come back with: keyturn watch "+keyID) {
		t.Errorf("standard error: %s", d.stderr)
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	old := timestamppb.New(noon.Add(-time.Minute))
	idle := described("RotateKey", runningStatus, 5)
	idle.PendingActivities = []*workflowpb.PendingActivityInfo{{
		ActivityType: &commonpb.ActivityType{Name: "MintKey"}, Attempt: 1, State: enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, ScheduledTime: old,
	}}
	waiting := described("RotateKey", runningStatus, 5)
	waiting.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{State: enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, Attempt: 1, ScheduledTime: old}
	broken := described("RotateKey", runningStatus, 5)
	broken.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{State: enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED, Attempt: 7}
	end := scene{describe: described("RotateKey", completedStatus, 9), status: status(workflows.Done)}
	nobody := serviceerror.NewDeadlineExceeded("late")
	for name, c := range map[string]struct {
		first scene
		says  string
	}{
		"no worker takes the step": {scene{describe: idle, status: status(workflows.Minting)}, "MintKey: taken up by no worker"},
		"no worker for the flow":   {scene{describe: waiting, queryErr: nobody}, `no worker answers on task queue "keyturn"`},
		"the flow fails":           {scene{describe: broken, queryErr: nobody}, "the worker fails at this workflow (attempt 7); see its log"},
		"the query fails":          {scene{describe: described("RotateKey", runningStatus, 5), queryErr: serviceerror.NewQueryFailed("boom")}, "the worker cannot say how far it is"},
		"Temporal is away":         {scene{err: serviceerror.NewUnavailable("down")}, "Temporal at 127.0.0.1:7233 does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			play(d, c.first, end)
			d.temporal.result = func() (workflows.Result, error) { return rotated, nil }
			d.expect(t, exitOK, "", "watch", keyID, "--interval", "100ms")
			if !strings.Contains(d.stdout.String(), c.says) {
				t.Errorf("%q is not said:\n%s", c.says, d.stdout)
			}
		})
	}
}

// TestWatchLive: on a terminal the block is redrawn in place.
func TestWatchLive(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.term.Out, d.term.Tick = true, 20*time.Millisecond
	d.term.Size = func() (int, int) { return 60, 24 }
	play(d, aRotation()...)
	d.temporal.result = func() (workflows.Result, error) { return rotated, nil }
	d.expect(t, exitOK, "", "watch", keyID, "--interval", "100ms")
	frames := strings.Split(d.stdout.String(), "\r\x1b[J")
	if len(frames) < len(aRotation()) {
		t.Errorf("drawn %d times", len(frames))
	}
	last := frames[len(frames)-1]
	for _, want := range []string{"\x1b[32m✓\x1b[0m minting", "\x1b[32m✓\x1b[0m retiring", "new key   rk_2"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last frame lacks %q:\n%s", want, last)
		}
	}
}

// TestBlock draws one moment at several sizes. No line may be wider than the
// terminal, or the next drawing would begin in the wrong place.
func TestBlock(t *testing.T) {
	t.Parallel()
	v := view{Key: keyID, Run: "0195f1a2-6b1e-7c55-8f4e-2f6d0f5b1a33", Operation: "rotate", Started: noon.Add(-time.Hour)}
	s := soaking(8 * time.Minute)
	s.Past = append([]workflows.PastPhase{{Phase: workflows.Minting, At: noon.Add(-time.Hour)}, {Phase: workflows.NeedsHuman, At: noon.Add(-50 * time.Minute)}}, s.Past...)
	s.Detail = "die 鍵 old key \x1b[31mrk_1 was last used just now"
	v.Status = &s
	v.Attempts = []attempt{
		{Activity: "MintKey", Number: 3, Failure: "stripe: mint: the service is down", Next: noon.Add(12 * time.Second)},
		{Activity: "PromoteKey", Number: 9, Failure: "1 of 3 consumers have not moved: service checkout", Waiting: true, Next: noon.Add(2 * time.Second)},
		{Activity: "RetireKey", Number: 1, Idle: noon.Add(-time.Minute)},
	}
	v.Silent = `no worker answers on task queue "keyturn"; is keyturn-worker running? trying on`
	colours := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{100, 40, 10} {
		block := (&screen{}).block(v, noon, width)
		for _, line := range block {
			if got := cells(line); got > width {
				t.Errorf("at width %d a line has %d cells: %q", width, got, line)
			}
		}
		if width == 100 {
			golden(t, "testdata/watch/block.txt", strings.Join(block, "\n")+"\n")
		}
		painted := (&screen{paint: true}).block(v, noon, width)
		if got := colours.ReplaceAllString(strings.Join(painted, "\n"), ""); got != strings.Join(block, "\n") {
			t.Errorf("colours change more than the colour:\n%s", got)
		}
	}
	var b strings.Builder
	small := &screen{w: &b, size: func() (int, int) { return 40, 4 }}
	small.show(v, noon)
	if n := strings.Count(b.String(), "\n"); n != 3 {
		t.Errorf("%d lines on a terminal of 4", n)
	}
}
