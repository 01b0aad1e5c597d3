package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry/entry"
)

// owners compares the owners that entries name with who is there. Each person and
// team is asked for once.
type owners struct {
	directories map[string]people.Directory
	config      People
	persons     map[string]string // what is wrong with a person, by address
	teams       map[string]*people.Team
}

func newOwners(directories map[string]people.Directory, c People) *owners {
	return &owners{directories: directories, config: c, persons: map[string]string{}, teams: map[string]*people.Team{}}
}

// check looks at one entry's owner. Without directories nobody can say anything.
// Only what keeps it from looking is an error.
func (o *owners) check(ctx context.Context, e entry.Entry) ([]entry.Finding, error) {
	if len(o.directories) == 0 {
		return nil, nil
	}
	owner := e.Key().Owner
	const mend = "name somebody who is there and answers for the key"
	wrong, err := o.person(ctx, people.Address(owner.Person))
	if err != nil || wrong != "" {
		return problem(e, "owner_individual", wrong, mend), err
	}
	team, err := o.team(ctx, owner.Team)
	switch {
	case err != nil:
		return nil, err
	case team == nil:
		return problem(e, "owner_team", "no directory knows a team of this name", "correct it, or say under people.teams what directories call it"), nil
	case len(team.Members) > 0 && !team.Has(owner.Person):
		return problem(e, "owner_individual", "is not in the team "+owner.Team, "name somebody on the team, or correct the team in the directory"), nil
	}
	return nil, nil
}

func problem(e entry.Entry, field, text, mend string) []entry.Finding {
	if text == "" {
		return nil
	}
	return []entry.Finding{e.Finding(field, text, mend)}
}

// person is what is wrong with a person; empty for nothing.
func (o *owners) person(ctx context.Context, address string) (wrong string, err error) {
	if wrong, known := o.persons[address]; known {
		return wrong, nil
	}
	wrong = "is in none of the directories"
	for _, name := range slices.Sorted(maps.Keys(o.directories)) {
		p, err := o.directories[name].Person(ctx, address)
		if keyturn.KindOf(err) == keyturn.NotFound {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("people.directories.%s: %w", name, err)
		}
		if p.Active {
			wrong = ""
			break
		}
		wrong = "has left, as " + name + " has it"
	}
	o.persons[address] = wrong
	return wrong, nil
}

// team is a team as the directories have it together; nil if none knows it, and
// without members where the configuration says all there is to know.
func (o *owners) team(ctx context.Context, name string) (*people.Team, error) {
	if t, known := o.teams[name]; known {
		return t, nil
	}
	rule, ruled := o.config.Teams[name]
	group := rule.Group
	if group == "" {
		group = name
	}
	var found *people.Team
	for _, in := range slices.Sorted(maps.Keys(o.directories)) {
		t, err := o.directories[in].Team(ctx, group)
		switch keyturn.KindOf(err) {
		case "":
			if found == nil {
				found = &people.Team{Name: name}
			}
			found.Leads, found.Members = append(found.Leads, t.Leads...), append(found.Members, t.Members...)
		case keyturn.NotFound, keyturn.Unsupported:
		default:
			return nil, fmt.Errorf("people.directories.%s: %w", in, err)
		}
	}
	if found == nil && ruled {
		found = &people.Team{Name: name}
	}
	o.teams[name] = found
	return found, nil
}
