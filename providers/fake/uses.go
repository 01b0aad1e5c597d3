package fake

import (
	"crypto/rand"
	"slices"
	"time"
)

// A Use is one line of the vendor's audit log.
type Use struct {
	ID    string // the ledger makes one up where it is empty
	Key   string // the id of the key it was done with
	At    time.Time
	From  string
	What  string // as providers.Use words it; a fake takes it apart where its vendor does
	Agent string
}

// AddUse writes a line into the audit log. A log is written by whoever tells the
// story, and not by the fake: a vendor's log holds calls the fake has no path for.
func (l *Ledger) AddUse(u Use) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u.ID == "" {
		u.ID = rand.Text()
	}
	l.uses = append(l.uses, u)
}

// Uses returns the audit log's lines about a key, revoked or not, oldest first. An
// empty key means every key.
func (l *Ledger) Uses(key string) []Use {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Use
	for _, u := range l.uses {
		if key == "" || u.Key == key {
			out = append(out, u)
		}
	}
	slices.SortStableFunc(out, func(a, b Use) int { return a.At.Compare(b.At) })
	return out
}
