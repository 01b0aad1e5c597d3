package dispatch

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/registry"
)

// destinations yields every place that is written down, and the field it is
// written in.
func (r Routes) destinations() iter.Seq2[string, Destination] {
	return func(yield func(string, Destination) bool) {
		for _, team := range slices.Sorted(maps.Keys(r.Teams)) {
			for i, d := range r.Teams[team] {
				if !yield(fmt.Sprintf("routes.teams.%s[%d]", team, i), d) {
					return
				}
			}
		}
		for i, d := range r.Security {
			if !yield(fmt.Sprintf("routes.security[%d]", i), d) {
				return
			}
		}
	}
}

// check asks the channels what they think of the addresses.
func (r Routes) check(channels map[string]notices.Channel) []error {
	var errs []error
	for field, d := range r.destinations() {
		channel, ok := channels[d.Channel]
		if !ok {
			errs = append(errs, fmt.Errorf("notices.%s: no channel is called %q", field, d.Channel))
		} else if err := channel.CheckAddress(d.To); err != nil {
			errs = append(errs, fmt.Errorf("notices.%s: to: %w", field, err))
		}
	}
	if r.Owner == "" {
		return errs
	}
	if channel, ok := channels[r.Owner]; !ok {
		errs = append(errs, fmt.Errorf("notices.routes.owner: no channel is called %q", r.Owner))
	} else if channel.CheckAddress("") == nil {
		errs = append(errs, fmt.Errorf("notices.routes.owner: channel %q leads to one place, not to each owner; name one of kind smtp", r.Owner))
	}
	return errs
}

// of returns where a notice goes, and whether that is the team in the owner's
// stead.
func (d *Dispatcher) of(n *registry.Notice) (to []Destination, instead bool) {
	switch n.To {
	case registry.ToOwner:
		if c, ok := d.needs.Channels[d.routes.Owner]; ok && c.CheckAddress(n.Key.Owner.Person) == nil {
			return []Destination{{Channel: d.routes.Owner, To: n.Key.Owner.Person}}, false
		}
		return d.routes.team(n), true
	case registry.ToTeam:
		return d.routes.team(n), false
	case registry.ToSecurity:
		return unique(d.routes.Security), false
	}
	return nil, false
}

// team returns where the key's team is told.
func (r Routes) team(n *registry.Notice) []Destination {
	to, ok := r.Teams[n.Key.Owner.Team]
	if !ok {
		to = r.Teams[defaultTeam]
	}
	return unique(to)
}

// unique drops a place that is written down twice.
func unique(in []Destination) []Destination {
	var out []Destination
	for _, d := range in {
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}
