package registrytest

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// freeze is a rule for all keys, until it is removed.
func freeze(id string) keyturn.CalendarRule {
	return keyturn.CalendarRule{ID: id, Kind: keyturn.Freeze, Reason: "the year is closed", Actor: "alice@example.com", Created: start()}
}

func mustAddRule(t *testing.T, s registry.Store, r keyturn.CalendarRule) {
	t.Helper()
	if err := s.AddRule(t.Context(), r); err != nil {
		t.Fatalf("AddRule %s: %v", r.ID, err)
	}
}

func rules(t *testing.T, s registry.Store, now time.Time) []keyturn.CalendarRule {
	t.Helper()
	got, err := s.Rules(t.Context(), now)
	if err != nil {
		t.Fatalf("Rules: %v", err)
	}
	return got
}

func ruleIDs(t *testing.T, s registry.Store, now time.Time) []string {
	t.Helper()
	var ids []string
	for _, r := range rules(t, s, now) {
		ids = append(ids, r.ID)
	}
	return ids
}

// calendarRules come in the order they were made, and go when they are removed.
func calendarRules(t *testing.T, s registry.Store) {
	diff(t, "an empty calendar", ruleIDs(t, s, start()), []string(nil))
	wantKind(t, s.RemoveRule(t.Context(), "nobody"), keyturn.NotFound)
	for _, c := range []struct {
		id    string
		after time.Duration
	}{{"made-last", time.Hour}, {"made-first", -time.Hour}, {"made-then", 0}, {"and-then", 0}} {
		r := freeze(c.id)
		r.Created = start().Add(c.after)
		mustAddRule(t, s, r)
	}
	diff(t, "order", ruleIDs(t, s, start()), []string{"made-first", "made-then", "and-then", "made-last"})
	if err := s.RemoveRule(t.Context(), "made-then"); err != nil {
		t.Fatal(err)
	}
	err := s.RemoveRule(t.Context(), "made-then")
	wantKind(t, err, keyturn.NotFound)
	if !strings.Contains(err.Error(), "made-then") {
		t.Errorf("error %q does not name the rule", err)
	}
	diff(t, "after a removal", ruleIDs(t, s, start()), []string{"made-first", "and-then", "made-last"})
	again := freeze("made-then") // its id is free again
	again.Reason = "something else"
	mustAddRule(t, s, again)
}

// calendarRulesSurvive stores rules in which, taken together, every field is set.
func calendarRulesSurvive(t *testing.T, s registry.Store) {
	want := []keyturn.CalendarRule{
		{
			ID: "one-key", Kind: keyturn.Freeze, Key: "a-key", Reason: `an audit: "quoted", ünïcode`, Actor: "alice@example.com",
			From: start().Add(time.Hour), Until: start().AddDate(0, 0, 7), Created: start().Add(123456 * time.Microsecond),
		},
		{
			ID: "at-night", Kind: keyturn.MaintenanceWindow, Team: "payments", Provider: "aws", Account: "111122223333",
			Window: window("Sat-Sun 02:00-06:00 Europe/Berlin"), Actor: "bob@example.com", Created: start().Add(time.Second),
		},
	}
	typ := reflect.TypeFor[keyturn.CalendarRule]()
	for i := range typ.NumField() {
		if !slices.ContainsFunc(want, func(r keyturn.CalendarRule) bool { return !reflect.ValueOf(r).Field(i).IsZero() }) {
			t.Errorf("no rule of this test sets %s", typ.Field(i).Name)
		}
	}
	for _, r := range want {
		r.From, r.Until = r.From.In(time.FixedZone("", 3600)), r.Until.Add(999) // zones and nanoseconds go
		mustAddRule(t, s, r)
	}
	diff(t, "rules", rules(t, s, start()), want)
}

func calendarRuleTwice(t *testing.T, s registry.Store) {
	rule := freeze("a-freeze")
	rule.Until = start().AddDate(0, 0, 3)
	mustAddRule(t, s, rule)
	elsewhere := rule
	elsewhere.Created = rule.Created.In(time.FixedZone("", 7200)) // the same moment
	mustAddRule(t, s, elsewhere)
	other := rule
	other.Until = rule.Until.Add(time.Hour)
	err := s.AddRule(t.Context(), other)
	wantKind(t, err, keyturn.Conflict)
	if !strings.Contains(err.Error(), "a-freeze") {
		t.Errorf("error %q does not name the rule", err)
	}
	diff(t, "after a conflict", rules(t, s, start()), []keyturn.CalendarRule{rule})

	// Of many with one id that come at once, one is stored, and only those that
	// are the same are taken.
	var wg sync.WaitGroup
	var taken [2]atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			r := freeze("raced")
			r.Team = []string{"search", "payments"}[i%2]
			switch err := s.AddRule(t.Context(), r); {
			case err == nil:
				taken[i%2].Add(1)
			case keyturn.KindOf(err) != keyturn.Conflict:
				t.Errorf("AddRule: %v, want success or a conflict", err)
			}
		})
	}
	wg.Wait()
	if a, b := taken[0].Load(), taken[1].Load(); a+b != 4 || a*b != 0 {
		t.Errorf("%d and %d of two different rules with one id were taken, want 4 of one", a, b)
	}
}

func calendarRulesOver(t *testing.T, s registry.Store) {
	mustAddRule(t, s, freeze("for-good"))
	until := start().AddDate(0, 0, 3)
	future := freeze("to-come")
	future.From, future.Until = start().AddDate(1, 0, 0), start().AddDate(1, 0, 1)
	bounded := freeze("bounded")
	bounded.Until = until
	nightly := keyturn.CalendarRule{ID: "nightly", Kind: keyturn.MaintenanceWindow, Window: window("02:00-04:00 UTC"), Actor: "bob", Created: start()}
	mustAddRule(t, s, future)
	mustAddRule(t, s, bounded)
	mustAddRule(t, s, nightly)
	east := time.FixedZone("", 9*3600)
	diff(t, "before", ruleIDs(t, s, until.Add(-time.Microsecond).In(east)), []string{"for-good", "to-come", "bounded", "nightly"})
	diff(t, "at its end", ruleIDs(t, s, until.In(east)), []string{"for-good", "to-come", "nightly"})
	diff(t, "after all", ruleIDs(t, s, start().AddDate(5, 0, 0)), []string{"for-good", "nightly"})
}

func badCalendarRules(t *testing.T, s registry.Store) {
	for name, edit := range map[string]func(*keyturn.CalendarRule){
		"no id":           func(r *keyturn.CalendarRule) { r.ID = "" },
		"no kind":         func(r *keyturn.CalendarRule) { r.Kind = "" },
		"no actor":        func(r *keyturn.CalendarRule) { r.Actor = "" },
		"not made":        func(r *keyturn.CalendarRule) { r.Created = time.Time{} },
		"over at once":    func(r *keyturn.CalendarRule) { r.Until = r.Created },
		"NUL":             func(r *keyturn.CalendarRule) { r.Team = "nu\x00l" },
		"not UTF-8":       func(r *keyturn.CalendarRule) { r.Team = "caf\xe9" },
		"impossible time": func(r *keyturn.CalendarRule) { r.Until = time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		rule := freeze("a-freeze")
		edit(&rule)
		err := s.AddRule(t.Context(), rule)
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	diff(t, "rules", ruleIDs(t, s, start()), []string(nil))
}
