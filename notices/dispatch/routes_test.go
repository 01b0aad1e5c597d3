package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
)

// told is who is told of an urgent event of a key.
func (w *world) told(d *dispatch.Dispatcher, k keyturn.Key, to ...registry.Audience) []string {
	w.t.Helper()
	e := w.event(registry.Stuck)
	e.Urgent, e.Tell = true, to
	w.happens(k, e)
	w.once(d)
	var out []string
	for _, s := range subjects(append(w.mail.take(), w.chat.take()...)) {
		place, _, _ := strings.Cut(s, ": ")
		out = append(out, place)
	}
	return out
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	known, other := alicesKey("known"), alicesKey("other")
	other.Owner.Team = "search"
	nobody := alicesKey("no-address")
	nobody.Owner.Person = "Alice"
	for name, c := range map[string]struct {
		key  keyturn.Key
		to   registry.Audience
		want []string
	}{
		"owner":                    {known, registry.ToOwner, []string{"alice@example.com"}},
		"team with two places":     {known, registry.ToTeam, []string{"", "pay@example.com"}},
		"team that is not named":   {other, registry.ToTeam, []string{"teams@example.com"}},
		"security":                 {known, registry.ToSecurity, []string{"security@example.com"}},
		"owner without an address": {nobody, registry.ToOwner, []string{"", "pay@example.com"}},
	} {
		if diff := cmp.Diff(c.want, w.told(d, c.key, c.to)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if w.waiting() != 0 {
		t.Errorf("%d notices wait", w.waiting())
	}
}

// TestOwnerOfToday: a notice goes to whoever owns the key when it is told.
func TestOwnerOfToday(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.happens(alicesKey("moved"), w.event(registry.Completed))
	k := alicesKey("moved")
	k.Owner.Person = "bob@example.com"
	applied := w.event(registry.Applied)
	applied.Tell = nil
	w.happens(k, applied)
	w.toNextSlot()
	w.once(d)
	if m := w.mail.one(t); m.To != "bob@example.com" {
		t.Errorf("told %s", m.To)
	}
}

func TestNobodyToTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.happen(3, registry.Completed)
	e := w.event(registry.Escalated)
	e.Tell = []registry.Audience{registry.ToOwner, registry.ToTeam, registry.ToSecurity}
	w.happens(alicesKey("payments-stripe"), e)
	w.toNextSlot()
	if s := w.once(w.dispatcher(dispatch.Config{})); s.Nobody != 6 || s.Messages != 0 {
		t.Errorf("got %+v", s)
	}
	if w.waiting() != 0 || w.counts[" nobody"] != 6 {
		t.Errorf("%d wait; counts %v", w.waiting(), w.counts)
	}
}

// TestOwnerWhoLeft: the mailbox is gone, so the team hears of it, and is told
// no event twice.
func TestOwnerWhoLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.mail.failing(func(m notices.Message) error {
		if m.To == "alice@example.com" {
			return keyturn.Errorf(keyturn.NotFound, "post", "the mailbox does not exist")
		}
		return nil
	})
	w.happen(3, registry.Completed)
	w.toNextSlot()
	if s := w.once(d); s.Told != 3 || s.Messages != 2 || s.Failed != 0 {
		t.Errorf("got %+v", s)
	}
	if m := w.mail.one(t); m.To != "pay@example.com" || len(m.Notices) != 3 {
		t.Errorf("%s is told of %d", m.To, len(m.Notices))
	}
	w.chat.one(t)
	w.happens(alicesKey("single"), w.event(registry.Completed))
	w.toNextSlot()
	w.once(d)
	if m := w.mail.one(t); !strings.Contains(m.Text, "your team, payments, answers for the key, and its owner cannot be reached") {
		t.Errorf("it does not say why:\n%s", m.Text)
	}
	w.chat.take()
	both := []registry.Audience{registry.ToOwner, registry.ToTeam}
	if diff := cmp.Diff([]string{"", "pay@example.com"}, w.told(d, alicesKey("both"), both...)); diff != "" {
		t.Error(diff)
	}
	if w.waiting() != 0 {
		t.Errorf("%d notices wait", w.waiting())
	}
	// No team either.
	c := standard()
	c.Routes.Teams = nil
	w.happens(alicesKey("nobody"), w.event(registry.Completed))
	w.toNextSlot()
	if s := w.once(w.dispatcher(c)); s.Nobody != 1 || w.waiting() != 0 {
		t.Errorf("got %+v, %d wait", s, w.waiting())
	}
	if strings.Contains(w.logged(), "alice") {
		t.Errorf("the log names her:\n%s", w.logged())
	}
	// A team's mailbox that is gone is a mistake somebody mends: it is tried again.
	w.mail.failing(always(keyturn.NotFound))
	e := w.event(registry.Stuck)
	e.Urgent, e.Tell = true, []registry.Audience{registry.ToSecurity}
	w.happens(alicesKey("team-gone"), e)
	if s := w.once(d); s.Failed != 1 {
		t.Errorf("got %+v", s)
	}
	w.mail.failing(nil)
	w.pass(time.Minute)
	w.once(d)
	w.mail.one(t)
}
