package scim_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people/scim"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
)

const token = "the token that the operator handed out"

// world is a server with a real registry, and what it told.
type world struct {
	*scim.Server
	t       testing.TB
	handler http.Handler

	mu       sync.Mutex
	err      error // what Left and Back say
	left     []scim.Leaver
	back     []string
	outcomes map[scim.Outcome]int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := &world{t: t, outcomes: map[scim.Outcome]int{}}
	w.Server = &scim.Server{
		Directory: "staff", Roster: store, Address: "https://keyturn.example",
		Token: func(context.Context) (keyturn.Secret, error) { return keyturn.NewSecret(token), nil },
		Left: func(_ context.Context, l scim.Leaver) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.left = append(w.left, l)
			return w.err
		},
		Back: func(_ context.Context, email string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.back = append(w.back, email)
			return w.err
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Count: func(o scim.Outcome) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.outcomes[o]++
		},
	}
	w.handler = w.Handler("/scim/v2/staff")
	return w
}

// send sends a request with the token. Headers come in pairs.
func (w *world) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	path = strings.ReplaceAll(path, " ", "%20")
	req := httptest.NewRequest(method, "/scim/v2/staff"+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	return rec
}

// call is send for a status that must come, and decodes the answer.
func (w *world) call(status int, method, path, body string, headers ...string) map[string]any {
	w.t.Helper()
	rec := w.send(method, path, body, headers...)
	if rec.Code != status {
		w.t.Fatalf("%s %s: %d %s, want %d", method, path, rec.Code, rec.Body, status)
	}
	if rec.Body.Len() == 0 {
		return nil
	}
	if got := rec.Header().Get("Content-Type"); got != "application/scim+json" {
		w.t.Errorf("%s %s: content type %q", method, path, got)
	}
	var out map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		w.t.Fatalf("%s %s: %v in %s", method, path, err, rec.Body)
	}
	return out
}

// add pushes a resource and returns its id.
func (w *world) add(place, body string) string {
	w.t.Helper()
	return w.call(http.StatusCreated, http.MethodPost, place, body)["id"].(string)
}

// member is what the registry has.
func (w *world) member(kind registry.MemberKind, id string) registry.Member {
	w.t.Helper()
	m, err := w.Roster.Member(w.t.Context(), "staff", kind, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// told returns what was told since it was asked last.
func (w *world) told() (left []scim.Leaver, back []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left, back = w.left, w.back
	w.left, w.back = nil, nil
	return left, back
}

// fail lets Left and Back fail, or work again.
func (w *world) fail(fails bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = nil
	if fails {
		w.err = keyturn.Errorf(keyturn.Conflict, "departures: announce", "another departure is open")
	}
}

// operations is the body of a PATCH.
func operations(ops string) string {
	return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [` + ops + `]}`
}

// at returns what stands in an answer at keys and, for lists, numbers.
func at(v any, keys ...any) any {
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[k]
		case int:
			list, _ := v.([]any)
			if k >= len(list) {
				return nil
			}
			v = list[k]
		}
	}
	return v
}

// same compares a part of an answer with JSON.
func same(t testing.TB, what string, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// ada is a user as most identity providers push one.
const ada = `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@acme.example",
	"externalId": "00u1", "active": true, "name": {"givenName": "Ada", "familyName": "Byron"},
	"emails": [{"value": "Ada@acme.example", "type": "work", "primary": true}]}`
