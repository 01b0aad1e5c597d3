package registrytest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// leak is one of the first generation of a-key, as a scanner tells it.
func leak(id string) registry.Leak {
	return registry.Leak{ID: id, Subject: registry.KeySubject("a-key", 1), Source: "gitleaks", Rule: "aws", Actor: "scan", At: start(), Key: "a-key", Generation: 1}
}

func hit(event string) registry.LeakHit {
	return registry.LeakHit{Source: "gitleaks", Event: event, Place: "main.go:7", Actor: "scan", At: start()}
}

// leaked records hits, and wants them to open a leak or not, and so many to be fresh.
func leaked(t *testing.T, s registry.Store, l registry.Leak, open bool, fresh int, hits ...registry.LeakHit) registry.Leak {
	t.Helper()
	got, opened, n, err := s.Leaked(t.Context(), l, hits)
	if err != nil || opened != open || n != fresh {
		t.Fatalf("Leaked %s: opened is %v, %d are fresh, error %v; want %v and %d", l.ID, opened, n, err, open, fresh)
	}
	return got
}

func saveLeak(t *testing.T, s registry.Store, l registry.Leak) registry.Leak {
	t.Helper()
	saved, err := s.SaveLeak(t.Context(), l)
	if err != nil {
		t.Fatalf("SaveLeak %s: %v", l.ID, err)
	}
	return saved
}

