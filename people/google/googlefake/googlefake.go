// Package googlefake speaks the parts of Google's APIs that people/google uses, over
// users and groups that it keeps: the Directory API, and the token endpoint. One
// handler serves both hosts.
//
// [Admin] is an administrator who delegated the service account of [File] all that
// is needed. They are beside the users: no listing has them.
package googlefake

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Admin is the address of the administrator.
const Admin = "admin@acme.example"

// Options are what differs between accounts.
type Options struct {
	Now      func() time.Time // nil is [time.Now]
	PageSize int              // the most that a page holds; 0 is what is asked for
	Longest  time.Duration    // the longest a channel lasts; 0 is two days
	// Undelegated are scopes that the service account was not given.
	Undelegated []string
}

// A User is somebody in the account.
type User struct {
	ID        string // chosen where it is empty
	Email     string
	Aliases   []string
	Fixed     []string // nonEditableAliases
	Name      string
	Manager   string // an address
	Suspended bool
	Archived  bool
	Deleted   time.Time // zero for those who were not
	Grants    []string  // clients that were granted something
	Passwords []int     // ids of application passwords
	Sessions  int
}

func (u *User) has(address string) bool {
	return slices.ContainsFunc(append([]string{u.Email}, append(u.Aliases, u.Fixed...)...),
		func(a string) bool { return strings.EqualFold(a, address) })
}

// A Group is a group in the account. Members that are groups are named by their
// address.
type Group struct {
	ID      string // chosen where it is empty
	Email   string // likewise
	Name    string
	Members []Member
}

// A Member is one of a group.
type Member struct {
	Email string
	Role  string // OWNER, MANAGER or MEMBER; empty is MEMBER
}

// A Directory is an account at work. It is safe for concurrent use.
type Directory struct {
	Options
	mux *http.ServeMux

	mu       sync.Mutex
	last     int // the number of the last id
	users    []*User
	groups   []*Group
	tokens   map[string]token
	channels []*channel
}

// New makes an account without users and groups.
func New(o Options) *Directory {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Longest = cmp.Or(o.Longest, 48*time.Hour)
	d := &Directory{Options: o, tokens: map[string]token{}, mux: http.NewServeMux()}
	d.mux.HandleFunc("POST /token", d.grant)
	for pattern, route := range map[string]func(http.ResponseWriter, *http.Request){
		"GET users":                       d.scoped(userScope, d.listUsers),
		"GET users/{user}":                d.scoped(userScope, d.getUser),
		"POST users/watch":                d.scoped(userScope, d.watch),
		"POST users/{user}/signOut":       d.scoped(securityScope, d.signOut),
		"GET users/{user}/tokens":         d.scoped(securityScope, d.listGrants),
		"DELETE users/{user}/tokens/{id}": d.scoped(securityScope, d.deleteGrant),
		"GET users/{user}/asps":           d.scoped(securityScope, d.listPasswords),
		"DELETE users/{user}/asps/{id}":   d.scoped(securityScope, d.deletePassword),
		"GET groups":                      d.scoped(groupScope, d.listGroups),
		"GET groups/{group}":              d.scoped(groupScope, d.getGroup),
		"GET groups/{group}/members":      d.scoped(groupScope, d.listMembers),
	} {
		method, path, _ := strings.Cut(pattern, " ")
		d.mux.HandleFunc(method+" /admin/directory/v1/"+path, route)
	}
	return d
}

func (d *Directory) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

// Put adds a user and returns their id, or puts another in place of who has the id.
func (d *Directory) Put(u User) (id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u.ID == "" {
		u.ID = d.nextID("1")
	}
	d.users = append(slices.DeleteFunc(d.users, func(o *User) bool { return o.ID == u.ID }), &u)
	return u.ID
}

// User returns the user of an id, deleted or not.
func (d *Directory) User(id string) (User, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.users, func(u *User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	u := *d.users[i]
	u.Grants, u.Passwords = slices.Clone(u.Grants), slices.Clone(u.Passwords)
	return u, true
}

// PutGroup adds a group and returns its id.
func (d *Directory) PutGroup(g Group) (id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g.ID == "" {
		g.ID = d.nextID("0")
	}
	if g.Email == "" {
		g.Email = "group" + g.ID + "@acme.example"
	}
	d.groups = append(d.groups, &g)
	return g.ID
}

// nextID is an id that nobody has.
func (d *Directory) nextID(prefix string) string {
	d.last++
	return prefix + strconv.Itoa(1000000+d.last)
}
