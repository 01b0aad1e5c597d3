package activities_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// TestAttribute joins what scanners give to keys: values, hashes, ids and parts.
func TestAttribute(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("a-key-with-a-long-name", whole)
	w.stored("other", whole)
	v := value("a-key-with-a-long-name")
	prints := w.leaks.Keys.Fingerprints.Of(v)
	for name, c := range map[string]struct {
		found leaks.Finding
		how   string
	}{
		"value":                     {leaks.Finding{Value: v}, leaks.ByValue},
		"hash of HMSL":              {leaks.Finding{HMSL: strings.ToUpper(prints.HMSL)}, leaks.ByValue},
		"value in its line":         {leaks.Finding{Value: keyturn.NewSecret("something-else-0123"), Beside: []keyturn.Secret{keyturn.NewSecret(`KEY = "` + v.Expose() + `"`)}}, leaks.ByValue},
		"id":                        {leaks.Finding{Value: keyturn.NewSecret("r-a-key-with-a-long-name")}, leaks.ByID},
		"id the scanner is sure of": {leaks.Finding{RemoteID: "r-a-key-with-a-long-name"}, leaks.ByID},
		"nothing":                   {leaks.Finding{Value: keyturn.NewSecret("r-a-key-with-a-long-name-and-more")}, ""},
	} {
		got, err := activities.Attribute(t.Context(), w.registry, append(w.leaks.Keys.Fingerprints.Marks(c.found), w.leaks.Keys.Fingerprints.MarksBeside(c.found)...))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.how == "" && len(got) == 0:
		case len(got) != 1 || got[0].How != c.how || got[0].Key != "a-key-with-a-long-name":
			t.Errorf("%s: %+v, want %s", name, got, c.how)
		}
	}
}

// TestTenThousandFindings are one leak, and have it answered once for each report.
func TestTenThousandFindings(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("one", whole)
	var found []leaks.Finding
	for i := range 10_000 {
		found = append(found, leaks.Finding{Source: "gitleaks", Event: fmt.Sprint("e-", i), Value: value("one"), File: fmt.Sprint(i)})
	}
	out := w.report(found...)
	if len(out) != 1 || out[0].Fresh != 10_000 || !out[0].Opened || len(w.responses) != 1 {
		t.Fatalf("%d leaks, %d responses: %+v", len(out), len(w.responses), out[0].Leak)
	}
	again := w.report(found...)
	if again[0].Fresh != 0 || again[0].Leak.ID != out[0].Leak.ID || again[0].Leak.Hits != 10_000 {
		t.Errorf("reported again: %+v", again[0])
	}
}

// TestNothingOfAValueIsKept: scanners put values into names of files, too.
func TestNothingOfAValueIsKept(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("one", whole)
	for i, v := range []keyturn.Secret{value("one"), keyturn.NewSecret("CANARY-value-of-a-stranger")} {
		x := v.Expose()
		w.report(leaks.Finding{
			Source: "gitleaks", Event: "file-" + x, Rule: "rule " + x, Value: v, Repo: "https://user:" + x + "@git.example.com/acme", File: "dir/" + x + ".env",
			Commit: x, URL: "https://git.example.com/blob/" + x, Beside: []keyturn.Secret{v, keyturn.NewSecret("key=" + x)},
		})
		l := w.all()[i]
		text := fmt.Sprintf("%+v", l)
		for h, err := range w.registry.LeakHits(t.Context(), l.ID) {
			text += fmt.Sprintf("%+v %v", h, err)
		}
		if strings.Contains(text, "CANARY") {
			t.Errorf("the registry has the value: %s", text)
		}
	}
}

// TestValueOfSeveralKeys is a leak of each.
func TestValueOfSeveralKeys(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("one", whole)
	w.add("1", "two", "search", 0, func(k *keyturn.Key) { k.Ledger[0].Fingerprints = w.leaks.Keys.Fingerprints.Of(value("one")) })
	out := w.report(leaks.Finding{Source: "s", Event: "e", Value: value("one")})
	if len(out) != 2 || out[0].Leak.Key != "one" || out[1].Leak.Key != "two" || out[0].Leak.ID == out[1].Leak.ID {
		t.Errorf("%+v", out)
	}
	if again := w.report(leaks.Finding{Source: "s", Event: "e", Value: value("one")}); len(again) != 2 || again[0].Fresh+again[1].Fresh != 0 {
		t.Errorf("%+v", again)
	}
}

