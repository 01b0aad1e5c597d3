package gcp_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gcp/gcpfake"
)

// TestWhoMakesTheKey checks where the pair is made, as settings and the
// organisation's policies say.
func TestWhoMakesTheKey(t *testing.T) {
	t.Parallel()
	const noUpload, noCreation = "iam.disableServiceAccountKeyUpload", "iam.managed.disableServiceAccountKeyCreation"
	for _, c := range []struct {
		mint             string
		policies         []string
		want             keyturn.Kind
		uploads, creates int
	}{
		{"", nil, "", 1, 0},
		{"", []string{noUpload}, "", 1, 1},
		{"", []string{noUpload, noCreation}, keyturn.Denied, 1, 1},
		{"", []string{noCreation}, "", 1, 0},
		{"upload", []string{noUpload}, keyturn.Denied, 1, 0},
		{"create", nil, "", 0, 1},
		{"create", []string{noCreation}, keyturn.Denied, 0, 1},
	} {
		w := newWorld(t, `{"credentials": {"path": "admin"}, "mint": "`+c.mint+`"}`)
		var rules []fake.Rule
		for _, p := range c.policies {
			path := map[string]string{noUpload: "/keys:upload", noCreation: "/keys"}[p]
			rules = append(rules, fake.Rule{
				Method: http.MethodPost, Match: at(path),
				Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { gcpfake.Forbid(w, p) }),
			})
		}
		w.faults.Set(rules...)
		m, err := w.mint(t, providers.MintRequest{Principal: orders, Label: "orders/g1"})
		wantKind(t, "Mint", err, c.want)
		if u, n := w.asked("/keys:upload"), w.asked("/keys"); u != c.uploads || n != c.creates {
			t.Errorf("mint %q, policies %v: %d uploads and %d creations, want %d and %d", c.mint, c.policies, u, n, c.uploads, c.creates)
		}
		if err == nil {
			wantKind(t, "Verify", w.verify(t, m.Key.ID, m.Secret.Expose()), "")
		}
	}
}

// TestCertificate reads what was uploaded: it must carry the end date, and
// nothing that only the owner should know.
func TestCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	var sent struct{ PublicKeyData []byte }
	w.faults.Set(fake.Rule{Match: func(r *http.Request) bool {
		if at("/keys:upload")(r) {
			body, _ := io.ReadAll(r.Body)
			_ = json.Unmarshal(body, &sent)
		}
		return false
	}, Status: 500})
	until := time.Now().Add(90 * 24 * time.Hour).UTC().Truncate(time.Second)
	m, err := w.mint(t, providers.MintRequest{Principal: orders, Label: "orders/g1", Expires: until})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(sent.PublicKeyData)
	if block == nil {
		t.Fatal("no certificate was sent")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !cert.NotAfter.Equal(until) || cert.Subject.String() != "CN=keyturn" || cert.PublicKey.(*rsa.PublicKey).N.BitLen() != 2048 {
		t.Errorf("certificate of %s until %v, want CN=keyturn until %v", cert.Subject, cert.NotAfter, until)
	}
	sum := sha256.Sum256([]byte("orders/g1"))
	if got, want := hex.EncodeToString(cert.SerialNumber.Bytes()), "4b"+hex.EncodeToString(sum[:8]); !strings.HasPrefix(got, want) {
		t.Errorf("serial number %s, want it to begin with %s", got, want)
	}
	var f map[string]string
	if err := json.Unmarshal([]byte(m.Secret.Expose()), &f); err != nil {
		t.Fatal(err)
	}
	for name := range map[string]bool{"private_key": true, "client_id": true, "auth_uri": true, "auth_provider_x509_cert_url": true, "client_x509_cert_url": true} {
		if f[name] == "" {
			t.Errorf("the file lacks %s, which some of Google's libraries want", name)
		}
	}
	if f["private_key_id"] != m.Key.ID || f["client_email"] != orders || f["project_id"] != gcpfake.Project || f["token_uri"] != "https://oauth2.googleapis.com/token" {
		t.Errorf("the file is of key %s of %s", f["private_key_id"], f["client_email"])
	}
	_, err = w.mint(t, providers.MintRequest{Principal: orders, Label: "orders/g2", Expires: time.Now().Add(-time.Hour)})
	wantKind(t, "Mint of a key that has ended", err, keyturn.Invalid)
}

