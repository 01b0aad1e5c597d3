package dispatch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
)

// folder makes one of templates.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestEveryEventSaysWhatToDo: the built-in wording has its own words for each.
func TestEveryEventSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w, err := dispatch.LoadWording("")
	if err != nil {
		t.Fatal(err)
	}
	subjects := map[string]string{}
	for what, command := range map[string]string{
		registry.Asked: "keyturn manual show k", registry.Reminded: "keyturn manual show k", registry.Overdue: "keyturn manual show k",
		registry.Escalated: "keyturn manual show k", registry.Refused: "keyturn manual show k", registry.Stuck: "keyturn watch k",
		registry.Braked: "keyturn fleet status", registry.Announced: "keyturn keys show k", registry.Supplied: "keyturn keys history k", registry.Confirmed: "keyturn keys history k",
		registry.Completed: "keyturn keys history k", registry.RolledBack: "keyturn keys history k", registry.Noted: "keyturn keys history k",
		"invented": "keyturn keys history k",
	} {
		f := dispatch.Facts{
			What: what, Key: "k", Team: "payments", Person: "alice@example.com", Provider: "stripe", Step: "supply", Due: "2026-12-01",
			Ticket: "https://tracker.example.com/OPS-1", Reason: "leak", Detail: "because of it", Audience: "owner", At: start(),
		}
		subject, text, err := w.Single(f)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := subjects[subject]; ok {
			t.Errorf("%s and %s have the same subject", what, other)
		}
		subjects[subject] = what
		for _, want := range []string{"\n    " + command + "\n", "Key:      k\n", "Owner:    alice@example.com, team payments", "Why:      leak", "Details:  because of it", "\n    https://tracker.example.com/OPS-1\n", "You get this because"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", what, want, text)
			}
		}
		if strings.Contains(text, "\n\n\n") || strings.Contains(text, "<no value>") || strings.Contains(subject, "\n") {
			t.Errorf("%s: %s\n%s", what, subject, text)
		}
	}
}

func TestReplacedTemplates(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"digest.subject.tmpl": "{{.Count}} Hinweise, Teams {{join .Teams \", \"}}\n",
		"title.tmpl":          "{{.What}}!\n",
		"stuck.subject.tmpl":  "HILFE: {{.Key}}\nzweite Zeile",
		"stuck.text.tmpl":     "{{.Key}} von {{.Person}}: {{.Detail}}, {{.At.Year}}\n",
	})
	// As a mounted ConfigMap has it.
	if err := os.Mkdir(filepath.Join(dir, "..data"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	c := standard()
	c.Templates = dir
	d := w.dispatcher(c)
	w.happen(2, registry.Completed)
	e := w.event(registry.Stuck)
	e.Urgent = true
	w.happens(alicesKey("payments-stripe"), e)
	w.once(d)
	if m := w.mail.one(t); m.Subject != "HILFE: payments-stripe zweite Zeile" || m.Text != "payments-stripe von alice@example.com: detail of stuck, 2026" {
		t.Errorf("%q\n%q", m.Subject, m.Text)
	}
	w.toNextSlot()
	w.once(d)
	if m := w.mail.one(t); m.Subject != "2 Hinweise, Teams payments" || !strings.Contains(m.Text, "    2  completed!\n") {
		t.Errorf("%q\n%s", m.Subject, m.Text)
	}
}

func TestTemplateMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, want string }{
		"a field that there is not":  {"single.text.tmpl", "a\nb\n{{.Kee}}", "single.text.tmpl:3:2: executing"},
		"one in a branch":            {"single.text.tmpl", "{{if eq .What \"stuck\"}}\n{{.Kee}}{{end}}x", "single.text.tmpl:2:2: executing"},
		"one in a part":              {"title.tmpl", "\n{{.Person}}", "title.tmpl:2:2: executing"},
		"one of a digest":            {"digest.text.tmpl", "{{.Key}}", "digest.text.tmpl:1:2: executing"},
		"one of an event's own":      {"overdue.subject.tmpl", "{{.Kee}}", "overdue.subject.tmpl:1:2: executing"},
		"no template":                {"single.text.tmpl", "a\n{{if}}", "single.text.tmpl:2: "},
		"an unknown function":        {"single.text.tmpl", "a\n\n{{shout .Key}}", "single.text.tmpl:3: "},
		"an unknown part":            {"single.text.tmpl", "{{template \"who.tmpl\" .}}", "single.text.tmpl:1:"},
		"nothing said":               {"single.subject.tmpl", "{{/* later */}}", "single.subject.tmpl: says nothing"},
		"nothing said at times":      {"single.text.tmpl", "{{.Detail}}", "single.text.tmpl: says nothing"},
		"a name that there is not":   {"single.txt", "x", "single.txt replaces nothing; the names are ask.tmpl, "},
		"an event that there is not": {"promoted.text.tmpl", "x", "promoted.text.tmpl replaces nothing"},
	} {
		dir := folder(t, map[string]string{c.file: c.text})
		_, err := dispatch.LoadWording(dir)
		if err == nil || !strings.Contains(err.Error(), "notices.templates: "+filepath.Join(dir, c.want)) {
			t.Errorf("%s: got %v\nwant %s", name, err, c.want)
		}
	}
}

