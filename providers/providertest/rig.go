package providertest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// patience is how long one call may take before the suite calls it hanging.
const patience = 2 * time.Minute

// A rig is a provider at work against its fake.
type rig struct {
	providers.Provider
	h        Harness
	ledger   *fake.Ledger
	faults   *fake.Faults
	clock    *clock
	requests *counter
	vault    *vault
	ctx      context.Context
	opts     fake.Options
	kept     kept
}

// start opens the provider against a fresh fake. With settling, the fake
// takes as long as Info says to believe a change.
func (h Harness) start(t testing.TB, settling bool) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{h: h, ctx: ctx, clock: &clock{now: time.Now().UTC().Truncate(time.Second)}, requests: &counter{skip: h.Auth}}
	r.vault = &vault{given: h.Credentials, made: map[string]providers.Credential{}}
	logs := &logs{}
	r.Provider, err = h.Factory.New(h.env(r, logs, "http://"+ln.Addr().String(), h.Config))
	if err != nil {
		t.Fatalf("opening the provider with its own Config: %v", err)
	}
	opts := fake.Options{Now: r.clock.Now, ValuePrefix: canary, MaxPerPrincipal: r.Info().MaxLive}
	if settling {
		opts.Settle = r.Info().Settle
	}
	r.opts = opts
	r.ledger, r.faults = fake.NewLedger(opts), fake.NewFaults(h.Refuse)
	r.vault.ledger = r.ledger
	srv := httptest.NewUnstartedServer(r.requests.wrap(r.faults.Wrap(h.Fake(r.ledger))))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	_ = srv.Listener.Close()
	srv.Listener = ln
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(func() { r.noLeak(t, "the log", logs.String()) })
	return r
}

// env is the world as the provider sees it.
func (h Harness) env(r *rig, logs *logs, url, config string) providers.Env {
	account := h.Account
	if account == "" {
		account = "acct-1"
	}
	return providers.Env{
		Account: account,
		// As the worker's client does, this one hands redirects back.
		HTTP: &http.Client{
			Transport:     http.DefaultTransport.(*http.Transport).Clone(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		BaseURL:    url,
		Decode:     decode(config),
		Credential: r.vault.read,
		Now:        r.clock.Now,
		Log:        slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
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

// principal is the nth principal, which it makes known to the fake; empty
// where the vendor has none.
func (r *rig) principal(n int) string {
	if r.h.Principal == "" {
		return ""
	}
	p := r.h.Principal
	if strings.Contains(p, "%") {
		p = fmt.Sprintf(p, n)
	}
	r.ledger.AddPrincipal(p)
	return p
}

// seed puts a key into the ledger behind the provider's back.
func (r *rig) seed(t testing.TB, principal, label string) fake.Key {
	t.Helper()
	k, err := r.ledger.Mint("seed", fake.Draft{Principal: principal, Label: label})
	if err != nil {
		t.Fatalf("seeding the fake: %v", err)
	}
	return k
}

// vault keeps administrator credentials, one for each path asked for.
type vault struct {
	given  map[string]providers.Credential
	ledger *fake.Ledger

	mu   sync.Mutex
	made map[string]providers.Credential
	fail error
}

func (v *vault) read(ctx context.Context, ref keyturn.SecretRef) (providers.Credential, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return providers.Credential{}, err
	}
	if v.fail != nil {
		return providers.Credential{}, v.fail
	}
	if v.ledger == nil {
		return providers.Credential{}, errors.New("providertest: credentials are read for each call, not when the provider is opened")
	}
	c, ok := v.given[ref.Path]
	if !ok {
		if c, ok = v.made[ref.Path]; !ok {
			c = providers.Credential{ID: "ADM" + rand.Text()[:16], Secret: keyturn.NewSecret(canary + rand.Text())}
		}
	}
	v.made[ref.Path] = c
	v.ledger.SetAdmin(fake.Admin{Name: path.Base(ref.Path), ID: c.ID, Secret: c.Secret.Expose()})
	return c, nil
}

// breakWith makes every later read fail with err.
func (v *vault) breakWith(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fail = err
}

// rotate replaces every value the suite made up: the old ones are refused
// from now on. The ids stay, as those of most vendors do.
func (v *vault) rotate() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for p, c := range v.made {
		if _, fixed := v.given[p]; !fixed {
			c.Secret = keyturn.NewSecret(canary + rand.Text())
			v.made[p] = c
			v.ledger.SetAdmin(fake.Admin{Name: path.Base(p), ID: c.ID, Secret: c.Secret.Expose()})
		}
	}
}

// values returns every administrator credential's value.
func (v *vault) values() (out []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.made {
		out = append(out, c.Secret.Expose())
	}
	return out
}

// clock is the time of fake and provider alike.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
