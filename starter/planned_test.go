package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

// plannedFor is a run of batch b-1 that begins so long after noon, as Temporal
// describes it.
func plannedFor(t *testing.T, name string, after time.Duration) *workflowservice.DescribeWorkflowExecutionResponse {
	t.Helper()
	d := described(name, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 1)
	batch, err := converter.GetDefaultDataConverter().ToPayload("b-1")
	if err != nil {
		t.Fatal(err)
	}
	info := d.WorkflowExecutionInfo
	info.ExecutionTime = timestamppb.New(noon.Add(after))
	info.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{"BatchId": batch}}
	return d
}

// planned has an operation be planned on the key for two o'clock.
func (d *desk) planned(t *testing.T, name string) {
	run := plannedFor(t, name, 2*time.Hour)
	d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) { return run, nil }
}

func TestRotateBeginsWhatIsPlanned(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.planned(t, "RotateKey")
	d.expect(t, exitOK, "", "rotate", keyID, "--reason", "leak", "--now", "--yes")
	if len(d.temporal.started) != 0 || len(d.temporal.begun) != 1 {
		t.Fatalf("started %d, told to begin %d; want the latter", len(d.temporal.started), len(d.temporal.begun))
	}
	call := d.temporal.begun[0]
	want := workflows.Order{
		Key: keyID, Issuer: keyturn.Issuer{Provider: "stripe", Account: "acct_1"}, Now: true, Batch: "b-1",
		Cause: activities.Cause{Reason: "leak", Actor: "bob@laptop"},
	}
	if diff := cmp.Diff(want, call.order); diff != "" {
		t.Errorf("order (-want +got)\n%s", diff)
	}
	if o := call.options; o.ID != "key/"+keyID || o.WorkflowIDConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING || o.StartDelay != 0 {
		t.Errorf("told to begin with %+v", o)
	}
	if want := "the rotation that was planned for 2027-03-01T14:00:00Z (in 2h) begins now (run run-1)"; !strings.Contains(d.stdout.String(), want) {
		t.Errorf("it does not say that %s:\n%s", want, d.stdout)
	}
}

func TestBegunAsJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.planned(t, "RotateKey")
	d.expect(t, exitOK, "", "rotate", keyID, "-o", "json")
	var got started
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil || !got.Planned.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("planned for %s (%v):\n%s", got.Planned, err, d.stdout)
	}
}

// TestPlannedEndedMeanwhile: another run began, and it was not planned.
func TestPlannedEndedMeanwhile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	run := plannedFor(t, "RotateKey", time.Hour)
	run.WorkflowExecutionInfo.Execution.RunId = "run-0"
	d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) { return run, nil }
	d.expect(t, exitOK, "", "rotate", keyID)
	if !strings.Contains(d.stdout.String(), "has started (run run-1)") {
		t.Errorf("it said:\n%s", d.stdout)
	}
}

// TestPlannedRefuses: what cannot be done to a planned run is refused at once,
// and nothing is sent that would begin it.
func TestPlannedRefuses(t *testing.T) {
	t.Parallel()
	for command, c := range map[string]struct {
		open string
		says string
	}{
		"revoke --yes":      {"RotateKey", "rotate is planned on this key for 2027-03-01T14:00:00Z (run run-1); call it off first with: keyturn abort " + keyID},
		"issue":             {"RotateKey", "call it off first with: keyturn abort " + keyID},
		"rotate":            {"RevokeKey", "revoke is planned on this key"},
		"expedite":          {"RotateKey", "refused: rotate is planned for 2027-03-01T14:00:00Z and has not begun; begin it now with: keyturn rotate " + keyID},
		"extend --for 2h":   {"RotateKey", "so there is nothing to extend yet; call it off with: keyturn abort " + keyID},
		"approve":           {"RotateKey", "nothing to approve yet"},
		"reject":            {"RotateKey", "nothing to reject yet"},
		"manual confirm":    {"RotateKey", "nothing to confirm yet"},
		"approve --run r-7": {"IssueKey", "issue is planned for"},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			k := aKey()
			k.Intent = &keyturn.Intent{Run: "run-0", Operation: keyturn.Rotate, Generation: 2, Began: noon.Add(-time.Hour)}
			d := newDesk(t, k)
			d.planned(t, c.open)
			d.expect(t, exitRefused, c.says, append(strings.Fields(command), keyID)...)
			if n := len(d.temporal.updates) + len(d.temporal.started) + len(d.temporal.begun) + len(d.temporal.stopped) + d.temporal.queries; n != 0 {
				t.Errorf("%d messages were sent all the same", n)
			}
		})
	}
}

