package stripe_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/providertest"
	"github.com/keyturn/keyturn/providers/stripe"
	"github.com/keyturn/keyturn/providers/stripe/stripefake"
)

const managed = `{"mode": "managed_preview", "credentials": {"store": "vault", "path": "keyturn/stripe/platform"}}`

// TestTracked is the suite for what everybody has: keys can be verified.
func TestTracked(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Harness{
		Factory: stripe.Factory,
		Config:  `{}`,
		Fake:    stripefake.New,
		Refuse:  stripefake.Refuse,
		Account: stripefake.Account,
		Lacks: []string{
			providers.CanReadUses, providers.CanLocate,
			providers.CanMint, providers.CanList, providers.CanSuspend, providers.CanRevoke, providers.CanLastUsed,
			providers.CanIdentify, providers.CanRevokeValue, providers.CanCheckPermissions,
		},
		NoRetryAfter: true,
		Expect:       map[string]keyturn.Kind{"Verify 403": ""},
	})
}

// TestManaged is the suite for the preview, in both modes.
func TestManaged(t *testing.T) {
	t.Parallel()
	test := providertest.Harness{
		Factory:      stripe.Factory,
		Config:       managed,
		Fake:         stripefake.New,
		Refuse:       stripefake.Refuse,
		Account:      stripefake.Account,
		Lacks:        []string{providers.CanSuspend, providers.CanIdentify, providers.CanRevokeValue, providers.CanReadUses, providers.CanLocate},
		NoRetryAfter: true,
		Expect:       map[string]keyturn.Kind{"Verify 403": ""},
		Permissions:  []string{"charge_read"},
	}
	live := test
	live.Fake = stripefake.NewLive
	live.Permissions = []string{"balance_read", "customer_write"}
	for name, h := range map[string]providertest.Harness{"test mode": test, "live mode": live} {
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
	const reason = "Stripe-Rate-Limited-Reason"
	for _, c := range []struct {
		rule fake.Rule
		want keyturn.Kind
	}{
		{says(401, `{"error":{"type":"invalid_request_error"}}`), keyturn.Denied},
		{says(401, `{"error":{"code":"api_key_expired"}}`), keyturn.Denied},
		{says(401, `<html>Sign in to the proxy</html>`), keyturn.Unavailable},
		{says(403, `{"error":{"type":"invalid_request_error"}}`), ""},
		{says(403, `blocked`), keyturn.Unavailable},
		{says(200, `{"object":"list"}`), keyturn.Unavailable},
		{says(200, `{"object":"balance"}`), ""},
		{says(429, `{"error":{"type":"invalid_request_error"}}`, reason, "endpoint-concurrency"), keyturn.RateLimited},
		{says(429, `{"error":{"code":"lock_timeout"}}`), keyturn.Unavailable},
		{says(409, `{"error":{"type":"idempotency_error"}}`, "Stripe-Should-Retry", "true"), keyturn.Unavailable},
		{says(409, `{"error":{"type":"idempotency_error"}}`), keyturn.Conflict},
	} {
		w.faults.Set(c.rule)
		if got := w.verify(t, "rk_test_x"); got != c.want {
			answer := httptest.NewRecorder()
			c.rule.Answer.ServeHTTP(answer, nil)
			t.Errorf("%d %s: %q, want %q", answer.Code, answer.Body, got, c.want)
		}
	}
	// Only words that Stripe documents are repeated.
	for header, want := range map[string]string{"global-rate": "(global-rate)", "rk_live_quoted": "requests"} {
		w.faults.Set(says(429, `{}`, reason, header))
		err := w.p.(providers.Verifier).Verify(t.Context(), "", keyturn.NewSecret("rk_test_x"))
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("reason %q: %v, want it to end in %q", header, err, want)
		}
	}
	w.requests()
	for _, value := range []string{"", "rk_test_x\n", " rk_test_x"} {
		if got := w.verify(t, value); got != keyturn.Invalid {
			t.Errorf("Verify(%q): %q, want invalid", value, got)
		}
	}
	if got := w.requests(); len(got) != 0 {
		t.Errorf("values stored wrongly made %d requests", len(got))
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const refs = `"credentials":{"path":"a"}`
	for _, c := range []struct {
		account, settings string
		mints, ok         bool
	}{
		{"acme", `{}`, false, true},
		{"acct_1", `{"mode":"managed_preview",` + refs + `}`, true, true},
		{"acct_1", `{"mode":"managed_preview",` + refs + `,"version":"2026-09-30.preview"}`, true, true},
		{"acct_1", `{"mode":"managed_preview",` + refs + `,"version":"2026-08-26.dahlia"}`, false, false},
		{"acct_1", `{"mode":"managed_preview"}`, false, false},
		{"acme", `{"mode":"managed_preview",` + refs + `}`, false, false},
		{"acct_1", `{"mode":"managed",` + refs + `}`, false, false},
		{"acct_1", `{` + refs + `}`, false, false},
		{"acct_1", `{"version":"2026-08-26.preview"}`, false, false},
	} {
		p, err := stripe.Factory.New(providers.Env{Account: c.account, Decode: decode(c.settings)})
		if (err == nil) != c.ok {
			t.Errorf("account %s, %s: error %v, want accepted = %t", c.account, c.settings, err, c.ok)
		}
		if _, mints := p.(providers.Minter); mints != c.mints {
			t.Errorf("account %s, %s: mints = %t, want %t", c.account, c.settings, mints, c.mints)
		}
	}
}
