// Package oktafake speaks the parts of Okta's Users, User Sessions, User Grants,
// Groups and Group Owners APIs that people/okta uses, over an [Org] that holds
// the truth, and makes deliveries of its event hook.
package oktafake

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// Options say what an org is like. The zero value is one without Okta Identity
// Governance that takes API tokens.
type Options struct {
	Token      string // default "00token"
	OAuth      bool   // takes access tokens instead
	Governance bool   // has group owners
	PageSize   int    // at most so many on a page; default 200
}

// A User is a person in an org.
type User struct {
	ID      string            // made up where empty
	Status  string            // default ACTIVE
	Profile map[string]string // login is needed; email is the login where it is missing
	next    string            // the status they are about to have
}

// A Group is a group in an org.
type Group struct {
	ID      string // made up where empty
	Name    string
	Members []string // ids of users
	Owners  []Owner
}

// An Owner is a user or a group that owns a group.
type Owner struct {
	ID         string
	Type       string // default USER
	Unresolved bool   // known to another application only
}

// An Org is a pretend Okta. It is safe for concurrent use.
type Org struct {
	options Options
	mux     *http.ServeMux

	mu     sync.Mutex
	users  []*held
	groups []Group
	index  []User // what searches find, where it is older than users
}

// held is a user and what may be taken from them.
type held struct {
	User
	sessions, tokens, grants int
}

// New returns an org without users and groups.
func New(o Options) *Org {
	if o.Token == "" {
		o.Token = "00token"
	}
	if o.PageSize == 0 {
		o.PageSize = 200
	}
	g := &Org{options: o, mux: http.NewServeMux()}
	g.mux.HandleFunc("GET /api/v1/users", g.listUsers)
	g.mux.HandleFunc("GET /api/v1/users/{user}", g.getUser)
	g.mux.HandleFunc("DELETE /api/v1/users/{user}/sessions", g.endSessions)
	g.mux.HandleFunc("DELETE /api/v1/users/{user}/grants", g.endGrants)
	g.mux.HandleFunc("GET /api/v1/groups", g.listGroups)
	g.mux.HandleFunc("GET /api/v1/groups/{group}/users", g.listMembers)
	g.mux.HandleFunc("GET /api/v1/groups/{group}/owners", g.listOwners)
	return g
}

// ServeHTTP lets only the token through.
func (g *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scheme := "SSWS "
	if g.options.OAuth {
		scheme = "Bearer "
	}
	if r.Header.Get("Authorization") != scheme+g.options.Token {
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	}
	g.mux.ServeHTTP(w, r)
}

// Add makes a user who is not signed in, and returns the id.
func (g *Org) Add(u User) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if u.ID == "" {
		u.ID = "00u" + rand.Text()[:17]
	}
	if u.Status == "" {
		u.Status = "ACTIVE"
	}
	profile := map[string]string{"email": u.Profile["login"]}
	maps.Copy(profile, u.Profile)
	u.Profile = profile
	g.users = append(g.users, &held{User: u})
	return u.ID
}

// SignIn gives a user a session, an OAuth token and a grant to an application.
func (g *Org) SignIn(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.user(id); h != nil {
		h.sessions, h.tokens, h.grants = h.sessions+1, h.tokens+1, h.grants+1
	}
}

// Set changes a user's status.
func (g *Org) Set(id, status string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.user(id); h != nil {
		h.Status = status
	}
}

// Turning has a user on the way to another status, which takes for ever.
func (g *Org) Turning(id, next string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.user(id); h != nil {
		h.next = next
	}
}

// SetProfile changes one property of a user's profile.
func (g *Org) SetProfile(id, name, value string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.user(id); h != nil {
		h.Profile = maps.Clone(h.Profile)
		h.Profile[name] = value
	}
}

// Freeze has searches for users find what is so now, whatever happens later. In
// Okta they are behind for a while as well.
func (g *Org) Freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.index = g.all()
}

// Delete removes a user.
func (g *Org) Delete(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users = slices.DeleteFunc(g.users, func(h *held) bool { return h.ID == id })
	for i := range g.groups {
		g.groups[i].Members = slices.DeleteFunc(g.groups[i].Members, func(m string) bool { return m == id })
	}
}

// AddGroup makes a group and returns its id.
func (g *Org) AddGroup(n Group) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.ID == "" {
		n.ID = "00g" + rand.Text()[:17]
	}
	n.Members = slices.Clone(n.Members)
	g.groups = append(g.groups, n)
	return n.ID
}

// Held says what a user has left that could be taken.
func (g *Org) Held(id string) (sessions, tokens, grants int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.user(id)
	if h == nil {
		return 0, 0, 0
	}
	return h.sessions, h.tokens, h.grants
}

// all are the users as they are.
func (g *Org) all() []User {
	out := make([]User, 0, len(g.users))
	for _, h := range g.users {
		out = append(out, h.User)
	}
	return out
}

func (g *Org) user(id string) *held {
	for _, h := range g.users {
		if h.ID == id {
			return h
		}
	}
	return nil
}

func (g *Org) find(id string) (Group, bool) {
	i := slices.IndexFunc(g.groups, func(n Group) bool { return n.ID == id })
	if i < 0 {
		return Group{}, false
	}
	return g.groups[i], true
}
