package peopletest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
)

// canary is in every address, in every webhook secret, and in everything the
// vendor quotes. It must not be in an error.
const canary = "canary7bird"

// quiet fails t if a text shows a secret, an address or what a vendor said.
func (r *rig) quiet(t testing.TB, where, text string) {
	t.Helper()
	secret := r.fake.Secret != "" && strings.Contains(text, r.fake.Secret)
	if secret || strings.Contains(strings.ToLower(text), canary) || strings.Contains(text, "@") || r.requests.showed(text) {
		t.Errorf("a secret, an address or what the vendor answered reached %s: %s", where, text)
	}
}

// want fails t unless err has the wanted kind ("" is success), is an error of
// ours, and keeps everything quiet.
func (r *rig) want(t testing.TB, op string, err error, kinds ...keyturn.Kind) {
	t.Helper()
	if err == nil {
		if !slices.Contains(kinds, "") {
			t.Errorf("%s succeeded, want an error of kind %v", op, kinds)
		}
		return
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		r.quiet(t, op+"'s error", fmt.Sprintf("%v %+v", e, e))
	}
	var e *keyturn.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v (%T), want a *keyturn.Error of kind %v", op, err, err, kinds)
		return
	}
	if !slices.Contains(kinds, e.Kind) {
		t.Errorf("%s: kind %q (%v), want %q", op, e.Kind, err, kinds)
	}
	if !strings.HasPrefix(e.Op, r.w.Factory.Name+": ") || e.Message == "" {
		t.Errorf("%s: the error %#v must name the directory and the method in Op, and say something", op, e)
	}
}

// counter remembers requests, to count them, to find repeats, and to know which
// credentials were shown.
type counter struct {
	mu    sync.Mutex
	seen  []string
	shown []string
}

func (c *counter) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		r.Body = io.NopCloser(bytes.NewReader(body))
		c.mu.Lock()
		c.seen = append(c.seen, r.Method+" "+r.URL.String()+" "+r.Header.Get("X-Amz-Target")+" "+string(body))
		if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && token != "" {
			c.shown = append(c.shown, token)
		}
		c.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// take returns the requests since the last take.
func (c *counter) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.seen
	c.seen = nil
	return out
}

// showed reports whether a text contains a credential that a request showed.
func (c *counter) showed(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.shown, func(token string) bool { return strings.Contains(text, token) })
}
