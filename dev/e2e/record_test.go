package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/workflows"
)

var record = flag.Bool("record", false, "write the histories of this run to workflows/testdata/histories")

// TestRecordHistories runs one workflow of every kind and ending, and with
// -record keeps their histories for workflows.TestReplay. Record from released
// code, never from a change under test: the point is to find what the change
// breaks.
func TestRecordHistories(t *testing.T) {
	if !*record {
		// Not a skip: without -record the same endings are covered by
		// TestNothingIsLost, and there is nothing to write.
		return
	}
	s := newStack(t)
	for _, v := range simulate.Providers() {
		t.Run(v, func(t *testing.T) {
			t.Parallel()
			sc := newScenario(t, s, v)
			sc.issued()
			sc.keep("IssueKey", "issued")
			sc.check()
			sc.do(workflows.RotateKey)
			sc.keep("RotateKey", "rotated")
			abortAgain(t, sc)
			sc.keep("RotateKey", "aborted")
			sc.do(workflows.RevokeKey)
			sc.keep("RevokeKey", "revoked")

			sc = newScenario(t, s, v)
			approved(t, sc)
			sc.keep("IssueKey", "approved")
			extendAndExpeditePart(t, sc)
			sc.keep("RotateKey", "extended-and-expedited")

			sc = newScenario(t, s, v)
			neverAccepted(t, sc)
			sc.keep("RotateKey", "rotated-after-rollback")
			stillUsedPart(t, sc)
			sc.keep("RotateKey", "old-key-in-use")
		})
	}
}

func abortAgain(t *testing.T, sc *scenario) {
	sc.long()
	res := sc.soaking(func() {
		if err := sc.say(workflows.UpdateAbort, workflows.Word{Actor: "e2e"}); err != nil {
			t.Error(err)
		}
	})
	if res.Outcome != workflows.RolledBack {
		t.Errorf("%+v", res)
	}
}

func extendAndExpeditePart(t *testing.T, sc *scenario) {
	sc.long()
	sc.soaking(func() {
		for name, arg := range map[string]any{
			workflows.UpdateExtend:   workflows.Extension{Word: workflows.Word{Actor: "e2e"}, For: keyturn.Duration(time.Hour)},
			workflows.UpdateExpedite: workflows.Word{Actor: "e2e"},
		} {
			if err := sc.say(name, arg); err != nil {
				t.Error(err)
			}
		}
	})
}

// check asks the account what its administrator may do, and keeps the history.
func (sc *scenario) check() {
	sc.t.Helper()
	issuer := keyturn.Issuer{Provider: sc.vendor.Provider, Account: sc.vendor.Account}
	id := workflows.CheckWorkflowID(issuer) + "/" + sc.queue
	run, err := sc.client.ExecuteWorkflow(sc.t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: sc.queue},
		workflows.CheckAccount, activities.CheckAccountInput{Issuer: issuer, Principal: sc.vendor.Principal()})
	if err != nil {
		sc.t.Fatal(err)
	}
	var res activities.CheckAccountResult
	if err := run.Get(sc.t.Context(), &res); err != nil || !res.Checked {
		sc.t.Errorf("%+v, %v", res, err)
	}
	for _, p := range res.Permissions {
		if !p.Granted {
			sc.t.Errorf("%s is not granted to the administrator of the fake", p.Name)
		}
	}
	sc.keepRun("CheckAccount", "granted", id)
}

// keep writes the latest history of the scenario's key.
func (sc *scenario) keep(workflow, ending string) {
	sc.t.Helper()
	sc.keepRun(workflow, ending, workflows.KeyWorkflowID(sc.id))
}

func (sc *scenario) keepRun(workflow, ending, id string) {
	sc.t.Helper()
	keepHistory(sc.t, sc.client, workflow, sc.vendor.Provider+"-"+ending, id)
}

// keepHistory writes the latest history of a workflow.
func keepHistory(t testing.TB, c client.Client, workflow, name, id string) {
	t.Helper()
	var h historypb.History
	it := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	b, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&h)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "workflows", "testdata", "histories", workflow)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".json"), append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRecordHandHistories does the same for the operations that people take
// part in.
func TestRecordHandHistories(t *testing.T) {
	if !*record {
		return // as above
	}
	s := newStack(t)
	sc := newHandScenario(t, s, "github")
	sc.issued()
	sc.keep("IssueKey", "issued")
	closedWithoutWorkPart(t, sc)
	sc.keep("RotateKey", "rotated-after-refusals")
	calledOffPart(t, sc)
	sc.keep("RotateKey", "called-off")
	sc.do(workflows.RevokeKey)
	sc.keep("RevokeKey", "revoked")

	sc = newHandScenario(t, s, "github")
	overduePart(t, sc)
	sc.keep("IssueKey", "overdue")

	sc = newScenario(t, s, "datadog")
	heldPart(t, sc)
	sc.keep("RotateKey", "held-by-a-freeze")
}
