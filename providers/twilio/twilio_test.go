package twilio_test

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/providertest"
	"github.com/keyturn/keyturn/providers/twilio"
	"github.com/keyturn/keyturn/providers/twilio/twiliofake"
)

const config = `{"credentials": {"store": "vault", "path": "keyturn/twilio/admin"}}`

func TestConformance(t *testing.T) {
	t.Parallel()
	standard := providertest.Harness{
		Factory:      twilio.Factory,
		Config:       config,
		Fake:         twiliofake.New,
		Refuse:       twiliofake.Refuse,
		Account:      twiliofake.Account,
		Lacks:        []string{providers.CanSuspend, providers.CanLastUsed, providers.CanIdentify, providers.CanRevokeValue, providers.CanReadUses, providers.CanLocate},
		NoRetryAfter: true,
		Expect:       map[string]keyturn.Kind{"Verify 403": ""},
	}
	restricted := standard
	restricted.Permissions = []string{"/twilio/messaging/messages/read", "/twilio/voice/calls/create"}
	for name, h := range map[string]providertest.Harness{"standard": standard, "restricted": restricted} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, h)
		})
	}
}

// TestRefusalsAreWeighed checks what each refusal proves about a key.
func TestRefusalsAreWeighed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.mint(t, fake.Draft{Label: "orders/g1", Permissions: []string{"/twilio/messaging/messages/read"}})
	if got := w.verify(t, k.ID, k.Secret); got != "" {
		t.Errorf("a Restricted key that may not read numbers: %q, want success: it is alive", got)
	}
	for _, c := range []struct {
		status int
		body   string
		want   keyturn.Kind
	}{
		{401, `{"code":20003,"status":401}`, keyturn.Denied},
		{401, `{"code":70051,"status":401}`, keyturn.Invalid}, // an unknown key or a missing permission
		{401, `<html>Sign in to the proxy</html>`, keyturn.Unavailable},
		{403, `{"code":70051,"status":403}`, ""},
		{403, `{"code":20003,"status":403}`, keyturn.Denied},
		{403, `{"code":20403,"status":403}`, keyturn.Invalid}, // the account is suspended
		{403, `blocked`, keyturn.Unavailable},
		{200, `{}`, keyturn.Unavailable},
		{200, `{"incoming_phone_numbers":[{"sid":"PN1"}]}`, ""},
	} {
		w.faults.Set(says(c.status, c.body))
		if got := w.verify(t, k.ID, k.Secret); got != c.want {
			t.Errorf("%d %s: %q, want %q", c.status, c.body, got, c.want)
		}
	}
}

// TestStrangeValues checks that a value that was stored wrongly is no dead key.
func TestStrangeValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.mint(t, fake.Draft{Label: "orders/g1"})
	for _, c := range [][2]string{{k.ID, k.Secret + "\n"}, {k.ID, " " + k.Secret}, {k.ID, ""}, {"", k.Secret}, {"SK1/../x", k.Secret}, {twiliofake.Account, token}} {
		if got := w.verify(t, c[0], c[1]); got != keyturn.Invalid {
			t.Errorf("Verify(%q, %q): %q, want invalid", c[0], c[1], got)
		}
	}
	if got := w.requests(); len(got) != 0 {
		t.Errorf("asked %q, want nothing", got)
	}
}

// TestAuthTokenIsOnlyVerified checks that nothing is ever done to the account's
// Auth Token, and that it is never shown to us.
func TestAuthTokenIsOnlyVerified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{"auth-token", "auth-token/g7"} {
		if got := w.verify(t, id, token); got != "" {
			t.Errorf("Verify(%s): %q, want success", id, got)
		}
		if got := w.verify(t, id, "fedcba9876543210fedcba9876543210"); got != keyturn.Denied {
			t.Errorf("Verify(%s) of another value: %q, want denied", id, got)
		}
	}
	const want = twiliofake.Account + " GET /2010-04-01/Accounts/" + twiliofake.Account + "/IncomingPhoneNumbers.json"
	for _, got := range w.requests() {
		if got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
	_, err := w.p.Mint(t.Context(), providers.MintRequest{Principal: twilio.AuthToken, Label: "token/g2"})
	_, listed := w.list(t, twilio.AuthToken)
	for op, err := range map[string]error{
		"Mint":            err,
		"List":            listed,
		"Revoke":          w.p.Revoke(t.Context(), twilio.AuthToken, "auth-token/g1"),
		"Revoke by id":    w.p.Revoke(t.Context(), "", "auth-token/g1"),
		"Revoke of a key": w.p.Revoke(t.Context(), twilio.AuthToken, "SK00000000000000000000000000000001"),
	} {
		if keyturn.KindOf(err) != keyturn.Unsupported {
			t.Errorf("%s: %v, want unsupported", op, err)
		}
	}
	if got := w.requests(); len(got) != 0 {
		t.Errorf("what is unsupported asked %q", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		account, settings string
		ok                bool
	}{
		{twiliofake.Account, config, true},
		{twiliofake.Account, `{}`, false},
		{"acme", config, false},
		{"AC" + strings.Repeat("z", 32), config, false},
	} {
		if _, err := twilio.Factory.New(providers.Env{Account: c.account, Decode: decode(c.settings)}); (err == nil) != c.ok {
			t.Errorf("account %s, %s: error %v, want accepted = %t", c.account, c.settings, err, c.ok)
		}
	}
}
