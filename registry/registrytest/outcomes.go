package registrytest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// ended is an event that ends an operation.
func ended(id, what string, at time.Time) registry.Event {
	e := event(id)
	e.What, e.At = what, at
	return e
}

func outcomes(t *testing.T, s registry.Store, issuer keyturn.Issuer, n int) []registry.Outcome {
	t.Helper()
	got, err := s.Outcomes(t.Context(), issuer, n)
	if err != nil {
		t.Fatalf("Outcomes %s: %v", issuer, err)
	}
	return got
}

// outcomesOfASave asks for what Save and SaveAll leave of operations that end.
func outcomesOfASave(t *testing.T, s registry.Store) {
	key := mustSave(t, s, sample("a-key"), "e0")
	at := start().Add(123456 * time.Microsecond)
	failed := ended("run/1", registry.RolledBack, at)
	failed.Detail, failed.Began = "denied", at.Add(-time.Hour+789).In(time.FixedZone("", 3600))
	key = mustTell(t, s, key, failed)
	told := ended("run/2", registry.Completed, at.Add(time.Hour))
	told.Tell, told.Began, told.Batch = []registry.Audience{registry.ToOwner}, at, "of another day"
	key = mustTell(t, s, key, told)
	for _, what := range []string{registry.Began, registry.Stuck, registry.Revoked, registry.Braked} {
		key = mustTell(t, s, key, ended("not an end/"+what, what, at))
	}
	aborted := ended("run/4", registry.RolledBack, at)
	aborted.Detail, aborted.Began = "aborted", at
	if err := s.SaveAll(t.Context(), []registry.Change{
		{Key: sample("new-key"), Event: ended("run/3", registry.Completed, at.Add(time.Hour).In(time.FixedZone("", 3600)))},
		{Key: of("elsewhere", "stripe", "acct_1"), Event: aborted},
		{Key: of("in-trouble", "datadog", "eu"), Event: ended("run/5", registry.Failing, at)},
	}); err != nil {
		t.Fatal(err)
	}
	want := []registry.Outcome{ // of the same moment, the one written last is the newest
		{Key: "new-key", What: registry.Completed, At: at.Add(time.Hour)},
		{Key: "a-key", What: registry.Completed, At: at.Add(time.Hour), Began: at},
		{Key: "a-key", What: registry.RolledBack, Why: "denied", At: at, Began: at.Add(-time.Hour)},
	}
	diff(t, "outcomes", outcomes(t, s, key.Scope.Issuer(), 10), want)
	diff(t, "the last two", outcomes(t, s, key.Scope.Issuer(), 2), want[:2])
	diff(t, "of another account", outcomes(t, s, keyturn.Issuer{Provider: "stripe", Account: "acct_1"}, 10),
		[]registry.Outcome{{Key: "elsewhere", What: registry.RolledBack, Why: "aborted", At: at, Began: at}})
	diff(t, "of one that cannot end", outcomes(t, s, keyturn.Issuer{Provider: "datadog", Account: "eu"}, 10),
		[]registry.Outcome{{Key: "in-trouble", What: registry.Failing, At: at}})
	if got := outcomes(t, s, keyturn.Issuer{Provider: "stripe", Account: "nobody"}, 10); len(got) != 0 {
		t.Errorf("an account that there is not has outcomes %+v", got)
	}
	_, err := s.Outcomes(t.Context(), key.Scope.Issuer(), 0)
	wantKind(t, err, keyturn.Invalid)
}

// outcomesOnce repeats the end of an operation, at once and later, and has one
// refused: each counts as often as it happened.
func outcomesOnce(t *testing.T, s registry.Store) {
	e := ended("run/1", registry.Completed, start())
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := s.Save(t.Context(), sample("a-key"), e); err != nil {
				t.Errorf("Save: %v", err)
			}
		})
	}
	wg.Wait()
	if err := s.SaveAll(t.Context(), []registry.Change{{Key: sample("a-key"), Event: e}, {Key: sample("a-key"), Event: e}}); err != nil {
		t.Errorf("SaveAll: %v", err)
	}
	stale := sample("a-key")
	stale.Revision = 7
	_, err := s.Save(t.Context(), stale, ended("run/2", registry.RolledBack, start()))
	wantKind(t, err, keyturn.Conflict)
	wantKind(t, s.SaveAll(t.Context(), []registry.Change{
		{Key: sample("good"), Event: ended("run/3", registry.Completed, start())},
		{Key: stale, Event: ended("run/4", registry.RolledBack, start())},
	}), keyturn.Conflict)
	diff(t, "outcomes", outcomes(t, s, stale.Scope.Issuer(), 10), []registry.Outcome{{Key: "a-key", What: registry.Completed, At: start()}})
}

