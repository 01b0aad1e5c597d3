// Package gitguardianfake speaks the parts of GitGuardian's API that leaks/gitguardian
// uses, secret incidents of Internal and Public Monitoring and their notes, over a
// [Workspace] that holds the truth, and makes deliveries of its custom webhook.
package gitguardianfake

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what a workspace is like. The zero value lacks Public Monitoring.
type Options struct {
	Token    string   // default "ggtt-v-fake"
	Scopes   []string // default incidents:read and incidents:write
	Public   bool     // has Public Monitoring
	PageSize int      // at most so many on a page; default 100
	Now      func() time.Time
}

// An Incident is a value that was found.
type Incident struct {
	Public      bool   // of Public Monitoring
	Detector    string // default stripe
	Hash        string // of HasMySecretLeaked
	Date        time.Time
	Validity    string // default no_checker
	Tags        []string
	Occurrences []Occurrence
}

// An Occurrence is a place where it was found.
type Occurrence struct {
	Repo    string
	Public  bool // strangers see the repository
	File    string
	Line    int
	Removed bool // the change removed the line
	Commit  string
	Date    time.Time
	Tags    []string
}

// A Workspace is a pretend GitGuardian. It is safe for concurrent use.
type Workspace struct {
	options Options
	mux     *http.ServeMux

	mu        sync.Mutex
	incidents []*held
	numbers   map[bool]int // the last ones, of Public Monitoring and of Internal
	places    int          // occurrences there are
}

// held is an incident and what became of it.
type held struct {
	Incident
	id                int
	places            []int // the numbers of the occurrences
	triggered, closed time.Time
	status, reason    string
	revoked           bool
	notes             []string
}

// New returns a workspace without incidents.
func New(o Options) *Workspace {
	if o.Token == "" {
		o.Token = "ggtt-v-fake"
	}
	if o.Scopes == nil {
		o.Scopes = []string{"scan", "incidents:read", "incidents:write"}
	}
	if o.PageSize == 0 {
		o.PageSize = 100
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	w := &Workspace{options: o, mux: http.NewServeMux(), numbers: map[bool]int{}}
	w.mux.HandleFunc("GET /v1/api_tokens/self", w.self)
	for path, public := range map[string]bool{"/v1/incidents/secrets": false, "/v1/public-incidents/secrets": true} {
		if public && !o.Public {
			continue
		}
		w.mux.HandleFunc("GET "+path, w.scoped("incidents:read", w.list(public)))
		w.mux.HandleFunc("GET "+path+"/{id}", w.scoped("incidents:read", w.get(public)))
		w.mux.HandleFunc("GET "+path+"/{id}/notes", w.scoped("incidents:read", w.listNotes(public)))
		w.mux.HandleFunc("POST "+path+"/{id}/notes", w.scoped("incidents:write", w.addNote(public)))
		w.mux.HandleFunc("POST "+path+"/{id}/resolve", w.scoped("incidents:write", w.resolve(public)))
		w.mux.HandleFunc("POST "+path+"/{id}/ignore", w.scoped("incidents:write", w.ignore(public)))
	}
	w.mux.HandleFunc("/", missing)
	return w
}

// ServeHTTP lets only the token through.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Token "+w.options.Token {
		Refuse(rw, r, http.StatusUnauthorized, 0, "")
		return
	}
	w.mux.ServeHTTP(rw, r)
}

// scoped lets a token through that has a scope.
func (w *Workspace) scoped(scope string, next http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if !slices.Contains(w.options.Scopes, scope) {
			Refuse(rw, r, http.StatusForbidden, 0, "")
			return
		}
		next(rw, r)
	}
}

// Find has a value found and returns the incident's number.
func (w *Workspace) Find(i Incident) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i.Detector == "" {
		i.Detector = "stripe"
	}
	if i.Validity == "" {
		i.Validity = "no_checker"
	}
	if i.Date.IsZero() {
		i.Date = w.options.Now()
	}
	w.numbers[i.Public]++
	h := &held{Incident: i, id: w.numbers[i.Public], triggered: w.options.Now(), status: "TRIGGERED"}
	for range i.Occurrences {
		w.places++
		h.places = append(h.places, w.places)
	}
	w.incidents = append(w.incidents, h)
	return h.id
}

// Set changes an incident's status as a person would.
func (w *Workspace) Set(public bool, id int, status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.find(public, id); h != nil {
		h.status, h.closed = status, w.options.Now()
	}
}

// Closed says how an incident stands, for what reason, and what was noted.
func (w *Workspace) Closed(public bool, id int) (status, reason string, revoked bool, notes []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.find(public, id)
	return h.status, h.reason, h.revoked, slices.Clone(h.notes)
}

// find is the incident with a number, or nil.
func (w *Workspace) find(public bool, id int) *held {
	i := slices.IndexFunc(w.incidents, func(h *held) bool { return h.Public == public && h.id == id })
	if i < 0 {
		return nil
	}
	return w.incidents[i]
}

// isOpen reports whether an incident can be closed.
func (h *held) isOpen() bool { return strings.Contains("TRIGGERED ASSIGNED", h.status) }
