package scim

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// resources answers requests to /Users and /Groups, and to one resource there.
func (q *request) resources(w http.ResponseWriter, k kind, id string) (answer, error) {
	switch id {
	case ".search":
		return q.search(w, k)
	case "":
		switch q.r.Method {
		case http.MethodGet, http.MethodHead:
			return q.list(fromQuery(q.r.URL.Query()), k)
		case http.MethodPost:
			return q.create(w, k)
		}
		return answer{}, notAllowed("GET, POST")
	}
	switch q.r.Method {
	case http.MethodGet, http.MethodHead:
		return q.get(k, id)
	case http.MethodPut:
		return q.put(w, k, id)
	case http.MethodPatch:
		return q.patch(w, k, id)
	case http.MethodDelete:
		return q.remove(k, id)
	}
	return answer{}, notAllowed("GET, PUT, PATCH, DELETE")
}

func (q *request) get(k kind, id string) (answer, error) {
	m, err := q.Roster.Member(q.ctx, q.Directory, k.stored, id)
	if err != nil {
		return answer{}, err
	}
	if matches(q.r.Header.Get("If-None-Match"), m) {
		return answer{}, &fault{status: http.StatusNotModified, header: map[string]string{"ETag": tag(m)}}
	}
	return q.one(http.StatusOK, k, m)
}

func (q *request) create(w http.ResponseWriter, k kind) (answer, error) {
	o, err := q.body(w)
	if err != nil {
		return answer{}, err
	}
	if err := normalize(k, o); err != nil {
		return answer{}, err
	}
	m := registry.Member{Directory: q.Directory, Kind: k.stored, ID: uuid.NewString(), Changed: q.Now()}
	mark(k, o, nil, 1)
	if err := fill(k, &m, o); err != nil {
		return answer{}, err
	}
	m, err = q.Roster.AddMember(q.ctx, m)
	if keyturn.KindOf(err) == keyturn.Conflict {
		return answer{}, clash(k)
	}
	if err != nil {
		return answer{}, err
	}
	if err := q.tell(k, &m, o); err != nil {
		// Sent again, it would clash with itself.
		if gone := q.Roster.RemoveMember(q.ctx, q.Directory, k.stored, m.ID, m.Version); gone != nil {
			q.Log.Error("a user of whom Left could not be told was not removed again", "directory", q.Directory, "error", gone)
		}
		return answer{}, err
	}
	a, err := q.one(http.StatusCreated, k, m)
	if err == nil {
		a.header["Location"] = q.location(k, m)
	}
	return a, err
}

func (q *request) put(w http.ResponseWriter, k kind, id string) (answer, error) {
	sent, err := q.body(w)
	if err != nil {
		return answer{}, err
	}
	m, err := q.change(k, id, func(old object) (object, error) {
		o := clone(sent).(object)
		err := normalize(k, o)
		if _, said := o["active"]; !said && err == nil {
			set(o, "active", old["active"]) // nobody comes back because it was left out
		}
		return o, err
	})
	if err != nil {
		return answer{}, err
	}
	return q.one(http.StatusOK, k, m)
}

func (q *request) patch(w http.ResponseWriter, k kind, id string) (answer, error) {
	sent, err := q.body(w)
	if err != nil {
		return answer{}, err
	}
	ops, err := operations(sent)
	if err != nil {
		return answer{}, err
	}
	m, err := q.change(k, id, func(old object) (object, error) {
		o := clone(old).(object)
		for _, op := range ops {
			if err := op.apply(k, o); err != nil {
				return nil, err
			}
		}
		return o, normalize(k, o)
	})
	if err != nil {
		return answer{}, err
	}
	if !k.isUser() && !q.r.URL.Query().Has("attributes") {
		// A group's members may be many, and no identity provider needs them back.
		return answer{status: http.StatusNoContent, header: map[string]string{"ETag": tag(m)}}, nil
	}
	return q.one(http.StatusOK, k, m)
}

// remove makes a user inactive and tells of it before the user is gone, so that a
// failure loses nothing.
func (q *request) remove(k kind, id string) (answer, error) {
	m, err := q.change(k, id, func(old object) (object, error) {
		o := clone(old).(object)
		if k.isUser() {
			o["active"] = false
		}
		return o, nil
	})
	if err != nil {
		return answer{}, err
	}
	if err := q.Roster.RemoveMember(q.ctx, q.Directory, k.stored, id, m.Version); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// one is the answer that shows a resource.
func (q *request) one(status int, k kind, m registry.Member) (answer, error) {
	o, err := q.show(k, m)
	if err != nil {
		return answer{}, err
	}
	query := q.r.URL.Query()
	p, err := newProjection(names(query["attributes"]), names(query["excludedAttributes"]))
	if err != nil {
		return answer{}, err
	}
	return answer{status: status, header: map[string]string{"ETag": tag(m)}, body: p.apply(o)}, nil
}
