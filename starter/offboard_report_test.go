package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn/registry"
)

// evidenced is a departure half-way, with a finding about it.
func evidenced(t *testing.T) *desk {
	t.Helper()
	d := leaving(t)
	d.worked(t)
	late := registry.Finding{
		ID: "late", Check: "offboarding", Kind: "late-departure", Place: departureID, Subject: departureID, Severity: registry.Critical,
		Seen: noon, Detail: "3 of 6 keys that a leaver could have seen are not replaced <24h after the departure was heard of", Mend: "look",
	}
	if _, err := d.store(t).Report(t.Context(), []registry.Finding{late}); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOffboardReport(t *testing.T) {
	t.Parallel()
	d := evidenced(t)
	d.expect(t, exitOK, "", "offboard", "report", leaver)
	golden(t, "testdata/offboard/report.html", d.stdout.String())
	page := d.stdout.String()
	for _, never := range []string{"<script", "http://", "https://", "not replaced <24h", "src="} {
		if strings.Contains(page, never) {
			t.Errorf("%q is in the page", never)
		}
	}
	d.stdout.Reset()
	d.expect(t, exitOK, "", "offboard", "report", departureID, "--format", "json")
	golden(t, "testdata/offboard/report.json", d.stdout.String())
	asked := d.stdout.String()
	d.stdout.Reset()
	d.expect(t, exitOK, "", "offboard", "report", departureID, "-o", "json")
	if diff := cmp.Diff(asked, d.stdout.String()); diff != "" {
		t.Errorf("--output json is another document:\n%s", diff)
	}
}

func TestOffboardReportIsWritten(t *testing.T) {
	t.Parallel()
	d := evidenced(t)
	file := filepath.Join(t.TempDir(), "ana.html")
	d.expect(t, exitOK, "", "offboard", "report", leaver, "--file", file)
	page, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(page), "<!doctype html>") {
		t.Errorf("%v: %.40s", err, page)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it names people, and is for its owner to read: %v, %v", info.Mode(), err)
	}
	if want := file + " is written: 7 keys, 3 not replaced\n"; d.stdout.String() != want {
		t.Errorf("printed %q, want %q", d.stdout, want)
	}
}

// TestEndedIn reads the evidence as rotations write it.
func TestEndedIn(t *testing.T) {
	t.Parallel()
	for detail, want := range map[string][2][]string{
		"":                                   {nil, nil},
		"took over from another":             {nil, nil},
		"rk_1 revoked, its value is refused": {{"rk_1"}, nil},
		"rk_1 revoked, its value is refused; rk_2 revoked, its death not tried": {{"rk_1", "rk_2"}, {"rk_2"}},
	} {
		ended, unproven := endedIn(detail)
		if diff := cmp.Diff(want, [2][]string{ended, unproven}); diff != "" {
			t.Errorf("%q (-want +got)\n%s", detail, diff)
		}
	}
}

// TestStoryOfAKeyInUse: what was under way when somebody left ends a value they may
// not have known; the rotation of the departure counts.
func TestStoryOfAKeyInUse(t *testing.T) {
	t.Parallel()
	left := registry.Departure{ID: departureID, Email: leaver, At: noon}
	own := "offboarding/" + departureID
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	const ended1, ended2 = "rk_1 revoked, its value is refused", "rk_2 revoked, its value is refused"
	for name, c := range map[string]struct {
		events []registry.Event
		want   keyStory
	}{
		"another operation, then its own": {
			[]registry.Event{
				{What: registry.Completed, Actor: "sweep", At: at(1), Detail: ended1},
				{What: registry.Stuck, Actor: own, At: at(2)},
				{What: registry.Promoted, Actor: own, At: at(3), Detail: "rk_3"},
				{What: registry.Completed, Actor: own, At: at(4), Detail: ended2},
				{What: registry.Promoted, Actor: "sweep", At: at(5), Detail: "rk_4"},
			},
			keyStory{New: "rk_3", Replaced: at(3), Old: []string{"rk_2"}, Died: at(4)},
		},
		"another operation is enough": {
			[]registry.Event{
				{What: registry.Promoted, Actor: "bob", At: at(1), Detail: "rk_2"},
				{What: registry.Stuck, Actor: own, At: at(2)},
				{What: registry.Completed, Actor: "bob", At: at(3), Detail: ended1},
				{What: registry.Completed, Actor: "bob", At: at(9), Detail: ended2},
			},
			keyStory{New: "rk_2", Replaced: at(1), Old: []string{"rk_1"}, Died: at(3)},
		},
		"rolled back": {
			[]registry.Event{
				{What: registry.Promoted, Actor: own, At: at(1), Detail: "rk_2"},
				{What: registry.RolledBack, Actor: own, At: at(2)},
			},
			keyStory{},
		},
		"a person confirmed its end": {
			[]registry.Event{{What: registry.Completed, Actor: "zoe", Reason: "offboarding: departure " + departureID, At: at(1), Detail: ended1}},
			keyStory{Old: []string{"rk_1"}, Died: at(1)},
		},
	} {
		var got keyStory
		for _, e := range c.events {
			got.hear(e, left)
		}
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(keyStory{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestVerdicts: nobody reads below the headline.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state      registry.DepartureState
		open       int
		says, tone string
	}{
		{registry.DepartureStayed, 0, "They have not left", "wait"},
		{registry.DepartureOpen, 2, "Under way: 2 keys not replaced yet", "wait"},
		{registry.DepartureOpen, 0, "Under way", "wait"},
		{registry.DepartureDone, 1, "Closed with 1 key not replaced", "bad"},
		{registry.DepartureDone, 0, "Every key is replaced or needed nothing", "good"},
	} {
		e := &evidence{}
		e.State, e.Open = c.state, make([]openKey, c.open)
		if e.Verdict() != c.says || e.Tone() != c.tone {
			t.Errorf("%s with %d open: %q in %s", c.state, c.open, e.Verdict(), e.Tone())
		}
	}
}
