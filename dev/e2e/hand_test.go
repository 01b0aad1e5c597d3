package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/vault"
)

// hookSecret signs the deliveries of the scenarios' trackers.
const hookSecret = "the secret of the webhook"

// A hand is a person: makes keys at a portal without an API, stores their
// values, ends old ones, and closes tickets when asked to by one.
type hand struct {
	portal *simulate.Portal
	desk   *simulate.Desk
	store  secrets.Store // straight to Vault, as the keyturn command writes
	// writes says that values are written to where consumers read them, rather
	// than supplied.
	writes bool
	idle   atomic.Bool // does nothing
	told   *inbox      // where notices go; nil is nowhere

	portalURL string
	mu        sync.Mutex
	made      map[int]fake.Key // by generation
}

// newHandScenario prepares a key that only a person can make, and the person.
func newHandScenario(t testing.TB, s *stack, tracker string, set ...setting) *scenario {
	t.Helper()
	sc := blankScenario(t, s, "manual")
	portal := simulate.NewPortal(canary, false)
	sc.ledger = portal.Ledger
	sc.vendor = &simulate.Vendor{Provider: "manual", Account: "portal", Principals: []string{simulate.PortalPrincipal}, Ledger: portal.Ledger}
	sc.hand = &hand{portal: portal, desk: simulate.NewDesk(tracker, "secret/admin/"+sc.queue), made: map[int]fake.Key{}}
	for _, f := range set {
		f(sc)
	}
	var err error
	if sc.hand.store, err = vault.Open(t.Context(), vault.Config{Address: s.vault.Address(), Auth: vault.Auth{Token: &vault.TokenAuth{File: s.tokenFile(t)}}}); err != nil {
		t.Fatal(err)
	}
	sc.prepare()
	sc.start()
	t.Cleanup(sc.finish)
	ctx, end := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { sc.hand.work(ctx, sc) })
	t.Cleanup(func() { end(); done.Wait() })
	return sc
}

// start has the person do what is asked again.
func (h *hand) start() { h.idle.Store(false) }

// serve serves the portal and adds the key's own test against it.
func (h *hand) serve(sc *scenario) string {
	h.portalURL = serve(sc.t, h.portal.Handler())
	sc.policy.Test = &keyturn.Test{HTTP: &keyturn.HTTPTest{URL: h.portalURL + "/whoami", Headers: map[string]string{"Authorization": "Bearer {key}"}}}
	return h.portalURL
}

// config is the part of the worker's configuration that asks people.
func (h *hand) config(write func(name, text string) string, sc *scenario) string {
	if h == nil {
		return ""
	}
	settings, err := json.Marshal(h.desk.Settings)
	if err != nil {
		sc.t.Fatal(err)
	}
	api := serve(sc.t, tripped(sc.wire, h.desk.Changes, nil, h.desk.Handler))
	return fmt.Sprintf(`
tickets:
  trackers:
    desk: {tracker: %s, base_url: %q, calls_per_second: 200, webhook_secret_file: %q, settings: %s}
webhooks: {listen: 127.0.0.1:0}
%s`, h.desk.Tracker, api, write("webhook-secret", hookSecret), settings, h.told.config(sc))
}

// work does what is asked until ctx ends.
func (h *hand) work(ctx context.Context, sc *scenario) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if h.idle.Load() || !h.isAsked(ctx, sc) {
			continue
		}
		k, err := sc.registry.Get(ctx, sc.id)
		if err != nil || k.Intent == nil || k.Intent.Manual == nil || k.Intent.Manual.Done {
			continue
		}
		if err := h.step(ctx, sc, &k); err != nil && ctx.Err() == nil {
			sc.t.Errorf("the person could not %s: %v", k.Intent.Manual.Step, err)
			return
		}
		h.close(ctx, sc, k.Intent.Manual.Ticket.ID)
	}
}

// isAsked reports whether the last that happened is that somebody was asked, so
// that the person does not act while the worker is still writing.
func (h *hand) isAsked(ctx context.Context, sc *scenario) bool {
	last := ""
	for e, err := range sc.registry.History(ctx, sc.id) {
		if err != nil {
			return false
		}
		last = e.What
	}
	return last == registry.Asked
}

