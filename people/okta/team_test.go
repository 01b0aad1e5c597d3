package okta_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestTeam reads members and owners who are here.
func TestTeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{Governance: true, PageSize: 2})
	ann, bob, cay, dan := w.add("ann@acme.example"), w.add("bob@acme.example", "email", "Robert@acme.example"), w.add("cay@acme.example"), w.add("dan@acme.example")
	kiosk := w.add("kiosk", "email", "")
	w.org.Set(cay, "SUSPENDED")
	w.org.AddGroup(oktafake.Group{Name: "payments"})
	w.org.AddGroup(oktafake.Group{Name: `Payments "EU"`, Members: []string{ann, cay, kiosk, bob}, Owners: []oktafake.Owner{
		{ID: dan}, {ID: "00gowners", Type: "GROUP"}, {ID: "00uelsewhere", Unresolved: true}, {ID: "00ugone"}, {ID: cay}, {ID: ann}, {ID: kiosk}, {ID: ann},
	}})
	want := people.Team{
		Name: `Payments "EU"`, Leads: []string{"dan@acme.example", "ann@acme.example"}, Members: []string{"ann@acme.example", "robert@acme.example"},
	}
	if got, err := w.Team(t.Context(), `Payments "EU"`); err != nil || !cmp.Equal(got, want) {
		t.Errorf("Team: %v, %s", err, cmp.Diff(want, got))
	}
	for _, asked := range w.requests() {
		for _, odd := range []string{"00gowners", "00uelsewhere", ann} {
			if strings.HasSuffix(asked, odd) {
				t.Errorf("it asked %s", asked)
			}
		}
	}
	if got, err := w.Team(t.Context(), "payments"); err != nil || !cmp.Equal(got, people.Team{Name: "payments"}) {
		t.Errorf("Team of nobody = %+v, %v", got, err)
	}
	for _, name := range []string{"", "Payments", `payments "EU"`, "x\" or profile.name eq \"payments"} {
		_, err := w.Team(t.Context(), name)
		wantKind(t, "Team("+name+")", err, keyturn.NotFound)
	}
	w.org.AddGroup(oktafake.Group{Name: "payments"})
	_, err := w.Team(t.Context(), "payments")
	wantKind(t, "Team of a name that two groups have", err, keyturn.Invalid, "2 groups")
}

// TestTeamWithoutOwners reads teams of orgs that have no owners to show, and
// tells them from orgs that do not answer.
func TestTeamWithoutOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	ann := w.add("ann@acme.example")
	path := "/api/v1/groups/" + w.org.AddGroup(oktafake.Group{Name: "payments", Members: []string{ann}, Owners: []oktafake.Owner{{ID: ann}}}) + "/owners"
	want := people.Team{Name: "payments", Members: []string{"ann@acme.example"}}
	for what, rule := range map[string]fake.Rule{
		"403": {Path: "/nothing"}, "404": refusing(path, 404),
		"401": refusingAs(path, 401, "E0000015"), "405": refusingAs(path, 405, "E0000022"),
	} {
		w.faults.Set(rule)
		if got, err := w.Team(t.Context(), "payments"); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Team where owners are refused with %s: %v, %s", what, err, cmp.Diff(want, got))
		}
	}
	for status, kind := range map[int]keyturn.Kind{401: keyturn.Denied, 503: keyturn.Unavailable, 429: keyturn.RateLimited} {
		w.faults.Set(refusing(path, status))
		_, err := w.Team(t.Context(), "payments")
		wantKind(t, "Team", err, kind)
	}
}

// TestNoListOfGroups does not take an org that has lost its groups for one
// without this group.
func TestNoListOfGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	w.faults.Set(refusing("/api/v1/groups", 404))
	_, err := w.Team(t.Context(), "payments")
	wantKind(t, "Team", err, keyturn.Unavailable)
}

// TestOwnerWhoMayNotBeRead passes over an owner outside of the token's resource
// set, and over no other that cannot be read.
func TestOwnerWhoMayNotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{Governance: true})
	ann, bob := w.add("ann@acme.example"), w.add("bob@acme.example")
	w.org.AddGroup(oktafake.Group{Name: "payments", Owners: []oktafake.Owner{{ID: ann}, {ID: bob}}})
	w.faults.Set(refusing("/api/v1/users/"+ann, 403))
	if got, err := w.Team(t.Context(), "payments"); err != nil || !cmp.Equal(got.Leads, []string{"bob@acme.example"}) {
		t.Errorf("the leads are %q, %v", got.Leads, err)
	}
	w.faults.Set(refusing("/api/v1/users/"+ann, 401))
	_, err := w.Team(t.Context(), "payments")
	wantKind(t, "Team with a token that ended", err, keyturn.Denied)
}
