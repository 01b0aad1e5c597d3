// Package linearfake speaks the part of Linear's GraphQL API that
// tickets/linear uses, and keeps what it is told. Put it behind a
// [fake.Faults] made with [Refuse].
package linearfake

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Options are what a workspace is like. Every field has a default.
type Options struct {
	// Accepts reports whether a token is good; the default takes any.
	Accepts func(token string) bool
	// OAuth says that tokens are access tokens, shown as Bearer. The default is
	// API keys, which must not be.
	OAuth bool
	// Now is the time; default time.Now.
	Now func() time.Time
	// PageSize is the most a page holds; default and most 250, as Linear has it.
	PageSize int
	// Full says that the plan allows no more issues.
	Full bool
}

// A Workspace is one organisation's. It is safe for concurrent use.
type Workspace struct {
	o      Options
	schema schema

	mu       sync.Mutex
	viewer   *User
	teams    []*Team
	states   []*State
	labels   []*Label
	users    []*User
	projects []*Project
	issues   []*Issue // the deleted ones too, until they are purged
	numbers  map[string]int
	gone     map[string]bool // ids of comments that were deleted
}

// New is a workspace with two teams of seven states each, some labels, a
// project and some people, and without issues.
func New(o Options) *Workspace {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Accepts == nil {
		o.Accepts = func(string) bool { return true }
	}
	if o.PageSize <= 0 || o.PageSize > 250 {
		o.PageSize = 250
	}
	w := &Workspace{o: o, schema: schema{types(), inputs()}, numbers: map[string]int{}, gone: map[string]bool{}}
	ops, dev := w.addTeam("OPS", "Operations"), w.addTeam("DEV", "Development")
	w.labels = []*Label{
		{uuid.NewString(), "credentials", false, nil},
		{uuid.NewString(), "rotation", false, nil},
		{uuid.NewString(), "Rotation", false, ops},
		{uuid.NewString(), "Kind", true, ops},
		{uuid.NewString(), "frontend", false, dev},
	}
	w.viewer = &User{uuid.NewString(), "keyturn@acme.example", true}
	w.users = []*User{w.viewer, {uuid.NewString(), "ann@acme.example", true}, {uuid.NewString(), "bob@acme.example", false}}
	w.projects = []*Project{
		{uuid.NewString(), "Key hygiene", []*Team{ops, dev}},
		{uuid.NewString(), "Website", []*Team{dev}},
		{uuid.NewString(), "Twice", []*Team{ops}},
		{uuid.NewString(), "Twice", []*Team{ops}},
	}
	return w
}

func (w *Workspace) addTeam(key, name string) *Team {
	t := &Team{uuid.NewString(), key, name}
	w.teams = append(w.teams, t)
	// Linear does not list a workflow in its order.
	for _, s := range []struct {
		name, of string
		position float64
	}{
		{"Canceled", "canceled", 6},
		{"Verified", "completed", 5},
		{"Done", "completed", 4},
		{"In Progress", "started", 3},
		{"Todo", "unstarted", 2},
		{"Backlog", "backlog", 1},
		{"Duplicate", "duplicate", 7},
	} {
		w.states = append(w.states, &State{uuid.NewString(), s.name, s.of, s.position, t})
	}
	return t
}

// maxRequest is the longest request read.
const maxRequest = 1 << 20

// ServeHTTP answers POST /graphql.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/graphql" || r.Method != http.MethodPost {
		http.NotFound(rw, r)
		return
	}
	quotas(rw, w.o.Now(), 2499, w.o.Now().Add(time.Hour))
	if f := w.refuses(r.Header.Get("Authorization")); f != nil {
		answer(rw, nil, f)
		return
	}
	var in struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxRequest)).Decode(&in); err != nil || in.Query == "" {
		answer(rw, nil, &fault{status: 400, code: "BAD_REQUEST", kind: "graphql error", message: "GraphQL operations must contain a non-empty `query`."})
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	data, f := w.execute(in.Query, in.Variables)
	answer(rw, data, f)
}

// refuses says why a caller is not let in. Bearer is for access tokens and for
// nothing else.
func (w *Workspace) refuses(authorization string) *fault {
	token, bearer := strings.CutPrefix(authorization, "Bearer ")
	if token == "" || bearer != w.o.OAuth || !w.o.Accepts(token) {
		return unauthenticated()
	}
	return nil
}
