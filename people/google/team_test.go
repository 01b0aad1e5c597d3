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

// staffed is a world with a group that has another in it, and all kinds of members.
func staffed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, googlefake.Options{PageSize: 2})
	for _, u := range []string{"ann", "bob", "cat", "dan"} {
		w.fake.Put(googlefake.User{Email: u + "@acme.example"})
	}
	w.fake.Put(googlefake.User{Email: "eve@acme.example", Suspended: true})
	w.fake.PutGroup(googlefake.Group{Email: "inner@acme.example", Name: "Inner", Members: []googlefake.Member{
		{Email: "dan@acme.example", Role: "OWNER"}, {Email: "cat@acme.example"},
	}})
	w.fake.PutGroup(googlefake.Group{Email: "orders@acme.example", Name: "Orders", Members: []googlefake.Member{
		{Email: "cat@acme.example"},
		{Email: "eve@acme.example", Role: "OWNER"},
		{Email: "inner@acme.example", Role: "MANAGER"},
		{Email: "Bob@acme.example", Role: "MANAGER"},
		{Email: "ann@acme.example", Role: "OWNER"},
		{Email: "guest@elsewhere.example"},
	}})
	return w
}

// TestTeam checks that leads are the group's own, and members those of groups in it
// as well.
func TestTeam(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	want := people.Team{
		Name:    "Orders",
		Leads:   []string{"bob@acme.example", "ann@acme.example"},
		Members: []string{"cat@acme.example", "dan@acme.example", "bob@acme.example", "ann@acme.example"},
	}
	for _, name := range []string{"Orders", " orders ", "Orders@acme.example"} {
		got, err := w.d.Team(t.Context(), name)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Team(%q): %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestTeamOfWhichThereAreMore(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.fake.PutGroup(googlefake.Group{Email: "orders2@acme.example", Name: "orders"})
	_, err := w.d.Team(t.Context(), "Orders")
	wantKind(t, "a name that two groups have", err, keyturn.Invalid)
	_, err = w.d.Team(t.Context(), "orders2@acme.example")
	wantKind(t, "the address of one", err, "")
	for _, name := range []string{"", "Order", "nobodys@acme.example"} {
		_, err = w.d.Team(t.Context(), name)
		wantKind(t, "Team("+name+")", err, keyturn.NotFound)
	}
	w.faults.Set(fake.Rule{Match: at("/groups/orders@acme.example"), Answer: saying(200, `{"id":"01","email":"other@acme.example"}`)})
	_, err = w.d.Team(t.Context(), "orders@acme.example")
	wantKind(t, "another group than was asked for", err, keyturn.Unavailable)
}

// TestTeamTrustsNoFilter has Google answer with more than it was asked for.
func TestTeamTrustsNoFilter(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.faults.Set(
		fake.Rule{Match: func(r *http.Request) bool { return r.FormValue("roles") != "" }, Answer: saying(200, `{"kind":"admin#directory#members","members":[
			{"email":"cat@acme.example","role":"MEMBER","type":"USER","status":"ACTIVE"},
			{"email":"ann@acme.example","role":"OWNER","type":"USER","status":"ACTIVE"}]}`)},
		fake.Rule{Match: at("/groups"), Answer: saying(200, `{"kind":"admin#directory#groups","groups":[
			{"id":"07","email":"a@acme.example","name":"Orders archive"},{"id":"01000007","email":"orders@acme.example","name":"Orders"}]}`)},
	)
	got, err := w.d.Team(t.Context(), "Orders")
	if diff := cmp.Diff([]string{"ann@acme.example"}, got.Leads); diff != "" || err != nil {
		t.Errorf("%v; leads (-want +got):\n%s", err, diff)
	}
}
