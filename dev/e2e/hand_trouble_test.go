package e2e

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// handTroubles are the bad days of operations that people take part in, with
// every ticketing system.
func handTroubles(t *testing.T, s *stack) {
	for _, tracker := range simulate.Desks() {
		for name, trouble := range map[string]func(*testing.T, *scenario){
			"a forged and a replayed delivery":                 forgedDeliveries,
			"deliveries out of order and twice":                unorderedDeliveries,
			"a ticket closed without the work":                 closedWithoutWork,
			"the worker restarts while a person is waited for": restartsWhileWaiting,
			"called off after the value was supplied":          calledOff,
			"the operation is terminated":                      terminatedByHand,
			"revoked for good":                                 revokedByHand,
			"nobody does anything for long":                    overdue,
		} {
			t.Run(tracker+"/"+name, func(t *testing.T) {
				t.Parallel()
				trouble(t, newHandScenario(t, s, tracker))
			})
		}
	}
	t.Run("people are told", func(t *testing.T) {
		t.Parallel()
		peopleAreTold(t, s)
	})
	t.Run("Temporal restarts while a person is waited for", func(t *testing.T) {
		t.Parallel()
		temporalRestarts(t, s)
	})
}

// asked waits until a person is asked for a step, and returns the ticket.
func (sc *scenario) asked(step keyturn.ManualStep) string {
	sc.t.Helper()
	id := ""
	sc.until("a person is asked to "+string(step), func() bool {
		k := sc.key()
		if k.Intent == nil || k.Intent.Manual == nil || k.Intent.Manual.Step != step || !sc.hand.isAsked(sc.t.Context(), sc) {
			return false
		}
		id = k.Intent.Manual.Ticket.ID
		return id != ""
	})
	return id
}

// happened counts the events of one kind.
func (sc *scenario) happened(what string) int {
	n := 0
	for e, err := range sc.registry.History(sc.t.Context(), sc.id) {
		if err != nil {
			sc.t.Fatal(err)
		}
		if e.What == what {
			n++
		}
	}
	return n
}

// deliveries reads the worker's counter of an outcome.
func (sc *scenario) counted(outcome string) string {
	for line := range strings.Lines(sc.metrics()) {
		if strings.HasPrefix(line, "keyturn_webhook_deliveries_total") && strings.Contains(line, `outcome="`+outcome+`"`) {
			return strings.TrimSpace(line[strings.LastIndexByte(line, ' '):])
		}
	}
	return "0"
}

// forgedDeliveries: what is not signed as it must be is 401 and counted, what
// comes again is acted on once, and none of it tells the workflow anything.
func forgedDeliveries(t *testing.T, sc *scenario) {
	sc.hand.idle.Store(true)
	run, err := sc.begin(workflows.IssueKey)
	if err != nil {
		t.Fatal(err)
	}
	id, ctx := sc.asked(keyturn.SupplyValue), t.Context()
	want := func(what string, got, status int) {
		t.Helper()
		if got != status {
			t.Errorf("%s: answered %d, want %d", what, got, status)
		}
	}
	header, body := sc.hand.desk.Deliver(id, hookSecret)
	want("signed with another secret", sc.hand.deliver(ctx, sc, id, "guessed"), http.StatusUnauthorized)
	want("another body under the signature", sc.hand.send(ctx, sc, header, append([]byte(" "), body...)), http.StatusUnauthorized)
	want("no signature", sc.hand.send(ctx, sc, http.Header{"Content-Type": {"application/json"}}, body), http.StatusUnauthorized)
	want("too large", sc.hand.send(ctx, sc, header, make([]byte, 3<<20)), http.StatusRequestEntityTooLarge)
	want("right", sc.hand.send(ctx, sc, header, body), http.StatusOK)
	want("replayed", sc.hand.send(ctx, sc, header, body), http.StatusOK)
	for outcome, n := range map[string]string{"forged": "3", "too_large": "1", "told": "1", "replayed": "1"} {
		if got := sc.counted(outcome); got != n {
			t.Errorf("%s deliveries are counted as %s, want %s", outcome, got, n)
		}
	}
	sc.hand.start()
	if res := sc.await(run); res.Outcome != workflows.Issued {
		t.Errorf("%+v", res)
	}
	sc.hand.promised(t, sc, 1)
}