func TestAbortCallsOffWhatIsPlanned(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.planned(t, "RotateKey")
	d.expect(t, exitOK, "the note is not kept", "abort", keyID, "--note", "not tonight")
	if diff := cmp.Diff([]string{"key/" + keyID}, d.temporal.stopped); diff != "" || d.temporal.stoppedRun != "run-1" {
		t.Errorf("cancelled run %q (-want +got)\n%s", d.temporal.stoppedRun, diff)
	}
	if len(d.temporal.updates) != 0 {
		t.Error("an update was sent, which begins it")
	}
	golden(t, "testdata/called-off.txt", d.stdout.String())
	d.stdout.Reset()
	d.expect(t, exitOK, "", "abort", keyID, "-o", "json")
	golden(t, "testdata/called-off.json", d.stdout.String())
}

// TestBegunIsNotPlanned: Temporal goes on giving the planned time of a run that
// was told to begin before it.
func TestBegunIsNotPlanned(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*workflowservice.DescribeWorkflowExecutionResponse){
		"to be taken up": func(d *workflowservice.DescribeWorkflowExecutionResponse) {
			d.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{State: enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED}
		},
		"under way": func(d *workflowservice.DescribeWorkflowExecutionResponse) {
			d.WorkflowExecutionInfo.AutoResetPoints = &workflowpb.ResetPoints{Points: []*workflowpb.ResetPointInfo{{CreateTime: timestamppb.New(noon.Add(-20 * time.Second))}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, aKey())
			run := plannedFor(t, "RotateKey", 2*time.Hour)
			begin(run)
			d.temporal.describe = func(int) (*workflowservice.DescribeWorkflowExecutionResponse, error) { return run, nil }
			d.expect(t, exitRefused, "already under way", "rotate", keyID)
			d.expect(t, exitOK, "", "expedite", keyID)
			if name == "under way" && !strings.Contains(d.stderr.String(), "begun 20s ago") {
				t.Errorf("it does not say when it began: %s", d.stderr)
			}
		})
	}
}

func TestWatchWhatIsPlanned(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	play(d,
		scene{describe: plannedFor(t, "RotateKey", time.Hour), status: status(workflows.Minting)},
		scene{describe: plannedFor(t, "RotateKey", time.Hour), status: status(workflows.Minting)},
		scene{describe: described("RotateKey", runningStatus, 5), status: status(workflows.Minting)},
		scene{describe: described("RotateKey", completedStatus, 9), status: status(workflows.Minting, workflows.Done)})
	d.temporal.result = func() (workflows.Result, error) { return rotated, nil }
	d.expect(t, exitOK, "", "watch", keyID, "--interval", "100ms")
	if d.temporal.queries != 2 {
		t.Errorf("%d queries, want none before it begins and 2 afterwards", d.temporal.queries)
	}
	golden(t, "testdata/watch/planned.txt", d.stdout.String())
	block := (&screen{}).block(view{Key: keyID, Run: "run-1", Operation: "rotate", Begins: noon.Add(time.Hour)}, noon, 0)
	if diff := cmp.Diff([]string{"rotate " + keyID + ", planned, begins 2027-03-01T13:00:00Z (in 1h) (run run-1)"}, block); diff != "" {
		t.Errorf("on a terminal (-want +got)\n%s", diff)
	}
}