func wantLeak(t *testing.T, s registry.Store, what string, want registry.Leak) {
	t.Helper()
	got, err := s.Leak(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	diff(t, what, got, want)
}

// gather reads all that an iteration yields.
func gather[Row any](t *testing.T, rows func(func(Row, error) bool)) (all []Row) {
	t.Helper()
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

func leakIDs(t *testing.T, s registry.Store, f registry.LeakFilter) (ids []string) {
	t.Helper()
	for _, l := range gather(t, s.Leaks(t.Context(), f)) {
		ids = append(ids, l.ID)
	}
	return ids
}

// fullLeak has a value of its own in every field there is.
func fullLeak(n int) (l registry.Leak) {
	populate(reflect.ValueOf(&l).Elem(), &n)
	l.State, l.Word = registry.LeakDismissed, registry.LeakHold
	return l
}

// leaksLive opens one, changes all that may change, ends it and opens it again. What
// may not change does not, whatever a caller says.
func leaksLive(t *testing.T, s registry.Store) {
	want := fullLeak(0)
	want.At = start().Add(123456 * time.Microsecond)
	said := want
	said.At = start().Add(123456789).In(time.FixedZone("", 3600))
	want.State, want.Revision, want.Hits = registry.LeakOpen, 1, 2
	diff(t, "as it was opened", leaked(t, s, said, true, 2, hit("1"), hit("2")), want)
	wantLeak(t, s, "as stored", want)

	next := fullLeak(100)
	next.ID, next.Revision, next.Word, next.State = want.ID, 1, registry.LeakKill, registry.LeakDead
	late := start().Add(time.Hour + 123456789).In(time.FixedZone("", 3600))
	times := func(l *registry.Leak) (all []*time.Time) {
		for _, field := range reflect.ValueOf(l).Elem().Fields() {
			if at, ok := field.Addr().Interface().(*time.Time); ok {
				all = append(all, at)
			}
		}
		return all
	}
	for i, at := range times(&next) {
		*at = late.Add(time.Duration(i) * time.Minute)
	}
	changed := next
	changed.Subject, changed.Source, changed.Actor, changed.At, changed.Hits, changed.Revision = want.Subject, want.Source, want.Actor, want.At, 2, 2
	for _, at := range times(&changed) {
		*at = at.UTC().Truncate(time.Microsecond)
	}
	diff(t, "as saved", saveLeak(t, s, next), changed)
	wantLeak(t, s, "as stored after that", changed)

	_, err := s.SaveLeak(t.Context(), next)
	wantKind(t, err, keyturn.Conflict) // stale
	wantLeak(t, s, "after a save that was refused", changed)
	again := changed // a person may say that it is not over
	again.State, again.Word, again.Dead, again.Closed = registry.LeakOpen, "", time.Time{}, time.Time{}
	saveLeak(t, s, again)
	again.Revision = 3
	wantLeak(t, s, "opened again", again)
	again.Hits = 3
	diff(t, "what another hit joined", leaked(t, s, said, false, 1, hit("3")), again)
	saveLeak(t, s, again) // a hit is no change: a revision of before it is not stale
}

// joinedLeaks: hits of one subject are one leak for ever, and a hit is recorded once,
// whatever it is said of.
func joinedLeaks(t *testing.T, s registry.Store) {
	first := leaked(t, s, leak("l1"), true, 2, hit("1"), hit("2"), hit("1"))
	joining := leak("l2")
	joining.Source, joining.Actor, joining.Rule = "github", "bob@example.com", "other"
	theirs := registry.LeakHit{Source: "github", Event: "1", At: start().Add(time.Minute)}
	first.Hits = 3
	diff(t, "what was joined", leaked(t, s, joining, false, 1, hit("2"), theirs), first)
	diff(t, "what was told again", leaked(t, s, joining, false, 0, theirs), first)
	_, err := s.Leak(t.Context(), "l2")
	wantKind(t, err, keyturn.NotFound)

	other := leak("l3")
	other.Subject = registry.KeySubject("a-key", 2)
	diff(t, "known hits, of another subject", leaked(t, s, other, false, 0, theirs, hit("1")), first)
	got := leaked(t, s, other, true, 1, hit("1"), hit("4"))
	if got.ID != "l3" || got.Hits != 1 {
		t.Errorf("a new hit of another subject is of %s with %d hits", got.ID, got.Hits)
	}
	if got := leaked(t, s, leak("l4"), false, 0, hit("4"), hit("1")); got.ID != "l3" {
		t.Errorf("hits of two leaks are of %s, want that of the first of them", got.ID)
	}
	first.State = registry.LeakDismissed
	first = saveLeak(t, s, first)
	first.Hits++
	diff(t, "a hit on what was dismissed", leaked(t, s, leak("l5"), false, 1, hit("5")), first)
	diff(t, "where the first was found", gather(t, s.LeakHits(t.Context(), "l1")), []registry.LeakHit{hit("1"), hit("2"), theirs, hit("5")})
	diff(t, "where another was", gather(t, s.LeakHits(t.Context(), "l3")), []registry.LeakHit{hit("4")})
	diff(t, "where one was that there is not", gather(t, s.LeakHits(t.Context(), "l2")), []registry.LeakHit(nil))
	diff(t, "leaks", leakIDs(t, s, registry.LeakFilter{}), []string{"l3", "l1"})
}

// leakPages come newest first, as they were recorded, over several pages.
func leakPages(t *testing.T, s registry.Store) {
	const n = 1003
	for i := range n {
		l := leak(fmt.Sprintf("l%04d", i))
		l.Subject, l.Key = fmt.Sprint("value ", i), []keyturn.KeyID{"a-key", "", "b-key"}[i%3]
		l.At = l.At.Add(-time.Duration(i) * time.Minute) // no order is to come from it
		l = leaked(t, s, l, true, 1, hit(fmt.Sprint(i)))
		if i%10 == 0 {
			l.State = []registry.LeakState{registry.LeakDead, registry.LeakDismissed}[i%20/10]
			saveLeak(t, s, l)
		}
	}
	for name, c := range map[string]struct {
		f           registry.LeakFilter
		want        int
		first, last string
	}{
		"all":          {registry.LeakFilter{}, n, "l1002", "l0000"},
		"some":         {registry.LeakFilter{Limit: 501}, 501, "l1002", "l0502"},
		"one":          {registry.LeakFilter{Limit: 1}, 1, "l1002", "l1002"},
		"open":         {registry.LeakFilter{State: registry.LeakOpen}, 902, "l1002", "l0001"},
		"dismissed":    {registry.LeakFilter{State: registry.LeakDismissed}, 50, "l0990", "l0010"},
		"of a key":     {registry.LeakFilter{Key: "b-key"}, 334, "l1001", "l0002"},
		"of nobody":    {registry.LeakFilter{Unowned: true}, 334, "l1000", "l0001"},
		"of a subject": {registry.LeakFilter{Subject: "value 77"}, 1, "l0077", "l0077"},
		"several":      {registry.LeakFilter{State: registry.LeakDead, Unowned: true, Limit: 2}, 2, "l1000", "l0940"},
	} {
		got := leakIDs(t, s, c.f)
		if len(got) != c.want || got[0] != c.first || got[len(got)-1] != c.last {
			t.Errorf("%s: %d from %s to %s, want %d from %s to %s", name, len(got), got[0], got[len(got)-1], c.want, c.first, c.last)
		}
	}
	diff(t, "of a key that is nobody's", leakIDs(t, s, registry.LeakFilter{Key: "a-key", Unowned: true}), []string(nil))
	found := gather(t, s.Leaks(t.Context(), registry.LeakFilter{Subject: "value 77"}))[0]
	found.Key = "c-key" // whose it is may be known later
	saveLeak(t, s, found)
	diff(t, "of its new key", leakIDs(t, s, registry.LeakFilter{Key: "c-key"}), []string{"l0077"})
}
