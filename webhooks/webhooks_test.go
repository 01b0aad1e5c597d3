package webhooks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/jira"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
	"github.com/keyturn/keyturn/webhooks"
	"github.com/keyturn/keyturn/workflows"
)

const secret = "the secret of the webhook"

// edge is a server that takes Jira's deliveries, and what came of them.
type edge struct {
	webhooks.Server
	jira  *jirafake.Jira
	store *sqlite.Store

	mu       sync.Mutex
	told     []string // workflows, by id
	err      error    // what Temporal says
	outcomes map[webhooks.Outcome]int
}

func (e *edge) SignalWorkflow(_ context.Context, workflowID, _, signal string, arg any) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	if news, ok := arg.(workflows.TicketNews); !ok || news.Delivery == "" || signal != workflows.SignalTicket {
		return serviceerror.NewInvalidArgument("not news of a ticket")
	}
	e.told = append(e.told, workflowID)
	return nil
}

func newEdge(t testing.TB) *edge {
	t.Helper()
	e := &edge{jira: jirafake.New(jirafake.Options{}), outcomes: map[webhooks.Outcome]int{}}
	open := func(secret string) tickets.Tracker {
		tr, err := jira.Factory.New(tickets.Env{
			HTTP: http.DefaultClient, Now: time.Now, WebhookSecret: keyturn.NewSecret(secret),
			Decode: func(v any) error {
				return json.Unmarshal([]byte(`{"site":"https://acme.atlassian.net","email":"keyturn@acme.example","token":{"path":"a"},"project":"OPS"}`), v)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	var err error
	if e.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.store.Close() })
	e.Server = webhooks.Server{
		Trackers: map[string]tickets.Tracker{"ops": open(secret), "deaf": open("")}, Registry: e.store, Temporal: e,
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Rate: 1000, Burst: 1000,
		Count: func(source string, o webhooks.Outcome) {
			e.mu.Lock()
			defer e.mu.Unlock()
			if source == "ops" {
				e.outcomes[o]++
			}
		},
	}
	return e
}

// waits puts a key into the registry that waits for a new ticket, and returns
// the ticket.
func (e *edge) waits(t testing.TB) string {
	t.Helper()
	id := e.jira.Add("OPS")
	k := keyturn.Key{ID: "partner-portal-001", Generation: 1, Intent: &keyturn.Intent{
		Run: "r", Operation: keyturn.Issue, Generation: 1, ByHand: true,
		Manual: &keyturn.Manual{Step: keyturn.SupplyValue, Key: "issue/r", Ticket: keyturn.TicketRef{Tracker: "ops", ID: id}},
	}}
	if _, err := e.store.Save(t.Context(), k, registry.Event{ID: "e", Key: k.ID, What: registry.Began, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return id
}

// closed is the delivery that says a ticket was closed.
func (e *edge) closed(id, name, secret string) (http.Header, []byte) {
	return e.jira.Deliver(jirafake.Delivery{Event: "jira:issue_updated", Issue: id, Changed: []string{"status"}, At: time.Now(), Name: name, Secret: secret})
}

func send(h http.Handler, path string, header http.Header, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	req.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	id, h := e.waits(t), e.Handler()
	header, body := e.closed(id, "d-1", secret)
	forged, _ := e.closed(id, "d-1", "guessed")
	strange, strangeBody := e.closed(e.jira.Add("OPS"), "d-2", secret)
	odd, oddBody := e.jira.Deliver(jirafake.Delivery{Name: "d-3", Secret: secret, Body: []byte(`{"timestamp": "soon"`)})
	for _, c := range []struct {
		name, path string
		header     http.Header
		body       []byte
		status     int
		outcome    webhooks.Outcome
	}{
		{"signed with another secret", "/webhooks/tickets/ops", forged, body, http.StatusUnauthorized, webhooks.Forged},
		{"not signed", "/webhooks/tickets/ops", http.Header{}, body, http.StatusUnauthorized, webhooks.Forged},
		{"another body", "/webhooks/tickets/ops", header, append([]byte(" "), body...), http.StatusUnauthorized, webhooks.Forged},
		{"signed, not understood", "/webhooks/tickets/ops", odd, oddBody, http.StatusBadRequest, webhooks.Malformed},
		{"too large", "/webhooks/tickets/ops", header, make([]byte, 2<<20+1), http.StatusRequestEntityTooLarge, webhooks.TooLarge},
		{"somebody else's ticket", "/webhooks/tickets/ops", strange, strangeBody, http.StatusOK, webhooks.Ignored},
		{"ours", "/webhooks/tickets/ops", header, body, http.StatusOK, webhooks.Told},
		{"the same again", "/webhooks/tickets/ops", header, body, http.StatusOK, webhooks.Replayed},
		{"no such tracker", "/webhooks/tickets/none", header, body, http.StatusNotFound, ""},
		{"a tracker without a secret", "/webhooks/tickets/deaf", header, body, http.StatusNotFound, ""},
	} {
		before := e.outcomes[c.outcome]
		w := send(h, c.path, c.header, c.body)
		if w.Code != c.status || c.outcome != "" && e.outcomes[c.outcome] != before+1 {
			t.Errorf("%s: answered %d %s, outcomes %v", c.name, w.Code, w.Body, e.outcomes)
		}
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: the answer tells the secret", c.name)
		}
	}
	if len(e.told) != 1 || e.told[0] != "key/partner-portal-001" {
		t.Errorf("told %v, want the key's workflow once", e.told)
	}
	if w := send(h, "/webhooks/tickets/ops", nil, nil); w.Code != http.StatusUnauthorized {
		t.Errorf("nothing at all: answered %d", w.Code)
	}
	get := httptest.NewRecorder()
	h.ServeHTTP(get, httptest.NewRequest(http.MethodGet, "/webhooks/tickets/ops", nil))
	if get.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: answered %d", get.Code)
	}
}

// TestADeliveryThatCouldNotBeActedOn is not taken for a replay when it comes
// again.
func TestADeliveryThatCouldNotBeActedOn(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	id, h := e.waits(t), e.Handler()
	header, body := e.closed(id, "d-1", secret)
	e.err = serviceerror.NewUnavailable("down")
	if w := send(h, "/webhooks/tickets/ops", header, body); w.Code != http.StatusServiceUnavailable || e.outcomes[webhooks.Failed] != 1 {
		t.Errorf("Temporal is down: answered %d, %v", w.Code, e.outcomes)
	}
	e.err = nil
	if w := send(h, "/webhooks/tickets/ops", header, body); w.Code != http.StatusOK || len(e.told) != 1 {
		t.Errorf("sent again: answered %d, told %v", w.Code, e.told)
	}
	e.err = serviceerror.NewNotFound("no such workflow")
	header, body = e.closed(id, "d-2", secret)
	if w := send(h, "/webhooks/tickets/ops", header, body); w.Code != http.StatusOK || e.outcomes[webhooks.Ignored] != 1 {
		t.Errorf("the workflow has ended: answered %d, %v", w.Code, e.outcomes)
	}
	_ = e.store.Close()
	header, body = e.closed(id, "d-3", secret)
	if w := send(h, "/webhooks/tickets/ops", header, body); w.Code != http.StatusServiceUnavailable {
		t.Errorf("the registry is down: answered %d", w.Code)
	}
}

func TestTooManyDeliveries(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Rate, e.Burst = 0.001, 3
	h := e.Handler()
	for range 5 {
		send(h, "/webhooks/tickets/ops", http.Header{}, nil)
	}
	w := send(h, "/webhooks/tickets/ops", http.Header{}, nil)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || e.outcomes[webhooks.Forged] != 3 {
		t.Errorf("answered %d, %v", w.Code, e.outcomes)
	}
	// Another source has a limit of its own.
	if w := send(h, "/webhooks/tickets/deaf", http.Header{}, nil); w.Code != http.StatusNotFound {
		t.Errorf("another source was answered %d", w.Code)
	}
}

// FuzzDelivery: whatever is sent, nothing breaks and nobody is told.
func FuzzDelivery(f *testing.F) {
	e := newEdge(f)
	id := e.waits(f)
	e.Rate, e.Burst = 1e9, 1<<30
	h := e.Handler()
	_, body := e.closed(id, "d", secret)
	f.Add("sha256=00", "d", body)
	f.Add("", "", []byte(nil))
	f.Add("sha256=", "d", []byte(`{"webhookEvent":1}`))
	f.Fuzz(func(t *testing.T, signature, name string, body []byte) {
		w := send(h, "/webhooks/tickets/ops", http.Header{"X-Hub-Signature": {signature}, "X-Atlassian-Webhook-Identifier": {name}}, body)
		if w.Code != http.StatusUnauthorized && w.Code != http.StatusRequestEntityTooLarge || len(e.told) > 0 {
			t.Errorf("answered %d, told %v", w.Code, e.told)
		}
	})
}
