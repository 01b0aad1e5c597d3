package linear

import (
	"context"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Comment creates a comment under an id made from the ticket and c.Key, which
// Linear does once. A comment that somebody deleted stays deleted.
func (t *tracker) Comment(ctx context.Context, id string, c tickets.Comment) error {
	const op = "linear: comment"
	if c.Key == "" {
		return keyturn.Errorf(keyturn.Invalid, op, "the comment has no key")
	}
	i, err := t.issue(ctx, op, issueQuery, id)
	if err != nil {
		return err
	}
	if err := t.unarchive(ctx, op, i); err != nil {
		return err
	}
	said := identity(i.ID, "comment", c.Key)
	var out struct{ CommentCreate done }
	err = t.ask(ctx, op, createComment, map[string]any{"input": map[string]any{"id": said, "issueId": i.ID, "body": c.Text}}, &out)
	err = out.CommentCreate.or(op, err)
	switch keyturn.KindOf(err) {
	case keyturn.Conflict:
		return nil // nobody else makes such an id
	case keyturn.Invalid, keyturn.Exhausted: // in case Linear words it anew
		var out struct{ Comment *struct{ ID string } }
		if t.ask(ctx, op, commentQuery, map[string]any{"id": said}, &out) == nil && out.Comment != nil && out.Comment.ID == said {
			return nil
		}
	}
	return err
}
