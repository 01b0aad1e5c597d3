package scim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/roster"
)

// TestRoster reads what was pushed as a directory.
func TestRoster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := &roster.Directory{Name: "staff", Roster: w.Roster}
	boss := w.add("/Users", `{"userName": "boss@acme.example", "displayName": "The Boss", "active": "True"}`)
	id := w.add("/Users", ada)
	w.call(200, "PATCH", "/Users/"+id, operations(`
		{"op": "Add", "path": "emails[type eq \"other\"].value", "value": "countess@acme.example"},
		{"op": "Add", "path": "`+enterprise+`:manager", "value": "`+boss+`"},
		{"op": "Add", "path": "`+enterprise+`:employeeNumber", "value": 12}`))
	group := w.add("/Groups", `{"displayName": "ops", "members": [{"value": "`+id+`"}, {"value": "`+boss+`"}]}`)
	w.call(204, "PATCH", "/Groups/"+group, operations(`{"op": "add", "path": "leads", "value": ["boss@acme.example"]}`))

	want := people.Person{ID: id, Email: "ada@acme.example", Aliases: []string{"countess@acme.example"}, Name: "Ada Byron", Manager: "boss@acme.example", Active: true}
	got, err := d.Person(t.Context(), "countess@acme.example")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	team, err := d.Team(t.Context(), "ops")
	if diff := cmp.Diff(people.Team{Name: "ops", Leads: []string{"boss@acme.example"}, Members: []string{"ada@acme.example", "boss@acme.example"}}, team); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}

	// A leaver is found by the address from before.
	w.call(200, "PATCH", "/Users/"+id, operations(`{"op": "Replace", "path": "userName", "value": "gone"}, {"op": "remove", "path": "emails"}, {"op": "Replace", "path": "active", "value": "False"}`))
	got, err = d.Person(t.Context(), "ada@acme.example")
	if err != nil || got.ID != id || got.Active || got.Email != "" {
		t.Errorf("the leaver is %+v, %v", got, err)
	}
	if team, err := d.Team(t.Context(), "ops"); err != nil || len(team.Members) != 1 {
		t.Errorf("the team is %+v, %v", team, err)
	}
}
