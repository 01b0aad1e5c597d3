package gitguardian

import (
	"context"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// Close looks first: an incident that somebody closed keeps their reason, and gets no
// comment. The comment becomes a note before the incident is closed, once, however often
// Close is repeated.
func (s *source) Close(ctx context.Context, alert string, why leaks.Closing, comment string) error {
	const op = "gitguardian: close"
	n, err := parse(op, alert)
	if err != nil {
		return err
	}
	action, in, ok := closing(n.kind, why)
	if !ok {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no such reason for closing an incident")
	}
	if open, err := s.isOpen(ctx, op, n); err != nil || !open {
		return err
	}
	if comment != "" {
		if err := s.note(ctx, op, n, comment); err != nil {
			return gone(err)
		}
	}
	_, err = s.ask(ctx, op, writeScope, http.MethodPost, n.path()+"/"+action, in)
	if keyturn.KindOf(err) == keyturn.Conflict { // perhaps it was closed meanwhile
		if open, asking := s.isOpen(ctx, op, n); asking == nil && !open {
			return nil
		}
	}
	return gone(err)
}

// gone makes nothing of an incident that does not exist.
func gone(err error) error {
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}

// isOpen reports whether there is something to close.
func (s *source) isOpen(ctx context.Context, op string, n name) (bool, error) {
	var i incident
	if _, err := s.get(ctx, op, n.path()+"?with_occurrences=0", &i); err != nil {
		return false, gone(err)
	}
	switch i.Status {
	case "TRIGGERED", "ASSIGNED":
		return true, nil
	case "RESOLVED", "IGNORED":
		return false, nil
	}
	return false, undocumented(op)
}

// note adds a comment unless it is there.
func (s *source) note(ctx context.Context, op string, n name, comment string) error {
	var notes []struct {
		Comment string `json:"comment"`
	}
	if _, err := s.get(ctx, op, n.path()+"/notes?per_page=100", &notes); err != nil {
		return err
	}
	for _, said := range notes {
		if said.Comment == comment {
			return nil
		}
	}
	_, err := s.ask(ctx, op, writeScope, http.MethodPost, n.path()+"/notes", map[string]string{"comment": comment})
	return err
}

// closing is how an incident is closed for a reason. Those of Public Monitoring are
// resolved by a word.
func closing(k kind, why leaks.Closing) (action string, in any, ok bool) {
	switch {
	case why == leaks.Revoked && k == public:
		return "resolve", map[string]string{"resolve_reason": "revoked"}, true
	case why == leaks.Revoked:
		return "resolve", map[string]bool{"secret_revoked": true}, true
	case why == leaks.FalsePositive:
		return "ignore", map[string]string{"ignore_reason": "false_positive"}, true
	case why == leaks.Accepted:
		return "ignore", map[string]string{"ignore_reason": "low_risk"}, true
	}
	return "", nil, false
}
