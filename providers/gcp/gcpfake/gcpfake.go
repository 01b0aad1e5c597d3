// Package gcpfake speaks the parts of Google Cloud's APIs that providers/gcp
// uses, over a [fake.Ledger]: IAM, API Keys, Policy Analyzer, Logging, Resource
// Manager, the token endpoint, the metadata server, and the API that API keys
// are tried on. One handler serves all their hosts.
//
// Service accounts are the ledger's principals, except for [APIKeys], which
// owns the API keys. The ledger holds an uploaded key's public half as its
// Secret, see [Public]. The administrator is any of the ledger's admins; its ID
// is the id of its key, its Secret the credentials file. One with the ID
// [Metadata] may ask the metadata server.
package gcpfake

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

const (
	// Project is the project every key of the fake belongs to.
	Project = "acme-prod"
	// APIKeys is the principal of the project's API keys.
	APIKeys = "apikey"
	// Metadata is the id of an admin that needs no key.
	Metadata = "metadata"
)

// number is the project's number, which the API Keys API puts into names.
const number = "103621867718"

// New serves the APIs over l.
func New(l *fake.Ledger) http.Handler {
	l.SetFormat(fake.Format{Complete: complete})
	a := &api{l: l, tokens: map[string]token{}, running: map[string]object{}}
	a.routes = map[string]func(call){
		"GET v1/projects/serviceAccounts":                          a.accounts,
		"GET v1/projects/serviceAccounts/*":                        a.account,
		"POST v1/projects/serviceAccounts/*:testIamPermissions":    a.test,
		"GET v1/projects/serviceAccounts/keys":                     a.listKeys,
		"POST v1/projects/serviceAccounts/keys":                    a.createKey,
		"POST v1/projects/serviceAccounts/keys:upload":             a.uploadKey,
		"GET v1/projects/serviceAccounts/keys/*":                   a.getKey,
		"DELETE v1/projects/serviceAccounts/keys/*":                a.deleteKey,
		"POST v1/projects/serviceAccounts/keys/*:disable":          a.switchKey,
		"POST v1/projects/serviceAccounts/keys/*:enable":           a.switchKey,
		"GET v1/projects/locations/activityTypes/activities:query": a.activities,
		"POST v1/projects/*:testIamPermissions":                    a.test,
		"POST v2/projects/locations/keys":                          a.createAPIKey,
		"GET v2/projects/locations/keys":                           a.listAPIKeys,
		"GET v2/projects/locations/keys/*":                         a.getAPIKey,
		"GET v2/projects/locations/keys/keyString":                 a.keyString,
		"DELETE v2/projects/locations/keys/*":                      a.deleteAPIKey,
		"GET v2/keys:lookupKey":                                    a.lookup,
		"GET v2/operations/*":                                      a.operation,
		"POST v2/entries:list":                                     a.entries,
	}
	return a
}

type object map[string]any

// api is the fake at work.
type api struct {
	l      *fake.Ledger
	routes map[string]func(call)

	mu      sync.Mutex
	tokens  map[string]token
	running map[string]object // operations, and what they will have come to
}

// token is what an access token stands for.
type token struct {
	who   string // the administrator's name; empty for a key under test
	until time.Time
}

// A call is one request of the administrator: the ids in its path, in order,
// and the verb behind its colon.
type call struct {
	w    http.ResponseWriter
	r    *http.Request
	who  string
	ids  []string
	verb string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/token":
		a.grant(w, r)
		return
	case "/computeMetadata/v1/instance/service-accounts/default/token":
		a.metadata(w, r)
		return
	case "/language/translate/v2/languages":
		a.probe(w, r)
		return
	}
	shape, ids, verb := parse(r)
	route, ok := a.routes[shape]
	if !ok {
		problem(w, http.StatusNotFound, "NOT_FOUND", "")
		return
	}
	who := a.admin(r)
	if who == "" {
		problem(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
		return
	}
	if len(ids) > 0 && strings.Contains(shape, "projects") && ids[0] != Project {
		problem(w, http.StatusForbidden, "PERMISSION_DENIED", "Permission denied on resource (or it may not exist).")
		return
	}
	route(call{w, r, who, ids, verb})
}

// parse takes a path of collections and ids apart: /v1/projects/p/keys/k:do
// becomes "GET v1/projects/keys/*:do", p and k, and do.
func parse(r *http.Request) (shape string, ids []string, verb string) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	end := len(parts) - 1
	parts[end], verb, _ = strings.Cut(parts[end], ":")
	shape = r.Method + " " + parts[0]
	for i, p := range parts[1:] {
		if i%2 == 0 {
			shape += "/" + p
		} else {
			ids = append(ids, p)
		}
	}
	if len(parts)%2 == 1 {
		shape += "/*"
	}
	if verb != "" {
		shape += ":" + verb
	}
	return shape, ids, verb
}

// admin is the name of the administrator whose token a request shows.
func (a *api) admin(r *http.Request) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !ok || !a.l.Now().Before(t.until) {
		return ""
	}
	return t.who
}

// issue makes an access token. Who is empty for a key under test.
func (a *api) issue(w http.ResponseWriter, who string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	value := "ya29." + rand.Text()
	a.tokens[value] = token{who, a.l.Now().Add(time.Hour)}
	fake.JSON(w, http.StatusOK, object{"access_token": value, "expires_in": 3599, "token_type": "Bearer"})
}

// test grants whatever is asked about.
func (a *api) test(c call) {
	var in struct{ Permissions []string }
	if !body(c, &in) || len(in.Permissions) == 0 {
		return
	}
	fake.JSON(c.w, http.StatusOK, object{"permissions": in.Permissions})
}
