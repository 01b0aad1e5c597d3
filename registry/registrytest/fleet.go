package registrytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func accounts(t *testing.T, s registry.Store, now time.Time) []registry.AccountStatus {
	t.Helper()
	got, err := s.Accounts(t.Context(), now)
	if err != nil {
		t.Fatalf("Accounts: %v", err)
	}
	return got
}

// of is a sample at another provider account.
func of(id keyturn.KeyID, provider, account string) keyturn.Key {
	key := sample(id)
	key.Scope.Provider, key.Scope.Account = provider, account
	return key
}

// status is an account with so many keys, and nothing else to tell.
func status(provider, account string, keys int) registry.AccountStatus {
	return registry.AccountStatus{Issuer: keyturn.Issuer{Provider: provider, Account: account}, Keys: keys}
}

// accountsInOrder asks which accounts there are, and in which order: that of
// bytes, whatever language the server was set up for.
func accountsInOrder(t *testing.T, s registry.Store) {
	if got := accounts(t, s, start()); len(got) != 0 {
		t.Fatalf("an empty registry has accounts %+v", got)
	}
	for i, issuer := range [][2]string{{"stripe", "b"}, {"aws", "9"}, {"aws", "10"}, {"stripe", "B"}, {"aws", "10"}, {"gcp", "é"}} {
		mustSave(t, s, of(keyturn.KeyID(fmt.Sprint("key-", i)), issuer[0], issuer[1]), fmt.Sprint("e", i))
	}
	ended := mustSave(t, s, of("ended", "twilio", "1"), "ended/1")
	ended.Retired = start()
	mustSave(t, s, ended, "ended/2")
	diff(t, "accounts", accounts(t, s, start()), []registry.AccountStatus{
		status("aws", "10", 2), status("aws", "9", 1), status("gcp", "é", 1), status("stripe", "B", 1), status("stripe", "b", 1),
	})
	moved := mustGet(t, s, "key-1")
	moved.Scope.Account = "10"
	mustSave(t, s, moved, "moved")
	diff(t, "after a key has moved", accounts(t, s, start())[:2], []registry.AccountStatus{
		status("aws", "10", 3), status("gcp", "é", 1),
	})
}

// accountsDue moves the clock over the moment a key is due, and over the moment
// it is overdue. A key that is never due is neither.
func accountsDue(t *testing.T, s registry.Store) {
	mustSave(t, s, sample("a-key"), "e1")
	never := sample("never")
	never.Audit.EveryDays = 0
	mustSave(t, s, never, "e2")
	retired := sample("retired")
	retired.Retired = start()
	mustSave(t, s, retired, "e3")
	key := sample("a-key")
	due := key.Due()
	overdue := due.Add(registry.OverdueAfter)
	for _, c := range []struct {
		now          time.Time
		due, overdue int
	}{
		{due.Add(-time.Microsecond), 0, 0},
		{due, 1, 0},
		{due.In(time.FixedZone("", 3600)), 1, 0},
		{overdue, 1, 0},
		{overdue.Add(time.Microsecond), 1, 1},
	} {
		want := status(key.Scope.Provider, key.Scope.Account, 2)
		want.Due, want.Overdue = c.due, c.overdue
		diff(t, c.now.String(), accounts(t, s, c.now), []registry.AccountStatus{want})
	}
}

// accountsRunning follows an operation that a person takes part in.
func accountsRunning(t *testing.T, s registry.Store) {
	key := mustSave(t, s, sample("a-key"), "e0")
	mustSave(t, s, of("elsewhere", "stripe", "acct_1"), "e1")
	asked := func(done bool) *keyturn.Intent {
		return &keyturn.Intent{Run: "run", Manual: &keyturn.Manual{Step: keyturn.SupplyValue, Asked: start(), Done: done}}
	}
	for i, c := range []struct {
		intent          *keyturn.Intent
		running, byHand int
	}{
		{&keyturn.Intent{Run: "run"}, 1, 0},
		{&keyturn.Intent{Run: "run", ByHand: true}, 1, 0}, // nobody was asked yet
		{asked(false), 1, 1},
		{asked(true), 1, 0},
		{nil, 0, 0},
	} {
		key.Intent = c.intent
		key = mustSave(t, s, key, fmt.Sprint("step/", i))
		want := status(key.Scope.Provider, key.Scope.Account, 1)
		want.Running, want.ByHand = c.running, c.byHand
		diff(t, fmt.Sprintf("step %d", i), accounts(t, s, start()), []registry.AccountStatus{want, status("stripe", "acct_1", 1)})
	}
}
