// Package identitycenterfake speaks the part of the Identity Store API that
// people/identitycenter uses, in JSON 1.1, with signatures really checked. Unlike
// AWS, which does not say, it finds a user only by exactly what was stored.
package identitycenterfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// ID is the identity store the fake serves.
const ID = "d-1234567890"

// Options say how a store behaves.
type Options struct {
	AccessKey, Secret string // which requests must be signed with
	PageSize          int    // the most on a page; 0 is 100
	NoStatus          bool   // UserStatus is left out, as it was before it was added
}

// A Store is an identity store. It is safe for concurrent use.
type Store struct {
	opts Options

	mu     sync.Mutex
	made   int
	users  []User
	groups []group
}

// A User is one to add. Name may be nil.
type User struct {
	UserName    string  `json:"UserName"`
	DisplayName string  `json:"DisplayName,omitempty"`
	Name        *Name   `json:"Name,omitempty"`
	Emails      []Email `json:"Emails,omitempty"`

	id     string
	status string
}

// A Name is a user's name in parts.
type Name struct {
	Formatted  string `json:"Formatted,omitempty"`
	GivenName  string `json:"GivenName,omitempty"`
	FamilyName string `json:"FamilyName,omitempty"`
}

// An Email is an address of a user.
type Email struct {
	Value   string `json:"Value"`
	Primary bool   `json:"Primary"`
}

type group struct {
	id, name string
	members  []string
}

// New returns an empty store.
func New(o Options) *Store {
	if o.PageSize == 0 {
		o.PageSize = 100
	}
	return &Store{opts: o}
}

// Add adds a user who is enabled and returns the id.
func (s *Store) Add(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.id, u.status = s.next(), "ENABLED"
	s.users = append(s.users, u)
	return u.id
}

// Disable takes a user's right to sign in.
func (s *Store) Disable(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.user(id); i >= 0 {
		s.users[i].status = "DISABLED"
	}
}

// Delete deletes a user, whom groups forget.
func (s *Store) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users = slices.DeleteFunc(s.users, func(u User) bool { return u.id == id })
	for i, g := range s.groups {
		s.groups[i].members = slices.DeleteFunc(g.members, func(m string) bool { return m == id })
	}
}

// AddGroup adds a group of users.
func (s *Store) AddGroup(name string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(s.groups, group{s.next(), name, slices.Clone(members)})
}

func (s *Store) next() string {
	s.made++
	return fmt.Sprintf("1234567890-%08d-1111-2222-3333-444444444444", s.made)
}

func (s *Store) user(id string) int {
	return slices.IndexFunc(s.users, func(u User) bool { return u.id == id })
}

type object map[string]any

// ServeHTTP answers one request.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSIdentityStore.")
	if err != nil || !ok || r.Method != http.MethodPost || r.URL.Path != "/" {
		refuse(w, http.StatusNotFound, "UnknownOperationException", nil)
		return
	}
	if code := s.authenticate(r, body); code != "" {
		refuse(w, http.StatusBadRequest, code, nil)
		return
	}
	var in input
	if json.Unmarshal(body, &in) != nil {
		refuse(w, http.StatusBadRequest, "SerializationException", nil)
		return
	}
	if in.IdentityStoreID != ID {
		refuse(w, http.StatusBadRequest, "ResourceNotFoundException", object{"ResourceType": "IDENTITY_STORE"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.act(w, action, in)
}

// Refuse is a [fake.Refusal] in AWS's words: what is the caller's fault is a 400.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	code, out := "InternalServerException", object{"Message": text}
	switch status {
	case http.StatusUnauthorized:
		status, code = http.StatusBadRequest, "UnrecognizedClientException"
	case http.StatusForbidden:
		status, code = http.StatusBadRequest, "AccessDeniedException"
	case http.StatusTooManyRequests:
		status, code = http.StatusBadRequest, "ThrottlingException"
		out["RetryAfterSeconds"] = int(wait.Seconds())
	case http.StatusServiceUnavailable:
		code = "ServiceUnavailableException"
	}
	refuse(w, status, code, out)
}

func refuse(w http.ResponseWriter, status int, code string, more object) {
	out := object{"__type": "com.amazonaws.identitystore#" + code}
	for name, v := range more {
		out[name] = v
	}
	answer(w, status, out)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-0000-0000-000000000000")
	fake.JSON(w, status, v)
}
