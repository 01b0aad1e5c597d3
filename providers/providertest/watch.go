package providertest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/keyturn/keyturn"
)

// canary starts every value the suite makes up, and is quoted by every error
// body the fake sends. It must turn up nowhere else.
const canary = "KeyturnCanary7"

// noLeak fails t if text contains a value in any usual disguise.
func (r *rig) noLeak(t testing.TB, where, text string) {
	t.Helper()
	values := append(disguises(canary), r.vault.values()...)
	made := r.kept.values()
	for _, k := range r.ledger.Keys() {
		made = append(made, r.ledger.Value(k.ID))
	}
	for _, v := range made {
		values = append(values, v, strings.Trim(strconv.Quote(v), `"`))
	}
	for _, v := range values {
		if v != "" && strings.Contains(text, v) {
			t.Errorf("a secret value reached %s: %s", where, text)
			return
		}
	}
	if strings.Contains(strings.ToLower(text), hex.EncodeToString([]byte(canary))) {
		t.Errorf("a secret value reached %s in hex: %s", where, text)
	}
}

// keep remembers a value the provider handed out: the ledger may hold only
// the public half of it.
func (r *rig) keep(s keyturn.Secret) {
	r.kept.mu.Lock()
	defer r.kept.mu.Unlock()
	if !s.IsZero() {
		r.kept.all = append(r.kept.all, s.Expose())
	}
}

// kept are values that came back from Mint.
type kept struct {
	mu  sync.Mutex
	all []string
}

func (k *kept) values() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.all)
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
		r.noLeak(t, op+"'s error", fmt.Sprintf("%v %+v %#v", e, e, e))
	}
	var e *keyturn.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v (%T), want a *keyturn.Error of kind %v", op, err, err, kinds)
		return
	}
	if !slices.Contains(kinds, e.Kind) {
		t.Errorf("%s: kind %q (%v), want %q", op, e.Kind, err, kinds)
	}
	if e.Op == "" || e.Message == "" {
		t.Errorf("%s: the error %#v must name its operation and say something", op, e)
	}
}

// counter counts requests, and remembers them to find repeats.
type counter struct {
	skip func(*http.Request) bool

	mu   sync.Mutex
	seen []string
}

func (c *counter) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		rewind := func() { r.Body = io.NopCloser(bytes.NewReader(body)) }
		rewind()
		if c.skip == nil || !c.skip(r) {
			c.mu.Lock()
			c.seen = append(c.seen, r.Method+" "+r.URL.String()+" "+string(body))
			c.mu.Unlock()
		}
		rewind()
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

// logs is a log that may be written to from many goroutines.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
