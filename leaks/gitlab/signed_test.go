package gitlab_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitlab/gitlabfake"
	"github.com/keyturn/keyturn/providers/fake"
)

var found = gitlabfake.Partner(gitlabfake.Token{Type: "acme_api_token", Token: token, Where: where})

// TestPartner hears a partner programme tell of a token.
func TestPartner(t *testing.T) {
	t.Parallel()
	for _, vendor := range []string{"Github", "Gitlab"} {
		w := newWorld(t, signed)
		other := gitlabfake.New(vendor)
		w.vendor.Publish("k2", other.MakeKey("k2"))
		got, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Header: other.Sign("k2", found), Body: found})
		if err != nil || len(got.Findings) != 1 || got.Status != 0 || got.Event == "" {
			t.Fatalf("%s: %v, %+v", vendor, err, got)
		}
		want := leaks.Finding{
			Source: "scanner", Event: got.Findings[0].Event, Rule: "acme_api_token", Value: keyturn.NewSecret(token), Public: true,
			URL: where, Repo: "acme/payments", Commit: "0123456789abcdef0123456789abcdef01234567", File: "config/.env", Line: 12,
		}
		if diff := cmp.Diff(want, got.Findings[0], sameValue); diff != "" {
			t.Errorf("%s: %s", vendor, diff)
		}
	}
}

// TestRealSignature verifies a delivery that another implementation signed: OpenSSL.
func TestRealSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t, signed)
	w.vendor.Publish("openssl", openssl.key)
	h := http.Header{}
	h.Set("Github-Public-Key-Identifier", "openssl")
	h.Set("Github-Public-Key-Signature", openssl.signature)
	got, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Header: h, Body: []byte(openssl.body)})
	if err != nil || len(got.Findings) != 1 {
		t.Errorf("%v, %+v", err, got)
	}
}

// TestForged refuses what no published key has signed.
func TestForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, signed)
	w.vendor.AddKey("k2")
	w.vendor.MakeKey("hidden")
	with := func(h http.Header, name, value string) http.Header {
		h = h.Clone()
		h.Set(name, value)
		return h
	}
	const id, signature = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"
	good := w.vendor.Sign("k1", found)
	for what, d := range map[string]leaks.Delivery{
		"another body":        {Header: good, Body: append([]byte(" "), found...)},
		"no body":             {Header: good},
		"another key":         {Header: with(good, id, "k2"), Body: found},
		"an unknown key":      {Header: w.vendor.Sign("hidden", found), Body: found},
		"no key":              {Header: with(good, id, ""), Body: found},
		"no signature":        {Header: with(good, signature, ""), Body: found},
		"no base64":           {Header: with(good, signature, "%CANARY"), Body: found},
		"no ASN.1":            {Header: with(good, signature, "Q0FOQVJZ"), Body: found},
		"zeroes":              {Header: with(good, signature, "MAYCAQACAQA="), Body: found},
		"the secret":          {Header: http.Header{"Authorization": {webhookSecret}}, Body: found},
		"no headers":          {Body: found},
		"a stranger's method": {Method: http.MethodGet},
	} {
		if d.Method == "" {
			d.Method = http.MethodPost
		}
		got, err := w.Hear(t.Context(), d)
		wantKind(t, what, err, keyturn.Denied)
		if got.Findings != nil || got.Event != "" {
			t.Errorf("%s: %+v", what, got)
		}
	}
	_, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Path: "/revoke_tokens", Header: good, Body: found})
	wantKind(t, "another path", err, keyturn.NotFound, "format")
	got, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPut, Header: good, Body: found})
	if err != nil || got.Status != http.StatusMethodNotAllowed || got.Findings != nil {
		t.Errorf("another method: %v, %+v", err, got)
	}
}

