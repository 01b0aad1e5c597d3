package e2e

import (
	"slices"
	"testing"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// TestBrake has a vendor refuse the administrator credential from now on, in the
// middle of a sweep. The account is paused by itself, stands still, and people are
// told; once the vendor is mended and the account resumed, every key is rotated.
func TestBrake(t *testing.T) {
	for provider, n := range map[string]int{"aws": 40, "datadog": 40} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			brake(t, account(provider, n, 20), n)
		})
	}
}

func brake(t *testing.T, a *rigAccount, n int) {
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	r.start(1)
	ids := r.entries(a, n)
	r.issue(a, ids)
	r.overdue(ids)
	if _, err := r.registry.DropNotices(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	config := activities.SweepConfig{Window: keyturn.Duration(15 * time.Second), RetryAfter: keyturn.Duration(time.Millisecond)}
	mend := a.refuseAdmin()
	tally := r.swept(r.sweep("sweep-1", config))
	if tally.Started != n {
		t.Fatalf("%+v, want %d started", tally, n)
	}
	r.until("the brake is applied", time.Minute, func() bool { return r.status(a).Paused != nil })
	s := r.status(a)
	if s.Paused.Actor != "brake" || s.Failed == n || s.Succeeded < n {
		t.Errorf("%+v, paused by %+v", s, s.Paused)
	}
	r.standsStill(a)
	r.securityIsTold(a)

	mend()
	r.resume(a)
	r.goOn(ids)
	r.until("what stood still has ended", time.Minute, func() bool { return r.status(a).Running == 0 && r.open() == 0 })
	tally = r.swept(r.sweep("sweep-2", config))
	if tally.Started != tally.Due || tally.Due < 10 || tally.Braked != 0 {
		t.Errorf("after it was resumed: %+v", tally)
	}
	r.until("every key is rotated", time.Minute, func() bool { return r.status(a).Due == 0 && r.status(a).Running == 0 })
	r.oneLiveKeyEach(a)
}

// refuseAdmin has the vendor refuse the administrator credentials, as when they
// were changed there, and returns what puts that right.
func (a *rigAccount) refuseAdmin() (mend func()) {
	var all []fake.Admin
	for _, admin := range a.Admins {
		was, ok := a.Ledger.Admin(admin.Secret.Expose())
		if !ok {
			was, _ = a.Ledger.AdminByID(admin.ID)
		}
		all = append(all, was)
		was.ID, was.Secret = "changed", "changed"
		a.Ledger.SetAdmin(was)
	}
	return func() {
		for _, was := range all {
			a.Ledger.SetAdmin(was)
		}
	}
}

// goOn tells operations that cannot be undone to try again now, which they would
// do by themselves after some minutes. Others have nothing to hurry, and refuse.
func (r *rig) goOn(ids []keyturn.KeyID) {
	r.t.Helper()
	for _, id := range ids {
		_, _ = r.client.UpdateWorkflow(r.t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: workflows.KeyWorkflowID(id), UpdateName: workflows.UpdateExpedite, WaitForStage: client.WorkflowUpdateStageAccepted,
			Args: []any{workflows.Word{Actor: "e2e"}},
		})
	}
}

func (r *rig) status(a *rigAccount) registry.AccountStatus {
	r.t.Helper()
	accounts, err := r.registry.Accounts(r.t.Context(), time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	i := slices.IndexFunc(accounts, func(s registry.AccountStatus) bool { return s.Issuer == a.issuer() })
	if i < 0 {
		r.t.Fatalf("%s has no key", a.issuer())
	}
	return accounts[i]
}

// standsStill lets what has begun end, and then asks that nothing begin.
func (r *rig) standsStill(a *rigAccount) {
	r.t.Helper()
	before := int64(-1)
	r.until("what has begun has ended", 10*time.Second, func() bool {
		was := before
		before = a.requests.Load()
		time.Sleep(500 * time.Millisecond) // so long nothing was asked
		return was == before
	})
	waiting := r.open()
	time.Sleep(3 * time.Second) // 60 activities would begin at the account's rate
	if now := a.requests.Load(); now != before {
		r.t.Errorf("%d requests reached the vendor while its account is paused", now-before)
	}
	if waiting == 0 {
		r.t.Error("nothing waited for the account, so that proves nothing")
	}
}

// open counts the operations on keys that have not ended.
func (r *rig) open() int64 {
	r.t.Helper()
	n, err := r.client.CountWorkflow(r.t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: `WorkflowType = "RotateKey" AND ExecutionStatus = "Running"`})
	if err != nil {
		r.t.Fatal(err)
	}
	return n.Count
}

// securityIsTold looks for the one urgent notice.
func (r *rig) securityIsTold(a *rigAccount) {
	r.t.Helper()
	notices, err := r.registry.ClaimNotices(r.t.Context(), time.Now(), time.Minute, 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	told := 0
	for _, n := range notices {
		if n.Event.What == registry.Braked && n.To == registry.ToSecurity && n.Urgent && n.Key.Scope.Issuer() == a.issuer() {
			told++
		}
	}
	if told != 1 {
		r.t.Errorf("security is told %d times that %s is paused, want once", told, a.issuer())
	}
}

// resume lets work go on, as "keyturn providers resume" does.
func (r *rig) resume(a *rigAccount) {
	r.t.Helper()
	var none *taskqueuepb.RateLimit
	if _, err := r.client.WorkflowService().UpdateTaskQueueConfig(r.t.Context(), workflows.LimitRequest(namespace, r.queue, a.issuer(), none, "")); err != nil {
		r.t.Fatal(err)
	}
	if err := r.registry.ClearPause(r.t.Context(), a.issuer(), time.Now()); err != nil {
		r.t.Fatal(err)
	}
}
