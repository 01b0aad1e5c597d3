package registrytest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// finding is one with every field set that Report takes.
func finding(subject string) registry.Finding {
	return registry.Finding{
		ID: registry.FindingID("reconcile", "unknown-key", "aws/111122223333", subject), Check: "reconcile", Kind: "unknown-key",
		Place: "aws/111122223333", Subject: subject, Key: "a-key", Owner: keyturn.Owner{Team: "payments", Person: "alice@example.com"},
		Severity: registry.Warning, Detail: "a key that nobody entered", Mend: "keyturn adopt " + subject, Found: start(), Seen: start(),
	}
}

func mustReport(t *testing.T, s registry.Store, opened int, found ...registry.Finding) {
	t.Helper()
	if n, err := s.Report(t.Context(), found); err != nil || n != opened {
		t.Fatalf("Report opened %d, error %v; want %d", n, err, opened)
	}
}

func mustSettle(t *testing.T, s registry.Store, settled int, f registry.Finding, seen, at time.Time) {
	t.Helper()
	if n, err := s.Settle(t.Context(), f.Check, f.Place, seen, at); err != nil || n != settled {
		t.Fatalf("Settle ended %d, error %v; want %d", n, err, settled)
	}
}

func mustFinding(t *testing.T, s registry.Store, id string) registry.Finding {
	t.Helper()
	f, err := s.Finding(t.Context(), id)
	if err != nil {
		t.Fatalf("Finding %s: %v", id, err)
	}
	return f
}

// subjects of the findings that match, sorted.
func subjects(t *testing.T, s registry.Store, f registry.FindingFilter) (got []string) {
	t.Helper()
	for found, err := range s.Findings(t.Context(), f) {
		if err != nil {
			t.Fatalf("Findings %+v: %v", f, err)
		}
		got = append(got, found.Subject)
	}
	slices.Sort(got)
	return got
}

// findingsLive follows one from when it is found until it is found again after
// it was settled. Who accepts it accepts it as it is then, and until it is settled.
func findingsLive(t *testing.T, s registry.Store) {
	at := func(hours int) time.Time {
		return start().Add(time.Duration(hours)*time.Hour + 123456*time.Microsecond)
	}
	first := finding("AKIA1")
	first.Found, first.Seen = at(-9), at(0).Add(789).In(time.FixedZone("", 3600))
	mustReport(t, s, 0)
	mustReport(t, s, 1, first)
	want := finding("AKIA1")
	want.Found, want.Seen = at(0), at(0)
	diff(t, "found", mustFinding(t, s, want.ID), want)

	again := finding("AKIA1")
	again.Seen, again.Key, again.Owner, again.Severity = at(1), "b-key", keyturn.Owner{Team: "search", Person: "bob@example.com"}, registry.Critical
	again.Detail, again.Mend = "it was used", "revoke it"
	mustReport(t, s, 0, again)
	want = again
	want.Found = at(0)
	diff(t, "found again", mustFinding(t, s, want.ID), want)

	accepted, err := s.Accept(t.Context(), want.ID, "alice@example.com", "of the auditors", at(2))
	if err != nil {
		t.Fatal(err)
	}
	want.AcceptedBy, want.Note, want.Accepted = "alice@example.com", "of the auditors", at(2)
	diff(t, "as Accept returns it", accepted, want)
	again.Seen = at(3)
	mustReport(t, s, 0, again)
	want.Seen = at(3)
	diff(t, "found again, accepted", mustFinding(t, s, want.ID), want)

	mustSettle(t, s, 1, want, at(4), at(5))
	want.Settled = at(5)
	diff(t, "settled", mustFinding(t, s, want.ID), want)
	mustSettle(t, s, 0, want, at(6), at(6)) // once
	_, err = s.Accept(t.Context(), want.ID, "bob@example.com", "", at(6))
	wantKind(t, err, keyturn.NotFound)
	diff(t, "settled twice, accepted late", mustFinding(t, s, want.ID), want)

	again.Seen = at(7)
	mustReport(t, s, 1, again)
	want.Seen, want.Settled = at(7), time.Time{}
	want.AcceptedBy, want.Note, want.Accepted = "", "", time.Time{}
	diff(t, "open again, and nobody accepts it", mustFinding(t, s, want.ID), want)
	if accepted, err = s.Accept(t.Context(), want.ID, "bob@example.com", "", at(8)); err != nil {
		t.Fatal(err)
	}
	want.AcceptedBy, want.Note, want.Accepted = "bob@example.com", "", at(8)
	diff(t, "accepted by another", accepted, want)
	again.Seen, again.Severity = at(9), registry.Info
	mustReport(t, s, 0, again)
	want.Seen, want.Severity = at(9), registry.Info
	want.AcceptedBy, want.Accepted = "", time.Time{}
	diff(t, "of another severity, and nobody accepts it", mustFinding(t, s, want.ID), want)
	everyFieldSet(t, []registry.Finding{want, accepted, {Note: "of the auditors", Settled: at(5)}}) // in turn
}

