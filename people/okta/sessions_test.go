package okta_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/providers/fake"
)

const (
	endedSessions = "all Okta sessions and OAuth tokens"
	endedGrants   = "all application grants"
)

// TestEndSessions signs a leaver out, again, and when they are gone.
func TestEndSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id, other := w.add("ann@acme.example"), w.add("bob@acme.example")
	for range 2 {
		w.org.SignIn(id)
	}
	w.org.SignIn(other)
	w.org.Set(id, "DEPROVISIONED")
	for range 2 {
		got, err := w.ender().EndSessions(t.Context(), people.Person{ID: id})
		if err != nil || !cmp.Equal(got, []string{endedSessions, endedGrants}) {
			t.Errorf("EndSessions = %q, %v", got, err)
		}
		if s, tokens, grants := w.org.Held(id); s+tokens+grants != 0 {
			t.Errorf("%d sessions, %d tokens and %d grants are left", s, tokens, grants)
		}
	}
	if s, tokens, grants := w.org.Held(other); s*tokens*grants == 0 {
		t.Error("somebody else was signed out")
	}
	w.org.Delete(id)
	if got, err := w.ender().EndSessions(t.Context(), people.Person{ID: id}); err != nil || got != nil {
		t.Errorf("EndSessions of who is gone = %q, %v", got, err)
	}
	for _, odd := range []string{"", "../groups", "ann@acme.example"} {
		_, err := w.ender().EndSessions(t.Context(), people.Person{ID: odd})
		wantKind(t, "EndSessions of "+odd, err, keyturn.Invalid)
	}
}

// TestHalfSignedOut says what was ended before it went wrong, and goes on when
// it is asked again.
func TestHalfSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id := w.add("ann@acme.example")
	path := "/api/v1/users/" + id + "/grants"
	for what, c := range map[string]struct {
		rule  fake.Rule
		kind  keyturn.Kind
		words string
	}{
		"lost":    {fake.Rule{Path: path, Drop: fake.DropAfter}, keyturn.Unavailable, "no answer"},
		"refused": {refusing(path, 403), keyturn.Denied, "needs okta.users.manage"},
		"odd":     {answering(path, `{}`), keyturn.Unavailable, "documented"},
	} {
		w.faults.Set(c.rule)
		got, err := w.ender().EndSessions(t.Context(), people.Person{ID: id})
		wantKind(t, what, err, c.kind, c.words)
		if !cmp.Equal(got, []string{endedSessions}) {
			t.Errorf("%s: %q was ended", what, got)
		}
	}
	w.faults.Set()
	if got, err := w.ender().EndSessions(t.Context(), people.Person{ID: id}); err != nil || len(got) != 2 {
		t.Errorf("EndSessions = %q, %v", got, err)
	}
}

// TestStatusDoesNotAllow ends what can be ended of somebody whose status Okta
// minds.
func TestStatusDoesNotAllow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id := w.add("ann@acme.example")
	w.faults.Set(refusingAs("/api/v1/users/"+id+"/sessions", 403, "E0000038"))
	if got, err := w.ender().EndSessions(t.Context(), people.Person{ID: id}); err != nil || !cmp.Equal(got, []string{endedGrants}) {
		t.Errorf("EndSessions = %q, %v", got, err)
	}
}

func (w *world) ender() people.SessionEnder { return w.Directory.(people.SessionEnder) }