func (h *hand) step(ctx context.Context, sc *scenario, k *keyturn.Key) error {
	if k.Intent.Manual.Step == keyturn.SupplyValue {
		return h.supply(ctx, sc, k)
	}
	for _, i := range k.Ledger {
		if isNew := i.Generation == k.Intent.Generation && k.Intent.Operation != keyturn.Revoke; isNew == (k.Intent.Manual.Step == keyturn.EndNew) {
			if err := h.portal.Ledger.Revoke("person", simulate.PortalPrincipal, h.of(i.Generation).ID); err != nil && h.portal.Ledger.Accepts(h.of(i.Generation).ID) {
				return err
			}
		}
	}
	return nil
}

// supply makes the generation's key, once, and stores its value.
func (h *hand) supply(ctx context.Context, sc *scenario, k *keyturn.Key) error {
	g := k.Intent.Generation
	if h.of(g).ID == "" {
		made, err := h.portal.Make()
		if err != nil {
			return err
		}
		h.mu.Lock()
		h.made[g] = made
		h.mu.Unlock()
	}
	value := h.of(g).Secret
	if h.writes {
		_, read, _, err := sc.consumed(ctx, sc.path)
		if err == nil && read == value {
			return nil
		}
		_, err = sc.vaultAPI.KVv2("secret").Put(ctx, sc.path, map[string]any{"key": value})
		return err
	}
	_, err := h.store.Stage(ctx, k.Storage.Secret, secrets.Draft{
		Label: keyturn.Label(k.ID, g), RemoteID: activities.HandID(k, g), Value: keyturn.NewSecret(value), Created: time.Now(),
	})
	return err
}

func (h *hand) of(generation int) fake.Key {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.made[generation]
}

var hooksAt = regexp.MustCompile(`at=(http://[0-9.:]+/webhooks/)`)

// close closes the ticket and has the tracker tell the worker. The worker may
// be dead just then; the person tries again as long as the step is open.
func (h *hand) close(ctx context.Context, sc *scenario, id string) {
	h.desk.Close(id)
	h.deliver(ctx, sc, id, hookSecret)
}

// deliver sends a delivery and returns what was answered; 0 for nothing.
func (h *hand) deliver(ctx context.Context, sc *scenario, id, secret string) int {
	header, body := h.desk.Deliver(id, secret)
	return h.send(ctx, sc, header, body)
}

func (h *hand) send(ctx context.Context, sc *scenario, header http.Header, body []byte) int {
	found := hooksAt.FindAllStringSubmatch(sc.log.String(), -1)
	if len(found) == 0 {
		return 0
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(short, http.MethodPost, found[len(found)-1][1]+"tickets/desk", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header = header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// promised compares the world with what was promised of a key made by hand:
// only the person's key of the current generation lives, consumers read it, and
// no ticket is left open or holds a value.
func (h *hand) promised(t *testing.T, sc *scenario, operations int) {
	t.Helper()
	k := sc.key()
	if k.Intent != nil || len(k.Ledger) != 1 || k.Ledger[0].State != keyturn.Current {
		t.Fatalf("the registry holds intent %+v, ledger %+v", k.Intent, k.Ledger)
	}
	want := h.of(k.Ledger[0].Generation)
	live := sc.ledger.Live("")
	if len(live) != 1 || live[0].ID != want.ID {
		t.Errorf("at the portal live %+v, want %s", live, want.ID)
	}
	_, value, generation, err := sc.consumed(t.Context(), sc.path)
	if err != nil || value != want.Secret || generation != string(k.Ledger[0].Version) {
		t.Errorf("consumers read generation %s, want %s, or the value differs (%v)", generation, k.Ledger[0].Version, err)
	}
	tickets := h.desk.Tickets()
	if len(tickets) != operations {
		t.Errorf("%d tickets were opened for %d operations", len(tickets), operations)
	}
	for _, tk := range tickets {
		if !tk.Closed {
			t.Errorf("ticket %s %q is still open", tk.ID, tk.Title)
		}
		if found := findMark(tk.Text+tk.Title, marks(canary)); found != "" {
			t.Errorf("a value reached ticket %s: %s", tk.ID, found)
		}
	}
}
