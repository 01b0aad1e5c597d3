package linear

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
)

// An issue is what is asked about one.
type issue struct {
	ID, URL    string
	Trashed    bool
	ArchivedAt string
	State      state
	Team       team
}

// archived reports whether Linear has put the issue away, as it does with
// closed ones after some time. It answers by its id all the same.
func (i issue) archived() bool { return i.ArchivedAt != "" }

// issue asks for an issue. One in the trash, where it stays for 30 days, is
// NotFound: somebody deleted it.
func (t *tracker) issue(ctx context.Context, op, query, id string) (issue, error) {
	i, err := t.find(ctx, op, query, id)
	if err == nil && i.Trashed {
		return issue{}, keyturn.Errorf(keyturn.NotFound, op, "the ticket was deleted")
	}
	return i, err
}

// find is issue that finds trashed ones too.
func (t *tracker) find(ctx context.Context, op, query, id string) (issue, error) {
	if id == "" {
		return issue{}, keyturn.Errorf(keyturn.NotFound, op, "no ticket has an empty id")
	}
	var out struct{ Issue *issue }
	if err := t.ask(ctx, op, query, map[string]any{"id": id}, &out); err != nil {
		return issue{}, err
	}
	if out.Issue == nil || !isUUID(out.Issue.ID) || out.Issue.URL == "" || out.Issue.State.Type == "" {
		return issue{}, undocumented(op)
	}
	return *out.Issue, nil
}

// update changes an issue.
func (t *tracker) update(ctx context.Context, op string, i issue, input map[string]any) error {
	var out struct{ IssueUpdate done }
	err := t.ask(ctx, op, updateIssue, map[string]any{"id": i.ID, "input": input}, &out)
	return out.IssueUpdate.or(op, err)
}

// unarchive brings an issue back from the archive, unless it is not there.
// People do not look into the archive, and changes of what is in it are said to
// fail.
func (t *tracker) unarchive(ctx context.Context, op string, i issue) error {
	if !i.archived() {
		return nil
	}
	var out struct{ IssueUnarchive done }
	err := t.ask(ctx, op, unarchiveIssue, map[string]any{"id": i.ID}, &out)
	return out.IssueUnarchive.or(op, err)
}

// done is what a mutation says.
type done struct{ Success bool }

// or is err, or an error where a mutation does not say that it was done.
func (d done) or(op string, err error) error {
	if err == nil && !d.Success {
		return undocumented(op)
	}
	return err
}

// day is a due date as Linear takes it, nil for none.
func day(due time.Time) any {
	if due.IsZero() {
		return nil
	}
	return due.Format(time.DateOnly)
}

// Postpone changes the due date; a zero one takes it away.
func (t *tracker) Postpone(ctx context.Context, id string, due time.Time) error {
	const op = "linear: postpone"
	i, err := t.issue(ctx, op, issueQuery, id)
	if err != nil {
		return err
	}
	if err := t.unarchive(ctx, op, i); err != nil {
		return err
	}
	return t.update(ctx, op, i, map[string]any{"dueDate": day(due)})
}