func TestFullIsExhausted(t *testing.T) {
	t.Parallel()
	for _, answer := range []http.Handler{
		saying(429, `{"error":{"code":429,"message":"Maximum number of keys on account reached.","status":"RESOURCE_EXHAUSTED",
			"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"86401s"}]}}`),
		saying(400, `{"error":{"code":400,"message":"Precondition check failed.","status":"FAILED_PRECONDITION"}}`),
	} {
		w := newWorld(t, stored)
		w.faults.Set(fake.Rule{Method: http.MethodPost, Match: at("/keys:upload"), Answer: answer})
		_, err := w.mint(t, providers.MintRequest{Principal: orders, Label: "orders/g1"})
		wantKind(t, "Mint", err, keyturn.Exhausted)
		if n := w.asked("/keys"); n != 0 {
			t.Error("a full account was asked for a key in another way")
		}
	}
}

// TestExposedIsNotEnabled lists keys Google found in public, and one that has
// ended.
func TestExposedIsNotEnabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	const name = `"name":"projects/acme-prod/serviceAccounts/x/keys/`
	w.faults.Set(fake.Rule{Match: at("/keys"), Answer: saying(200, `{"keys":[
		{`+name+`a1","validBeforeTime":"9999-12-31T23:59:59Z"},
		{`+name+`a2","disabled":true,"disableReason":"SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED"},
		{`+name+`a3","extendedStatus":[{"key":"SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED","value":"x"}]},
		{`+name+`a4","validBeforeTime":"2020-01-01T00:00:00Z"}]}`)})
	keys, err := w.list(t, orders)
	if err != nil || len(keys) != 4 {
		t.Fatalf("listed %+v, error %v", keys, err)
	}
	for _, k := range keys {
		if k.Enabled != (k.ID == "a1") {
			t.Errorf("%s: Enabled = %t", k.ID, k.Enabled)
		}
	}
}

// TestVerifyIsNoFalseProof checks refusals that say nothing about the key, and
// values that are not what they seem.
func TestVerifyIsNoFalseProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	k, other := w.seed(t, orders, "a/g1"), w.seed(t, orders, "b/g1")
	wantKind(t, "another key's value", w.verify(t, k.ID, other.Secret), keyturn.Invalid)
	wantKind(t, "no file", w.verify(t, k.ID, `{"type":"authorized_user"}`), keyturn.Invalid)
	forged := forge(t, k.Secret)
	wantKind(t, "another private key", w.verify(t, k.ID, forged), keyturn.Denied)
	_, err := w.p.(providers.Identifier).Identify(t.Context(), keyturn.NewSecret(forged))
	wantKind(t, "Identify of another private key", err, keyturn.NotFound)
	elsewhere := strings.ReplaceAll(k.Secret, `"project_id": "acme-prod"`, `"project_id": "acme-test"`)
	before := len(w.paths)
	_, err = w.p.(providers.Identifier).Identify(t.Context(), keyturn.NewSecret(elsewhere))
	wantKind(t, "Identify of another project's file", err, keyturn.NotFound)
	if len(w.paths) != before {
		t.Error("Identify asked about another project's file")
	}
	for body, want := range map[string]keyturn.Kind{
		`{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."}`: keyturn.Unavailable,
		`{"error":"invalid_grant","error_description":"Invalid grant: account not found"}`:                                                           keyturn.Denied,
		`{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`:                                                                     keyturn.Denied,
		`{"error":"invalid_grant","error_description":"Check your iat and exp values in the JWT claim."}`:                                            keyturn.Unavailable,
		`{"error":"invalid_scope"}`: keyturn.Invalid,
		`<html>`:                    keyturn.Invalid,
	} {
		w.faults.Set(fake.Rule{Match: at("/token"), Answer: saying(400, body)})
		wantKind(t, body, w.verify(t, k.ID, k.Secret), want)
	}
}

