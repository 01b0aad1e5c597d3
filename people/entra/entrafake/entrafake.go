// Package entrafake speaks the parts of Microsoft Graph v1.0 and of the Microsoft
// identity platform that people/entra uses, over a tenant it keeps in memory.
package entrafake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// What Keyturn's own application signs in with, and where.
const (
	Tenant   = "72f988bf-0000-4000-8000-2d7cd011db47"
	ClientID = "1b9f0c55-0000-4000-8000-00000000aced"
)

// Options are how a tenant differs.
type Options struct {
	Now func() time.Time
	// PageSize is the most that a page holds; 0 is 100.
	PageSize int
	// Post is how the tenant reaches a webhook: it returns the status and the
	// body that were answered. Without it no webhook is asked or told.
	Post func(address string, body []byte) (status int, answer string)
}

// User is somebody to add.
type User struct {
	Principal string // the user principal name
	Mail      string // empty for none
	Proxies   []string
	Others    []string // otherMails
	Name      string
	Manager   string // the user's id; empty for none
}

// Grant is what an application may do in users' names.
type Grant struct {
	ID        string
	Principal string // the user's id; empty for everybody
}

type account struct {
	User
	id               string
	enabled, deleted bool
	sessions         int
}

type group struct {
	id, name        string
	owners, members []string
}

// A Fake is a tenant. All of it is safe for concurrent use.
type Fake struct {
	Options
	Secret string // the client secret of Keyturn's own application

	mu            sync.Mutex
	last          int
	accounts      []*account
	groups        []*group
	grants        []Grant
	subscriptions []*Subscription
	issued        map[string]time.Time // when access tokens end
}

// New makes a tenant without users.
func New(o Options) *Fake {
	if o.PageSize == 0 {
		o.PageSize = 100
	}
	return &Fake{Options: o, Secret: "8Q~" + rand.Text(), issued: map[string]time.Time{}}
}

// Handler serves both APIs.
func (f *Fake) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", f.signIn)
	for pattern, next := range map[string]http.HandlerFunc{
		"GET /users":                              f.listUsers,
		"GET /users/{key}":                        f.getUser,
		"GET /directory/deletedItems/{id}":        f.getDeleted,
		"GET /groups":                             f.listGroups,
		"GET /groups/{id}/{list}/{cast}":          f.listGroup,
		"POST /users/{key}/revokeSignInSessions":  f.revoke,
		"GET /users/{key}/oauth2PermissionGrants": f.listGrants,
		"DELETE /oauth2PermissionGrants/{id}":     f.deleteGrant,
		"GET /subscriptions":                      f.listSubscriptions,
		"POST /subscriptions":                     f.subscribe,
		"PATCH /subscriptions/{id}":               f.renew,
		"DELETE /subscriptions/{id}":              f.unsubscribe,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /v1.0"+path, f.signedIn(next))
	}
	return mux
}

// Add adds a user who may sign in, and returns their id.
func (f *Fake) Add(u User) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := &account{User: u, id: f.id(), enabled: true}
	f.accounts = append(f.accounts, a)
	return a.id
}

// Change changes a user.
func (f *Fake) Change(id string, change func(u *User)) {
	f.on(id, func(a *account) { change(&a.User) })
}

// Disable takes a user's right to sign in.
func (f *Fake) Disable(id string) { f.on(id, func(a *account) { a.enabled = false }) }

// Delete moves a user among the deleted items, where their principal name is
// mangled and nobody manages them.
func (f *Fake) Delete(id string) {
	f.on(id, func(a *account) {
		a.deleted, a.Manager = true, ""
		a.Principal = strings.ReplaceAll(a.id, "-", "") + a.Principal
	})
}

// Purge deletes a deleted user for good.
func (f *Fake) Purge(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accounts = slices.DeleteFunc(f.accounts, func(a *account) bool { return a.id == id })
}

// AddGroup adds a group. Owners and members are ids.
func (f *Fake) AddGroup(name string, owners, members []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.groups = append(f.groups, &group{f.id(), name, owners, members})
}

// SignIn gives a user a session, and has them allow an application something.
func (f *Fake) SignIn(id string) {
	f.on(id, func(a *account) {
		a.sessions++
		f.grants = append(f.grants, Grant{ID: rand.Text(), Principal: id})
	})
}

// Allow adds a grant in everybody's name.
func (f *Fake) Allow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.grants = append(f.grants, Grant{ID: rand.Text()})
}

// Open is how many sessions and grants a user has; those in everybody's name
// are those of "".
func (f *Fake) Open(id string) (n int) {
	f.on(id, func(a *account) { n = a.sessions })
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.grants {
		if g.Principal == id {
			n++
		}
	}
	return n
}

func (f *Fake) on(id string, do func(a *account)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.accounts {
		if a.id == id {
			do(a)
		}
	}
}

// id is a fresh one. f.mu is held.
func (f *Fake) id() string {
	f.last++
	sum := sha256.Sum256(fmt.Append(nil, f.Secret, f.last))
	s := hex.EncodeToString(sum[:16])
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}
