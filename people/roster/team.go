package roster

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// Team implements [people.Directory]: a group by its display name, in whatever
// case. Members that are unknown, inactive or groups themselves are left out.
func (d *Directory) Team(ctx context.Context, name string) (people.Team, error) {
	const op = "roster: team"
	f := registry.MemberFilter{Directory: d.Name, Kind: registry.GroupMember, Name: name}
	if name == "" {
		return people.Team{}, keyturn.Errorf(keyturn.Invalid, op, "a team without a name was asked for")
	}
	for m, err := range d.Roster.Members(ctx, f) {
		if err != nil {
			return people.Team{}, err
		}
		var g Group
		if err := json.Unmarshal(m.Document, &g); err != nil {
			return people.Team{}, keyturn.Errorf(keyturn.Invalid, op, "the document of group %s is no SCIM group; push or import it again", m.ID)
		}
		return d.team(ctx, m.Name, g)
	}
	return people.Team{}, keyturn.Errorf(keyturn.NotFound, op, "the directory %q has no team of this name", d.Name)
}

func (d *Directory) team(ctx context.Context, name string, g Group) (people.Team, error) {
	t := people.Team{Name: name}
	for _, lead := range g.Leads {
		if lead = people.Address(lead); lead != "" && !slices.Contains(t.Leads, lead) {
			t.Leads = append(t.Leads, lead)
		}
	}
	seen := map[string]bool{"": true}
	for _, member := range g.Members {
		address, err := d.member(ctx, member)
		if err != nil {
			return people.Team{}, err
		}
		if !seen[address] {
			seen[address] = true
			t.Members = append(t.Members, address)
		}
	}
	return t, nil
}

// member returns the address of an active user, whom a group names by the
// roster's id or by address. It is empty for everybody else.
func (d *Directory) member(ctx context.Context, r Reference) (string, error) {
	if strings.EqualFold(r.Type, "Group") {
		return "", nil
	}
	m, err := d.Roster.Member(ctx, d.Name, registry.UserMember, r.Value)
	switch {
	case err == nil && m.Active:
		return m.Email, nil
	case err == nil:
		return "", nil
	case keyturn.KindOf(err) != keyturn.NotFound:
		return "", err
	case !strings.Contains(r.Value, "@"):
		return "", nil
	}
	f := registry.MemberFilter{Directory: d.Name, Kind: registry.UserMember, Email: people.Address(r.Value)}
	found, ok, err := d.first(ctx, f, func(people.Person) bool { return true })
	if !ok || !found.person.Active {
		return "", err
	}
	return found.person.Email, nil
}
