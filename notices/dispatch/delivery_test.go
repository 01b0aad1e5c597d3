package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
)

// TestBackoff has a channel that fails for hours.
func TestBackoff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	e := w.event(registry.Stuck)
	e.Urgent = true
	w.happens(alicesKey("payments-stripe"), e)
	w.mail.failing(always(keyturn.Unavailable))
	var at []time.Duration
	for tries := 0; w.clock().Before(start().Add(4 * time.Hour)); w.pass(time.Minute) {
		w.once(d)
		if w.mail.tries > tries {
			tries = w.mail.tries
			at = append(at, w.clock().Sub(start()))
		}
	}
	var want []time.Duration
	for m, wait := 0, 1; m < 240; m, wait = m+wait, min(2*wait, 60) {
		want = append(want, time.Duration(m)*time.Minute)
	}
	if diff := cmp.Diff(want, at); diff != "" {
		t.Error(diff)
	}
	if n := w.counts["mail failed"]; n != len(want) || !strings.Contains(w.logged(), "channel=mail kind=unavailable") {
		t.Errorf("%d failures counted; the log:\n%s", n, w.logged())
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.mail.failing(func(notices.Message) error {
		return &keyturn.Error{Kind: keyturn.RateLimited, Op: "post", Message: "slowly", RetryAfter: 20 * time.Minute}
	})
	for i := range 5 {
		e := w.event(registry.Stuck)
		e.Urgent = true
		w.happens(alicesKey(fmt.Sprint("key-", i)), e)
	}
	w.once(d)
	if w.mail.tries != 1 || w.counts["mail deferred"] != 4 {
		t.Errorf("%d tries although the channel said to wait; counts %v", w.mail.tries, w.counts)
	}
	w.mail.failing(nil)
	w.pass(19 * time.Minute)
	if s := w.once(d); s.Claimed != 0 {
		t.Errorf("%d are tried before the time", s.Claimed)
	}
	w.pass(time.Minute)
	if s := w.once(d); s.Messages != 5 {
		t.Errorf("got %+v", s)
	}
}

// TestDownChannel: after a few failures in a row the rest is not tried, and what
// is poisoned does not stand in the way of what is not.
func TestDownChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	for i := range 15 {
		e := w.event(registry.Stuck)
		e.Urgent, e.Tell = true, []registry.Audience{registry.ToOwner, registry.ToTeam}
		w.happens(alicesKey(fmt.Sprintf("key-%02d", i)), e)
	}
	w.mail.failing(always(keyturn.Unavailable))
	w.once(d)
	if w.mail.tries != 3 || len(w.chat.take()) != 15 {
		t.Errorf("%d mails were tried, and the chat waited", w.mail.tries)
	}
	poisoned := func(m notices.Message) error {
		if m.Notices[0].Key <= "key-03" {
			return keyturn.Errorf(keyturn.Unavailable, "post", "never")
		}
		return nil
	}
	w.mail.failing(poisoned)
	for range 20 {
		w.pass(time.Minute)
		w.once(d)
	}
	told := map[string]bool{}
	for _, m := range w.mail.take() {
		told[m.To+" "+m.Notices[0].Key] = true
	}
	if len(told) != 2*11 {
		t.Errorf("%d of 22 healthy messages came through", len(told))
	}
	if n := len(w.chat.take()); n != 0 {
		t.Errorf("the chat was told %d of them again", n)
	}
}

// TestHalfTold: a team has two places, and one of them is down for days.
func TestHalfTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	workers := []*dispatch.Dispatcher{w.dispatcher(standard()), w.dispatcher(standard())}
	for range 3 {
		e := w.event(registry.Overdue)
		e.Tell = []registry.Audience{registry.ToTeam}
		w.happens(alicesKey(fmt.Sprint("key-", w.serial)), e)
	}
	w.chat.failing(always(keyturn.Denied))
	w.toNextSlot()
	for i := range 48 {
		w.once(workers[i%2])
		w.pass(time.Hour)
	}
	if m := w.mail.one(t); len(m.Notices) != 3 {
		t.Errorf("the mail is about %d", len(m.Notices))
	}
	w.chat.failing(nil)
	w.once(workers[0])
	if m := w.chat.one(t); len(m.Notices) != 3 || w.waiting() != 0 {
		t.Errorf("the chat is told of %d, %d wait", len(m.Notices), w.waiting())
	}
}

func TestGivenUpAfterAWeek(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.mail.failing(always(keyturn.Invalid))
	w.happen(3, registry.Completed)
	w.set(start().Add(7*24*time.Hour - time.Minute))
	if s := w.once(d); s.Failed != 3 || s.GivenUp != 0 {
		t.Errorf("before the week is over: %+v", s)
	}
	w.pass(2 * time.Minute)
	w.mail.failing(nil)
	if s := w.once(d); s.GivenUp != 3 || s.Messages != 0 || w.waiting() != 0 {
		t.Errorf("after it: %+v, %d wait", s, w.waiting())
	}
	log := w.logged()
	if w.counts["mail given_up"] != 3 || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "key-0001 completed") {
		t.Errorf("counts %v, log\n%s", w.counts, log)
	}
}