// TestFoundBeforeItsOwnerWas: the same value is the same leak when its owner is known.
func TestFoundBeforeItsOwnerWas(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	before := w.report(leaks.Finding{Source: "s", Event: "e-1", Value: value("one")})[0].Leak
	if before.Key != "" || before.Kept == "" {
		t.Fatalf("%+v", before)
	}
	w.stored("one", whole)
	after := w.report(leaks.Finding{Source: "s", Event: "e-2", Value: value("one")})[0].Leak
	if after.ID != before.ID || after.Hits != 2 {
		t.Errorf("%+v, then %+v", before, after)
	}
}

// TestTwoValuesOfOneName: scanners give two values on a line one name.
func TestTwoValuesOfOneName(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("one", whole)
	w.stored("two", whole)
	out := w.report(leaks.Finding{Source: "s", Event: "e", Value: value("one")}, leaks.Finding{Source: "s", Event: "e", Value: value("two")})
	if len(out) != 2 || out[0].Leak.Key != "one" || out[1].Leak.Key != "two" {
		t.Errorf("%+v", out)
	}
}

// TestValueBesideAnother: what stands beside one of ours is a leak, too, and its alert
// is its own.
func TestValueBesideAnother(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("one", whole)
	out := w.report(leaks.Finding{Source: "s", Event: "e", Alert: "a", Value: keyturn.NewSecret("CANARY-of-somebody-else"), Beside: []keyturn.Secret{value("one")}})
	if len(out) != 2 || out[0].Leak.Key != "one" || out[0].Leak.Match != leaks.ByValue || out[1].Leak.Key != "" || out[1].Leak.Kept == "" {
		t.Errorf("%+v", out)
	}
	// The id beside a value of ours is no news.
	out = w.report(leaks.Finding{Source: "s", Event: "e-2", Value: value("one"), Beside: []keyturn.Secret{keyturn.NewSecret("r-another-key-with-an-id")}})
	if len(out) != 1 || out[0].Leak.Key != "one" {
		t.Errorf("%+v", out)
	}
}

