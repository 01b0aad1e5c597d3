package linear

import (
	"context"
	"crypto/sha256"

	"github.com/google/uuid"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Open creates an issue under an id made from t.Key. Linear refuses to create a
// second one under it. Then the issue is looked for, as it is after any other
// refusal that does not just ask for another try or another token.
func (t *tracker) Open(ctx context.Context, ticket tickets.Ticket) (tickets.Ref, error) {
	const op = "linear: open"
	if ticket.Key == "" {
		return tickets.Ref{}, keyturn.Errorf(keyturn.Invalid, op, "the ticket has no key")
	}
	p, err := t.place(ctx, op, t.OpenState != "")
	if err != nil {
		return tickets.Ref{}, err
	}
	id := identity(p.team, "ticket", ticket.Key)
	var out struct {
		IssueCreate struct {
			done
			Issue issue
		}
	}
	err = t.ask(ctx, op, createIssue, map[string]any{"input": t.input(id, p, ticket)}, &out)
	if made := out.IssueCreate.Issue; err == nil && out.IssueCreate.Success && isUUID(made.ID) && made.URL != "" {
		return tickets.Ref{ID: made.ID, URL: made.URL}, nil
	}
	switch keyturn.KindOf(err) {
	case keyturn.Denied, keyturn.RateLimited, keyturn.Unavailable:
		return tickets.Ref{}, err
	}
	found, lookErr := t.find(ctx, op, issueQuery, id)
	switch {
	case lookErr == nil: // in the trash or not
		return tickets.Ref{ID: found.ID, URL: found.URL}, nil
	case keyturn.KindOf(lookErr) != keyturn.NotFound:
		return tickets.Ref{}, lookErr
	case keyturn.KindOf(err) == keyturn.Conflict:
		// It was opened, and is where the token does not see it: in another
		// team, or nowhere. The other methods will call it NotFound.
		return tickets.Ref{ID: id}, nil
	case keyturn.KindOf(err) == keyturn.NotFound:
		return tickets.Ref{}, keyturn.Errorf(keyturn.Invalid, op, "%s", fault{}.complaint())
	case err == nil:
		return tickets.Ref{}, undocumented(op)
	}
	return tickets.Ref{}, err
}

// input is the issue to create (schema, IssueCreateInput). The body goes as it
// is: Linear takes Markdown.
func (t *tracker) input(id string, p place, ticket tickets.Ticket) map[string]any {
	in := map[string]any{
		"id": id, "teamId": p.team, "title": ticket.Title, "description": ticket.Body,
		"priority": t.priority(ticket.Urgent),
	}
	if len(p.labels) > 0 {
		in["labelIds"] = p.labels
	}
	if due := day(ticket.Due); due != nil {
		in["dueDate"] = due
	}
	for name, value := range map[string]string{"assigneeId": p.assignee, "projectId": p.project, "stateId": p.state} {
		if value != "" {
			in[name] = value
		}
	}
	return in
}

// identity is the id of something of ours within something of Linear's: the
// same for the same key, another in another team or on another ticket. It is a
// hash in the form of a version 4 UUID, because that is the form the schema
// asks for (IssueCreateInput.id). Ids are Linear's, not a workspace's, so the
// key alone would not do: two organisations may use the same one.
func identity(within, kind, key string) string {
	return uuid.NewHash(sha256.New(), uuid.MustParse(within), []byte("keyturn "+kind+"\n"+key), 4).String()
}
