package hmsl_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks/hmsl/hmslfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestAnonymous asks without a token, and is allowed less.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	w.Token = nil
	got, err := w.Look(t.Context(), nil)
	if err != nil || got.Quota.Hashes() != 5 || w.service.Made() != 0 {
		t.Errorf("%v, %+v, %d tokens", err, got.Quota, w.service.Made())
	}
	for _, request := range w.requests() {
		if strings.Contains(request, "Authorization") {
			t.Errorf("sent %q", request)
		}
	}
	w.faults.Set(fake.Rule{Status: 401})
	_, err = w.Look(t.Context(), nil)
	wantKind(t, "refused", err, keyturn.Denied, "API key")
}

// TestTokens makes a token and keeps it until it ends or the API key is another.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	look := func(what string, made int) {
		t.Helper()
		if _, err := w.Look(t.Context(), nil); err != nil || w.service.Made() != made {
			t.Errorf("%s: %v, %d tokens, want %d", what, err, w.service.Made(), made)
		}
	}
	look("at first", 1)
	w.now = w.now.Add(4*time.Minute - time.Second)
	look("still good", 1)
	w.now = w.now.Add(time.Second)
	look("a minute before its end", 2)
	w.key = "gg-CANARY-another"
	_, err := w.Look(t.Context(), nil)
	wantKind(t, "another key", err, keyturn.Denied, "API key")
	w.key = apiKey
	look("the old key again", 2)
	w.exchange.Audience = w.exchange.BaseURL
	w.now = w.now.Add(time.Hour)
	look("for another address", 3)
	w.Token = func(context.Context) (keyturn.Secret, error) { return keyturn.NewSecret("stale-CANARY"), nil }
	_, err = w.Look(t.Context(), nil)
	wantKind(t, "a token nobody made", err, keyturn.Denied, "does not take")
}

// TestKept bounds for how long a token is kept, by what it says itself.
func TestKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	const payload = "eyJleHAiOiA0MTAyNDQ0ODAwfQ" // {"exp": 4102444800}
	for token, times := range map[string]int{
		"e30." + payload + ".c2ln":    2, // in the year 2100
		"e30.e30.c2ln":                3, // no end
		"e30.%.c2ln":                  3,
		"opaque":                      3,
		"e30.eyJleHAiOiAieCJ9.c2ln":   3, // {"exp": "x"}
		"e30.eyJleHAiOiAxZTk5fQ.c2ln": 3, // {"exp": 1e99}
	} {
		asked := 0
		w.faults.Set(fake.Rule{Path: "/v1/auth/jwt", Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			asked++
			fake.JSON(rw, http.StatusOK, map[string]string{"token": token})
		})})
		for _, later := range []time.Duration{time.Hour, 10*time.Minute - time.Second, time.Second} {
			w.now = w.now.Add(later)
			if got, err := w.exchange.Token(t.Context()); err != nil || got.Expose() != token {
				t.Errorf("%s: %v, %v", token, got, err)
			}
		}
		if asked != times {
			t.Errorf("%s: asked %d times, want %d", token, asked, times)
		}
	}
}

// TestTokenTrouble meets what may go wrong where tokens are made.
func TestTokenTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	const path = "/v1/auth/jwt"
	for what, c := range map[string]struct {
		rule fake.Rule
		kind keyturn.Kind
	}{
		"401":        {fake.Rule{Path: path, Status: 401, Text: "CANARY"}, keyturn.Denied},
		"403":        {fake.Rule{Path: path, Status: 403, Text: "CANARY"}, keyturn.Denied},
		"404":        {fake.Rule{Path: path, Status: 404, Text: "CANARY"}, keyturn.Unavailable},
		"429":        {fake.Rule{Path: path, Status: 429, Text: "CANARY"}, keyturn.RateLimited},
		"500":        {fake.Rule{Path: path, Status: 500, Text: "CANARY"}, keyturn.Unavailable},
		"lost":       {fake.Rule{Path: path, Drop: fake.DropAfter}, keyturn.Unavailable},
		"prose":      {answering(path, "CANARY"), keyturn.Unavailable},
		"no token":   {answering(path, "{}"), keyturn.Unavailable},
		"two tokens": {answering(path, `{"token": "CANARY CANARY"}`), keyturn.Unavailable},
	} {
		w.faults.Set(c.rule)
		w.requests()
		_, err := w.Look(t.Context(), nil)
		wantKind(t, what, err, c.kind)
		if sent := w.requests(); len(sent) != 1 {
			t.Errorf("%s: sent %q", what, sent)
		}
	}
	w.faults.Set()
	for _, key := range []string{"", "gg-CANARY\n", "Token gg-CANARY"} {
		w.key = key
		_, err := w.Look(t.Context(), nil)
		wantKind(t, "the key "+key, err, keyturn.Invalid, "store the key alone")
	}
	var lost error
	w.exchange.APIKey = func(context.Context) (keyturn.Secret, error) { return keyturn.Secret{}, lost }
	lost = errors.New("sealed")
	_, err := w.Look(t.Context(), nil)
	wantKind(t, "the store is away", err, keyturn.Unavailable)
	lost = keyturn.Errorf(keyturn.NotFound, "vault: read", "nothing there")
	_, err = w.Look(t.Context(), nil)
	wantKind(t, "no such secret", err, keyturn.Denied, "does not exist")
	w.Token = func(context.Context) (keyturn.Secret, error) { return keyturn.Secret{}, nil }
	_, err = w.Look(t.Context(), nil)
	wantKind(t, "no token", err, keyturn.Invalid, "empty")
}
