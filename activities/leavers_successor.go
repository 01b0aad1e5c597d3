package activities

import (
	"context"
	"maps"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// heirs chooses who gets a leaver's keys, once for each team.
type heirs struct {
	*Leavers
	departure registry.Departure
	leaver    []string // the leaver's addresses
	manager   []string // the leaver's, as directories have it
	chosen    map[string]string
}

func (a *Leavers) heirs(ctx context.Context, d registry.Departure) *heirs {
	h := &heirs{Leavers: a, departure: d, leaver: a.addresses(ctx, d), chosen: map[string]string{}}
	for _, p := range a.whoever(ctx, d.Email) {
		if p.Manager != "" {
			h.manager = append(h.manager, p.Manager)
		}
	}
	return h
}

// of is who gets the keys of a team: whom a person named, else the team's lead,
// whoever is on call for it, the leaver's manager, and who is named for all.
// It is empty where there is nobody. Nobody who left gets a key.
func (h *heirs) of(ctx context.Context, team string) (string, error) {
	if who, ok := h.chosen[team]; ok {
		return who, nil
	}
	if h.departure.Successor != "" {
		return h.departure.Successor, nil // a person named them: their word counts
	}
	candidates, err := h.candidates(ctx, team)
	if err != nil {
		return "", err
	}
	for _, who := range candidates {
		who = people.Address(who)
		if who == "" || slices.Contains(h.leaver, who) {
			continue
		}
		here, err := h.here(ctx, who)
		if err != nil {
			return "", err
		}
		if here {
			h.chosen[team] = who
			return who, nil
		}
	}
	h.chosen[team] = ""
	return "", nil
}

func (h *heirs) candidates(ctx context.Context, team string) ([]string, error) {
	rule := h.Rules.Teams[team]
	out := []string{rule.Lead}
	group := rule.Group
	if group == "" {
		group = team
	}
	for _, name := range slices.Sorted(maps.Keys(h.Directories)) {
		t, err := h.Directories[name].Team(ctx, group)
		switch keyturn.KindOf(err) {
		case "":
			out = append(out, t.Leads...)
		case keyturn.NotFound, keyturn.Invalid, keyturn.Unsupported, keyturn.Denied: // it has nothing to say
		default:
			return nil, err
		}
	}
	return append(append(append(out, rule.OnCall), h.manager...), h.Rules.Fallback), nil
}

// here reports whether somebody may be given keys: a directory has them as active,
// or there is none that could say, and they are not known to have left.
func (h *heirs) here(ctx context.Context, email string) (bool, error) {
	_, err := h.Registry.Gone(ctx, email)
	if keyturn.KindOf(err) != keyturn.NotFound {
		return false, err // they left, or nobody can say
	}
	for _, name := range slices.Sorted(maps.Keys(h.Directories)) {
		p, err := h.Directories[name].Person(ctx, email)
		switch {
		case keyturn.KindOf(err) == keyturn.NotFound:
		case err != nil:
			return false, err
		case p.Active:
			return true, nil
		}
	}
	return len(h.Directories) == 0, nil
}
