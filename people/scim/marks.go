package scim

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/keyturn/keyturn/registry"
)

// A state is a user before a write.
type state struct {
	active bool
	old    object // the document
	marks  any    // what the document's meta holds
}

// marks are what a stored document's meta says about a departure. Nobody who asks
// for the resource sees them.
type marks struct {
	// Left is the version in which the user became inactive. It names the departure.
	Left int64 `json:"left"`
	// Formerly are the user's addresses from before that version, the main one first.
	Formerly []string `json:"formerly"`
	// Back says that Back was not yet told of the return.
	Back bool `json:"back"`
}

// mark puts into a user's document what a write means for the departure. before
// is nil for a new user, and version is the one it will have.
func mark(k kind, o object, before *state, version int64) {
	delete(o, "meta")
	if !k.isUser() {
		return
	}
	var was marks
	wasActive := true
	if before != nil {
		was, wasActive = readMarks(before.marks), before.active
	}
	active, said := o["active"].(bool)
	now := was
	switch {
	case said && !active && (wasActive || was.Left == 0):
		now = marks{Left: version}
		if before != nil {
			now.Formerly = addresses(before.old)
		}
	case said && !active:
	case !wasActive:
		now = marks{Back: true}
	}
	meta := object{}
	if now.Left != 0 {
		meta["left"] = now.Left
	}
	if len(now.Formerly) > 0 {
		meta["formerly"] = now.Formerly
	}
	if now.Back {
		meta["back"] = true
	}
	if len(meta) > 0 {
		o["meta"] = meta
	}
}

func readMarks(meta any) (m marks) {
	encoded, err := json.Marshal(meta)
	if err == nil {
		_ = json.Unmarshal(encoded, &m) // what is no mark is none
	}
	return m
}

// tell says what a stored user means: that a leaver left, or that one is back.
func (q *request) tell(k kind, m *registry.Member, o object) error {
	if !k.isUser() {
		return nil
	}
	now := readMarks(o["meta"])
	switch {
	case !m.Active:
		l := Leaver{Event: m.ID + "/" + strconv.FormatInt(now.Left, 10), Reason: "deactivated at the identity provider"}
		if q.r.Method == http.MethodDelete {
			l.Reason = "deleted at the identity provider"
		}
		all := distinct(append(now.Formerly, addresses(o)...))
		if len(all) == 0 {
			return nil // no key is of somebody without an address
		}
		l.Email, l.Aliases = all[0], all[1:]
		if err := q.Left(q.ctx, l); err != nil {
			return q.unheard(err)
		}
	case now.Back:
		if m.Email != "" {
			if err := q.Back(q.ctx, m.Email); err != nil {
				return q.unheard(err)
			}
		}
		delete(o, "meta")
		if err := fill(userKind, m, o); err != nil {
			return err
		}
		stored, err := q.Roster.SaveMember(q.ctx, *m)
		if err == nil {
			*m = stored
		}
		return err
	}
	return nil
}

// unheard is the answer where Left or Back failed, whatever the reason: the request
// itself was fine, and is to be sent again.
func (q *request) unheard(err error) error {
	q.Log.Error("that somebody left or came back could not be passed on", "directory", q.Directory, "error", err)
	return later
}