// unorderedDeliveries: news about things that have not happened, that are over,
// or that came already changes nothing.
func unorderedDeliveries(t *testing.T, sc *scenario) {
	sc.hand.idle.Store(true)
	run, err := sc.begin(workflows.IssueKey)
	if err != nil {
		t.Fatal(err)
	}
	id, ctx := sc.asked(keyturn.SupplyValue), t.Context()
	early, earlyBody := sc.hand.desk.Deliver(id, hookSecret)
	for range 5 { // the ticket is open, whatever they say
		sc.hand.deliver(ctx, sc, id, hookSecret)
	}
	sc.hand.start()
	sc.await(run)
	sc.long()
	run, err = sc.begin(workflows.RotateKey)
	if err != nil {
		t.Fatal(err)
	}
	sc.until("both keys work", func() bool { return sc.status().Phase == workflows.Soaking })
	for range 3 { // about a ticket that is closed for good, and one that waits for nothing
		if got := sc.hand.send(ctx, sc, early, earlyBody); got != http.StatusOK && sc.hand.desk.Tracker != "linear" {
			t.Errorf("a late delivery was answered %d", got)
		}
		sc.hand.deliver(ctx, sc, sc.key().Intent.Manual.Ticket.ID, hookSecret)
	}
	if s := sc.status(); s.Phase != workflows.Soaking {
		t.Errorf("it is in %s", s.Phase)
	}
	if err := sc.say(workflows.UpdateExpedite, workflows.Word{Actor: "e2e"}); err != nil {
		t.Error(err)
	}
	if res := sc.await(run); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.hand.promised(t, sc, 2)
	if n := sc.happened(registry.Refused); n != 0 {
		t.Errorf("%d claims were refused, and nobody claimed anything wrong", n)
	}
}

// closedWithoutWork: a ticket that is closed by hand is opened again with the
// reason, at both steps.
func closedWithoutWork(t *testing.T, sc *scenario) {
	sc.issued()
	closedWithoutWorkPart(t, sc)
	sc.hand.promised(t, sc, 2)
}

func closedWithoutWorkPart(t *testing.T, sc *scenario) {
	sc.hand.idle.Store(true)
	run, err := sc.begin(workflows.RotateKey)
	if err != nil {
		t.Fatal(err)
	}
	reopened := func(step keyturn.ManualStep, refusals int, why string) {
		t.Helper()
		id := sc.asked(step)
		sc.hand.close(t.Context(), sc, id)
		sc.until("the ticket is opened again", func() bool {
			for _, tk := range sc.hand.desk.Tickets() {
				if tk.ID == id {
					return !tk.Closed && strings.Contains(tk.Text, why) && sc.happened(registry.Refused) == refusals
				}
			}
			return false
		})
	}
	reopened(keyturn.SupplyValue, 1, "no new value is stored")
	k := sc.key()
	if err := sc.hand.supply(t.Context(), sc, k); err != nil {
		t.Fatal(err)
	}
	sc.hand.close(t.Context(), sc, k.Intent.Manual.Ticket.ID)
	reopened(keyturn.EndOld, 2, "still works")
	sc.hand.start()
	if err := sc.hand.step(t.Context(), sc, sc.key()); err != nil {
		t.Fatal(err)
	}
	sc.hand.close(t.Context(), sc, sc.key().Intent.Manual.Ticket.ID)
	if res := sc.await(run); res.Outcome != workflows.Rotated || len(res.Unproven) != 0 {
		t.Errorf("%+v", res)
	}
}

// restartsWhileWaiting: a worker that is stopped in the middle of the wait, and
// started again much later, goes on where it was. News that came meanwhile is
// not lost for good: the tracker is asked.
func restartsWhileWaiting(t *testing.T, sc *scenario) {
	sc.issued()
	sc.hand.idle.Store(true)
	run, err := sc.begin(workflows.RotateKey)
	if err != nil {
		t.Fatal(err)
	}
	sc.asked(keyturn.SupplyValue)
	if status := sc.stopGently(); status != 0 {
		t.Errorf("the worker stopped with status %d", status)
	}
	if err := sc.hand.supply(t.Context(), sc, sc.key()); err != nil {
		t.Fatal(err)
	}
	sc.start()
	sc.hand.start()
	if res := sc.await(run); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.hand.promised(t, sc, 2)
}

// calledOff: the key that was made for it is ended by a person before it is
// over.
func calledOff(t *testing.T, sc *scenario) {
	sc.issued()
	calledOffPart(t, sc)
	sc.hand.promised(t, sc, 2)
	if g := sc.key().Current().Generation; g != 1 {
		t.Errorf("generation %d is current", g)
	}
}

func calledOffPart(t *testing.T, sc *scenario) {
	sc.long()
	run, err := sc.begin(workflows.RotateKey)
	if err != nil {
		t.Fatal(err)
	}
	sc.until("both keys work", func() bool { return sc.status().Phase == workflows.Soaking })
	if err := sc.say(workflows.UpdateAbort, workflows.Word{Actor: "e2e"}); err != nil {
		t.Error(err)
	}
	if res := sc.await(run); res.Outcome != workflows.RolledBack || res.Why != "aborted" {
		t.Errorf("%+v", res)
	}
}

