package jira_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

// TestCommentAmongMany finds a comment by its property behind pages of others,
// and says it once even if five ask at once.
func TestCommentAmongMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	id := w.open(t, ticket()).ID
	for i := range 120 {
		w.site.Say(id, fmt.Sprintf("comment %d", i))
	}
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if err := w.Comment(t.Context(), id, tickets.Comment{Key: "reminded/1", Text: "Half the time is gone."}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(w.issue(t, id).Comments); n != 121 {
		t.Errorf("the ticket has %d comments, want 121", n)
	}
}

// TestCommentDeletedWhileRead deletes a comment between two pages: ours would
// move to the page that was read.
func TestCommentDeletedWhileRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	id := w.open(t, ticket()).ID
	for range 60 {
		w.site.Say(id, "a comment")
	}
	var once sync.Once
	w.faults.Hook(nil, func(r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/comment") {
			once.Do(func() { w.site.Unsay(id) })
		}
	})
	c := tickets.Comment{Key: "reminded/1", Text: "Half the time is gone."}
	if err := w.Comment(t.Context(), id, c); keyturn.KindOf(err) != keyturn.Unavailable || len(w.issue(t, id).Comments) != 59 {
		t.Errorf("Comment: %v with %d comments, want unavailable and 59", err, len(w.issue(t, id).Comments))
	}
	if err := w.Comment(t.Context(), id, c); err != nil || len(w.issue(t, id).Comments) != 60 {
		t.Errorf("Comment again: %v with %d comments, want 60", err, len(w.issue(t, id).Comments))
	}
}

// TestEmptyComment asks for what Jira refuses.
func TestEmptyComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, jirafake.Options{})
	id := w.open(t, ticket()).ID
	for _, c := range []tickets.Comment{{Key: "k", Text: " \n"}, {Text: "x"}} {
		if err := w.Comment(t.Context(), id, c); keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("Comment(%+v): %v, want invalid", c, err)
		}
	}
	if _, err := w.Open(t.Context(), tickets.Ticket{Key: "k"}); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("Open without a title: %v, want invalid", err)
	}
}
