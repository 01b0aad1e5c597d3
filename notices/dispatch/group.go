package dispatch

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/registry"
)

// A message is what is told to one destination at once.
type message struct {
	to    Destination
	slot  string // what its notices have in common besides
	at    time.Time
	items []*item
}

func (m *message) urgent() bool { return m.items[0].Urgent }

// alone is how many urgent notices one destination gets each by itself. When
// more happen at once, one message says it better than a hundred.
const alone = 20

// group makes messages of notices: an urgent one is a message by itself, the
// others of a slot are one together. Urgent messages come first, then the
// oldest.
func (r *round) group(items []*item) []*message {
	urgent := map[Destination]map[string]bool{}
	for _, it := range items {
		for _, d := range it.to {
			if it.Urgent {
				if urgent[d] == nil {
					urgent[d] = map[string]bool{}
				}
				urgent[d][it.Event.ID] = true
			}
		}
	}
	type place struct {
		to   Destination
		slot string
	}
	all := map[place]*message{}
	for _, it := range items {
		for _, d := range it.to {
			slot, at := r.slot(it), it.due
			if it.Urgent && len(urgent[d]) > alone {
				slot = "urgent"
			}
			m := all[place{d, slot}]
			if m == nil {
				m = &message{to: d, slot: slot, at: at}
				all[place{d, slot}] = m
			}
			m.items = append(m.items, it)
			if at.After(m.at) {
				m.at = at
			}
		}
	}
	var out []*message
	for _, m := range all {
		m.sort()
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b *message) int {
		if a.urgent() != b.urgent() {
			if a.urgent() {
				return -1
			}
			return 1
		}
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id(), b.id()))
	})
	return out
}

// slot names what an item is told together with.
func (r *round) slot(it *item) string {
	switch {
	case it.Urgent:
		return "urgent/" + it.Event.ID
	case r.d.slots.late(it.due, r.now):
		return "late"
	}
	return fmt.Sprint(it.due.Unix())
}

// sort puts what went wrong first, and the oldest of it.
func (m *message) sort() {
	order := told()
	rank := func(what string) int {
		if i := slices.Index(order, what); i >= 0 {
			return i
		}
		return slices.Index(order, registry.Noted)
	}
	slices.SortFunc(m.items, func(a, b *item) int {
		return cmp.Or(rank(a.Event.What)-rank(b.Event.What), a.Event.At.Compare(b.Event.At), strings.Compare(a.ID, b.ID))
	})
}

// id is the same for the same notices of the same slot to the same destination,
// so that a message that is sent again is known for what it is.
func (m *message) id() string {
	var ids []string
	for _, it := range m.items {
		ids = append(ids, it.ID)
	}
	slices.Sort(ids)
	h := sha256.New()
	for _, part := range append([]string{m.to.Channel, m.to.To, m.slot}, ids...) {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// compose words a message. An event that two audiences at one place are told of
// is said once.
func (d *Dispatcher) compose(m *message) (notices.Message, error) {
	out := notices.Message{ID: m.id(), To: m.to.To, Urgent: m.urgent(), At: m.at}
	var about []Facts
	seen := map[string]bool{}
	for _, it := range m.items {
		if seen[it.Event.ID] {
			continue
		}
		seen[it.Event.ID] = true
		f := d.facts(&it.Notice, it.instead)
		about = append(about, f)
		out.Notices = append(out.Notices, notices.Notice{
			ID: it.ID, What: f.What, Key: f.Key, Team: f.Team, At: it.Event.At.UTC(), Reason: f.Reason, Detail: f.Detail, Urgent: f.Urgent,
		})
	}
	var err error
	out.Subject, out.Text, err = worded(d.wording, about, d.lines)
	if err != nil {
		d.needs.Log.Error("a replaced template fails; the built-in wording is used", "error", err)
		out.Subject, out.Text, err = worded(d.plain, about, d.lines)
	}
	return out, err
}

func worded(w Wording, about []Facts, lines int) (subject, text string, err error) {
	if len(about) == 1 {
		return w.Single(about[0])
	}
	return w.Digest(digest(about, lines))
}
