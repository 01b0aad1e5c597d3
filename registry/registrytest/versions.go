package registrytest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// OfTomorrow meets what a newer program wrote, while both run beside each other. exec runs one statement in the store's database.
func OfTomorrow(t *testing.T, s registry.Store, exec func(statement string)) {
	mustTell(t, s, sample("a-key"), told("e1", registry.ToOwner))
	mustTell(t, s, sample("b-key"), told("e2", registry.ToOwner))
	mustAddRule(t, s, freeze("a-freeze"))
	depart(t, s, departure("d1", "1"), true)
	leaked(t, s, leak("l1"), true, 1, hit("1"))
	if err := s.AddLeakUses(t.Context(), "l1", []registry.LeakUse{use("u1", start())}); err != nil {
		t.Fatal(err)
	}
	key := mustGet(t, s, "a-key")
	exec(`UPDATE keys SET body = '{"id": "a-key", "a_field_of_tomorrow": 1}' WHERE key_id = 'a-key'`)
	exec(`UPDATE calendar SET body = '{"id": "a-freeze", "kind": "freeze", "a_field_of_tomorrow": 1}'`)
	exec(`UPDATE departures SET body = '{"ID": "d1", "State": "open", "AFieldOfTomorrow": 1}'`)
	exec(`UPDATE leaks SET body = '{"ID": "l1", "State": "open", "AFieldOfTomorrow": 1}'`)
	exec(`UPDATE leak_hits SET body = '{"Source": "gitleaks", "Event": "1", "AFieldOfTomorrow": 1}'`)
	exec(`UPDATE leak_uses SET body = '{"ID": "u1", "AFieldOfTomorrow": 1}'`)

	_, err := s.Get(t.Context(), "a-key")
	wantKind(t, err, keyturn.Unavailable)
	// A rule may forbid what is about to be done: not knowing it is no leave.
	_, err = s.Rules(t.Context(), start())
	wantKind(t, err, keyturn.Unavailable)
	wantKind(t, s.AddRule(t.Context(), freeze("a-freeze")), keyturn.Unavailable)
	// A departure is not written without what this program does not know.
	_, err = s.SaveDeparture(t.Context(), registry.Departure{ID: "d1", State: registry.DepartureDone, Revision: 1})
	wantKind(t, err, keyturn.Unavailable)
	// Nor is a leak, and what is known of it is not told by halves.
	_, err = s.SaveLeak(t.Context(), registry.Leak{ID: "l1", State: registry.LeakDead, Revision: 1})
	wantKind(t, err, keyturn.Unavailable)
	_, err = s.Leak(t.Context(), "l1")
	wantKind(t, err, keyturn.Unavailable)
	wantKind(t, lastError(s.Leaks(t.Context(), registry.LeakFilter{})), keyturn.Unavailable)
	wantKind(t, lastError(s.LeakHits(t.Context(), "l1")), keyturn.Unavailable)
	wantKind(t, lastError(s.LeakUses(t.Context(), "l1")), keyturn.Unavailable)
	// Others hear their news, though the older notice cannot be told.
	diff(t, "notices", noticeIDs(claim(t, s, start(), 10)), []string{"e2/owner"})
	if err := s.SettleNotices(t.Context(), []string{"e2/owner"}); err != nil {
		t.Fatal(err)
	}
	_, err = s.ClaimNotices(t.Context(), start().Add(lease), lease, 10)
	wantKind(t, err, keyturn.Unavailable)

	exec(`UPDATE keys SET body = '{"id": "a-key"}' WHERE key_id = 'a-key'`) // as the newer program reads it
	got := claim(t, s, start().Add(2*lease), 10)
	diff(t, "notices for a program that can read them", noticeIDs(got), []string{"e1/owner"})
	diff(t, "its key", got[0].Key, keyturn.Key{ID: key.ID, Revision: key.Revision})
}

// Upgraded asks a store whose tables were just brought up to date for keys that
// a program of before wrote: each at revision 2, with one event.
func Upgraded(t *testing.T, s registry.Store, ids ...keyturn.KeyID) {
	t.Helper()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	for _, id := range ids {
		key := mustGet(t, s, id)
		if key.Revision != 2 {
			t.Errorf("%s has revision %d, want 2", id, key.Revision)
		}
		mustTell(t, s, key, told("new/"+string(id), registry.ToOwner))
		if got := len(events(t, s, id)); got != 2 {
			t.Errorf("%s has %d events, want that of before and a new one", id, got)
		}
	}
	if got := claim(t, s, start(), 10); len(got) != len(ids) {
		t.Errorf("notices are %v, want one for each new event", noticeIDs(got))
	}
	diff(t, "accounts", accounts(t, s, start()), []registry.AccountStatus{status("", "", len(ids))})
}

