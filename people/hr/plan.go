package hr

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people/roster"
	"github.com/keyturn/keyturn/registry"
)

// A plan is what an import changes in a directory.
type plan struct {
	directory string
	records   []Record
	now       time.Time
	complete  bool

	stored  []known           // persons, in the order of their ids
	found   []known           // of each record; the zero one where it is of somebody new
	listed  map[string]int    // the record of each id in the roster
	former  map[string]int    // the record of each address a person of the roster has
	emails  map[string]bool   // addresses of the list
	holders map[string]string // who has a name in the roster, by name

	users, groups []registry.Member // to write
	gone          []registry.Member // groups that end
	active        int               // persons before
	diff          Diff
}

// A known is a person of the roster.
type known struct {
	registry.Member
	user roster.User
}

func (p *plan) compare(ctx context.Context, r registry.Roster) error {
	p.listed, p.former, p.holders, p.emails = map[string]int{}, map[string]int{}, map[string]string{}, map[string]bool{}
	for m, err := range r.Members(ctx, registry.MemberFilter{Directory: p.directory, Kind: registry.UserMember}) {
		if err != nil {
			return err
		}
		k := known{Member: m}
		if err := decode(m, &k.user); err != nil {
			return err
		}
		if len(k.user.Emails) == 0 {
			return foreign(m)
		}
		p.stored = append(p.stored, k)
		p.holders[strings.ToLower(m.Name)] = m.ID
		if m.Active {
			p.active++
		}
	}
	p.match()
	for i := range p.records {
		if err := p.person(i); err != nil {
			return err
		}
	}
	if err := p.missing(); err != nil {
		return err
	}
	if err := p.order(); err != nil {
		return err
	}
	return p.teams(ctx, r)
}

// match finds whom each record is of: the one with the employee's id, or else
// the one with the address.
func (p *plan) match() {
	byID, byEmail := map[string]known{}, map[string]known{}
	for _, k := range p.stored {
		byEmail[k.Email] = k
		if k.ExternalID != "" {
			byID[k.ExternalID] = k
		}
	}
	p.found = make([]known, len(p.records))
	take := func(i int, k known) {
		if _, taken := p.listed[k.ID]; k.ID != "" && !taken && p.found[i].ID == "" {
			p.found[i], p.listed[k.ID], p.former[k.Email] = k, i, i
		}
	}
	for i, r := range p.records {
		p.emails[r.Email] = true
		if r.ID != "" {
			take(i, byID[r.ID])
		}
	}
	for i, r := range p.records {
		take(i, byEmail[r.Email])
	}
}

// person plans what becomes of the person of a record.
func (p *plan) person(i int) error {
	r, k := &p.records[i], p.found[i]
	if k.ID == "" {
		k.Member = registry.Member{Directory: p.directory, Kind: registry.UserMember, ID: rand.Text()}
		p.found[i], p.listed[k.ID] = k, i
	}
	was, added := k.Active, k.Version == 0
	changed := p.apply(r, &k)
	switch {
	case added:
		p.diff.Added = append(p.diff.Added, r.Email)
	case was && !k.Active:
		p.diff.Left = append(p.diff.Left, r.Email)
	case !was && k.Active:
		p.diff.Back = append(p.diff.Back, r.Email)
	case len(changed) > 0:
		p.diff.Changed = append(p.diff.Changed, Change{r.Email, changed})
	default:
		p.diff.Unchanged++
		return nil
	}
	return p.save(k)
}

// missing plans that those whom a complete list does not name become inactive.
func (p *plan) missing() error {
	if !p.complete {
		return nil
	}
	for _, k := range p.stored {
		if _, listed := p.listed[k.ID]; listed || !k.Active {
			continue
		}
		p.diff.Left = append(p.diff.Left, k.Email)
		k.Active = false
		if err := p.save(k); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) save(k known) error {
	k.user.Active = &k.Active
	k.Name, k.Email = k.user.UserName, k.user.Emails[0].Value
	m, err := encode(k.Member, k.user, p.now)
	p.users = append(p.users, m)
	return err
}

// order sorts what is written so that an address is given up before somebody
// else gets it.
func (p *plan) order() error {
	holds := map[string]string{} // names by who has them
	for name, id := range p.holders {
		holds[id] = name
	}
	var sorted []registry.Member
	for waiting := p.users; len(waiting) > 0; {
		var blocked []registry.Member
		for _, m := range waiting {
			if holder := p.holders[m.Name]; holder != "" && holder != m.ID {
				blocked = append(blocked, m)
				continue
			}
			delete(p.holders, holds[m.ID])
			p.holders[m.Name], holds[m.ID] = m.ID, m.Name
			sorted = append(sorted, m)
		}
		if len(blocked) == len(waiting) {
			return keyturn.Errorf(keyturn.Invalid, op, "%d persons would get each other's addresses; import a list first in which one of them has another", len(blocked))
		}
		waiting = blocked
	}
	p.users = sorted
	return nil
}
