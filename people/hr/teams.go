package hr

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/keyturn/keyturn/people/roster"
	"github.com/keyturn/keyturn/registry"
)

// A team is a group of the roster as the plan changes it.
type team struct {
	registry.Member
	was, now roster.Group
}

// teams plans who is in which team and who leads it. A team nobody is in and
// nobody leads ends.
func (p *plan) teams(ctx context.Context, r registry.Roster) error {
	var all []*team
	byName := map[string]*team{}
	for m, err := range r.Members(ctx, registry.MemberFilter{Directory: p.directory, Kind: registry.GroupMember}) {
		if err != nil {
			return err
		}
		t := &team{Member: m}
		if err := decode(m, &t.was); err != nil {
			return err
		}
		t.now = p.stay(t.was)
		byName[strings.ToLower(m.Name)] = t
		all = append(all, t)
	}
	named := func(name string) *team {
		t := byName[strings.ToLower(name)]
		if t == nil {
			t = &team{
				Member: registry.Member{Directory: p.directory, Kind: registry.GroupMember, ID: rand.Text(), Name: name, Active: true},
				now:    roster.Group{DisplayName: name},
			}
			byName[strings.ToLower(name)] = t
			all = append(all, t)
		}
		return t
	}
	for i, r := range p.records {
		for _, name := range r.Teams {
			t, who := named(name), roster.Reference{Value: p.found[i].ID}
			if !slices.Contains(t.now.Members, who) {
				t.now.Members = append(t.now.Members, who)
			}
		}
		for _, name := range r.LeadOf {
			if t := named(name); !slices.Contains(t.now.Leads, r.Email) {
				t.now.Leads = append(t.now.Leads, r.Email)
			}
		}
	}
	return p.saveTeams(all)
}

// stay is a group without those of whom the list says, and does not say that they
// are in it or lead it.
func (p *plan) stay(g roster.Group) roster.Group {
	out := roster.Group{DisplayName: g.DisplayName}
	for _, m := range g.Members {
		i, listed := p.listed[m.Value]
		if !listed || !p.records[i].says(fieldTeam) || shared(p.records[i].Teams, g.DisplayName) {
			out.Members = append(out.Members, m)
		}
	}
	for _, lead := range g.Leads {
		i, listed := p.former[lead]
		switch {
		case !listed:
			out.Leads = append(out.Leads, lead)
		case !p.records[i].says(fieldLeadOf), shared(p.records[i].LeadOf, g.DisplayName):
			out.Leads = append(out.Leads, p.records[i].Email)
		}
	}
	return out
}

func (p *plan) saveTeams(all []*team) error {
	for _, t := range all {
		switch {
		case len(t.now.Members)+len(t.now.Leads) == 0:
			p.gone = append(p.gone, t.Member)
		case slices.Equal(t.was.Members, t.now.Members) && slices.Equal(t.was.Leads, t.now.Leads):
			continue
		default:
			m, err := encode(t.Member, t.now, p.now)
			if err != nil {
				return err
			}
			p.groups = append(p.groups, m)
		}
		p.diff.Teams++
	}
	return nil
}

// shared reports whether a team is among others. Names are compared in whatever
// case.
func shared(teams []string, name string) bool {
	return slices.ContainsFunc(teams, func(t string) bool { return strings.EqualFold(t, name) })
}
