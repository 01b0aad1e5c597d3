package jira

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Open finds the ticket of k.Key, or creates it.
//
// Jira has no idempotency key for "Create issue", and its search may lag
// minutes behind ("Search After Write with Search And Reconcile"). So before
// creating, Open also reads the issues the search does not know yet, by their
// keys, and a retry after a lost answer finds the first ticket. Calls of two
// workers for one Key that overlap can both create. Each then reads the issues
// around its own, again by key, and closes all but the oldest as duplicates:
// one open ticket is left.
func (t *tracker) Open(ctx context.Context, k tickets.Ticket) (tickets.Ref, error) {
	const op = "jira: open"
	if k.Key == "" || strings.TrimSpace(k.Title) == "" {
		return tickets.Ref{}, keyturn.Errorf(keyturn.Invalid, op, "a ticket needs a key and a title")
	}
	done, err := t.opening.take(ctx, k.Key)
	if err != nil {
		return tickets.Ref{}, err
	}
	defer done()
	found, err := t.find(ctx, op, k.Key)
	if err == nil && len(found) == 0 {
		found, err = t.create(ctx, op, k)
	}
	if err != nil {
		return tickets.Ref{}, err
	}
	if err := t.settle(ctx, found); err != nil {
		return tickets.Ref{}, err
	}
	return tickets.Ref{ID: found[0].ID, URL: t.browse(found[0].Key)}, nil
}

// browse is where people see an issue. The address goes on working when the
// issue is moved.
func (t *tracker) browse(key string) string { return t.Site + "/browse/" + url.PathEscape(key) }

// create creates the issue, and returns it with its twins.
func (t *tracker) create(ctx context.Context, op string, k tickets.Ticket) ([]issue, error) {
	fields := map[string]any{
		"project":   map[string]any{"key": t.Project},
		"issuetype": map[string]any{"name": t.IssueType},
		"summary":   strings.Join(strings.Fields(k.Title), " "), // Jira refuses line breaks
		"labels":    append([]string{t.label(k.Key)}, t.Labels...),
	}
	if doc, ok := adf(k.Body); ok {
		fields["description"] = doc
	}
	if !k.Due.IsZero() {
		fields["duedate"] = day(k.Due)
	}
	if k.Urgent && t.UrgentPriority != "" {
		fields["priority"] = map[string]any{"name": t.UrgentPriority}
	}
	in := map[string]any{"fields": fields, "properties": brand{Ticket: k.Key, Project: t.Project}.on()}
	var out issue
	err := t.call(ctx, op, http.MethodPost, "/issue", in, &out)
	if keyturn.KindOf(err) == keyturn.Invalid {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "Jira refused the ticket; a check of the tracker says which field or setting it is, unless its body is too long: Jira takes 32,767 characters")
	}
	if err != nil {
		return nil, err
	}
	prefix, n, ok := number(out.Key)
	if !ok || out.ID == "" {
		return nil, undocumented(op)
	}
	found, err := t.fetch(ctx, op, keys(prefix, n-around, 2*around), k.Key)
	if err == nil && len(found) == 0 {
		found = []issue{out} // it may be created, but not be seen, with these permissions
	}
	return found, err
}

// overlap is how far apart the issues of two calls that overlap, or of a call
// and its retry, can be. What is younger is not our doing: somebody cloned the
// ticket.
const overlap = time.Hour

// settle closes the younger twins of the first issue. Its comment tells people
// what happened, even where the workflow does not let it close the twin.
func (t *tracker) settle(ctx context.Context, found []issue) error {
	first := found[0]
	born, bornErr := time.Parse(timeLayout, first.Fields.Created)
	for _, twin := range found[1:] {
		at, err := time.Parse(timeLayout, twin.Fields.Created)
		if cmp.Or(err, bornErr) != nil || at.Sub(born) > overlap || twin.Fields.Status.state() == tickets.Closed {
			continue
		}
		text := "This ticket is a duplicate of [" + first.Key + "](" + t.browse(first.Key) + "): Keyturn asked Jira twice. Nothing needs to be done here."
		if err := t.Comment(ctx, twin.ID, tickets.Comment{Key: "duplicate", Text: text}); err != nil {
			return err
		}
		if err := t.Set(ctx, twin.ID, tickets.Closed); err != nil && keyturn.KindOf(err).Retryable() {
			return err
		}
	}
	return nil
}

// timeLayout is how Jira writes times ("Get issue", example).
const timeLayout = "2006-01-02T15:04:05.000-0700"