// UpgradedFrom3 asks a store whose tables were just brought up to date while a
// worker runs on that knows no batches. end has that worker end an operation on
// the key "old", which it did once before the upgrade as well.
func UpgradedFrom3(t *testing.T, s registry.Store, end func()) {
	t.Helper()
	key := mustGet(t, s, "old")
	mustAddBatch(t, s, batch("b1"), key.ID)
	end()
	got := outcomes(t, s, key.Scope.Issuer(), 10)
	for _, o := range got {
		if o.What != registry.Completed || o.Why != "" {
			t.Errorf("an outcome of the old worker is %+v", o)
		}
	}
	if len(got) != 2 {
		t.Errorf("%d outcomes, want that of before and that of after", len(got))
	}
	diff(t, "the batch, after an end that the old worker wrote", states(t, s, "b1"), []registry.BatchState{registry.BatchWaiting})
	mustTell(t, s, key, endedOf("b1", "run/3", registry.Completed, "", start()))
	diff(t, "after an end that the new one wrote", states(t, s, "b1"), []registry.BatchState{registry.BatchDone})
}

// UpgradedFrom4 asks a store whose tables were just brought up to date while a
// worker runs on that knows no departures. add has that worker record a batch,
// which it did once, as "before", before the upgrade as well.
func UpgradedFrom4(t *testing.T, s registry.Store, add func(id string)) {
	t.Helper()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	add("after")
	for _, id := range []string{"before", "after"} {
		if b, err := s.Batch(t.Context(), id); err != nil || b.Overlap != 0 || b.Urgent {
			t.Errorf("a batch of the old worker is %+v, error %v", b, err)
		}
	}
	depart(t, s, departure("d1", "1"), true)
	mustAddMember(t, s, member("1", "alice"))
}

// UpgradedFrom5 asks a store whose tables were just brought up to date while a worker
// runs on that knows no marks. add has that worker enter a key with this body, which it
// did, with that of [KeyOf5], for "before" before the upgrade as well.
func UpgradedFrom5(t *testing.T, s registry.Store, add func(id keyturn.KeyID, body string)) {
	t.Helper()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	add("after", KeyOf5(t, "after"))
	of := func(id keyturn.KeyID) (all []registry.Marked) {
		for _, i := range ledgerOf5(id) {
			all = append(all, named(id, i)...)
		}
		return all
	}
	all := append(of("after"), of("before")...)
	marks := make([]keyturn.Mark, len(all))
	for i, m := range all {
		marks[i] = m.Mark
	}
	wantMarked(t, s, "before a save", marks, of("before")...)
	for _, id := range []keyturn.KeyID{"before", "after"} {
		mustSave(t, s, mustGet(t, s, id), "e/"+string(id))
	}
	wantMarked(t, s, "after a save", marks, all...)
	leaked(t, s, leak("l1"), true, 1, hit("1"))
}

// KeyOf5 is the body of a key with a ledger, as a worker of version 5 writes it.
func KeyOf5(t *testing.T, id keyturn.KeyID) string {
	t.Helper()
	body, err := json.Marshal(with(id, ledgerOf5(id)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// ledgerOf5 has generations with two fingerprints, with one, and with an id only. One
// id is too short for a mark, and one has just enough bytes.
func ledgerOf5(id keyturn.KeyID) []keyturn.Issued {
	of := func(text string) string { return text + " of " + string(id) }
	return []keyturn.Issued{
		{RemoteID: of("an orphan's id"), State: keyturn.Revoking},
		{Generation: 1, RemoteID: "fifteen letters", State: keyturn.Retiring, Fingerprints: keyturn.Fingerprints{HMAC: of("hmac 1"), HMSL: of("hmsl 1")}},
		{Generation: 2, RemoteID: fmt.Sprintf("é%14s", id), State: keyturn.Current, Fingerprints: keyturn.Fingerprints{HMSL: of("hmsl 2")}},
	}
}
