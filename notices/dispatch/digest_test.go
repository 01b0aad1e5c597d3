package dispatch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
)

func TestFiveHundredAreOneMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.happen(497, registry.Completed)
	w.happen(2, registry.RolledBack)
	w.happen(1, registry.Overdue)
	if s := w.once(d); s.Waiting != 500 || s.Messages != 0 {
		t.Errorf("before the slot ends: %+v", s)
	}
	w.toNextSlot()
	if s := w.once(d); s.Messages != 1 || s.Told != 500 {
		t.Errorf("after it: %+v", s)
	}
	m := w.mail.one(t)
	if m.To != "alice@example.com" || m.Urgent || len(m.Notices) != 500 {
		t.Errorf("to %s, urgent %t, about %d", m.To, m.Urgent, len(m.Notices))
	}
	if want := "[Keyturn] 500 notices about 500 keys: 1 × a step by hand is overdue and more"; m.Subject != want {
		t.Errorf("the subject is %q", m.Subject)
	}
	counts := "    1  a step by hand is overdue\n    2  an operation was undone\n  497  a new key is in service\n"
	if !strings.HasPrefix(m.Text, counts) {
		t.Errorf("the counts do not come first:\n%s", m.Text)
	}
	_, lines, _ := strings.Cut(m.Text, "in service\n")
	if first := strings.Fields(lines)[0]; first != "key-0500:" {
		t.Errorf("failures do not come first, but %s", first)
	}
	for _, want := range []string{
		"key-0500: a step by hand is overdue (detail of overdue)\n    keyturn manual show key-0500\n",
		"\nand 480 more: keyturn keys list --person alice@example.com\n", "You get this because",
	} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%q is missing in\n%s", want, m.Text)
		}
	}
	if n := strings.Count(m.Text, "\n"); n > 60 {
		t.Errorf("the digest has %d lines", n)
	}
	if w.waiting() != 0 || w.counts["mail sent"] != 500 {
		t.Errorf("%d wait; counts %v", w.waiting(), w.counts)
	}
}

func TestOneIsNoDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.happens(alicesKey("payments-stripe"), w.event(registry.Completed))
	w.toNextSlot()
	w.once(d)
	m := w.mail.one(t)
	want := `This key has a new value, and consumers read it. The old one, if there was one, is revoked.

Key:      payments-stripe
Purpose:  Charges cards
Issuer:   stripe, account acct_1
Owner:    alice@example.com, team payments
When:     2026-11-24 10:20 UTC
Why:      schedule
Details:  detail of completed

Nothing is asked of you. This shows what happened to the key so far:

    keyturn keys history payments-stripe

You get this because the registry names you as the owner. If that is wrong, correct owner_individual in the key's entry.`
	if diff := cmp.Diff(want, m.Text); diff != "" || m.Subject != "[Keyturn] payments-stripe: a new key is in service" {
		t.Errorf("%s\n%s", m.Subject, diff)
	}
}

// TestSlots has two hours, and two owners in one of them.
func TestSlots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.happen(3, registry.Completed)
	bob := alicesKey("bobs")
	bob.Owner.Person = "bob@example.com"
	w.happens(bob, w.event(registry.Completed))
	w.set(start().Add(45 * time.Minute)) // the next hour, with the first still in its grace
	w.happen(2, registry.Completed)
	w.once(d)
	want := []string{"alice@example.com: [Keyturn] 3 notices about 3 keys: 3 × a new key is in service", "bob@example.com: [Keyturn] bobs: a new key is in service"}
	if diff := cmp.Diff(want, subjects(w.mail.take())); diff != "" {
		t.Error(diff)
	}
	w.once(d)
	if got := w.mail.take(); len(got) != 0 {
		t.Errorf("the second hour is told early: %s", subjects(got))
	}
	w.toNextSlot()
	w.once(d)
	if m := w.mail.one(t); len(m.Notices) != 2 {
		t.Errorf("the second hour has %d notices", len(m.Notices))
	}
}

