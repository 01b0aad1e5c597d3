// Package rows is what the SQL registries have in common: how a key and an
// event become columns, how a filter becomes a condition, how pages follow
// each other, and how a refused change is explained. It talks to no database.
package rows

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A Change is one checked change, ready to be written.
type Change struct {
	From  int64       // the revision it was made from; 0 is a new key
	Key   keyturn.Key // as it will be stored, with its next revision
	Body  string      // Key as JSON
	Event registry.Event

	Due          *time.Time // nil is never
	Retired      *time.Time // nil is in service
	Busy         bool
	Exclusive    bool
	Ticket       string // "" is none
	Fingerprints []string
	Marks        []registry.Marked
	Marked       string // the digest of Marks
}

// Columns are the columns of the table keys, in the order of [Change.Values].
const Columns = "key_id, revision, provider, account, principal, owner_team, owner_person, " +
	"store, path, due_at, retired_at, busy, exclusive, ticket, body, marked"

// Values are the values of Columns, with times written by at.
func (c *Change) Values(at func(*time.Time) any) []any {
	k := &c.Key
	return []any{
		string(k.ID), k.Revision, k.Scope.Provider, k.Scope.Account, k.Scope.Principal, k.Owner.Team, k.Owner.Person,
		k.Storage.Secret.Store, k.Storage.Secret.Path, at(c.Due), at(c.Retired), c.Busy, c.Exclusive, c.Ticket, c.Body, c.Marked,
	}
}

// Prepare checks a change and fills in what is stored beside the key. Times
// of events are kept to the microsecond, in UTC, and each audience once.
func Prepare(op string, key keyturn.Key, event registry.Event) (Change, error) {
	if event.Key == "" {
		event.Key = key.ID
	}
	event.At = event.At.UTC().Truncate(time.Microsecond)
	event.Tell = once(event.Tell)
	c := Change{From: key.Revision, Event: event}
	if problem := refuse(key, event); problem != "" {
		return c, keyturn.Errorf(keyturn.Invalid, op, "key %q: %s", key.ID, problem)
	}
	key.Revision++
	body, err := json.Marshal(key)
	if err != nil {
		return c, keyturn.Errorf(keyturn.Invalid, op, "key %q: cannot be written as JSON; its times must lie between the years 0 and 9999", key.ID)
	}
	if holdsUnstorable(body) || !storable(event.ID, event.What, event.Actor, event.Reason, event.Detail, event.Batch) {
		return c, keyturn.Errorf(keyturn.Invalid, op, "key %q: holds text that is not UTF-8, or a NUL character; remove it", key.ID)
	}
	c.Body = string(body)
	if c.Key, err = Decode(op, body, key.Revision); err != nil {
		return c, err
	}
	c.Due, c.Retired = stamp(key.Due()), stamp(key.Retired)
	if intent := key.Intent; intent != nil {
		c.Busy, c.Exclusive = true, intent.Exclusive
		if intent.Manual != nil {
			c.Ticket = intent.Manual.Ticket.String()
		}
	}
	c.Fingerprints, c.Marks = fingerprints(key.Ledger), marks(&c.Key)
	c.Marked = digest(c.Marks)
	return c, nil
}

func refuse(key keyturn.Key, event registry.Event) string {
	switch {
	case key.ID == "":
		return "has no id"
	case key.Revision < 0:
		return "has a negative revision"
	case event.ID == "" || event.What == "" || event.At.IsZero():
		return "its event needs an id, a word for what happened, and a time"
	case event.Key != key.ID:
		return "its event belongs to another key"
	case !known(event.Tell):
		return "its event is for an audience that there is not"
	}
	return ""
}

// Decode reads a stored key. A field this program does not know means that a
// newer one wrote the key: it is refused, because saving it again would drop
// what the newer program relies on.
func Decode(op string, body []byte, revision int64) (keyturn.Key, error) {
	var key keyturn.Key
	if err := strict(body, &key); err != nil {
		return keyturn.Key{}, unreadable(op, "key")
	}
	key.Revision = revision
	return key, nil
}

// unreadable says that something stored cannot be read.
func unreadable(op, what string) error {
	return keyturn.Errorf(keyturn.Unavailable, op,
		"a stored %s cannot be read; most likely a newer version of Keyturn wrote it: upgrade this program", what)
}

func strict(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

func fingerprints(ledger []keyturn.Issued) []string {
	out := []string{} // never nil: the column is not null
	for _, issued := range ledger {
		for _, f := range []string{issued.Fingerprints.HMAC, issued.Fingerprints.HMSL} {
			if f != "" {
				out = append(out, f)
			}
		}
	}
	return out
}

func storable(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return false
		}
	}
	return true
}

// holdsUnstorable looks for the two escapes encoding/json writes for text no
// SQL database takes: NUL, and what was not UTF-8.
func holdsUnstorable(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(body[i:], []byte(`\u0000`)) || bytes.HasPrefix(body[i:], []byte(`\ufffd`)) {
			return true
		}
		i++ // what follows a backslash is escaped by it
	}
	return false
}