// outcomesOfADay asks an account for the last 24 hours. They stay with the
// account where they happened.
func outcomesOfADay(t *testing.T, s registry.Store) {
	key := mustSave(t, s, sample("a-key"), "e0")
	for i, c := range []struct {
		what string
		at   time.Time
	}{
		{registry.RolledBack, start()},
		{registry.RolledBack, start().Add(time.Hour)},
		{registry.Completed, start().Add(time.Hour)},
		{registry.Completed, start().Add(2 * time.Hour)},
		{registry.Completed, start().Add(3 * time.Hour)},
	} {
		key = mustTell(t, s, key, ended(fmt.Sprint("run/", i), c.what, c.at))
	}
	day := start().Add(24 * time.Hour)
	for _, c := range []struct {
		now               time.Time
		failed, succeeded int
	}{
		{start(), 1, 0},
		{start().Add(3 * time.Hour), 2, 3},
		{day.Add(-time.Microsecond), 2, 3},
		{day, 1, 3},
		{day.Add(time.Hour), 0, 2},
		{day.Add(3 * time.Hour), 0, 0},
	} {
		want := status(key.Scope.Provider, key.Scope.Account, 1)
		want.Failed, want.Succeeded = c.failed, c.succeeded
		diff(t, c.now.String(), accounts(t, s, c.now), []registry.AccountStatus{want})
	}
	key.Scope.Account = "444455556666"
	mustSave(t, s, key, "moved")
	diff(t, "after the key has moved", accounts(t, s, start().Add(3*time.Hour)), []registry.AccountStatus{status("aws", "444455556666", 1)})
}

// outcomesForgotten lets 30 days go by.
func outcomesForgotten(t *testing.T, s registry.Store) {
	const old = 250 // more than one call forgets
	fill(t, s, old, "key-%03d", nil)
	var changes []registry.Change
	for i := range old {
		key := sample(keyturn.KeyID(fmt.Sprintf("key-%03d", i)))
		key.Revision = 1
		changes = append(changes, registry.Change{Key: key, Event: ended(fmt.Sprint("old/", i), registry.Completed, start())})
	}
	if err := s.SaveAll(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	key := mustSave(t, s, sample("a-key"), "e0")
	issuer := key.Scope.Issuer()
	month := start().AddDate(0, 0, 30)
	key = mustTell(t, s, key, ended("in time", registry.RolledBack, month))
	if got := len(outcomes(t, s, issuer, 2*old)); got != old+1 {
		t.Errorf("%d outcomes are known before their time is over, want %d", got, old+1)
	}
	late := month.Add(time.Microsecond)
	var wg sync.WaitGroup
	for i := range 6 { // who forgets at the same time is in nobody's way
		wg.Go(func() {
			other := sample(keyturn.KeyID(fmt.Sprintf("key-%03d", i)))
			other.Revision = 2
			if _, err := s.Save(t.Context(), other, ended(fmt.Sprint("at once/", i), registry.Completed, late)); err != nil {
				t.Errorf("Save: %v", err)
			}
		})
	}
	wg.Wait()
	for i := range 4 { // far fewer than are to be forgotten
		key = mustTell(t, s, key, ended(fmt.Sprint("late/", i), registry.Completed, late))
	}
	got := outcomes(t, s, issuer, 2*old)
	if len(got) != 11 || got[10].What != registry.RolledBack || got[0].At != late {
		t.Errorf("after 30 days %d outcomes are known, the newest of %v; want 11 of %v", len(got), got[0].At, late)
	}
}
