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
	h := &heirs{Leavers: a, departure: d, chosen: map[string]string{}}
	h.leaver, _ = a.addresses(ctx, d)
	persons, _ := a.whoever(ctx, d.Email)
	for _, p := range persons {
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
	nominees, err := h.nominees(ctx, team)
	if err != nil {
		return "", err
	}
	for _, c := range nominees {
		who := people.Address(c.email)
		if who == "" || slices.Contains(h.leaver, who) {
			continue
		}
		here, err := h.here(ctx, who, c.configured)
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

// A nominee may get keys. One that is configured need be in no directory: it may
// be an address that several people read.
type nominee struct {
	email      string
	configured bool
}

func (h *heirs) nominees(ctx context.Context, team string) ([]nominee, error) {
	rule := h.Rules.Teams[team]
	out := []nominee{{rule.Lead, true}}
	group := rule.Group
	if group == "" {
		group = team
	}
	for _, name := range slices.Sorted(maps.Keys(h.Directories)) {
		t, err := h.Directories[name].Team(ctx, group)
		switch keyturn.KindOf(err) {
		case "":
			for _, lead := range t.Leads {
				out = append(out, nominee{email: lead})
			}
		case keyturn.NotFound, keyturn.Invalid, keyturn.Unsupported, keyturn.Denied: // it has nothing to say
		default:
			return nil, err
		}
	}
	out = append(out, nominee{rule.OnCall, true})
	for _, manager := range h.manager {
		out = append(out, nominee{email: manager})
	}
	return append(out, nominee{h.Rules.Fallback, true}), nil
}

// here reports whether somebody may be given keys: they are not known to have left,
// and a directory has them as active, or none knows them and they are configured, or
// there is none that could say.
func (h *heirs) here(ctx context.Context, email string, configured bool) (bool, error) {
	_, err := h.Registry.Gone(ctx, email)
	if keyturn.KindOf(err) != keyturn.NotFound {
		return false, err // they left, or nobody can say
	}
	known := false
	for _, name := range slices.Sorted(maps.Keys(h.Directories)) {
		p, err := h.Directories[name].Person(ctx, email)
		switch {
		case keyturn.KindOf(err) == keyturn.NotFound:
		case err != nil:
			return false, err
		case p.Active:
			return true, nil
		default:
			known = true
		}
	}
	return !known && configured || len(h.Directories) == 0, nil
}
