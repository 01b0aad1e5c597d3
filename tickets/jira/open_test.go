package jira_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

// TestCreatedAsAsked checks what only Jira has.
func TestCreatedAsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, with(`"labels": ["security"]`), jirafake.Options{})
	ref := w.open(t, ticket())
	i := w.issue(t, ref.ID)
	if ref.URL != "https://acme.atlassian.net/browse/OPS-1" || i.Key != "OPS-1" || i.Type != "Task" || i.Priority != "Medium" {
		t.Errorf("created %+v, at %s", i, ref.URL)
	}
	if len(i.Labels) != 2 || !strings.HasPrefix(i.Labels[0], "keyturn-") || i.Labels[1] != "security" {
		t.Errorf("labels %q, want ours and security", i.Labels)
	}
	if got := string(i.Properties["keyturn"]); got != `{"ticket":"manual/payments-stripe/7","project":"OPS"}` {
		t.Errorf("the property is %s", got)
	}
}

// TestRetryWhileTheSearchLags loses the answer of a creation that the search
// does not know of when it is repeated, after issues of others.
func TestRetryWhileTheSearchLags(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 7, 60} {
		w := newWorld(t, config, jirafake.Options{})
		for range others {
			w.site.Add("OPS")
		}
		w.site.Freeze()
		w.faults.Set(fake.Rule{Match: creating, Drop: fake.DropAfter, Times: 1})
		if _, err := w.Open(t.Context(), ticket()); keyturn.KindOf(err) != keyturn.Unavailable {
			t.Fatalf("Open with its answer lost: %v, want unavailable", err)
		}
		for range 20 {
			w.site.Add("OPS")
		}
		ref := w.open(t, ticket())
		if n := len(w.site.Issues()); n != others+21 || w.issue(t, ref.ID).Summary != ticket().Title {
			t.Errorf("after %d others and a retry there are %d issues, want one of ours", others, n)
		}
		w.site.Thaw()
		w.pass(48 * time.Hour)
		if again := w.open(t, ticket()); again != ref {
			t.Errorf("Open two days later = %+v, want %+v", again, ref)
		}
	}
}

// TestRetryWhileTheSearchLeavesGaps is the same with a search that knows younger
// issues, and not ours.
func TestRetryWhileTheSearchLeavesGaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	for range 40 {
		w.site.Add("OPS")
	}
	ref := w.open(t, ticket())
	w.site.Hide(ref.ID)
	for range 20 {
		w.site.Add("OPS")
	}
	if again := w.open(t, ticket()); again != ref || len(w.site.Issues()) != 61 {
		t.Errorf("Open = %+v with %d issues, want %+v and 61", again, len(w.site.Issues()), ref)
	}
}

// TestTwoWorkersAtOnce lets one worker open the ticket between another's look
// and its creation. The second is closed, and says why.
func TestTwoWorkersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	w.site.Freeze()
	other := w.another(t, config)
	var first tickets.Ref
	var begun atomic.Bool
	w.faults.Hook(func(r *http.Request) {
		if creating(r) && begun.CompareAndSwap(false, true) {
			first, _ = other.Open(t.Context(), ticket())
		}
	}, nil)
	ref := w.open(t, ticket())
	if ref != first || first.ID == "" {
		t.Fatalf("the workers opened %+v and %+v, want one ticket", first, ref)
	}
	all := w.site.Issues()
	if len(all) != 2 || all[0].Closed() || !all[1].Closed() || all[0].ID != ref.ID {
		t.Fatalf("the site holds %+v, want the first open and the second closed", all)
	}
	if c := all[1].Comments; len(c) != 1 || !strings.Contains(plain(c[0].Body), "duplicate of [OPS-1](https://acme.atlassian.net/browse/OPS-1)") {
		t.Errorf("the duplicate says %+v", c)
	}
	if len(all[0].Comments) != 0 {
		t.Error("the first ticket was commented on")
	}
}

// TestDuplicateLeftByACrash opens two, as two workers that die before they
// look for twins do. The next call leaves one.
func TestDuplicateLeftByACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	w.site.Freeze()
	other := w.another(t, config)
	var begun atomic.Bool
	w.faults.Hook(func(r *http.Request) {
		if creating(r) && begun.CompareAndSwap(false, true) {
			_, _ = other.Open(t.Context(), ticket())
		}
	}, nil)
	w.faults.Set(fake.Rule{Match: creating, Drop: fake.DropAfter})
	_, err := w.Open(t.Context(), ticket())
	if open := w.stillOpen(); keyturn.KindOf(err) != keyturn.Unavailable || len(open) != 2 {
		t.Fatalf("the site holds %v open after %v, want two", open, err)
	}
	w.faults.Set()
	ref := w.open(t, ticket())
	if open := w.stillOpen(); len(open) != 1 || open[0] != ref.ID {
		t.Errorf("%v are open, want %s alone", open, ref.ID)
	}
	// Nine is less than ten, also where it is the longer word.
	if ref.ID != "9999" {
		t.Errorf("the ticket is %s, want the oldest", ref.ID)
	}
}

