package rows

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// The columns of the table findings. Report writes those of what is found.
const (
	foundColumns   = "id, found_by, kind, place, subject, key_id, owner_team, owner_person, severity, detail, mend, found_at, seen_at"
	FindingColumns = foundColumns + ", settled_at, accepted_by, note, accepted_at"
)

// stillAccepted is whether what somebody accepted is what is found now.
const stillAccepted = "findings.severity = excluded.severity AND findings.settled_at IS NULL"

// Report is the statement that records what is found, with what gives the values
// of a finding: those of [FoundValues], the last of them for two columns.
func Report(values string) string {
	return "INSERT INTO findings (" + foundColumns + ") " + values + ` ON CONFLICT (id) DO UPDATE SET
	key_id = excluded.key_id, owner_team = excluded.owner_team, owner_person = excluded.owner_person, severity = excluded.severity,
	detail = excluded.detail, mend = excluded.mend, seen_at = excluded.seen_at, settled_at = NULL,
	accepted_by = CASE WHEN ` + stillAccepted + ` THEN findings.accepted_by ELSE '' END,
	note = CASE WHEN ` + stillAccepted + ` THEN findings.note ELSE '' END,
	accepted_at = CASE WHEN ` + stillAccepted + ` THEN findings.accepted_at END`
}

// FoundValues are the texts of a finding that Report writes.
func FoundValues(f *registry.Finding) [11]string {
	return [...]string{f.ID, f.Check, f.Kind, f.Place, f.Subject, string(f.Key), f.Owner.Team, f.Owner.Person, string(f.Severity), f.Detail, f.Mend}
}

// The other statements on findings. None of them touches one that is settled.
const (
	Settle = "UPDATE findings SET settled_at = $4 WHERE found_by = $1 AND place = $2 AND seen_at < $3 AND settled_at IS NULL"
	Accept = "UPDATE findings SET accepted_by = $2, note = $3, accepted_at = $4 WHERE id = $1 AND settled_at IS NULL " +
		"RETURNING " + FindingColumns
	SelectFinding = "SELECT " + FindingColumns + " FROM findings WHERE id = $1"
)

// PrepareFindings checks findings. It returns each once, the last one there is,
// with Seen to the microsecond in UTC.
func PrepareFindings(op string, findings []registry.Finding) ([]registry.Finding, error) {
	at := map[string]int{}
	var each []registry.Finding
	for _, f := range findings {
		if problem := refuseFinding(&f); problem != "" {
			return nil, keyturn.Errorf(keyturn.Invalid, op, "finding %q of %q: %s", f.ID, f.Check, problem)
		}
		f.Seen = f.Seen.UTC().Truncate(time.Microsecond)
		if i, twice := at[f.ID]; twice {
			each[i] = f
			continue
		}
		at[f.ID] = len(each)
		each = append(each, f)
	}
	return each, nil
}

func refuseFinding(f *registry.Finding) string {
	texts := FoundValues(f)
	switch {
	case f.ID == "" || f.Check == "" || f.Kind == "" || f.Subject == "" || f.Seen.IsZero():
		return "needs an id, a check, a kind, a subject and when it was seen"
	case f.Severity != registry.Info && f.Severity != registry.Warning && f.Severity != registry.Critical:
		return fmt.Sprintf("there is no severity %q; use %s, %s or %s", f.Severity, registry.Info, registry.Warning, registry.Critical)
	case !storable(texts[:]...):
		return "holds text that is not UTF-8, or a NUL character; remove it"
	}
	return ""
}

// CheckSettle refuses to settle at no time.
func CheckSettle(op string, seen, at time.Time) error {
	if seen.IsZero() || at.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "to settle needs the time of the check and that of now")
	}
	return nil
}

// CheckAccept refuses that nobody accepts something.
func CheckAccept(op, id, actor, note string, at time.Time) error {
	switch {
	case actor == "" || at.IsZero():
		return keyturn.Errorf(keyturn.Invalid, op, "to accept finding %q needs an actor and a time", id)
	case !storable(id, actor, note):
		return keyturn.Errorf(keyturn.Invalid, op, "that finding %q is accepted holds text that is not UTF-8, or a NUL character; remove it", id)
	}
	return nil
}

// NoFinding says that there is no finding of this id.
func NoFinding(op, id string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "there is no finding %q", id)
}

// NoOpenFinding says that a finding cannot be accepted.
func NoOpenFinding(op, id string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "no finding %q is open", id)
}

// SelectFindings reads one page: at most f.Limit findings.
func SelectFindings(f registry.FindingFilter) (query string, args []any) {
	c := conditions{list: []string{"settled_at IS NULL"}}
	if f.Settled {
		c.list[0] = "settled_at IS NOT NULL"
	}
	if !f.Accepted {
		c.list = append(c.list, "accepted_by = ''")
	}
	c.add("id > %s", f.After)
	c.add("found_by = %s", f.Check)
	c.add("kind = %s", f.Kind)
	c.add("place = %s", f.Place)
	c.add("owner_team = %s", f.Team)
	c.add("key_id = %s AND key_id <> ''", string(f.Key))
	c.add("severity = %s", string(f.Severity))
	return fmt.Sprintf("SELECT %s FROM findings WHERE %s ORDER BY id LIMIT %d", FindingColumns, c.all(), f.Limit), c.args
}

// Findings follows pages in ID order.
func Findings(ctx context.Context, f registry.FindingFilter, page func(registry.FindingFilter) ([]registry.Finding, error)) iter.Seq2[registry.Finding, error] {
	return pages(ctx, f, func(f registry.FindingFilter) (found []registry.Finding, next registry.FindingFilter, more bool, err error) {
		next = f
		f.Limit = limit(f.Limit)
		if found, err = page(f); err != nil {
			return nil, next, false, err
		}
		if next.Limit, more = less(next.Limit, len(found)); more {
			next.After = found[len(found)-1].ID
		}
		return found, next, more, nil
	})
}