// TestTwoDispatchers have a registry file each opened for itself, as two
// processes do.
func TestTwoDispatchers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "registry.db")
	var dispatchers []*dispatch.Dispatcher
	for range 2 {
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		w.store = s
		dispatchers = append(dispatchers, w.dispatcher(standard()))
	}
	w.happen(200, registry.Completed)
	for range 30 {
		e := w.event(registry.Stuck)
		e.Urgent, e.Tell = true, []registry.Audience{registry.ToTeam}
		w.happens(alicesKey(fmt.Sprint("urgent-", w.serial)), e)
		w.pass(time.Millisecond)
	}
	for range 3 {
		var both sync.WaitGroup
		for _, d := range dispatchers {
			both.Go(func() {
				if _, err := d.Once(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		w.toNextSlot()
	}
	told := map[string]int{}
	digests := 0
	for _, m := range w.mail.take() {
		if !m.Urgent {
			digests++
		}
		for _, n := range m.Notices {
			told[n.ID]++
		}
	}
	if digests != 1 || len(told) != 230 || w.waiting() != 0 {
		t.Errorf("%d digests, %d notices told, %d wait", digests, len(told), w.waiting())
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", id, n)
		}
	}
}

// dying is an outbox whose process dies as soon as something was sent: nothing
// is written any more.
type dying struct {
	registry.Outbox
	dead func() bool
}

func (d dying) SettleNotices(ctx context.Context, ids []string) error {
	if d.dead() {
		return errors.New("no process is there to do it")
	}
	return d.Outbox.SettleNotices(ctx, ids)
}

func (d dying) DeferNotices(ctx context.Context, ids []string, at time.Time) error {
	if d.dead() {
		return errors.New("no process is there to do it")
	}
	return d.Outbox.DeferNotices(ctx, ids, at)
}

// TestCrashBetweenSendAndSettle: the same is said again, under the same id.
func TestCrashBetweenSendAndSettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	healthy := w.dispatcher(standard())
	needs := w.needs()
	needs.Outbox = dying{w.store, func() bool { w.mail.mu.Lock(); defer w.mail.mu.Unlock(); return len(w.mail.sent) > 0 }}
	doomed, err := dispatch.New(standard(), needs)
	if err != nil {
		t.Fatal(err)
	}
	w.happen(20, registry.Completed)
	w.once(healthy) // puts them back until the slot ends
	w.toNextSlot()
	if _, err := doomed.Once(t.Context()); err == nil {
		t.Fatal("the process did not die")
	}
	first := w.mail.one(t)
	w.once(healthy)
	if got := w.mail.take(); len(got) != 0 {
		t.Fatalf("told again although the claim holds: %s", subjects(got))
	}
	w.happen(3, registry.Completed) // of the next slot
	w.pass(15 * time.Minute)
	w.once(healthy)
	if diff := cmp.Diff(first, w.mail.one(t)); diff != "" {
		t.Errorf("the second message is another: %s", diff)
	}
}

// TestLostAnswer: the message arrived and the answer did not.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.happen(20, registry.Completed)
	w.toNextSlot()
	w.mail.lossy = true
	w.mail.failing(always(keyturn.Unavailable))
	w.once(d)
	first := w.mail.one(t)
	w.mail.failing(nil)
	w.pass(5 * time.Minute)
	w.once(d)
	if second := w.mail.one(t); second.ID != first.ID || second.Text != first.Text {
		t.Errorf("the second message is another: %s and %s", first.ID, second.ID)
	}
}

// TestStopped: a worker that stops gives back what it did not get to.
func TestStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	for i := range 10 {
		e := w.event(registry.Stuck)
		e.Urgent = true
		w.happens(alicesKey(fmt.Sprint("key-", i)), e)
	}
	w.mail.failing(func(notices.Message) error {
		if w.mail.tries == 3 {
			stop()
		}
		return nil
	})
	if s, err := w.dispatcher(standard()).Once(ctx); err != nil || s.Messages != 2 {
		t.Errorf("got %+v, %v", s, err)
	}
	w.mail.failing(nil)
	if s := w.once(w.dispatcher(standard())); s.Claimed != 8 || s.Messages != 8 {
		t.Errorf("the next worker got %+v", s)
	}
}

// TestLeaseIsMinded: a slow channel does not keep a claim beyond its end, when
// somebody else would send the same.
func TestLeaseIsMinded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	for i := range 15 {
		e := w.event(registry.Stuck)
		e.Urgent = true
		w.happens(alicesKey(fmt.Sprint("key-", i)), e)
	}
	w.mail.failing(func(notices.Message) error { w.pass(time.Minute); return nil })
	if s := w.once(d); s.Messages < 5 || s.Messages > 9 {
		t.Errorf("%d messages were sent in a lease of ten minutes, a minute each", s.Messages)
	}
	w.once(d)
	if got := w.mail.take(); len(got) != 15 {
		t.Errorf("%d messages in all, want 15", len(got))
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	e := w.event(registry.Stuck)
	e.Urgent = true
	w.happens(alicesKey("payments-stripe"), e)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	for w.waiting() > 0 && t.Context().Err() == nil {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	w.mail.one(t)
}

// TestNothingLeaks has a channel whose error holds what it should not: only what
// we wrote is logged.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.dispatcher(standard())
	w.mail.failing(func(m notices.Message) error { return fmt.Errorf("550 CANARY says %s is unknown", m.To) })
	w.happen(2, registry.Completed)
	w.toNextSlot()
	w.once(d)
	if log := w.logged(); strings.Contains(log, "CANARY") || strings.Contains(log, "alice") || !strings.Contains(log, "channel=mail") {
		t.Errorf("the log:\n%s", log)
	}
	for label := range w.counts {
		if strings.Contains(label, "@") {
			t.Errorf("%q names somebody", label)
		}
	}
}
