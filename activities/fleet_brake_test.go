package activities_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

func (w *fleetWorld) plan() (activities.PlanSweepResult, error) {
	var many *activities.Fleet
	var out activities.PlanSweepResult
	val, err := w.ExecuteActivity(many.PlanSweep, activities.PlanSweepInput{})
	if err == nil {
		err = val.Get(&out)
	}
	return out, err
}

func (w *fleetWorld) paused(account string) *registry.Pause {
	w.t.Helper()
	accounts, err := w.registry.Accounts(w.t.Context(), w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range accounts {
		if s.Issuer == of(account) {
			return s.Paused
		}
	}
	return nil
}

// failing is a world where ten operations at account 1 failed, and one at 2.
func failing(t *testing.T) *fleetWorld {
	w := newFleetWorld(t)
	for i := range 10 {
		id := fmt.Sprintf("k%d", i)
		w.add("1", id, "a", time.Hour)
		w.ended(id, registry.RolledBack, "denied", time.Duration(10-i)*time.Minute)
	}
	w.add("2", "other", "a", time.Hour)
	w.ended("other", registry.RolledBack, "denied", time.Minute)
	return w
}

func TestBrakeStopsAnAccount(t *testing.T) {
	t.Parallel()
	w := failing(t)
	plan, err := w.plan()
	if err != nil || plan.Tally.Braked != 1 || len(plan.Accounts) != 2 {
		t.Fatalf("%+v, %v", plan, err)
	}
	p := w.paused("1")
	if p == nil || p.Actor != "brake" || !strings.Contains(p.Reason, "10 of the last 10 operations failed, most of them because of denied") {
		t.Fatalf("the pause is %+v", p)
	}
	if !slices.Equal(w.engine.stopped, []keyturn.Issuer{of("1")}) || w.paused("2") != nil {
		t.Errorf("stopped: %v", w.engine.stopped)
	}
	told, err := w.registry.ClaimNotices(t.Context(), w.now, time.Minute, 10)
	if err != nil || len(told) != 1 || told[0].Event.What != registry.Braked || told[0].To != registry.ToSecurity || !told[0].Urgent || told[0].Key.ID != "k9" ||
		!strings.Contains(told[0].Event.Detail, "keyturn providers resume aws/1") {
		t.Errorf("told: %+v, %v", told, err)
	}
}

func TestBrakeIsAppliedOnce(t *testing.T) {
	t.Parallel()
	w := failing(t)
	w.engine.deaf = true
	if _, err := w.plan(); err == nil {
		t.Error("Temporal does not answer, and that is no error")
	}
	w.engine.deaf = false
	w.now = w.now.Add(time.Minute)
	for range 2 { // the record is there; Temporal must hear of it
		if plan, err := w.plan(); err != nil || plan.Tally.Braked != 0 {
			t.Fatalf("%+v, %v", plan, err)
		}
	}
	if len(w.engine.stopped) == 0 {
		t.Error("Temporal was never told")
	}
	if told, err := w.registry.ClaimNotices(t.Context(), w.now, time.Minute, 10); err != nil || len(told) != 1 {
		t.Errorf("told %d times, %v", len(told), err)
	}
}

func TestBrakeLeavesWhatAPersonDecided(t *testing.T) {
	t.Parallel()
	w := failing(t)
	mine := registry.Pause{Issuer: of("1"), Reason: "incident", Actor: "alice", At: w.now}
	if err := w.registry.SetPause(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if plan, err := w.plan(); err != nil || plan.Tally.Braked != 0 || *w.paused("1") != mine {
		t.Fatalf("%+v, %v", plan, err)
	}
	if err := w.registry.ClearPause(t.Context(), of("1"), w.now); err != nil {
		t.Fatal(err)
	}
	if plan, err := w.plan(); err != nil || plan.Tally.Braked != 0 || w.paused("1") != nil {
		t.Errorf("what ended before it was resumed counts: %+v, %v", plan, err)
	}
}

// resumedMeanwhile has a person resume the account while the brake looks at it.
type resumedMeanwhile struct {
	registry.Store
	resume func()
}

func (r *resumedMeanwhile) Outcomes(ctx context.Context, issuer keyturn.Issuer, n int) ([]registry.Outcome, error) {
	out, err := r.Store.Outcomes(ctx, issuer, n)
	r.resume()
	return out, err
}

// TestBrakeStopsNothingThatWasJustResumed: an account must not stand still without
// a record that says so.
func TestBrakeStopsNothingThatWasJustResumed(t *testing.T) {
	t.Parallel()
	w := failing(t)
	if err := w.registry.SetPause(t.Context(), registry.Pause{Issuer: of("1"), Reason: "much failed", Actor: "brake", At: w.now}); err != nil {
		t.Fatal(err)
	}
	w.over(&resumedMeanwhile{w.registry, func() { _ = w.registry.ClearPause(t.Context(), of("1"), w.now.Add(time.Minute)) }})
	if _, err := w.plan(); err != nil || len(w.engine.stopped) != 0 || w.paused("1") != nil {
		t.Errorf("stopped %v, paused %+v, %v", w.engine.stopped, w.paused("1"), err)
	}
}
