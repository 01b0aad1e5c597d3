package webhooks_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/entra"
	"github.com/keyturn/keyturn/people/okta"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/webhooks"
)

// staff is an edge that takes deliveries of Okta and Entra.
type staff struct {
	*edge
	http.Handler
	org      *oktafake.Org
	outcomes map[string][]webhooks.Outcome
}

// Hear and Compare implement webhooks.Temporal.
func (e *edge) Hear(_ context.Context, directory, id, event string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	e.told = append(e.told, directory+" "+id+" "+event)
	return nil
}

func (e *edge) Compare(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = append(e.told, "compare")
	return e.err
}

func newStaff(t *testing.T) *staff {
	t.Helper()
	s := &staff{edge: newEdge(t), org: oktafake.New(oktafake.Options{}), outcomes: map[string][]webhooks.Outcome{}}
	open := func(f people.Factory, settings, secret string) people.Directory {
		d, err := f.New(people.Env{
			HTTP: http.DefaultClient, Now: time.Now, WebhookSecret: keyturn.NewSecret(secret),
			Decode: func(v any) error { return json.Unmarshal([]byte(settings), v) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const inOkta = `{"domain":"acme.okta.com","token":{"path":"a"}}`
	s.Directories = map[string]people.Directory{
		"okta": open(okta.Factory, inOkta, secret), "deaf": open(okta.Factory, inOkta, ""), "mute": silent{},
		"entra": open(entra.Factory, inEntra, secret),
	}
	s.Count = func(source string, o webhooks.Outcome) { s.outcomes[source] = append(s.outcomes[source], o) }
	s.Handler = s.Server.Handler()
	return s
}

// inEntra are the settings of a tenant.
const inEntra = `{"tenant":"8d6c1d4e-0000-4000-8000-000000000001","credentials":{"path":"a"}}`

// silent is a directory that sends nothing.
type silent struct{ people.Directory }

// post sends a delivery to a directory.
func (s *staff) post(directory, authorization string, body []byte) int {
	return send(s, "/webhooks/people/"+directory, http.Header{"Authorization": {authorization}}, body).Code
}

func TestDirectoriesAreHeard(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ana := s.org.Add(oktafake.User{Profile: map[string]string{"login": "ana@example.com"}})
	left := s.org.Payload(time.Now(), oktafake.Event{UUID: "e-1", Type: "user.lifecycle.deactivate", Targets: []oktafake.Target{s.org.About(ana)}})
	other := s.org.Payload(time.Now(), oktafake.Event{UUID: "e-2", Type: "user.session.start", Targets: []oktafake.Target{s.org.About(ana)}})
	for _, c := range []struct {
		name, directory, authorization string
		body                           []byte
		status                         int
	}{
		{"forged", "okta", "guessed", left, http.StatusUnauthorized},
		{"not authorised", "okta", "", left, http.StatusUnauthorized},
		{"not understood", "okta", secret, []byte(`{"data":`), http.StatusBadRequest},
		{"too large", "okta", secret, make([]byte, 2<<20+1), http.StatusRequestEntityTooLarge},
		{"of no concern", "okta", secret, other, http.StatusOK},
		{"a person left", "okta", secret, left, http.StatusOK},
		{"the same again", "okta", secret, left, http.StatusOK},
		{"no such directory", "none", secret, left, http.StatusNotFound},
		{"one without a secret", "deaf", "", left, http.StatusNotFound},
		{"one that sends nothing", "mute", "", left, http.StatusNotFound},
	} {
		if got := s.post(c.directory, c.authorization, c.body); got != c.status {
			t.Errorf("%s: answered %d, want %d", c.name, got, c.status)
		}
	}
	if diff := cmp.Diff([]string{"okta " + ana + " e-1"}, s.told); diff != "" {
		t.Error(diff)
	}
	want := map[string][]webhooks.Outcome{"people/okta": {
		webhooks.Forged, webhooks.Forged, webhooks.Malformed, webhooks.TooLarge, webhooks.Ignored, webhooks.Told, webhooks.Replayed,
	}}
	if diff := cmp.Diff(want, s.outcomes); diff != "" {
		t.Error(diff)
	}
}

func TestNothingHeardIsLost(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	ana := s.org.Add(oktafake.User{Profile: map[string]string{"login": "ana@example.com"}})
	left := s.org.Payload(time.Now(), oktafake.Event{UUID: "e-1", Type: "user.lifecycle.suspend", Targets: []oktafake.Target{s.org.About(ana)}})
	s.err = keyturn.Errorf(keyturn.Unavailable, "test", "down")
	if got := s.post("okta", secret, left); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d, so that it would not be sent again", got)
	}
	s.err = nil
	if got := s.post("okta", secret, left); got != http.StatusOK || len(s.told) != 1 {
		t.Errorf("answered %d, told %v", got, s.told)
	}
}

func TestHandshakes(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	req := httptest.NewRequest(http.MethodGet, "/webhooks/people/okta", nil)
	req.Header.Set("X-Okta-Verification-Challenge", "abc")
	req.Header.Set("Authorization", secret)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"verification":"abc"`) || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	req = httptest.NewRequest(http.MethodPost, "/webhooks/people/entra?validationToken=a%20%3Cb%3E", nil)
	w = httptest.NewRecorder()
	s.ServeHTTP(w, req)
	if w.Code != http.StatusOK || w.Body.String() != "a <b>" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("answered %d %q as %s", w.Code, w.Body, w.Header().Get("Content-Type"))
	}
}

func TestDirectoriesThatSendTooMuch(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	s.Burst, s.Rate = 1, 0.001
	s.Handler = s.Server.Handler()
	s.post("okta", secret, []byte(`{}`))
	if got := s.post("okta", secret, []byte(`{}`)); got != http.StatusTooManyRequests {
		t.Errorf("answered %d", got)
	}
}
