package google_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/google/googlefake"
	"github.com/keyturn/keyturn/providers/fake"
)

// signedIn is a user with something to end.
func signedIn(w *world) people.Person {
	return people.Person{ID: w.fake.Put(googlefake.User{
		Email: "ada@acme.example", Sessions: 2, Grants: []string{"1-a.apps.googleusercontent.com", "anonymous/x y"}, Passwords: []int{7},
	})}
}

func TestEndSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	p := signedIn(w)
	ender := w.d.(people.SessionEnder)
	got, err := ender.EndSessions(t.Context(), p)
	if diff := cmp.Diff([]string{"all sessions", "2 application grants", "1 application password"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if u, _ := w.fake.User(p.ID); u.Sessions+len(u.Grants)+len(u.Passwords) != 0 {
		t.Errorf("left open: %+v", u)
	}
	got, err = ender.EndSessions(t.Context(), p)
	if diff := cmp.Diff([]string{"all sessions"}, got); diff != "" || err != nil {
		t.Errorf("again: %v (-want +got):\n%s", err, diff)
	}
	got, err = ender.EndSessions(t.Context(), people.Person{ID: "404"})
	if len(got) != 0 || err != nil {
		t.Errorf("of nobody: %q, %v", got, err)
	}
	_, err = ender.EndSessions(t.Context(), people.Person{ID: "../x"})
	wantKind(t, "no id", err, keyturn.Invalid)
}

// TestEndSessionsGoesOn refuses one thing after the other, which must keep the rest
// from nothing, and be told.
func TestEndSessionsGoesOn(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]string{
		"/signOut":                               {"2 application grants", "1 application password"},
		"/tokens":                                {"all sessions", "1 application password"},
		"/tokens/1-a.apps.googleusercontent.com": {"all sessions", "1 application grant", "1 application password"},
		"/asps":                                  {"all sessions", "2 application grants"},
	} {
		w := newWorld(t, googlefake.Options{})
		p := signedIn(w)
		w.faults.Set(fake.Rule{Match: at(path), Status: 503})
		got, err := w.d.(people.SessionEnder).EndSessions(t.Context(), p)
		wantKind(t, path+" refused", err, keyturn.Unavailable)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s refused (-want +got):\n%s", path, diff)
		}
	}
	w := newWorld(t, googlefake.Options{})
	p := signedIn(w)
	w.faults.Set(fake.Rule{Match: func(r *http.Request) bool { return r.URL.Path != "/token" }, Answer: saying(200, "<html>")})
	got, err := w.d.(people.SessionEnder).EndSessions(t.Context(), p)
	if wantKind(t, "a proxy's page", err, keyturn.Unavailable); len(got) != 0 {
		t.Errorf("a proxy's page ended %q", got)
	}
	gone := func(r *http.Request) bool { return r.Method == http.MethodDelete }
	w.faults.Set(fake.Rule{Match: gone, Answer: problem(404, "notFound")})
	got, err = w.d.(people.SessionEnder).EndSessions(t.Context(), p)
	if diff := cmp.Diff([]string{"all sessions"}, got); diff != "" || err != nil {
		t.Errorf("what was ended meanwhile: %v (-want +got):\n%s", err, diff)
	}
}