// everyFieldSet holds the test above to ask for every field there is.
func everyFieldSet(t *testing.T, findings []registry.Finding) {
	typ := reflect.TypeFor[registry.Finding]()
	for i := range typ.NumField() {
		if !slices.ContainsFunc(findings, func(f registry.Finding) bool { return !reflect.ValueOf(f).Field(i).IsZero() }) {
			t.Errorf("no finding of this test sets %s", typ.Field(i).Name)
		}
	}
}

// settledFindings are those of the check and place that were seen before, to the
// microsecond.
func settledFindings(t *testing.T, s registry.Store) {
	seen := start().Add(time.Hour)
	old, just, fresh := finding("old"), finding("just"), finding("fresh")
	just.Seen, fresh.Seen = seen.Add(-time.Microsecond), seen
	elsewhere, other := finding("elsewhere"), finding("other")
	elsewhere.Place, other.Check = "stripe/acct_1", "stuck-watch"
	mustReport(t, s, 5, old, just, fresh, elsewhere, other)
	mustSettle(t, s, 2, old, seen.Add(999).In(time.FixedZone("", 3600)), seen)
	diff(t, "open", subjects(t, s, registry.FindingFilter{}), []string{"elsewhere", "fresh", "other"})
	diff(t, "settled", subjects(t, s, registry.FindingFilter{Settled: true}), []string{"just", "old"})
	for _, c := range [][2]time.Time{{{}, seen}, {seen, {}}} {
		_, err := s.Settle(t.Context(), old.Check, old.Place, c[0], c[1])
		wantKind(t, err, keyturn.Invalid)
	}
	// Of several in one report, those that were open are not counted.
	old.Seen, fresh.Seen = seen, seen
	mustReport(t, s, 2, old, finding("new"), fresh, finding("new"))
}

func badFindings(t *testing.T, s registry.Store) {
	for name, spoil := range map[string]func(*registry.Finding){
		"no id":            func(f *registry.Finding) { f.ID = "" },
		"no check":         func(f *registry.Finding) { f.Check = "" },
		"no kind":          func(f *registry.Finding) { f.Kind = "" },
		"no subject":       func(f *registry.Finding) { f.Subject = "" },
		"not seen":         func(f *registry.Finding) { f.Seen = time.Time{} },
		"no severity":      func(f *registry.Finding) { f.Severity = "" },
		"no such severity": func(f *registry.Finding) { f.Severity = "loud" },
		"NUL":              func(f *registry.Finding) { f.Detail = "nu\x00l" },
		"not UTF-8":        func(f *registry.Finding) { f.Owner.Team = "caf\xe9" },
	} {
		bad := finding("bad")
		spoil(&bad)
		_, err := s.Report(t.Context(), []registry.Finding{finding("good"), bad})
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	diff(t, "what refused reports left", subjects(t, s, registry.FindingFilter{}), []string(nil))

	id := finding("good").ID
	_, err := s.Finding(t.Context(), id)
	wantKind(t, err, keyturn.NotFound)
	if !strings.Contains(err.Error(), id) {
		t.Errorf("error %q does not name the finding", err)
	}
	_, err = s.Accept(t.Context(), id, "alice@example.com", "", start())
	wantKind(t, err, keyturn.NotFound)
	mustReport(t, s, 1, finding("good"))
	for name, c := range map[string]struct {
		actor, note string
		at          time.Time
	}{"nobody": {"", "", start()}, "never": {"alice", "", time.Time{}}, "NUL": {"alice", "\x00", start()}, "not UTF-8": {"caf\xe9", "", start()}} {
		_, err = s.Accept(t.Context(), id, c.actor, c.note, c.at)
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	if f := mustFinding(t, s, id); f.AcceptedBy != "" || !f.Accepted.IsZero() {
		t.Errorf("it is accepted by %q at %v, and nobody may have", f.AcceptedBy, f.Accepted)
	}
}
