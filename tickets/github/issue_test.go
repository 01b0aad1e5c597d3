package github_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/github/githubfake"
)

// TestReasons checks that a ticket is closed as completed, and that the reason
// a person gave stands.
func TestReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	id := w.open(t, "rotate/run-1")
	for _, step := range []struct {
		by   func() error
		want string
	}{
		{func() error { return w.Set(w.ctx, id, tickets.Closed) }, "closed completed"},
		{func() error { return w.Set(w.ctx, id, tickets.Open) }, "open reopened"},
		{func() error { w.Move(id, "closed", "not_planned"); return nil }, "closed not_planned"},
		{func() error { return w.Set(w.ctx, id, tickets.Closed) }, "closed not_planned"},
	} {
		if err := step.by(); err != nil {
			t.Fatal(err)
		}
		if i := w.issue(t, id); i.State+" "+i.Reason != step.want {
			t.Errorf("the issue is %s %s, want %s", i.State, i.Reason, step.want)
		}
	}
	wantKind(t, "Set of no state", w.Set(w.ctx, id, ""), keyturn.Invalid)
}

// TestGone checks that a ticket passes for deleted only where that is so.
func TestGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	id := w.open(t, "rotate/run-1")
	w.Transfer(id)
	_, err := w.State(w.ctx, id)
	wantKind(t, "State of a transferred issue", err, keyturn.NotFound)
	wantKind(t, "Comment on a transferred issue", w.Comment(w.ctx, id, tickets.Comment{Key: "c", Text: "?"}), keyturn.NotFound)
	_, err = w.State(w.ctx, "99")
	wantKind(t, "State of no issue", err, keyturn.NotFound)

	id = w.open(t, "rotate/run-2")
	w.faults.Set(fake.Rule{Status: http.StatusNotFound})
	_, err = w.State(w.ctx, id)
	wantKind(t, "State when the token sees nothing", err, keyturn.Denied)
	_, err = w.Open(w.ctx, tickets.Ticket{Key: "rotate/run-3", Title: "Rotate"})
	wantKind(t, "Open when the token sees nothing", err, keyturn.Denied)
	w.faults.Set(fake.Rule{Status: http.StatusNotFound, Path: "/repos/acme/ops/issues"})
	_, err = w.Open(w.ctx, tickets.Ticket{Key: "rotate/run-3", Title: "Rotate"})
	wantKind(t, "Open when the token sees no issues", err, keyturn.Denied)

	for what, o := range map[string]githubfake.Options{"renamed": {Moved: true}, "switched off": {NoIssues: true}} {
		w := newWorld(t, o, config)
		_, err := w.State(w.ctx, "1")
		wantKind(t, "State in a repository "+what, err, keyturn.Invalid)
		_, err = w.Open(w.ctx, tickets.Ticket{Key: "rotate/run-1", Title: "Rotate"})
		wantKind(t, "Open in a repository "+what, err, keyturn.Invalid)
		if err != nil && !strings.Contains(err.Error(), what) {
			t.Errorf("%v does not say that it is %s", err, what)
		}
	}
}

// TestPostponeKeepsEdits checks that only the line with the date changes.
func TestPostponeKeepsEdits(t *testing.T) {
	t.Parallel()
	const mark, line = "<!-- keyturn:rotate/run-1 -->", "** <!-- keyturn-due -->"
	june := time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		before, after string
		due           time.Time
	}{
		"untouched":         {mark + "\n**Due: 2031-05-17" + line + "\n\nPlease.", mark + "\n**Due: 2031-06-01" + line + "\n\nPlease.", june},
		"edited in the web": {mark + "\r\n**Due: 2031-05-17" + line + "\r\n\r\nPlease.\r\n", mark + "\r\n**Due: 2031-06-01" + line + "\r\n\r\nPlease.\r\n", june},
		"written over":      {mark + "\nbefore **Due: soon!" + line + " after\nPlease.", mark + "\n**Due: 2031-06-01" + line + "\nPlease.", june},
		"line removed":      {mark + "\nPlease.", mark + "\n**Due: 2031-06-01" + line + "\nPlease.", june},
		"all replaced":      {"Ann does it.", "**Due: 2031-06-01" + line + "\n\nAnn does it.", june},
		"emptied":           {"", "**Due: 2031-06-01" + line + "\n\n", june},
		"due quoted below":  {mark + "\n**Due: 2031-05-17" + line + "\n\n> **Due: 2031-05-17" + line, mark + "\n**Due: 2031-06-01" + line + "\n\n> **Due: 2031-05-17" + line, june},
		"no date any more":  {mark + "\n**Due: 2031-05-17" + line + "\n\nPlease.", mark + "\n\nPlease.", time.Time{}},
		"never had one":     {mark + "\n\nPlease.", mark + "\n\nPlease.", time.Time{}},
	} {
		w := newWorld(t, githubfake.Options{}, config)
		id := w.open(t, "rotate/run-1")
		w.Edit(id, func(string) string { return c.before })
		for range 2 {
			if err := w.Postpone(w.ctx, id, c.due); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, w.issue(t, id).Body); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
	}
}

// TestStrangersComment checks that somebody who copies a mark keeps nothing
// from being said.
func TestStrangersComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	id := w.open(t, "rotate/run-1")
	w.Say(id, "mallory", "<!-- keyturn:reminded/1 -->\nNothing to see here.")
	for range 2 {
		if err := w.Comment(w.ctx, id, tickets.Comment{Key: "reminded/1", Text: "Still to do."}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"<!-- keyturn:reminded/1 -->\nNothing to see here.", "<!-- keyturn:reminded/1 -->\nStill to do."}
	if diff := cmp.Diff(want, w.issue(t, id).Comments); diff != "" {
		t.Errorf("the comments (-want +got):\n%s", diff)
	}
}
