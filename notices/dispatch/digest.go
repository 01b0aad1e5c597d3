package dispatch

import (
	"strings"

	"github.com/keyturn/keyturn/registry"
)

// A Digest is what a template may say of many notices.
type Digest struct {
	Count   int      // of notices
	Keys    int      // of different keys
	Counts  []Tally  // by what happened, failures first
	Notices []Facts  // the first ones, failures first
	More    int      // how many are left out
	List    string   // the command that lists the keys
	Teams   []string // the teams of the keys
	Urgent  bool
	// Audience is why they get it, empty if for several reasons.
	Audience string
	Instead  bool // some are for an owner who cannot be reached
}

// A Tally is how many notices say the same.
type Tally struct {
	Count   int
	What    string
	Retired bool
}

// digest sums notices up, which come failures first, and names the first ones.
func digest(about []Facts, lines int) Digest {
	d := Digest{Count: len(about), Notices: about[:min(lines, len(about))], List: list(about), Audience: about[0].Audience}
	d.More = len(about) - len(d.Notices)
	keys, teams, tallies := map[string]bool{}, map[string]bool{}, map[Tally]int{}
	for _, f := range about {
		keys[f.Key] = true
		if !teams[f.Team] {
			teams[f.Team] = true
			d.Teams = append(d.Teams, f.Team)
		}
		t := Tally{What: f.What, Retired: f.Retired}
		if tallies[t] == 0 {
			d.Counts = append(d.Counts, t)
		}
		tallies[t]++
		d.Urgent, d.Instead = d.Urgent || f.Urgent, d.Instead || f.Instead
		if f.Audience != d.Audience {
			d.Audience = ""
		}
	}
	d.Keys = len(keys)
	for i, t := range d.Counts {
		d.Counts[i].Count = tallies[t]
	}
	return d
}

// list is the command that shows the keys of a digest, as narrowly as one
// command can.
func list(about []Facts) string {
	same := func(of func(Facts) string) string {
		for _, f := range about {
			if of(f) != of(about[0]) {
				return ""
			}
		}
		return of(about[0])
	}
	if person := same(func(f Facts) string { return f.Person }); person != "" && same(func(f Facts) string { return f.Audience }) == string(registry.ToOwner) {
		return "keyturn keys list --person " + quoted(person)
	}
	if team := same(func(f Facts) string { return f.Team }); team != "" {
		return "keyturn keys list --team " + quoted(team)
	}
	return "keyturn keys list"
}

// quoted writes a word as a shell reads it back.
func quoted(s string) string {
	odd := func(r rune) bool {
		return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && !strings.ContainsRune("@._-+/", r)
	}
	if !strings.ContainsFunc(s, odd) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