// TestDismissedBeforeItsOwnerWasKnown: what a person said of an unknown value says
// nothing of a key's.
func TestDismissedBeforeItsOwnerWasKnown(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	before := w.report(leaks.Finding{Source: "s", Event: "e-1", Value: value("one")})[0].Leak
	before.State, before.Dismissal = registry.LeakDismissed, "accepted"
	if _, err := w.registry.SaveLeak(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	w.stored("one", whole)
	after := w.report(leaks.Finding{Source: "s", Event: "e-2", Value: value("one")})[0]
	if !after.Opened || after.Leak.Key != "one" || after.Leak.State != registry.LeakOpen {
		t.Errorf("%+v", after)
	}
}

// TestReportIsSafe: what is not begun because Temporal is down is begun when the
// report is repeated.
func TestReportIsSafe(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("one", whole)
	w.down = true
	f := leaks.Finding{Source: "s", Event: "e", Value: value("one")}
	if _, err := w.reporter().Report(t.Context(), []leaks.Finding{f}); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("%v", err)
	}
	w.down = false
	if w.report(f); len(w.responses) != 1 {
		t.Errorf("%v", w.responses)
	}
	l := w.all()[0]
	l.State = registry.LeakDead
	if _, err := w.registry.SaveLeak(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if w.report(f); len(w.responses) != 1 {
		t.Error("it is dead, and nothing is new")
	}
	f.Event, f.Alert = "e-2", "an alert to be closed"
	for n := 2; n < 4; n++ { // the first try may have died before it had it closed
		if w.report(f); len(w.responses) != n {
			t.Error("an alert of a dead value is to be closed")
		}
	}
	l = w.all()[0]
	l.Outside = l.Hits
	if _, err := w.registry.SaveLeak(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if w.report(f); len(w.responses) != 3 {
		t.Error("it was closed")
	}
}

func TestLookForLeaks(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("one", whole)
	w.scanner.alerts["a-1"] = leaks.Finding{Source: "scanner", Event: "a-1", Alert: "a-1", Value: value("one")}
	look := func() (out activities.LookForLeaksResult, err error) {
		v, err := w.ExecuteActivity(w.leaks.LookForLeaks, activities.LookForLeaksInput{})
		if err == nil {
			err = v.Get(&out)
		}
		return out, err
	}
	if got, err := look(); err != nil || got != (activities.LookForLeaksResult{Alerts: 1, Opened: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := look(); err != nil || got != (activities.LookForLeaksResult{Alerts: 1, Resumed: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	w.scanner.err = keyturn.Errorf(keyturn.Denied, "scanner", "no")
	if _, err := look(); err == nil {
		t.Error("a scanner that does not answer is an error")
	}
	v, err := w.ExecuteActivity(w.leaks.LookAtAlert, activities.LookAtAlertInput{Source: "scanner", Alert: "gone"})
	var got activities.LookAtAlertResult
	if err == nil {
		err = v.Get(&got)
	}
	if err != nil || got.Leak != "" {
		t.Errorf("an alert that is gone: %+v, %v", got, err)
	}
}

// TestAskHashes asks about all, ten at a time, and goes on where a quota ended.
func TestAskHashes(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	for i := range 35 {
		w.stored(w.id(i), whole)
	}
	w.hashes.known[w.leaks.Keys.Fingerprints.Of(value(w.id(33))).HMSL] = "https://example.com/paste"
	w.hashes.quota = 23
	ask := func(after keyturn.KeyID) (out activities.AskHashesResult) {
		t.Helper()
		v, err := w.ExecuteActivity(w.leaks.AskHashes, activities.AskHashesInput{After: after})
		if err == nil {
			err = v.Get(&out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := ask("")
	if first.Asked != 23 || first.Next != "key-022" || first.Known != 0 {
		t.Fatalf("%+v", first)
	}
	if got := ask(first.Next); got.Asked != 0 || got.Next != first.Next {
		t.Errorf("nothing may be asked: %+v", got)
	}
	w.hashes.quota = -1
	second := ask(first.Next)
	if second != (activities.AskHashesResult{Asked: 12, Known: 1}) {
		t.Errorf("%+v", second)
	}
	l := w.all()
	if len(l) != 1 || l[0].Key != "key-033" || !l[0].Public || l[0].Source != activities.HashSource {
		t.Errorf("%+v", l)
	}
}

// TestAskHashesOfOneKey: a quota that ends within a key does not keep the others from
// being asked about for ever.
func TestAskHashesOfOneKey(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	for i := range 4 {
		w.stored(w.id(i), whole)
	}
	w.add("1", w.id(4), "payments", 0, func(k *keyturn.Key) {
		k.Ledger = append(k.Ledger, keyturn.Issued{Generation: 2, RemoteID: "r-2", State: keyturn.Retiring, Fingerprints: w.leaks.Keys.Fingerprints.Of(value("x"))})
		k.Ledger[0].Fingerprints = w.leaks.Keys.Fingerprints.Of(value("y"))
	})
	w.hashes.quota = 5
	v, err := w.ExecuteActivity(w.leaks.AskHashes, activities.AskHashesInput{})
	var got activities.AskHashesResult
	if err == nil {
		err = v.Get(&got)
	}
	if err != nil || got.Asked != 5 || got.Next != "key-003" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFillFingerprints(t *testing.T) {
	t.Parallel()
	w := newLeaksWorld(t)
	w.stored("complete", whole)
	w.stored("old", func(p *keyturn.Fingerprints) { *p = keyturn.Fingerprints{HMSL: p.HMSL} })
	w.stored("bare", func(p *keyturn.Fingerprints) { *p = keyturn.Fingerprints{} })
	w.add("1", "unread", "payments", 0, func(k *keyturn.Key) { k.Ledger[0].Version = "gone" })
	fill := func(dry bool) (out activities.FillFingerprintsResult) {
		t.Helper()
		v, err := w.ExecuteActivity(w.leaks.FillFingerprints, activities.FillFingerprintsInput{Actor: "ana", DryRun: dry})
		if err == nil {
			err = v.Get(&out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, dry := range []bool{true, false} {
		if got := fill(dry); got.Keys != 4 || got.Filled != 2 || got.Unread != 1 || got.Some[0] != "unread" || got.Next != "" {
			t.Errorf("dry %v: %+v", dry, got)
		}
	}
	if got := fill(false); got.Filled != 0 {
		t.Errorf("once more: %+v", got)
	}
	k, err := w.registry.Get(t.Context(), "bare")
	if err != nil || k.Ledger[0].Fingerprints != w.leaks.Keys.Fingerprints.Of(value("bare")) {
		t.Errorf("%+v, %v", k.Ledger, err)
	}
	if out := w.report(leaks.Finding{Source: "s", Event: "e", Value: value("bare")}); out[0].Leak.Key != "bare" {
		t.Errorf("it is found now: %+v", out[0].Leak)
	}
}
