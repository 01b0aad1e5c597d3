package stripe_test

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/stripe/stripefake"
)

// TestWhoAsks checks which credential and which headers go where.
func TestWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var once []string
	for range 2 { // the second time after the first one's key was lost and revoked
		m, err := w.mint(t, "orders/g2", "charge_read")
		if err != nil {
			t.Fatal(err)
		}
		if got := w.revoke(t, m.Key.ID); got != "" {
			t.Fatal(got)
		}
		for _, r := range w.requests() {
			if r.header.Get("Authorization") != "Bearer "+platform || r.header.Get("Stripe-Context") != stripefake.Account ||
				r.header.Get("Stripe-Version") != "2026-08-26.preview" {
				t.Errorf("%s: headers %v", r.line, r.header)
			}
			if strings.HasSuffix(r.line, "/v2/iam/api_keys") {
				once = append(once, r.header.Get("Idempotency-Key"))
			}
		}
	}
	if len(once) != 2 || once[0] == once[1] || !strings.HasPrefix(once[0], "orders/g2/") {
		t.Errorf("Idempotency-Keys %q: want the label and what tells the calls apart", once)
	}
	k := w.seed(t, "orders/g1")
	if got := w.verify(t, k.Secret); got != "" {
		t.Error(got)
	}
	for _, r := range w.requests() {
		if h := r.header; h.Get("Authorization") != "Bearer "+k.Secret || h.Get("Stripe-Context")+h.Get("Stripe-Version") != "" {
			t.Errorf("Verify must show the key under test and nothing of the platform's: %v", h)
		}
	}
}

// TestMintIsNotSentTwice loses the answer on a connection that was used
// before. Go resends a request with an Idempotency-Key then, if it can.
func TestMintIsNotSentTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.verify(t, w.seed(t, "orders/g1").Secret); got != "" {
		t.Fatal(got)
	}
	w.requests()
	w.faults.Set(fake.Rule{Drop: fake.DropAfter, Times: 1})
	if _, err := w.mint(t, "orders/g2", "charge_read"); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("a lost answer: %v, want unavailable", err)
	}
	sent := w.requests()
	if len(sent) != 1 {
		t.Fatalf("sent %d times, want once", len(sent))
	}
	// Had it been, Stripe would have made no second key.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/v2/iam/api_keys", bytes.NewReader(sent[0].body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = sent[0].header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if n := len(w.l.IDs(fake.Minted)); resp.StatusCode != 200 || n != 2 {
		t.Errorf("the same request again: status %d and %d keys, want 200 and 2", resp.StatusCode, n)
	}
}

// TestMintIsCareful checks what is refused before a key is made.
func TestMintIsCareful(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for label, permissions := range map[string][]string{"orders/g1": nil, strings.Repeat("x", 201): {"charge_read"}, "a\nb": {"charge_read"}} {
		if _, err := w.mint(t, label, permissions...); keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("label %q, permissions %q: %v, want invalid", label, permissions, err)
		}
	}
	if got := w.requests(); len(got) != 0 {
		t.Errorf("%d requests, want none", len(got))
	}
}

// TestBox checks what is accepted as the value of a new key.
func TestBox(t *testing.T) {
	t.Parallel()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	type seal struct {
		alg       jose.KeyAlgorithm
		enc       jose.ContentEncryption
		value     string
		to        *rsa.PublicKey
		recipient string
	}
	const value = "rk_live_abc"
	for name, c := range map[string]struct {
		seal
		want keyturn.Kind
	}{
		"RSA-OAEP":             {seal{jose.RSA_OAEP, jose.A256GCM, value, nil, ""}, ""},
		"RSA-OAEP-256":         {seal{jose.RSA_OAEP_256, jose.A256GCM, value, nil, ""}, ""},
		"PKCS #1 v1.5":         {seal{jose.RSA1_5, jose.A256GCM, value, nil, ""}, keyturn.Unavailable},
		"a weaker cipher":      {seal{jose.RSA_OAEP_256, jose.A128GCM, value, nil, ""}, keyturn.Unavailable},
		"for somebody else":    {seal{jose.RSA_OAEP_256, jose.A256GCM, value, &other.PublicKey, ""}, keyturn.Unavailable},
		"for another call":     {seal{jose.RSA_OAEP_256, jose.A256GCM, value, nil, "0011223344556677"}, keyturn.Unavailable},
		"empty":                {seal{jose.RSA_OAEP_256, jose.A256GCM, "", nil, ""}, keyturn.Unavailable},
		"not a restricted key": {seal{jose.RSA_OAEP_256, jose.A256GCM, "sk_live_abc", nil, ""}, keyturn.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				to := cmp.Or(c.to, stripefake.Recipient(body))
				text, err := stripefake.Seal(to, c.alg, c.enc, c.value)
				if err != nil {
					t.Error(err)
				}
				fake.JSON(rw, 200, map[string]any{
					"id": "mk_1", "note": "orders/g1", "created": "2026-11-23T10:00:00Z", "status": "active",
					"secret_key": map[string]any{"encrypted_secret": map[string]any{"ciphertext": text, "format": "jwe_compact", "recipient_key_id": c.recipient}},
				})
			})})
			m, err := w.mint(t, "orders/g1", "charge_read")
			if keyturn.KindOf(err) != c.want || c.want == "" && m.Secret.Expose() != value || c.want != "" && !m.Secret.IsZero() {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestRevokeLooksTwice checks what is made of a key that has expired before.
func TestRevokeLooksTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.seed(t, "orders/g1")
	bad := says(400, `{"error":{"type":"invalid_request_error"}}`)
	bad.Method = http.MethodPost
	w.faults.Set(bad)
	if got := w.revoke(t, k.ID); got != keyturn.Invalid || len(w.requests()) != 2 {
		t.Errorf("a refusal about a living key: %q, want invalid after a second look", got)
	}
	if err := w.l.Revoke("test", "", k.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.revoke(t, k.ID); got != "" {
		t.Errorf("a refusal about an expired key: %q, want success", got)
	}
	w.faults.Set(says(404, "<html>no such page</html>"))
	if got := w.revoke(t, k.ID); got != keyturn.Unavailable {
		t.Errorf("a proxy's 404: %q, want unavailable", got)
	}
}

// TestListTrustsNoAddress checks what is made of the address of the next page.
func TestListTrustsNoAddress(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]keyturn.Kind{
		`null`: "",
		`"https://elsewhere.test/v2/iam/api_keys?page=page_100"`: "",
		`"/v2/iam/api_keys"`: keyturn.Unavailable, // no position
		`"://"`:              keyturn.Unavailable,
	} {
		w := newWorld(t)
		page := says(200, `{"data":[{"id":"mk_1","type":"secret_key","status":"active"},{"id":"mk_2","type":"secret_key","status":"expired"}],"next_page_url":`+next+`}`)
		page.Times = 1
		w.faults.Set(page)
		n, last := 0, error(nil)
		for _, err := range w.p.(providers.Lister).List(t.Context(), "") {
			if last = err; err == nil {
				n++
			}
		}
		if keyturn.KindOf(last) != want || n != 1 {
			t.Errorf("%s: %d keys, error %v, want one key and %q", next, n, last, want)
		}
	}
}
