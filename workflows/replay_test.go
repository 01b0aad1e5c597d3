package workflows_test

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/workflows"
)

// flows are the workflows by name. Each needs recorded histories.
var flows = map[string]any{
	"IssueKey":     workflows.IssueKey,
	"RotateKey":    workflows.RotateKey,
	"RevokeKey":    workflows.RevokeKey,
	"CheckAccount": workflows.CheckAccount,
	"AdoptKey":     workflows.AdoptKey,
	"Sweep":        workflows.Sweep,
	"StuckWatch":   workflows.StuckWatch,
	"RotateBatch":  workflows.RotateBatch,
	"Reconcile":    workflows.Reconcile,

	"OffboardPerson":     workflows.OffboardPerson,
	"HearDirectory":      workflows.HearDirectory,
	"CompareDirectories": workflows.CompareDirectories,

	"RespondToLeak":    workflows.RespondToLeak,
	"HearScanner":      workflows.HearScanner,
	"LookForLeaks":     workflows.LookForLeaks,
	"FillFingerprints": workflows.FillFingerprints,
}

// TestReplay runs today's code over yesterday's histories. When it fails, a
// workflow that is running in production would get stuck: put the change
// behind workflow.GetVersion.
func TestReplay(t *testing.T) {
	t.Parallel()
	for name, flow := range flows {
		files, err := filepath.Glob(filepath.Join("testdata", "histories", name, "*.json"))
		if err != nil || len(files) == 0 {
			t.Errorf("no recorded history of %s; run: make histories", name)
		}
		for _, file := range files {
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				f, err := os.Open(file)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = f.Close() }()
				history, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
				if err != nil {
					t.Fatal(err)
				}
				r := worker.NewWorkflowReplayer()
				r.RegisterWorkflow(flow)
				began := history.Events[0].GetWorkflowExecutionStartedEventAttributes()
				err = r.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), history,
					worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{
						ID: began.GetWorkflowId(), RunID: began.GetOriginalExecutionRunId(),
					}})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestHistoriesHaveAWorkflow finds histories that nothing replays.
func TestHistoriesHaveAWorkflow(t *testing.T) {
	t.Parallel()
	dirs, err := fs.ReadDir(os.DirFS("testdata/histories"), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if flows[d.Name()] == nil {
			t.Errorf("testdata/histories/%s is of no workflow we have", d.Name())
		}
	}
}
