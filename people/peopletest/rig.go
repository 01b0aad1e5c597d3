package peopletest

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
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/providers/fake"
)

// patience is how long one question may take before the suite calls it hanging.
const patience = time.Minute

// A rig is a directory at work against its fake.
type rig struct {
	people.Directory
	w        World
	fake     Fake
	faults   *fake.Faults
	requests *counter
	url      string
	now      time.Time
	ctx      context.Context

	mu   sync.Mutex
	fail error // what the secret store answers with, if not nil
}

// start opens the directory against a fresh fake, whose listings hold pageSize
// items a page; 0 is the vendor's own.
func (w World) start(t testing.TB, pageSize int) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r := &rig{w: w, ctx: ctx, now: time.Now().UTC().Truncate(time.Second), faults: fake.NewFaults(w.Refuse), requests: &counter{}}
	r.fake = w.Fake(Stage{Now: r.time, PageSize: pageSize})
	srv := httptest.NewUnstartedServer(r.requests.wrap(r.faults.Wrap(r.fake.Handler)))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	t.Cleanup(srv.Close)
	r.url = srv.URL
	r.Directory = r.another(t, canary+rand.Text())
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("opening the directory made %d requests, want none", n)
	}
	return r
}

func (r *rig) time() time.Time { return r.now }

// another opens the directory once more, as another worker does.
func (r *rig) another(t testing.TB, hook string) people.Directory {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// On a connection that was used before, net/http sends a GET again by itself
	// when the answer is lost.
	transport.DisableKeepAlives = true
	d, err := r.w.Factory.New(people.Env{
		// As the worker's client does, this one hands redirects back.
		HTTP: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		BaseURL: r.url,
		// Read strictly, as the worker does.
		Decode: func(into any) error {
			d := json.NewDecoder(strings.NewReader(r.w.Config))
			d.DisallowUnknownFields()
			return d.Decode(into)
		},
		Secret:        r.secret,
		WebhookSecret: keyturn.NewSecret(hook),
		Now:           r.time,
	})
	if err != nil {
		t.Fatalf("opening the directory with %s: %v", r.w.Config, err)
	}
	return d
}

func (r *rig) secret(ctx context.Context, _ keyturn.SecretRef) (string, keyturn.Secret, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return "", keyturn.Secret{}, ctx.Err()
	case r.fail != nil:
		return "", keyturn.Secret{}, r.fail
	}
	return r.fake.SecretID, keyturn.NewSecret(r.fake.Secret), nil
}

// breakWith makes every later read of the secret store fail with err.
func (r *rig) breakWith(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = err
}

// person is somebody whom the directory must find.
func (r *rig) person(t testing.TB, email string) people.Person {
	t.Helper()
	p, err := r.Person(r.ctx, email)
	if err != nil {
		t.Fatalf("Person(%q): %v", email, err)
	}
	return p
}

// ender is the directory as one that ends sessions.
func (r *rig) ender(t testing.TB) people.SessionEnder {
	t.Helper()
	e, ok := r.Directory.(people.SessionEnder)
	if !ok {
		t.Skip("it ends no sessions")
	}
	return e
}

// skip skips the question about what the vendor does not have.
func skip(t testing.TB, lacks bool, what string) {
	t.Helper()
	if lacks {
		t.Skip("the vendor has no " + what)
	}
}
