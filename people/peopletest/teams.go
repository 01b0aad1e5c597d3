package peopletest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
)

// team asks whether a team is found by its name, with those who are active.
func team(t testing.TB, w World) {
	skip(t, w.NoTeams, "teams")
	r := w.start(t, pageSize)
	ada, grace := r.staff()
	joan := r.fake.Add(Human{Email: joanEmail, Name: "Joan Clarke"})
	other := r.fake.Add(Human{Email: "other" + domain, Name: "Other"})
	for _, name := range []string{orders, quoted} {
		r.fake.AddTeam(Team{Name: w.teamName(name), Leads: []string{grace}, Members: []string{grace, ada, joan}})
	}
	r.fake.AddTeam(Team{Name: w.teamName("orders-archive"), Members: []string{other}})
	r.fake.Deactivate(joan)
	for _, name := range []string{orders, quoted} {
		got, err := r.Team(r.ctx, w.teamName(name))
		r.want(t, "Team", err, "")
		slices.Sort(got.Members)
		if diff := cmp.Diff([]string{adaEmail, graceEmail}, got.Members); diff != "" || got.Name != w.teamName(name) {
			t.Errorf("Team(%s) is %q; members (-want +got):\n%s", name, got.Name, diff)
		}
	}
}

// leads asks whether a team's leads are told.
func leads(t testing.TB, w World) {
	skip(t, w.NoTeams || w.NoLeads, "leads")
	r := w.start(t, pageSize)
	ada, grace := r.staff()
	r.fake.AddTeam(Team{Name: w.teamName(orders), Leads: []string{grace}, Members: []string{grace, ada}})
	r.fake.AddTeam(Team{Name: w.teamName("payments"), Members: []string{ada}})
	got, err := r.Team(r.ctx, w.teamName(orders))
	r.want(t, "Team", err, "")
	if diff := cmp.Diff([]string{graceEmail}, got.Leads); diff != "" {
		t.Errorf("leads (-want +got):\n%s", diff)
	}
	got, err = r.Team(r.ctx, w.teamName("payments"))
	r.want(t, "Team", err, "")
	if len(got.Leads) != 0 {
		t.Errorf("a team without leads has %q", got.Leads)
	}
}

// unknownTeam asks whether a team that is not there is NotFound.
func unknownTeam(t testing.TB, w World) {
	r := w.start(t, 0)
	if w.NoTeams {
		_, err := r.Team(r.ctx, orders)
		r.want(t, "Team", err, keyturn.Unsupported)
		return
	}
	r.fake.AddTeam(Team{Name: w.teamName(orders)})
	for _, name := range []string{"nobodys", "order", quoted} {
		_, err := r.Team(r.ctx, w.teamName(name))
		r.want(t, "Team of nobody", err, keyturn.NotFound)
	}
	if got, err := r.Team(r.ctx, w.teamName(orders)); err != nil || len(got.Members) != 0 {
		t.Errorf("an empty team is %+v, %v", got, err)
	}
}
