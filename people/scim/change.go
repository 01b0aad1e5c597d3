package scim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// tries is how often a write is tried while others change the same resource.
const tries = 5

// change replaces a resource by what next makes of it, and tells of what that
// means. next gets the stored document, without marks, and must not change it.
func (q *request) change(k kind, id string, next func(old object) (object, error)) (registry.Member, error) {
	want := q.r.Header.Get("If-Match")
	for try := 1; ; try++ {
		m, err := q.Roster.Member(q.ctx, q.Directory, k.stored, id)
		if err != nil {
			return m, err
		}
		if want != "" && !matches(want, m) {
			return m, &fault{status: http.StatusPreconditionFailed, detail: "the resource was changed since"}
		}
		old, err := decode(m.Document)
		if err != nil {
			return m, keyturn.Errorf(keyturn.Invalid, "scim: change", "the stored document of a %s is no JSON object", k.schema.Name)
		}
		before, err := json.Marshal(old)
		if err != nil {
			return m, err
		}
		kept := old["meta"]
		delete(old, "meta")
		o, err := next(old)
		if err != nil {
			return m, err
		}
		was := m
		mark(k, o, &state{m.Active, old, kept}, m.Version+1)
		if err := fill(k, &m, o); err != nil {
			return m, err
		}
		if len(m.Document) > maxDocument {
			return m, &fault{status: http.StatusRequestEntityTooLarge, scimType: "tooLarge", detail: "the resource would be larger than 4 MiB"}
		}
		if !bytes.Equal(m.Document, before) {
			m.Changed = q.Now()
			m, err = q.Roster.SaveMember(q.ctx, m)
			if keyturn.KindOf(err) == keyturn.Conflict {
				if now, gone := q.Roster.Member(q.ctx, q.Directory, k.stored, id); gone == nil && now.Version == was.Version {
					return m, clash(k)
				}
				if try < tries {
					continue
				}
			}
			if err != nil {
				return m, err
			}
		}
		return m, q.tell(k, &m, o)
	}
}

// maxDocument is the most a resource may grow to, PATCH by PATCH.
const maxDocument = 4 << 20

func clash(k kind) *fault {
	return &fault{status: http.StatusConflict, scimType: "uniqueness", detail: "another " + strings.ToLower(k.schema.Name) + " has this " + k.nameBy}
}
