package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/roster"
	"github.com/keyturn/keyturn/registry"
)

func newPeopleCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "people",
		Short: "Import lists of staff, and see who is in the registry",
		Long: `The registry keeps the people that an identity provider pushed to Keyturn by SCIM,
or that were imported from a list of staff, each under the name of their directory
in the worker's configuration. Directories that the worker asks itself are not
among them.`,
		Example: `  keyturn people import staff.csv --directory staff --complete
  keyturn people list --directory staff
  keyturn people show alice@example.com --directory staff`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPeopleImportCmd(a), newPeopleListCmd(a), newPeopleShowCmd(a))
	return cmd
}

// A personView is how a person is printed.
type personView struct {
	Email   string   `json:"email"`
	Aliases []string `json:"aliases,omitempty"`
	Name    string   `json:"name,omitempty"`
	Active  bool     `json:"active"`
	Manager string   `json:"manager,omitempty"`
	Teams   []string `json:"teams,omitempty"`
	LeadOf  []string `json:"lead_of,omitempty"`
}

func (v *personView) status() string {
	if v.Active {
		return "active"
	}
	return "inactive"
}

// rosterTeams are the names of teams by their members and by their leads, as
// groups name those: by the roster's id or by address.
type rosterTeams struct{ of, ledBy map[string][]string }

func (t *rosterTeams) view(p people.Person) *personView {
	v := &personView{Email: p.Email, Aliases: p.Aliases, Name: p.Name, Active: p.Active, Manager: p.Manager}
	v.Teams = append(v.Teams, t.of[p.ID]...)
	for _, address := range append([]string{p.Email}, p.Aliases...) {
		v.Teams = append(v.Teams, t.of[address]...)
		v.LeadOf = append(v.LeadOf, t.ledBy[address]...)
	}
	slices.Sort(v.Teams)
	slices.Sort(v.LeadOf)
	v.Teams, v.LeadOf = slices.Compact(v.Teams), slices.Compact(v.LeadOf)
	return v
}

func readTeams(ctx context.Context, store registry.Roster, directory string) (*rosterTeams, error) {
	t := &rosterTeams{map[string][]string{}, map[string][]string{}}
	for m, err := range store.Members(ctx, registry.MemberFilter{Directory: directory, Kind: registry.GroupMember}) {
		if err != nil {
			return nil, err
		}
		var g roster.Group
		if err := json.Unmarshal(m.Document, &g); err != nil {
			return nil, fmt.Errorf("the document of group %s in the directory %s is no group; push or import it again", m.ID, directory)
		}
		for _, member := range g.Members {
			t.of[member.Value] = append(t.of[member.Value], m.Name)
		}
		for _, lead := range g.Leads {
			t.ledBy[people.Address(lead)] = append(t.ledBy[people.Address(lead)], m.Name)
		}
	}
	return t, nil
}