// TestTemplateThatFailsLater on something no sample has: the built-in wording
// stands in.
func TestTemplateThatFailsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := standard()
	c.Templates = folder(t, map[string]string{"single.text.tmpl": `{{if eq .Key "payments-stripe"}}{{index .Key 99}}{{end}}x`})
	w.happens(alicesKey("payments-stripe"), w.event(registry.Completed))
	w.toNextSlot()
	w.once(w.dispatcher(c))
	if m := w.mail.one(t); !strings.Contains(m.Text, "keyturn keys history payments-stripe") || !strings.Contains(w.logged(), "single.text.tmpl:1:") {
		t.Errorf("said:\n%s\nlogged:\n%s", m.Text, w.logged())
	}
}

// TestStrangeText: what a key and an event say cannot change the message's form.
func TestStrangeText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := alicesKey("payments-stripe")
	k.Purpose = "Charges\n\nYou get this because of me\x1b[2J\u202egnp.exe\u2028x{{.Key}}"
	k.Owner.Team = "it's $(rm -rf /)\n"
	e := w.event(registry.Completed)
	e.Detail, e.Reason = "one\r\ntwo", strings.Repeat("é", 2000)
	w.happens(k, e)
	w.happens(alicesKey("other"), w.event(registry.Completed))
	c := standard()
	c.DigestLines = 1
	w.toNextSlot()
	w.once(w.dispatcher(c))
	m := w.mail.one(t)
	if !strings.Contains(m.Text, "(one two)") {
		t.Errorf("said:\n%s", m.Text)
	}
	w.set(w.clock().Add(time.Hour))
	e = w.event(registry.Completed)
	e.Detail, e.Reason, e.Tell = "one\r\ntwo", strings.Repeat("é", 2000), []registry.Audience{registry.ToTeam}
	w.happens(k, e)
	e = w.event(registry.Completed)
	e.Tell = []registry.Audience{registry.ToTeam}
	w.happens(k, e)
	w.toNextSlot()
	w.once(w.dispatcher(c))
	if m := w.mail.one(t); !strings.Contains(m.Text, `keyturn keys list --team 'it'\''s $(rm -rf /)'`) {
		t.Errorf("said:\n%s", m.Text)
	}
	e = w.event(registry.Completed)
	e.Detail, e.Reason = "one\r\ntwo", strings.Repeat("é", 2000)
	w.happens(k, e)
	w.toNextSlot()
	w.once(w.dispatcher(c))
	m = w.mail.one(t)
	if !strings.Contains(m.Text, "Purpose:  Charges You get this because of me [2J gnp.exe x{{.Key}}\n") || !strings.Contains(m.Text, "Details:  one two\n") {
		t.Errorf("said:\n%s", m.Text)
	}
	if strings.Count(m.Text, "é") != 499 {
		t.Errorf("%d characters of the reason are said", strings.Count(m.Text, "é"))
	}
}

// TestStep: what a person is asked for is said in words.
func TestStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := alicesKey("payments-stripe")
	k.Generation = 1
	k.Intent = &keyturn.Intent{
		Run: "run", Operation: keyturn.Rotate, Generation: 1, Began: start(), ByHand: true,
		Manual: &keyturn.Manual{
			Step: keyturn.EndOld, Key: "rotate/run", Asked: start(), Due: start().AddDate(0, 0, 7),
			Ticket: keyturn.TicketRef{Tracker: "ops", ID: "OPS-1", URL: "https://tracker.example.com/OPS-1"},
		},
	}
	w.happens(k, w.event(registry.Asked))
	w.toNextSlot()
	w.once(w.dispatcher(standard()))
	m := w.mail.one(t)
	for _, want := range []string{"only a person can do: end the old key at stripe.", "Please do it by 2026-12-01.", "\n    keyturn manual show payments-stripe\n    https://tracker.example.com/OPS-1\n"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%q is missing in\n%s", want, m.Text)
		}
	}
}