// TestWrongClock: a clock that is a little ahead does not break a digest, and an
// event from next year is not told next year.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.happen(5, registry.Completed)
	w.pass(-time.Second)
	if s := w.once(d); s.Waiting != 5 {
		t.Errorf("got %+v", s)
	}
	w.toNextSlot()
	w.once(d)
	w.mail.one(t)
	e := w.event(registry.Completed)
	e.At = start().AddDate(1, 0, 0)
	w.happens(alicesKey("payments-stripe"), e)
	for range 2 {
		w.once(d)
		w.pass(time.Minute)
	}
	w.mail.one(t)
	e = w.event(registry.Stuck)
	e.At, e.Urgent = w.clock().Add(time.Second), true
	w.happens(alicesKey("urgent"), e)
	w.once(d)
	w.mail.one(t)
}

func TestNoDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := standard()
	c.Digest = new(keyturn.Duration)
	d := w.dispatcher(c)
	for range 3 {
		w.happen(1, registry.Completed)
		w.pass(time.Second)
	}
	w.once(d)
	if got := w.mail.take(); len(got) != 3 {
		t.Errorf("%d messages, want three at once", len(got))
	}
}

func TestUrgentGoAtOnceAndAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := standard()
	c.QuietHours = &dispatch.QuietHours{From: "00:00", To: "23:59"}
	d := w.dispatcher(c)
	w.happen(5, registry.Completed)
	for i := range 2 {
		e := w.event(registry.Stuck)
		e.Urgent, e.Tell = true, []registry.Audience{registry.ToOwner, registry.ToTeam, registry.ToSecurity}
		w.happens(alicesKey(fmt.Sprintf("urgent-%d", i)), e)
	}
	if s := w.once(d); s.Messages != 8 || s.Waiting != 5 {
		t.Errorf("got %+v", s)
	}
	mails := w.mail.take()
	want := []string{"alice@example.com", "alice@example.com", "pay@example.com", "pay@example.com", "security@example.com", "security@example.com"}
	var to []string
	for _, m := range append(mails, w.chat.take()...) {
		if !m.Urgent || len(m.Notices) != 1 || !strings.HasPrefix(m.Subject, "[Keyturn] Urgent: urgent-") || !strings.Contains(m.Text, "keyturn watch urgent-") {
			t.Errorf("%+v", m)
		}
		if m.To != "" {
			to = append(to, m.To)
		}
	}
	slices.Sort(to)
	if diff := cmp.Diff(want, to); diff != "" {
		t.Error(diff)
	}
}

// TestManyUrgentAreOne: when everything breaks at once, nobody is sent a hundred
// mails.
func TestManyUrgentAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	for i := range 100 {
		e := w.event(registry.Stuck)
		e.Urgent = true
		w.happens(alicesKey(fmt.Sprintf("urgent-%d", i)), e)
	}
	w.once(d)
	if m := w.mail.one(t); !m.Urgent || len(m.Notices) != 100 || !strings.HasPrefix(m.Subject, "[Keyturn] Urgent: 100 notices") {
		t.Errorf("%s, urgent %t", m.Subject, m.Urgent)
	}
}

// TestSameEventOnce has an owner whose team is told at the owner's address.
func TestSameEventOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := standard()
	c.Routes.Teams["payments"] = []dispatch.Destination{{Channel: "mail", To: "alice@example.com"}, {Channel: "mail", To: "alice@example.com"}}
	d := w.dispatcher(c)
	e := w.event(registry.Stuck)
	e.Urgent, e.Tell = true, []registry.Audience{registry.ToOwner, registry.ToTeam}
	w.happens(alicesKey("payments-stripe"), e)
	w.once(d)
	if m := w.mail.one(t); len(m.Notices) != 1 || w.waiting() != 0 {
		t.Errorf("about %d notices, %d wait", len(m.Notices), w.waiting())
	}
}

// TestAfterAnOutage: what was missed in many slots is told at once.
func TestAfterAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	for range 30 {
		w.happen(2, registry.Completed)
		w.pass(time.Hour)
	}
	w.toNextSlot()
	w.once(d)
	got := w.mail.take()
	var notices int
	for _, m := range got {
		notices += len(m.Notices)
	}
	if len(got) > 4 || notices != 60 {
		t.Errorf("%d messages about %d notices", len(got), notices)
	}
}
