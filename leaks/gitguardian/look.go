package gitguardian

import (
	"context"

	"github.com/keyturn/keyturn/leaks"
)

// Look reads an incident with where its value was found.
func (s *source) Look(ctx context.Context, alert string) (leaks.Finding, error) {
	const op = "gitguardian: look"
	n, err := parse(op, alert)
	if err != nil {
		return leaks.Finding{}, err
	}
	var i incident
	if _, err := s.get(ctx, op, n.path(), &i); err != nil {
		return leaks.Finding{}, err
	}
	if !i.ok() || i.ID != n.id {
		return leaks.Finding{}, undocumented(op)
	}
	return s.whole(n.kind, i), nil
}
