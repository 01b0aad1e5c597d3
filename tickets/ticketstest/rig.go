package ticketstest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
)

// patience is how long one question may take before the suite calls it hanging.
const patience = 2 * time.Minute

// A rig is a tracker at work against its fake.
type rig struct {
	tickets.Tracker
	h        Harness
	fake     Fake
	faults   *fake.Faults
	requests *counter
	vault    *vault
	hook     string // the webhook's secret
	url      string
	now      time.Time
	ctx      context.Context
}

// start opens the tracker against a fresh fake, whose listings hold pageSize
// items a page; 0 is the vendor's own.
func (h Harness) start(t testing.TB, pageSize int) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r := &rig{
		h: h, ctx: ctx, now: time.Now().UTC().Truncate(time.Second), faults: fake.NewFaults(h.Refuse),
		requests: &counter{}, hook: canary + rand.Text(), vault: &vault{prefix: h.Prefix},
	}
	r.vault.rotate()
	r.fake = h.Fake(World{Now: r.time, Accepts: r.vault.accepts, PageSize: pageSize})
	srv := httptest.NewUnstartedServer(r.requests.wrap(r.faults.Wrap(r.fake.Handler)))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	t.Cleanup(srv.Close)
	r.url = srv.URL
	r.Tracker = r.another(t, h.Config, r.hook)
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("opening the tracker made %d requests, want none", n)
	}
	return r
}

func (r *rig) time() time.Time { return r.now }

// another opens the tracker once more, as another worker does.
func (r *rig) another(t testing.TB, config, hook string) tickets.Tracker {
	t.Helper()
	env := r.env(config)
	env.WebhookSecret = keyturn.NewSecret(hook)
	tracker, err := r.h.Factory.New(env)
	if err != nil {
		t.Fatalf("opening the tracker with %s: %v", config, err)
	}
	return tracker
}

// env is the world as the tracker sees it.
func (r *rig) env(config string) tickets.Env {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// On a connection that was used before, net/http sends a GET again by itself
	// when the answer is lost.
	transport.DisableKeepAlives = true
	return tickets.Env{
		// As the worker's client does, this one hands redirects back.
		HTTP: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		BaseURL: r.url,
		Decode:  decode(config),
		Secret:  r.vault.read,
		Now:     r.time,
	}
}

// decode reads config strictly, as the worker does.
func decode(config string) func(any) error {
	return func(into any) error {
		d := json.NewDecoder(strings.NewReader(config))
		d.DisallowUnknownFields()
		return d.Decode(into)
	}
}

// open opens a ticket that must be possible.
func (r *rig) open(t testing.TB, key string) tickets.Ref {
	t.Helper()
	ref, err := r.Open(r.ctx, ticket(key))
	if err != nil {
		t.Fatalf("Open(%s): %v", key, err)
	}
	if ref.ID == "" || !strings.HasPrefix(ref.URL, "http") {
		t.Fatalf("Open(%s) = %+v, want an id and an address", key, ref)
	}
	return ref
}

// ticket is a plain ticket.
func ticket(key string) tickets.Ticket {
	return tickets.Ticket{
		Key: key, Title: "Rotate " + key, Body: "Please rotate it.\n\n- [ ] Mint a new key",
		Due: time.Date(2031, 5, 17, 21, 30, 0, 0, time.UTC),
	}
}

// held returns a ticket as the fake holds it.
func (r *rig) held(t testing.TB, id string) Held {
	t.Helper()
	for _, x := range r.fake.Tickets() {
		if x.ID == id {
			return x
		}
	}
	t.Fatalf("the tracker holds no ticket %q", id)
	return Held{}
}

// wantTickets fails t unless the fake holds n tickets.
func (r *rig) wantTickets(t testing.TB, n int) {
	t.Helper()
	if all := r.fake.Tickets(); len(all) != n {
		t.Errorf("the tracker holds %d tickets, want %d: %+v", len(all), n, all)
	}
}

// vault keeps the tracker's credential. One that was replaced is refused.
type vault struct {
	prefix string

	mu   sync.Mutex
	good string
	give string // handed out in place of good, if not empty
	fail error
	all  []string
}

func (v *vault) read(ctx context.Context, _ keyturn.SecretRef) (keyturn.Secret, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return keyturn.Secret{}, ctx.Err()
	case v.fail != nil:
		return keyturn.Secret{}, v.fail
	case v.give != "":
		return keyturn.NewSecret(v.give), nil
	}
	return keyturn.NewSecret(v.good), nil
}

func (v *vault) accepts(credential string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return credential == v.good
}

// rotate replaces the credential.
func (v *vault) rotate() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.good = v.prefix + canary + rand.Text()
	v.all = append(v.all, v.good)
}

// breakWith makes every later read fail with err.
func (v *vault) breakWith(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fail = err
}

// spoil hands out a credential that the vendor does not know.
func (v *vault) spoil() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.give = v.prefix + canary + rand.Text()
}
