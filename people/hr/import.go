package hr

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

const op = "hr: import"

// Options say how far an import goes.
type Options struct {
	// Complete says that the list names everybody: who is in the directory and not
	// in the list becomes inactive.
	Complete bool
	// PlanOnly has it find out what would change, and change nothing.
	PlanOnly bool
	// MostLeavers is how many persons may become inactive. 0 means a tenth of those
	// who are active, and 10 in any case.
	MostLeavers int
}

// A Diff is what an import changes. Persons are given by their addresses, in the
// order of the list; those the list does not name come after them.
type Diff struct {
	Added     []string
	Changed   []Change
	Left      []string // who were active and are not any more
	Back      []string // who were not active and are
	Unchanged int
	Teams     int // whose members or leads change
}

// A Change is a person of whom something else changes than whether they are
// active.
type Change struct {
	Email  string
	Fields []string
}

// Import brings a list into a directory of the roster, and returns what that
// changes. Fields the list is silent on stay as they are, and so do persons it
// does not name, unless it is Complete. Importing a list twice is importing it
// once: after an error, what was written already is unchanged the next time.
//
// An import by which too many persons would leave is Invalid; the Diff is
// returned with that error, too, and nothing was written.
func Import(ctx context.Context, r registry.Roster, directory string, records []Record, now time.Time, o Options) (Diff, error) {
	p := &plan{directory: directory, records: records, now: now, complete: o.Complete}
	if err := p.compare(ctx, r); err != nil {
		return Diff{}, err
	}
	if left, most := len(p.diff.Left), o.most(p.active); left > most {
		return p.diff, keyturn.Errorf(keyturn.Invalid, op, "%d of %d active persons would leave, and at most %d may; check the list, and allow as many if it is right",
			left, p.active, most)
	}
	if o.PlanOnly {
		return p.diff, nil
	}
	return p.diff, p.write(ctx, r)
}

// most is how many of so many active persons may leave.
func (o Options) most(active int) int {
	if o.MostLeavers > 0 {
		return o.MostLeavers
	}
	return max(10, active/10)
}

func (p *plan) write(ctx context.Context, r registry.Roster) error {
	for _, m := range append(p.users, p.groups...) {
		var err error
		if m.Version == 0 {
			_, err = r.AddMember(ctx, m)
		} else {
			_, err = r.SaveMember(ctx, m)
		}
		if err != nil {
			return err
		}
	}
	for _, m := range p.gone {
		if err := r.RemoveMember(ctx, p.directory, m.Kind, m.ID, m.Version); err != nil {
			return err
		}
	}
	return nil
}