// TestDuplicateThatCannotBeClosed leaves it to people, who were told.
func TestDuplicateThatCannotBeClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{Workflow: []jirafake.Transition{{Name: "Start", From: "To Do", To: "In Progress"}}})
	ref := w.open(t, ticket())
	w.site.Clone(ref.ID)
	if again := w.open(t, ticket()); again != ref {
		t.Errorf("Open = %+v, want %+v", again, ref)
	}
	if all := w.site.Issues(); len(all) != 2 || len(all[1].Comments) != 1 {
		t.Errorf("the site holds %+v, want a comment on the second", all)
	}
}

// TestCloneIsNotADuplicate clones a ticket a day later, property and all. It is
// somebody's work and no mistake of ours.
func TestCloneIsNotADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	ref := w.open(t, ticket())
	w.pass(24 * time.Hour)
	w.site.Clone(ref.ID)
	if again := w.open(t, ticket()); again != ref || len(w.stillOpen()) != 2 {
		t.Errorf("Open = %+v with %v open, want %+v and the clone left alone", again, w.stillOpen(), ref)
	}
}

// TestMovedTicket moves a ticket to another project: it stays the ticket.
func TestMovedTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	ref := w.open(t, ticket())
	w.site.Move(ref.ID, "DEV")
	again := w.open(t, ticket())
	if again.ID != ref.ID || !strings.HasSuffix(again.URL, "/browse/DEV-1") || len(w.site.Issues()) != 1 {
		t.Errorf("Open of a moved ticket = %+v, want %s at its new place", again, ref.ID)
	}
	if err := w.Set(t.Context(), ref.ID, tickets.Closed); err != nil || len(w.stillOpen()) != 0 {
		t.Errorf("Set of a moved ticket: %v", err)
	}
}

// TestLabelIsNotBelieved copies a label to an issue of somebody else's.
func TestLabelIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	ref := w.open(t, ticket())
	stranger := w.site.Add("OPS")
	w.site.Label(stranger, w.issue(t, ref.ID).Labels...)
	w.site.Delete(ref.ID)
	if again := w.open(t, ticket()); again.ID == stranger {
		t.Error("Open returned an issue that has the label and not the property")
	}
}

// TestTwoProjectsOfASite works in two projects with the same Keys.
func TestTwoProjectsOfASite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	there := w.another(t, strings.Replace(config, `"OPS"`, `"DEV"`, 1))
	ref := w.open(t, ticket())
	w.site.Move(ref.ID, "DEV")
	if other, err := there.Open(t.Context(), ticket()); err != nil || other.ID == ref.ID {
		t.Errorf("Open in the other project = %+v, %v, want a ticket of its own", other, err)
	}
}

// TestSearchThatFailsInPart checks that a ticket that could not be read is not
// taken for one that is not there.
func TestSearchThatFailsInPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	w.faults.Set(fake.Rule{Path: "/rest/api/3/issue/bulkfetch", Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fake.JSON(w, http.StatusOK, map[string]any{"issues": []any{}, "issueErrors": []any{map[string]any{"id": "10042", "errorMessage": "busy"}}})
	})})
	if _, err := w.Open(t.Context(), ticket()); keyturn.KindOf(err) != keyturn.Unavailable || len(w.site.Issues()) != 0 {
		t.Errorf("Open = %v with %d issues, want unavailable and none", err, len(w.site.Issues()))
	}
}

// TestDeadCredential checks that a credential that died does not make tickets
// look deleted: to anonymous callers Jira says that there is no such issue.
func TestDeadCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	ref := w.open(t, ticket())
	for _, token := range []string{"revoked", "", "the-token"} {
		want := keyturn.Denied
		if token == "the-token" {
			want = ""
		}
		w.use(token)
		_, stateErr := w.State(t.Context(), ref.ID)
		_, openErr := w.Open(t.Context(), ticket())
		for _, err := range []error{stateErr, openErr, w.Postpone(t.Context(), ref.ID, w.now()), w.Comment(t.Context(), ref.ID, tickets.Comment{Key: "k", Text: "x"})} {
			if keyturn.KindOf(err) != want {
				t.Errorf("with the token %q: %v, want %q", token, err, want)
			}
		}
	}
	w.faults.Set(answer(http.StatusNotFound, nil))
	if _, err := w.State(t.Context(), ref.ID); keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(err.Error(), "cloud_id") {
		t.Errorf("State where there is no Jira: %v, want invalid, and the setting", err)
	}
}