// forge puts another private key into a file.
func forge(t *testing.T, file string) string {
	t.Helper()
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]string
	if err := json.Unmarshal([]byte(file), &f); err != nil {
		t.Fatal(err)
	}
	f["private_key"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(pair)}))
	out, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestTokens checks when the administrator's token is fetched anew.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	list := func(want keyturn.Kind, tokens int) {
		t.Helper()
		_, err := w.list(t, orders)
		wantKind(t, "List", err, want)
		if n := w.asked("/token"); n != tokens {
			t.Errorf("%d tokens were fetched, want %d", n, tokens)
		}
	}
	list("", 1)
	list("", 1)
	w.setAdmin("ad0000000000000000000000000000000000000b")
	list("", 2)
	w.faults.Set(fake.Rule{Match: at("/keys"), Status: 401, Times: 1})
	list(keyturn.Denied, 2)
	list("", 3)
}

func TestMetadataServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{}`)
	_, err := w.list(t, orders)
	wantKind(t, "List on a machine without a service account", err, keyturn.Denied)
	w.l.SetAdmin(fake.Admin{Name: "machine", ID: gcpfake.Metadata})
	if _, err = w.mint(t, providers.MintRequest{Principal: orders, Label: "orders/g1"}); err != nil {
		t.Errorf("Mint as the machine: %v", err)
	}
	if who := w.l.Log()[0].Who; who != "machine" {
		t.Errorf("%s minted, want the machine", who)
	}
}

// TestNotFoundOfOurOwn loses the administrator's credential, or his token
// endpoint: nothing may be taken for gone because of that.
func TestNotFoundOfOurOwn(t *testing.T) {
	t.Parallel()
	for _, principal := range []string{orders, gcpfake.APIKeys} {
		w := newWorld(t, stored)
		k := w.seed(t, principal, "orders/g1")
		w.faults.Set(fake.Rule{Match: at("/token"), Status: 404})
		if err := w.p.(providers.Revoker).Revoke(t.Context(), principal, k.ID); err == nil {
			t.Errorf("Revoke for %s succeeded without a token", principal)
		}
	}
	w := newWorld(t, stored)
	w.seed(t, orders, "orders/g1")
	w.faults.Hook(nil, func(r *http.Request) {
		if at("/serviceAccounts")(r) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.lost = true
		}
	})
	_, err := w.list(t, "")
	wantKind(t, "List that lost its credential midway", err, keyturn.NotFound)
}

func TestListOfTheProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	a, b := w.seed(t, orders, "orders/g1"), w.seed(t, gcpfake.APIKeys, "maps/g1")
	// An account deleted since the page was read.
	w.faults.Set(fake.Rule{Path: "/v1/projects/acme-prod/serviceAccounts/billing@acme-prod.iam.gserviceaccount.com/keys", Status: 404})
	keys, err := w.list(t, "")
	if err != nil || len(keys) != 2 || keys[0].ID != a.ID || keys[0].Principal != orders || keys[1].ID != b.ID || keys[1].Principal != gcpfake.APIKeys {
		t.Errorf("listed %+v, error %v; want %s and %s", keys, err, a.ID, b.ID)
	}
	all, err := w.p.(providers.PermissionChecker).CheckPermissions(t.Context(), "")
	if err != nil || len(all) != 17 {
		t.Errorf("%d permissions for both kinds, error %v", len(all), err)
	}
}

// TestLastUsedOfAKeyThatNobodyUsed needs a second answer, which may fail.
func TestLastUsedOfAKeyThatNobodyUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	k := w.seed(t, orders, "orders/g1")
	for status, want := range map[int]keyturn.Kind{403: keyturn.Denied, 404: keyturn.NotFound, 503: keyturn.Unavailable} {
		w.faults.Set(fake.Rule{Match: at("/keys/" + k.ID), Status: status})
		_, err := w.p.(providers.UsageReader).LastUsed(t.Context(), orders, k.ID)
		wantKind(t, "LastUsed", err, want)
	}
}
