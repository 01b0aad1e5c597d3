package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/keyturn/keyturn/servertest"
)

// TestLeaver has somebody leave who owns 500 keys, from the identity provider's
// delivery to every key replaced, while workers and the Temporal server are killed.
// Each key is replaced exactly once, and nothing says who left to whoever may see
// Temporal or the metrics.
func TestLeaver(t *testing.T) {
	const owned, others = 500, 10
	a := account("datadog", 0, 1000)
	r := newRig(t, onSQLite, servertest.StartVaultInMemory(t), a)
	s := newStaff(r)
	r.start(2)
	ids := r.inService(a, owned+others)
	left, stayed := ids[:owned], ids[owned:]
	s.stays(stayed)

	began := s.leaves()
	s.until("sessions are ended", 30*time.Second, func() bool { return !s.departure().Sessions.IsZero() })
	if sessions, tokens, grants := s.org.Held(s.leaver); sessions+tokens+grants != 0 {
		t.Errorf("%d sessions, %d tokens and %d grants are left", sessions, tokens, grants)
	}
	r.crash() // while keys are selected, or soon after
	for _, cut := range []struct {
		done  int
		crash func()
	}{{owned / 10, r.crash}, {owned / 3, r.server.crash}, {owned * 2 / 3, r.crash}} {
		s.until("more keys are replaced", 3*time.Minute, func() bool { return s.done() >= cut.done })
		t.Logf("killed with %d of %d keys replaced, after %s", s.done(), owned, time.Since(began).Round(time.Second))
		cut.crash()
	}
	d := s.offboarded(5 * time.Minute)
	t.Logf("sessions ended after %s, the last key dead after %s", d.Sessions.Sub(began).Round(10*time.Millisecond), d.Replaced.Sub(began).Round(100*time.Millisecond))
	s.replacedOnce(a, left, stayed)
	if n := s.done(); n != owned {
		t.Errorf("%d keys were replaced, want %d", n, owned)
	}
	s.unseen()
}

// unseen asks that nothing which is not encrypted, or is shown to whoever runs the
// platform, says who left.
func (s *staff) unseen() {
	s.t.Helper()
	personal := func(where, text string) {
		if strings.Contains(text, "@example.com") || strings.Contains(text, "%40example.com") {
			s.t.Errorf("%s names a person: %s", where, tail(text, 300))
		}
	}
	var token []byte
	seen := 0
	for {
		page, err := s.client.WorkflowService().ListWorkflowExecutions(s.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: 500, NextPageToken: token})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range page.GetExecutions() {
			seen++
			personal("a workflow id", e.GetExecution().GetWorkflowId())
			personal("search attributes", e.GetSearchAttributes().String())
			personal("a task queue", e.GetTaskQueue())
			personal("a memo", e.GetMemo().String())
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			break
		}
	}
	if seen < 500 {
		s.t.Errorf("looked at %d workflows only", seen)
	}
	for _, w := range s.workers {
		at := healthAt.FindAllStringSubmatch(w.log.String(), -1)
		if len(at) == 0 {
			s.t.Fatal("a worker does not say where its metrics are")
		}
		resp, err := http.Get(at[len(at)-1][1] + "/metrics")
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(text), "keyturn_webhook_deliveries_total") && w == s.workers[0] && len(at) == 1 {
			s.t.Errorf("no metrics: %v", err)
		}
		personal("a metric", string(text))
		personal("a worker's log", w.log.String())
	}
}

// TestLeaverWhoIsBack has a delivery come late: the person is active again.
func TestLeaverWhoIsBack(t *testing.T) {
	t.Parallel()
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	s := newStaff(r)
	r.start(1)
	ids := r.inService(a, 3)
	s.deliver() // of a moment at which they were not
	s.until("the person is looked at, twice", 3*time.Minute, func() bool {
		page, err := r.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: namespace, Query: `WorkflowType = "HearDirectory" AND ExecutionStatus = "Completed"`,
		})
		return err == nil && len(page.GetExecutions()) == 1
	})
	if k := s.key(ids[0]); k.Generation != 1 || k.Owner.Person != leaverAddress {
		t.Errorf("generation %d, owned by %s", k.Generation, k.Owner.Person)
	}
	if d := s.departure(); d.ID != "" {
		t.Errorf("they are active, and have left: %+v", d)
	}
}