// terminatedByHand: terminating skips every undo; the next run takes over with
// the same generation, the same ticket and what was supplied.
func terminatedByHand(t *testing.T, sc *scenario) {
	sc.issued()
	sc.hand.idle.Store(true)
	if _, err := sc.begin(workflows.RotateKey); err != nil {
		t.Fatal(err)
	}
	sc.asked(keyturn.SupplyValue)
	if err := sc.client.TerminateWorkflow(t.Context(), workflows.KeyWorkflowID(sc.id), "", "e2e"); err != nil {
		t.Fatal(err)
	}
	sc.hand.start()
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated || res.Generation != 2 {
		t.Errorf("%+v", res)
	}
	sc.hand.promised(t, sc, 2)
}

func revokedByHand(t *testing.T, sc *scenario) {
	sc.issued()
	if res := sc.do(workflows.RevokeKey); res.Outcome != workflows.Revoked || len(res.Ended) != 1 || len(res.Unproven) != 0 {
		t.Errorf("%+v", res)
	}
	if n := len(sc.ledger.Live("")); n != 0 || sc.key().Retired.IsZero() {
		t.Errorf("%d keys live at the portal", n)
	}
	for _, tk := range sc.hand.desk.Tickets() {
		if !tk.Closed {
			t.Errorf("ticket %s is still open", tk.ID)
		}
	}
}

// temporalRestarts: the server is stopped while a person is waited for, and
// another takes over its database.
func temporalRestarts(t *testing.T, s *stack) {
	dir, attributes := t.TempDir(), embedded.Attributes(workflows.SearchAttributeKeys())
	server, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, NoUI: true, SearchAttributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	own := &stack{temporal: server, postgres: s.postgres, registry: s.registry, vault: s.vault, vaultAPI: s.vaultAPI, worker: s.worker, dir: dir}
	own.connect(t)
	sc := newHandScenario(t, own, "github")
	sc.issued()
	sc.hand.idle.Store(true)
	if _, err := sc.begin(workflows.RotateKey); err != nil {
		t.Fatal(err)
	}
	sc.asked(keyturn.SupplyValue)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(server.Address())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	again, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, Port: number, NoUI: true, SearchAttributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Stop() })
	sc.hand.start()
	if res := sc.await(sc.client.GetWorkflow(t.Context(), workflows.KeyWorkflowID(sc.id), "")); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.hand.promised(t, sc, 2)
}

// overdue: reminders go out while nobody does anything, the breach is recorded,
// and the step is still waited for.
func overdue(t *testing.T, sc *scenario) {
	overduePart(t, sc)
	sc.hand.promised(t, sc, 1)
}

func overduePart(t *testing.T, sc *scenario) {
	sc.slaOf(4 * time.Second)
	sc.hand.idle.Store(true)
	run, err := sc.begin(workflows.IssueKey)
	if err != nil {
		t.Fatal(err)
	}
	sc.until("security is told", func() bool { return sc.happened(registry.Escalated) == 1 })
	if sc.happened(registry.Reminded) != 1 || sc.happened(registry.Overdue) != 1 || !sc.key().Intent.Manual.Missed {
		t.Errorf("%d reminders, %d breaches, %+v", sc.happened(registry.Reminded), sc.happened(registry.Overdue), sc.key().Intent.Manual)
	}
	if err := sc.hand.supply(t.Context(), sc, sc.key()); err != nil {
		t.Fatal(err)
	}
	sc.hand.close(t.Context(), sc, sc.key().Intent.Manual.Ticket.ID)
	if res := sc.await(run); res.Outcome != workflows.Issued {
		t.Errorf("%+v", res)
	}
}

// slaOf changes how long a person may take.
func (sc *scenario) slaOf(d time.Duration) {
	sc.t.Helper()
	k := sc.key()
	k.Policy.SLA = keyturn.Duration(d)
	if _, err := sc.registry.Save(sc.t.Context(), *k, registry.Event{ID: "sla/" + string(sc.id), Key: sc.id, What: registry.Applied, At: time.Now()}); err != nil {
		sc.t.Fatal(err)
	}
}

// heldPart: a freeze keeps a rotation from beginning until it is lifted and
// somebody says so; then the old key is in use, so that a person must look.
func heldPart(t *testing.T, sc *scenario) {
	sc.issued()
	rule := keyturn.CalendarRule{
		ID: "freeze-" + sc.queue, Kind: keyturn.Freeze, Key: sc.id, Reason: "the sale", Actor: "e2e", Created: time.Now().UTC(),
	}
	if err := sc.registry.AddRule(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	run, err := sc.begin(workflows.RotateKey)
	if err != nil {
		t.Fatal(err)
	}
	sc.until("the freeze holds it", func() bool { return sc.status().Phase == workflows.Held })
	if n := len(sc.ledger.Live(sc.vendor.Principal())); n != 1 {
		t.Errorf("%d keys live under a freeze", n)
	}
	if err := sc.registry.RemoveRule(t.Context(), rule.ID); err != nil {
		t.Fatal(err)
	}
	if err := sc.say(workflows.UpdateExpedite, workflows.Word{Actor: "e2e"}); err != nil {
		t.Fatal(err)
	}
	if res := sc.await(run); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
}
