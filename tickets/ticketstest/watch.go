package ticketstest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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

// canary is in every credential and webhook secret the suite makes up, and is
// quoted by every error body the fake sends. It must turn up in no error.
const canary = "KeyturnCanary7"

// noLeak fails t if text contains the canary in any usual disguise.
func noLeak(t testing.TB, where, text string) {
	t.Helper()
	leaks := strings.Contains(strings.ToLower(text), hex.EncodeToString([]byte(canary)))
	for _, v := range disguises(canary) {
		leaks = leaks || strings.Contains(text, v)
	}
	if leaks {
		t.Errorf("a secret or what a vendor answered reached %s: %s", where, text)
	}
}

// disguises returns s as it is and as every base64 text that contains it
// contains it, whatever stands before.
func disguises(s string) []string {
	out := []string{s}
	for offset := range 3 {
		enc := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), s...))
		from, to := (offset*8+5)/6, (offset+len(s))*8/6
		std := enc[from:to]
		out = append(out, std, strings.NewReplacer("+", "-", "/", "_").Replace(std))
	}
	return slices.Compact(out)
}

// want fails t unless err has the wanted kind ("" is success), is an error of
// ours, and keeps every secret quiet.
func (r *rig) want(t testing.TB, op string, err error, kinds ...keyturn.Kind) {
	t.Helper()
	if err == nil {
		if !slices.Contains(kinds, "") {
			t.Errorf("%s succeeded, want an error of kind %v", op, kinds)
		}
		return
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		noLeak(t, op+"'s error", fmt.Sprintf("%v %+v %#v", e, e, e))
	}
	var e *keyturn.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v (%T), want a *keyturn.Error of kind %v", op, err, err, kinds)
		return
	}
	if !slices.Contains(kinds, e.Kind) {
		t.Errorf("%s: kind %q (%v), want %q", op, e.Kind, err, kinds)
	}
	if !strings.HasPrefix(e.Op, r.h.Factory.Name+": ") || e.Message == "" {
		t.Errorf("%s: the error %#v must name the tracker and the method in Op, and say something", op, e)
	}
}

// counter remembers requests, to count them and to find repeats.
type counter struct {
	mu   sync.Mutex
	seen []string
}

func (c *counter) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		r.Body = io.NopCloser(bytes.NewReader(body))
		c.mu.Lock()
		c.seen = append(c.seen, r.Method+" "+r.URL.String()+" "+string(body))
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
