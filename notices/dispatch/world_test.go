package dispatch_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
)

// start is a Tuesday, in the middle of an hour.
func start() time.Time { return time.Date(2026, 11, 24, 10, 20, 0, 0, time.UTC) }

// world is a registry, two channels and a clock.
type world struct {
	t     *testing.T
	store registry.Store
	mail  *post // leads to addresses
	chat  *post // leads to one place

	mu     sync.Mutex
	now    time.Time
	log    bytes.Buffer
	counts map[string]int // by "channel outcome"
	serial int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &world{t: t, store: s, mail: &post{addressed: true}, chat: &post{}, now: start(), counts: map[string]int{}}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) set(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = at
}

// Write is the log's.
func (w *world) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(b)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *world) count(channel string, o dispatch.Outcome, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[channel+" "+string(o)] += n
}

func (w *world) needs() dispatch.Needs {
	return dispatch.Needs{
		Outbox: w.store, Told: w.store, Now: w.clock, Log: slog.New(slog.NewTextHandler(w, nil)), Count: w.count,
		Channels: map[string]notices.Channel{"mail": w.mail, "chat": w.chat},
	}
}

// standard is a configuration with every route.
func standard() dispatch.Config {
	return dispatch.Config{
		Channels: map[string]dispatch.Channel{"mail": {Kind: "smtp"}, "chat": {Kind: "slack"}},
		Routes: dispatch.Routes{
			Owner: "mail",
			Teams: map[string][]dispatch.Destination{
				"payments": {{Channel: "mail", To: "pay@example.com"}, {Channel: "chat"}},
				"default":  {{Channel: "mail", To: "teams@example.com"}},
			},
			Security: []dispatch.Destination{{Channel: "mail", To: "security@example.com"}},
		},
	}
}

func (w *world) dispatcher(c dispatch.Config) *dispatch.Dispatcher {
	w.t.Helper()
	d, err := dispatch.New(c, w.needs())
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// once runs one round that must not fail.
func (w *world) once(d *dispatch.Dispatcher) dispatch.Summary {
	w.t.Helper()
	s, err := d.Once(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func alicesKey(id string) keyturn.Key {
	return keyturn.Key{
		ID: keyturn.KeyID(id), Purpose: "Charges cards", Owner: keyturn.Owner{Team: "payments", Person: "alice@example.com"},
		Scope:   keyturn.Scope{Provider: "stripe", Account: "acct_1"},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/" + id}},
		Created: start().AddDate(0, -3, 0),
	}
}

// event is one that the owner is told of.
func (w *world) event(what string) registry.Event {
	w.serial++
	return registry.Event{
		ID: fmt.Sprintf("run-%d/%s", w.serial, what), What: what, Actor: "test", At: w.clock(),
		Reason: "schedule", Detail: "detail of " + what, Tell: []registry.Audience{registry.ToOwner},
	}
}

// happens saves an event of a key, which is made if it is new.
func (w *world) happens(k keyturn.Key, e registry.Event) registry.Event {
	w.t.Helper()
	if stored, err := w.store.Get(w.t.Context(), k.ID); err == nil {
		k.Revision = stored.Revision
	}
	e.Key = k.ID
	if _, err := w.store.Save(w.t.Context(), k, e); err != nil {
		w.t.Fatal(err)
	}
	return e
}

// happen saves n events of n keys in one go.
func (w *world) happen(n int, what string) {
	w.t.Helper()
	var changes []registry.Change
	for range n {
		e := w.event(what)
		k := alicesKey(fmt.Sprintf("key-%04d", w.serial))
		e.Key = k.ID
		changes = append(changes, registry.Change{Key: k, Event: e})
	}
	if err := w.store.SaveAll(w.t.Context(), changes); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) waiting() int {
	w.t.Helper()
	n, _, err := w.store.CountNotices(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// toNextSlot lets the hour end, and the grace after it.
func (w *world) toNextSlot() { w.set(w.clock().Truncate(time.Hour).Add(time.Hour + time.Minute)) }

// post is a channel that keeps what is sent.
type post struct {
	addressed bool

	mu   sync.Mutex
	sent []notices.Message
	// fail, unless it is nil, is asked before a message is kept, and after, if
	// lossy is set: it arrives and the answer is lost.
	fail  func(notices.Message) error
	lossy bool
	tries int
}

func (p *post) CheckAddress(to string) error {
	if _, domain, ok := strings.Cut(to, "@"); p.addressed != (ok && domain != "") {
		return keyturn.Errorf(keyturn.Invalid, "post", "not an address of this channel")
	}
	return nil
}

func (p *post) Send(ctx context.Context, m notices.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	var err error
	if p.fail != nil {
		err = p.fail(m)
	}
	if err == nil || p.lossy {
		p.sent = append(p.sent, m)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (p *post) failing(f func(notices.Message) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = f
}

// take returns what was sent since the last time, in an order of its own.
func (p *post) take() []notices.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.sent
	p.sent = nil
	return out
}

// one is take for when there must be one message.
func (p *post) one(t *testing.T) notices.Message {
	t.Helper()
	got := p.take()
	if len(got) != 1 {
		t.Fatalf("%d messages, want one: %s", len(got), subjects(got))
	}
	return got[0]
}

func subjects(got []notices.Message) []string {
	var out []string
	for _, m := range got {
		out = append(out, m.To+": "+m.Subject)
	}
	slices.Sort(out)
	return out
}

func always(kind keyturn.Kind) func(notices.Message) error {
	return func(notices.Message) error { return keyturn.Errorf(kind, "post", "as the test wants it") }
}
