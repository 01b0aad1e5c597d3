package entra_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

func TestTwoTeamsOfOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	w.tenant.AddGroup("orders", nil, []string{id})
	w.tenant.AddGroup("Orders", nil, nil)
	_, err := w.Team(t.Context(), "orders")
	wantKind(t, "a name that two groups have", err, keyturn.Invalid)
	if err == nil || !strings.Contains(err.Error(), "rename") {
		t.Errorf("%v does not say the mend", err)
	}
}

func TestGrantsInEverybodysNameStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	w.tenant.SignIn(id)
	w.tenant.SignIn(id)
	w.tenant.Allow()
	ended, err := w.Directory.(people.SessionEnder).EndSessions(t.Context(), people.Person{ID: id})
	if diff := cmp.Diff([]string{"sign-in sessions", "2 application grants"}, ended); err != nil || diff != "" {
		t.Errorf("EndSessions: %v (-want +got):\n%s", err, diff)
	}
	if mine, all := w.tenant.Open(id), w.tenant.Open(""); mine != 0 || all != 1 {
		t.Errorf("%d of hers and %d of everybody are left, want 0 and 1", mine, all)
	}
}
