package gitguardianfake

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/keyturn/keyturn/providers/fake"
)

// self shows the token. Nobody needs a scope for that.
func (w *Workspace) self(rw http.ResponseWriter, _ *http.Request) {
	fake.JSON(rw, http.StatusOK, object{
		"id": "fdf075f9-1662-4cf1-9171-af50568158a8", "name": "keyturn", "workspace_id": 1, "type": "service_account", "status": "active",
		"created_at": "2026-01-01T00:00:00Z", "last_used_at": nil, "expire_at": nil, "revoked_at": nil, "member_id": nil, "creator_id": nil,
		"scopes": w.options.Scopes,
	})
}

func (w *Workspace) list(public bool) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		var all []object
		for _, h := range w.incidents {
			if status := r.FormValue("status"); h.Public == public && (status == "" || h.status == status) {
				all = append(all, h.show(false))
			}
		}
		w.page(rw, r, all)
	}
}

// page answers with what a list holds after the cursor, and links to the page before and
// the next one.
func (w *Workspace) page(rw http.ResponseWriter, r *http.Request, all []object) {
	query := r.URL.Query()
	size, from := w.options.PageSize, 0
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil {
		size = min(n, size)
	}
	if cursor, err := base64.StdEncoding.DecodeString(query.Get("cursor")); err == nil {
		from, _ = strconv.Atoi(string(cursor))
	}
	some, next, more := fake.Page(all, from, size)
	link := func(to int, rel string) string {
		following := url.Values{"cursor": {base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(to)))}, "per_page": query["per_page"]}
		return "<https://api.gitguardian.com" + r.URL.Path + "?" + following.Encode() + `>; rel="` + rel + `"`
	}
	links := link(max(0, from-size), "prev")
	if more {
		links = link(next, "next") + "," + links
	}
	if more || from > 0 {
		rw.Header().Set("Link", links)
	}
	fake.JSON(rw, http.StatusOK, append([]object{}, some...))
}

// about finds the incident a request is about, and answers with what is left of it.
func (w *Workspace) about(public bool, do func(rw http.ResponseWriter, r *http.Request, h *held)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		id, _ := strconv.Atoi(r.PathValue("id"))
		if h := w.find(public, id); h != nil {
			do(rw, r, h)
			return
		}
		missing(rw, r)
	}
}

func (w *Workspace) get(public bool) http.HandlerFunc {
	return w.about(public, func(rw http.ResponseWriter, r *http.Request, h *held) {
		out := h.show(true)
		if r.FormValue("with_occurrences") == "0" {
			out["occurrences"] = []object{}
		}
		fake.JSON(rw, http.StatusOK, out)
	})
}

func (w *Workspace) listNotes(public bool) http.HandlerFunc {
	return w.about(public, func(rw http.ResponseWriter, r *http.Request, h *held) {
		var all []object
		for n, comment := range h.notes {
			all = append(all, note(n, h, comment))
		}
		w.page(rw, r, all)
	})
}

func (w *Workspace) addNote(public bool) http.HandlerFunc {
	return w.about(public, func(rw http.ResponseWriter, r *http.Request, h *held) {
		var in struct{ Comment string }
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Comment == "" {
			Refuse(rw, r, http.StatusBadRequest, 0, "")
			return
		}
		h.notes = append(h.notes, in.Comment)
		fake.JSON(rw, http.StatusCreated, note(len(h.notes)-1, h, in.Comment))
	})
}

func note(n int, h *held, comment string) object {
	return object{
		"id": n + 1, "incident_id": h.id, "member_id": nil, "api_token_id": "fdf075f9-1662-4cf1-9171-af50568158a8",
		"created_at": "2026-01-01T00:00:00Z", "updated_at": nil, "comment": comment,
	}
}

// resolve takes what its kind of incident is resolved with, and no other.
func (w *Workspace) resolve(public bool) http.HandlerFunc {
	return w.about(public, func(rw http.ResponseWriter, r *http.Request, h *held) {
		var in struct {
			Revoked *bool  `json:"secret_revoked"`
			Reason  string `json:"resolve_reason"`
		}
		bad := json.NewDecoder(r.Body).Decode(&in) != nil || public != (in.Reason == "revoked") || public == (in.Revoked != nil)
		w.close(rw, r, h, bad, func() { h.status, h.revoked = "RESOLVED", public || *in.Revoked })
	})
}

func (w *Workspace) ignore(public bool) http.HandlerFunc {
	return w.about(public, func(rw http.ResponseWriter, r *http.Request, h *held) {
		var in struct {
			Reason string `json:"ignore_reason"`
		}
		bad := json.NewDecoder(r.Body).Decode(&in) != nil || !slices.Contains([]string{"test_credential", "false_positive", "low_risk"}, in.Reason)
		w.close(rw, r, h, bad, func() { h.status, h.reason = "IGNORED", in.Reason })
	})
}

// close closes what is open.
func (w *Workspace) close(rw http.ResponseWriter, r *http.Request, h *held, bad bool, do func()) {
	switch {
	case bad:
		Refuse(rw, r, http.StatusBadRequest, 0, "")
	case !h.isOpen():
		Refuse(rw, r, http.StatusConflict, 0, "")
	default:
		do()
		h.closed = w.options.Now()
		fake.JSON(rw, http.StatusOK, h.show(false))
	}
}