// TestKeysAreKept reads the keys when they are wanted, when they are old, and when one
// is unknown, at most once a minute.
func TestKeysAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, signed)
	hear := func(what, key string, kind keyturn.Kind, asked int) {
		t.Helper()
		_, err := w.partner(t, key, found)
		wantKind(t, what, err, kind)
		if n := w.asked(); n != asked {
			t.Errorf("%s: asked %d times, want %d", what, n, asked)
		}
	}
	hear("at first", "k1", "", 1)
	hear("again", "k1", "", 0)
	w.vendor.AddKey("k2")
	hear("a new key, at once", "k2", keyturn.Denied, 0)
	w.wait(time.Minute - time.Second)
	hear("within the minute", "k2", keyturn.Denied, 0)
	w.wait(time.Second)
	hear("after a minute", "k2", "", 1)
	w.vendor.MakeKey("hidden")
	w.wait(time.Minute)
	hear("an unknown key", "hidden", keyturn.Denied, 1)
	hear("and again", "hidden", keyturn.Denied, 0)
	hear("meanwhile a known one", "k1", "", 0)
	w.wait(59 * time.Minute)
	hear("almost an hour later", "k1", "", 0)
	w.vendor.Withdraw()
	w.vendor.AddKey("k3")
	w.wait(time.Minute)
	hear("a withdrawn key, after an hour", "k1", keyturn.Denied, 1)
	hear("the one in its place", "k3", "", 0)
}

// TestKeysAreAway goes on with the keys there are for a day, and has deliveries sent
// again that need others. None of it is the sender's fault.
func TestKeysAreAway(t *testing.T) {
	t.Parallel()
	elsewhere := fake.Rule{Answer: http.RedirectHandler("/elsewhere", http.StatusFound)}
	answer := func(body string) fake.Rule {
		return fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })}
	}
	for what, rule := range map[string]fake.Rule{
		"401": {Status: 401, Text: "CANARY"}, "403": {Status: 403, Text: "CANARY"}, "404": {Status: 404}, "429": {Status: 429}, "500": {Status: 500},
		"lost": {Drop: fake.DropAfter}, "moved": elsewhere, "prose": answer("<html>CANARY"), "null": answer("null"), "none": answer(`{"public_keys": []}`),
		"no keys":    answer(`{"public_keys": [{"key_identifier": "k1", "key": "CANARY"}]}`),
		"a bad key":  answer(`{"public_keys": [{"key_identifier": "k1", "key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}]}`),
		"P-384":      answer(keysOf("k1", p384)),
		"no id":      answer(keysOf("", openssl.key)),
		"not a list": answer(`{"public_keys": {}}`),
	} {
		w := newWorld(t, signed)
		w.faults.Set(rule)
		_, err := w.partner(t, "k1", found)
		wantKind(t, what+" at first", err, keyturn.Unavailable, "public keys cannot be read")
		if _, err := w.partner(t, "k1", found); keyturn.KindOf(err) != keyturn.Unavailable || w.asked() != 1 {
			t.Errorf("%s at once again: %v", what, err)
		}
		w.faults.Set()
		w.wait(time.Minute)
		_, err = w.partner(t, "k1", found)
		wantKind(t, what+" is over", err, "")
		w.faults.Set(rule)
		w.vendor.AddKey("k2")
		w.wait(24*time.Hour - time.Second)
		_, err = w.partner(t, "k1", found)
		wantKind(t, what+" for a day", err, "")
		_, err = w.partner(t, "k2", found)
		wantKind(t, what+" and a new key", err, keyturn.Unavailable)
		w.wait(time.Second)
		_, err = w.partner(t, "k1", found)
		wantKind(t, what+" for longer", err, keyturn.Unavailable)
	}
}

// TestOneReading has many deliveries wait for one reading, which goes on when the one
// that began it is gone.
func TestOneReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, signed)
	begun, on := make(chan struct{}), make(chan struct{})
	w.faults.Set(fake.Rule{Times: 1, Answer: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		close(begun)
		<-on
		w.vendor.ServeHTTP(rw, r)
	})})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := w.Hear(ctx, leaks.Delivery{Method: http.MethodPost, Header: w.vendor.Sign("k1", found), Body: found})
		gone <- err
	}()
	<-begun
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who hung up: %v", err)
	}
	var all sync.WaitGroup
	for range 20 {
		header := w.vendor.Sign("k1", found)
		all.Go(func() {
			if got, err := w.Hear(t.Context(), leaks.Delivery{Method: http.MethodPost, Header: header, Body: found}); err != nil || len(got.Findings) != 1 {
				t.Errorf("who waited: %v", err)
			}
		})
	}
	close(on)
	all.Wait()
	if n := w.asked(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
