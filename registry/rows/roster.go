package rows

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// MemberColumns are the columns of the table members, in the order of
// [MemberValues] and two times.
const MemberColumns = "directory, kind, id, name, folded, external_id, email, active, document, version, created_at, changed_at"

// The statements on members. Those that write give what is stored.
const (
	InsertMember = "INSERT INTO members (" + MemberColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) " +
		"ON CONFLICT DO NOTHING RETURNING " + MemberColumns
	UpdateMember = "UPDATE members SET name = $4, folded = $5, external_id = $6, email = $7, active = $8, document = $9, version = $10 + 1, changed_at = $11 " +
		"WHERE directory = $1 AND kind = $2 AND id = $3 AND version = $10 AND NOT EXISTS " +
		"(SELECT 1 FROM members AS other WHERE other.directory = $1 AND other.kind = $2 AND other.folded = $5 AND other.id <> $3) RETURNING " + MemberColumns
	SelectMember = "SELECT " + MemberColumns + " FROM members WHERE directory = $1 AND kind = $2 AND id = $3"
	DeleteMember = "DELETE FROM members WHERE directory = $1 AND kind = $2 AND id = $3 AND (version = $4 OR CAST($4 AS bigint) = 0)"
)

// MemberValues are the values of MemberColumns but for the times.
func MemberValues(m *registry.Member) []any {
	return []any{
		m.Directory, string(m.Kind), m.ID, m.Name, strings.ToLower(m.Name), m.ExternalID, m.Email, m.Active, string(m.Document), m.Version,
	}
}

// PrepareMember checks a member. It returns it as it is stored.
func PrepareMember(op string, m registry.Member) (registry.Member, error) {
	problem := ""
	switch {
	case m.Directory == "" || m.ID == "" || m.Name == "" || len(m.Document) == 0 || m.Changed.IsZero():
		problem = "needs a directory, an id, a name, a document and a time"
	case m.Kind != registry.UserMember && m.Kind != registry.GroupMember:
		problem = "is neither a user nor a group"
	case !storable(m.Directory, m.ID, m.Name, m.ExternalID, m.Email, string(m.Document)):
		problem = "holds text that is not UTF-8, or a NUL character; remove it"
	case !json.Valid(m.Document):
		problem = "has a document that is not JSON"
	}
	if problem != "" {
		return m, keyturn.Errorf(keyturn.Invalid, op, "member %q of %q %s", m.ID, m.Directory, problem)
	}
	m.Changed = m.Changed.UTC().Truncate(time.Microsecond)
	return m, nil
}

// MemberTaken says that a member cannot be written: its name or id is another's.
func MemberTaken(op string, m *registry.Member) error {
	return keyturn.Errorf(keyturn.Conflict, op, "another %s of %s has this name or id", m.Kind, m.Directory)
}

// MemberChanged says that a member is not as it was read.
func MemberChanged(op, directory, id string) error {
	return keyturn.Errorf(keyturn.Conflict, op, "member %q of %s changed meanwhile; read it again", id, directory)
}

// NoMember says that there is no member of this id.
func NoMember(op, directory, id string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "%s has no member %q", directory, id)
}

// SelectMembers reads one page: at most f.Limit members.
func SelectMembers(f registry.MemberFilter) (query string, args []any) {
	var c conditions
	c.add("directory = %s", f.Directory)
	c.add("kind = %s", string(f.Kind))
	c.add("id > %s", f.After)
	c.add("folded = %s", strings.ToLower(f.Name))
	c.add("external_id = %s AND external_id <> ''", f.ExternalID)
	c.add("email = %s AND email <> ''", f.Email)
	return fmt.Sprintf("SELECT %s FROM members WHERE %s ORDER BY id LIMIT %d", MemberColumns, c.all(), f.Limit), c.args
}

// Members follows pages in ID order.
func Members(ctx context.Context, op string, f registry.MemberFilter, page func(registry.MemberFilter) ([]registry.Member, error)) iter.Seq2[registry.Member, error] {
	if f.Directory == "" || f.Kind != registry.UserMember && f.Kind != registry.GroupMember {
		return func(yield func(registry.Member, error) bool) {
			yield(registry.Member{}, keyturn.Errorf(keyturn.Invalid, op, "say of which directory, and users or groups"))
		}
	}
	return pages(ctx, f, func(f registry.MemberFilter) (found []registry.Member, next registry.MemberFilter, more bool, err error) {
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
