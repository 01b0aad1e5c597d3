package github_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/github/githubfake"
)

// TestOpenedIssue checks what an issue looks like to a person.
func TestOpenedIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, `{"repository": "acme/ops", "token": {"path": "x"},
		"labels": ["Keyturn", "rotation", "rotation"], "assignees": ["octocat"], "type": "Task"}`)
	ref, err := w.Open(w.ctx, tickets.Ticket{
		Key: "rotate/run-1", Title: "Rotate orders", Body: "Please rotate it.\n\n- [ ] Mint", Due: time.Date(2031, 5, 17, 23, 0, 0, 0, time.UTC), Urgent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := (tickets.Ref{ID: "1", URL: "https://github.com/acme/ops/issues/1"}); ref != want {
		t.Errorf("Open = %+v, want %+v", ref, want)
	}
	want := githubfake.Issue{
		ID: "1", Title: "Rotate orders", User: githubfake.Account, State: "open",
		Body:   "<!-- keyturn:rotate/run-1 -->\n**Due: 2031-05-17** <!-- keyturn-due -->\n\nPlease rotate it.\n\n- [ ] Mint",
		Labels: []string{"keyturn", "rotation"}, Assignees: []string{"octocat"}, Type: "Task",
	}
	if diff := cmp.Diff(want, w.issue(t, "1")); diff != "" {
		t.Errorf("the issue (-want +got):\n%s", diff)
	}
}

// TestStrangersMark checks that nobody can have an issue of his taken for ours.
func TestStrangersMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	const body = "<!-- keyturn:rotate/run-1 -->\nNothing to do."
	w.Put("mallory", "Mine", body, false, "keyturn")
	w.Put(githubfake.Account, "A pull request", body, true, "keyturn")
	w.Put(githubfake.Account, "Unlabelled", body, false)
	ours := w.open(t, "rotate/run-1")
	if ours != "4" {
		t.Errorf("Open took issue %s for ours, want a new one, 4", ours)
	}
	w.Put("mallory", "Mine again", body, false, "keyturn")
	if again := w.open(t, "rotate/run-1"); again != ours {
		t.Errorf("Open again = %s, want %s", again, ours)
	}
	if _, err := w.State(w.ctx, "2"); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("State of a pull request: %v, want not_found", err)
	}
}

// TestQuotedMark checks that what a ticket quotes is not taken for its mark,
// and that people may write around the mark.
func TestQuotedMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	ref, err := w.Open(w.ctx, tickets.Ticket{Key: "rotate/run-1", Title: "Rotate", Body: "Purpose: `<!-- keyturn:rotate/run-2 -->`"})
	if err != nil {
		t.Fatal(err)
	}
	if other := w.open(t, "rotate/run-2"); other == ref.ID {
		t.Error("a ticket that quotes a mark was taken for that ticket")
	}
	w.Edit(ref.ID, func(body string) string { return "Ann is on it.\r\n" + body + "\r\nMore." })
	if again := w.open(t, "rotate/run-1"); again != ref.ID {
		t.Errorf("Open after an edit = %s, want %s", again, ref.ID)
	}
}

// TestDuplicatesAreClosed checks what becomes of two issues that two workers
// opened, one of which died before it looked once more.
func TestDuplicatesAreClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	const body = "<!-- keyturn:rotate/run-1 -->\n\nPlease."
	for range 3 {
		w.Put(githubfake.Account, "Rotate", body, false, "keyturn")
	}
	w.Move("3", "closed", "not_planned")
	if id := w.open(t, "rotate/run-1"); id != "1" {
		t.Errorf("Open = %s, want the first, 1", id)
	}
	var got []string
	for _, i := range w.Issues() {
		got = append(got, i.State+" "+i.Reason)
	}
	if diff := cmp.Diff([]string{"open ", "closed duplicate", "closed not_planned"}, got); diff != "" {
		t.Errorf("the issues (-want +got):\n%s", diff)
	}
}

// TestDroppedLabels checks that an issue that nobody would find again is not
// left open.
func TestDroppedLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{ReadOnly: true}, config)
	_, err := w.Open(w.ctx, tickets.Ticket{Key: "rotate/run-1", Title: "Rotate", Body: "Please."})
	wantKind(t, "Open without the role Write", err, keyturn.Denied)
	if i := w.issue(t, "1"); i.State != "closed" || i.Reason != "not_planned" {
		t.Errorf("the issue is %s %s, want closed as not planned", i.State, i.Reason)
	}
}

// TestBadKeys checks that a Key cannot end its mark early.
func TestBadKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	id := w.open(t, "rotate/run-1")
	w.faults.Set(fake.Rule{Drop: fake.DropBefore}) // no request may be made
	for _, key := range []string{"", "a b", "a -->", "a\n", "ä", strings.Repeat("k", 201)} {
		_, err := w.Open(w.ctx, tickets.Ticket{Key: key, Title: "Rotate"})
		wantKind(t, "Open", err, keyturn.Invalid)
		wantKind(t, "Comment", w.Comment(w.ctx, id, tickets.Comment{Key: key, Text: "?"}), keyturn.Invalid)
	}
}

// TestAppToken checks the setting author, which a token needs that may not ask
// whose it is.
func TestAppToken(t *testing.T) {
	t.Parallel()
	for author, want := range map[string]keyturn.Kind{"": keyturn.Denied, "acme-keyturn[bot]": "", "ACME-Keyturn[bot]": ""} {
		w := newWorld(t, githubfake.Options{Bot: true}, `{"repository": "acme/ops", "token": {"path": "x"}, "author": "`+author+`"}`)
		id := w.open(t, "rotate/run-1")
		ref, err := w.Open(w.ctx, tickets.Ticket{Key: "rotate/run-1", Title: "Rotate"})
		wantKind(t, "Open again", err, want)
		if err == nil && ref.ID != id {
			t.Errorf("Open again as %s = %s, want %s", author, ref.ID, id)
		}
		if err != nil && !strings.Contains(err.Error(), "setting author") {
			t.Errorf("%v does not name the setting author", err)
		}
		wantKind(t, "Check", w.Check(w.ctx), want)
	}
}

// TestWaitingGivesUp checks that a call that waits for another about the same
// ticket leaves with its caller.
func TestWaitingGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, config)
	arrived := make(chan struct{}, 8)
	hold := make(chan struct{})
	w.faults.Set(fake.Rule{Method: "POST", Times: 1, Answer: holding(arrived, hold)})
	first := make(chan error, 1)
	go func() {
		_, err := w.Open(w.ctx, tickets.Ticket{Key: "rotate/run-1", Title: "Rotate"})
		first <- err
	}()
	<-arrived
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := w.Open(ctx, tickets.Ticket{Key: "rotate/run-1", Title: "Rotate"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open that waits = %v, want the caller's own error", err)
	}
	if other := w.open(t, "rotate/run-2"); other == "" {
		t.Error("another ticket had to wait")
	}
	close(hold)
	wantKind(t, "the first Open, answered 503", <-first, keyturn.Unavailable)
}
