// Package registrytest is the conformance suite of registries: what a
// [registry.Store] promises, asked of a real one.
package registrytest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// Run asks a store every question of the suite. open returns an empty store
// that the suite may fill; it closes what it opened through t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) registry.Store) {
	for _, question := range []struct {
		name string
		ask  func(*testing.T, registry.Store)
	}{
		{"GetUnknown", getUnknown},
		{"SaveAndGet", saveAndGet},
		{"EveryFieldSurvives", everyFieldSurvives},
		{"NoSecretTypes", noSecretTypes},
		{"StaleRevisionIsRefused", staleRevision},
		{"SameEventTwiceIsOnce", sameEventTwice},
		{"SameEventConcurrentlyIsOnce", sameEventConcurrently},
		{"EventOfAnotherKeyIsRefused", eventOfAnotherKey},
		{"BadChangesAreRefused", badChanges},
		{"ConcurrentChangesLoseNothing", concurrentChanges},
		{"StorePathIsUnique", uniquePath},
		{"ExclusiveIntents", exclusiveIntents},
		{"SaveAll", saveAll},
		{"SaveAllIsAllOrNothing", saveAllOrNothing},
		{"SaveAllInOrder", saveAllInOrder},
		{"ConcurrentSaveAllsLoseNothing", concurrentSaveAlls},
		{"Filters", filters},
		{"FilterTicket", filterTicket},
		{"FilterPathPrefix", filterPathPrefix},
		{"FilterStoredIn", filterStoredIn},
		{"FilterPermission", filterPermission},
		{"RetiredKeys", retiredKeys},
		{"IDOrder", idOrder},
		{"Pages", pages},
		{"PagesWhileKeysChange", pagesWhileKeysChange},
		{"NothingIsHeldWhileIterating", nothingHeld},
		{"History", history},
		{"LongHistory", longHistory},
		{"NoticesOfASave", noticesOfASave},
		{"SameEventTwiceIsToldOnce", sameEventToldOnce},
		{"RefusedSaveLeavesNoNotice", refusedSaveNoNotice},
		{"NoticesGoToTheOwnerOfToday", noticesOfToday},
		{"NoticesInOrder", noticesInOrder},
		{"ClaimsEndWithTheirLease", claimsEnd},
		{"DeferredNotices", deferredNotices},
		{"SettledNotices", settledNotices},
		{"DroppedNotices", droppedNotices},
		{"ClaimsAtOnceShareNothing", claimsAtOnce},
		{"ClaimsAtOnceGoToOne", claimsWhole},
		{"BadClaimsAreRefused", badClaims},
		{"CalendarRules", calendarRules},
		{"CalendarRulesSurvive", calendarRulesSurvive},
		{"CalendarRuleTwice", calendarRuleTwice},
		{"CalendarRulesThatAreOver", calendarRulesOver},
		{"BadCalendarRulesAreRefused", badCalendarRules},
		{"Deliveries", deliveries},
		{"DeliveriesAreForgotten", deliveriesForgotten},
		{"BadDeliveriesAreRefused", badDeliveries},
		{"AccountsInOrder", accountsInOrder},
		{"AccountsDue", accountsDue},
		{"AccountsRunning", accountsRunning},
		{"OutcomesOfASave", outcomesOfASave},
		{"SameEventTwiceIsOneOutcome", outcomesOnce},
		{"OutcomesOfADay", outcomesOfADay},
		{"OutcomesAreForgotten", outcomesForgotten},
		{"DueInOrder", dueInOrder},
		{"DuePages", duePages},
		{"DueWhileKeysChange", dueWhileKeysChange},
		{"Served", served},
		{"BadServesAreRefused", badServes},
		{"Pauses", pauses},
		{"Resumed", resumed},
		{"BadPausesAreRefused", badPauses},
		{"CancelledContext", cancelledContext},
		{"Ping", ping},
		{"ClosedStore", closedStore},
	} {
		t.Run(question.name, func(t *testing.T) {
			t.Parallel()
			question.ask(t, open(t))
		})
	}
}

// start is when the suite's keys were created.
func start() time.Time { return time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC) }

// sample is a plain key in service.
func sample(id keyturn.KeyID) keyturn.Key {
	return keyturn.Key{
		ID:      id,
		Purpose: "charges customers",
		Owner:   keyturn.Owner{Team: "payments", Person: "alice@example.com"},
		Scope:   keyturn.Scope{Provider: "aws", Account: "111122223333", Principal: "svc-" + string(id), Permissions: []string{"s3:GetObject"}},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/" + string(id)}},
		Audit:   keyturn.Audit{Team: "payments-team", EveryDays: 90},
		Created: start(),
	}
}

func event(id string) registry.Event {
	return registry.Event{ID: id, What: registry.Applied, Actor: "tester", At: start()}
}

func mustSave(t *testing.T, s registry.Store, key keyturn.Key, eventID string) keyturn.Key {
	t.Helper()
	stored, err := s.Save(t.Context(), key, event(eventID))
	if err != nil {
		t.Fatalf("Save %s: %v", key.ID, err)
	}
	return stored
}

func mustGet(t *testing.T, s registry.Store, id keyturn.KeyID) keyturn.Key {
	t.Helper()
	key, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get %s: %v", id, err)
	}
	return key
}

// fill saves n samples named by format.
func fill(t testing.TB, s registry.Store, n int, format string, edit func(i int, key *keyturn.Key)) {
	t.Helper()
	const batch = 2000
	for from := 0; from < n; from += batch {
		var changes []registry.Change
		for i := from; i < min(from+batch, n); i++ {
			key := sample(keyturn.KeyID(fmt.Sprintf(format, i)))
			if edit != nil {
				edit(i, &key)
			}
			changes = append(changes, registry.Change{Key: key, Event: event(fmt.Sprintf("fill/%s", key.ID))})
		}
		if err := s.SaveAll(context.Background(), changes); err != nil {
			t.Fatalf("SaveAll: %v", err)
		}
	}
}

func find(t *testing.T, s registry.Store, f registry.Filter) []keyturn.KeyID {
	t.Helper()
	var ids []keyturn.KeyID
	for key, err := range s.Find(t.Context(), f) {
		if err != nil {
			t.Fatalf("Find %+v: %v", f, err)
		}
		ids = append(ids, key.ID)
	}
	return ids
}

func events(t *testing.T, s registry.Store, id keyturn.KeyID) []registry.Event {
	t.Helper()
	var out []registry.Event
	for e, err := range s.History(t.Context(), id) {
		if err != nil {
			t.Fatalf("History %s: %v", id, err)
		}
		out = append(out, e)
	}
	return out
}

func wantKind(t *testing.T, err error, want keyturn.Kind) {
	t.Helper()
	var ours *keyturn.Error
	if !errors.As(err, &ours) || ours.Kind != want {
		t.Fatalf("error is %v (%s), want kind %s", err, keyturn.KindOf(err), want)
	}
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b keyturn.Window) bool { return a == b })); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}
