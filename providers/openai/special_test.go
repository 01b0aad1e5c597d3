package openai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/openai"
	"github.com/keyturn/keyturn/providers/openai/openaifake"
)

const (
	principal = "proj_1/svc_acct_1"
	swapping  = `{"admin_key": {"store": "vault", "path": "keyturn/openai"}, "swap": true}`
)

// world is a provider before a fake.
type world struct {
	p interface {
		providers.Minter
		providers.Lister
		providers.Verifier
		providers.Revoker
		providers.UsageReader
		providers.PermissionChecker
	}
	l      *fake.Ledger
	faults *fake.Faults
	asked  []string // method, path and body of each request
}

func newWorld(t *testing.T, config string, serve func(*fake.Ledger) http.Handler) *world {
	t.Helper()
	w := &world{l: fake.NewLedger(fake.Options{}), faults: fake.NewFaults(openaifake.Refuse)}
	w.l.AddPrincipal(principal, "proj_1/svc_acct_2", "proj_2/svc_acct_3", "admin")
	w.l.SetAdmin(fake.Admin{Name: "openai", Secret: "sk-admin-own"})
	next := w.faults.Wrap(serve(w.l))
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.asked = append(w.asked, strings.TrimSpace(r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v1/organization/projects/proj_1")+" "+string(body)))
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	p, err := openai.Factory.New(providers.Env{
		HTTP: srv.Client(), BaseURL: srv.URL,
		Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{Secret: keyturn.NewSecret("sk-admin-own")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.p = p.(interface {
		providers.Minter
		providers.Lister
		providers.Verifier
		providers.Revoker
		providers.UsageReader
		providers.PermissionChecker
	})
	return w
}

func (w *world) mint(t *testing.T, req providers.MintRequest) (providers.Minted, error) {
	t.Helper()
	return w.p.Mint(t.Context(), req)
}

func wantKind(t *testing.T, what string, err error, want keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != want {
		t.Errorf("%s: %v is %q, want %q", what, err, got, want)
	}
}

// answer answers with a status and a body.
func answer(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// TestVerifyReadsWhatIsMeant checks refusals that mean something else than
// their status says. Only the first is proof of death.
func TestVerifyReadsWhatIsMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.New)
	for _, c := range []struct {
		status int
		body   string
		want   keyturn.Kind
	}{
		{401, `{"error":{"code":"invalid_api_key"}}`, keyturn.Denied},
		{401, `{"error":{"code":"ip_not_authorized"}}`, keyturn.Unavailable},
		{401, `{"error":{"message":"IP not authorized"}}`, keyturn.Unavailable},
		{403, `{"error":{"code":"unsupported_country_region_territory"}}`, keyturn.Unavailable},
		{403, `{"error":{"message":"Missing scopes: api.model.read"}}`, ""},
		{429, `{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}`, ""},
		{429, `{"error":{"type":"insufficient_quota","code":"credit_balance_exhausted"}}`, ""},
		{429, `{"error":{"code":"rate_limit_exceeded"}}`, keyturn.RateLimited},
		{200, `{"object":"list"}`, keyturn.Unavailable},
		{200, `{"object":"list","data":[]}`, ""},
	} {
		w.faults.Set(fake.Rule{Answer: answer(c.status, c.body)})
		wantKind(t, c.body, w.p.Verify(t.Context(), "key_1", keyturn.NewSecret("sk-svcacct-1")), c.want)
	}
	w.faults.Set()
	w.asked = nil
	for value, path := range map[string]string{"sk-svcacct-1": "GET /v1/models", "sk-admin-own": "GET /v1/organization/admin_api_keys"} {
		w.asked = nil
		_ = w.p.Verify(t.Context(), "", keyturn.NewSecret(value))
		if !slices.Equal(w.asked, []string{path}) {
			t.Errorf("%s was tried by %v, want %s", value, w.asked, path)
		}
	}
	wantKind(t, "a line break", w.p.Verify(t.Context(), "", keyturn.NewSecret("sk-1\n")), keyturn.Invalid)
}

// TestScopesAndLife checks what is sent along: no scopes rather than an empty
// list, which would mean all, and an end OpenAI accepts.
func TestScopesAndLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.New)
	day := 24 * time.Hour
	for _, c := range []struct {
		req  providers.MintRequest
		want string
		kind keyturn.Kind
	}{
		{providers.MintRequest{Principal: principal, Permissions: []string{}}, `{"name":"a/g1"}`, ""},
		{providers.MintRequest{Principal: "admin", Permissions: []string{"x"}}, `{"name":"a/g1"}`, ""},
		{providers.MintRequest{Principal: principal, Expires: time.Now().Add(366 * day)}, `{"expires_in_seconds":31536000,"name":"a/g1"}`, ""},
		{providers.MintRequest{Principal: principal, Expires: time.Now().Add(367 * day)}, "", keyturn.Invalid},
		{providers.MintRequest{Principal: principal, Expires: time.Now().Add(-day)}, "", keyturn.Invalid},
	} {
		w.asked, c.req.Label = nil, "a/g1"
		_, err := w.mint(t, c.req)
		wantKind(t, c.want, err, c.kind)
		if sent := strings.Join(w.asked, " "); !strings.HasSuffix(sent, c.want) || (c.want == "") != (sent == "") {
			t.Errorf("sent %q, want it to end in %q", sent, c.want)
		}
	}
}

// TestPrincipals checks which are refused.
func TestPrincipals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.New)
	for _, bad := range []string{"", "proj_1", "proj_1/", "proj_1/a/b", "proj_1/..", "Admin", "proj_1/a?b"} {
		_, err := w.mint(t, providers.MintRequest{Principal: bad, Label: "a/g1"})
		wantKind(t, "Mint for "+bad, err, keyturn.Invalid)
		wantKind(t, "Revoke for "+bad, w.p.Revoke(t.Context(), bad, "key_1"), keyturn.Invalid)
	}
	if len(w.asked) != 0 {
		t.Errorf("asked %v, want nothing", w.asked)
	}
}

// TestListOfTheAccount checks that it holds people's keys and admin keys too,
// and tells which still open something.
func TestListOfTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.New)
	admin, err := w.mint(t, providers.MintRequest{Principal: "admin", Label: "a/g1"})
	if err != nil {
		t.Fatal(err)
	}
	w.faults.Set(fake.Rule{Path: "/v1/organization/projects/proj_1/", Answer: answer(200, `{"object":"list","has_more":false,"data":[
		{"id":"key_1","name":"mine","created_at":1754000000,"owner_project_access":"active","owner":{"type":"user","user":{"id":"user-7","name":"N"}}},
		{"id":"key_2","name":"left","created_at":1754000000,"owner_project_access":"inactive","owner":{"type":"user","user":{"id":"user-8","name":"N"}}},
		{"id":"key_3","name":"over","created_at":1754000000,"expires_at":1754000001,"owner_project_access":"active","owner":{"type":"service_account","service_account":{"id":"svc_acct_1","name":"payments for all"}}},
		{"id":"key_4","name":"Secret Key","created_at":1754000000,"owner_project_access":"active","owner":{"type":"service_account","service_account":{"id":"svc_acct_9","name":"pay/g3 (keyturn for svc_acct_1)"}}}]}`)},
		fake.Rule{Path: "/v1/organization/projects/proj_2/", Status: 404})
	var got []providers.RemoteKey
	for k, err := range w.p.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, k)
	}
	at := time.Unix(1754000000, 0).UTC()
	want := []providers.RemoteKey{
		{ID: "key_1", Principal: "proj_1/user-7", Label: "mine", Created: at, Enabled: true},
		{ID: "key_2", Principal: "proj_1/user-8", Label: "left", Created: at},
		{ID: "key_3", Principal: principal, Label: "over", Created: at},
		{ID: "key_4", Principal: principal, Label: "pay/g3", Created: at, Enabled: true},
		{ID: admin.Key.ID, Principal: "admin", Label: "a/g1", Created: admin.Key.Created, Enabled: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("List = %+v\nwant   %+v", got, want)
	}
}

// TestOldAPIWithoutSwap checks that nothing is done that was not allowed.
func TestOldAPIWithoutSwap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.NewOld)
	req := providers.MintRequest{Principal: principal, Label: "a/g1"}
	_, err := w.mint(t, req)
	wantKind(t, "no such call", err, keyturn.NotFound)
	w.faults.Set(fake.Rule{Status: 405})
	_, err = w.mint(t, req)
	wantKind(t, "no such method", err, keyturn.Unsupported)
	if n := len(w.l.Keys()); n != 0 {
		t.Errorf("%d keys were made, want none", n)
	}
}

// TestSwapEndsOnlyItsOwn checks what a rotation by new service accounts makes
// and deletes, and that the account it is for is left alone.
func TestSwapEndsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, swapping, openaifake.NewOld)
	m, err := w.mint(t, providers.MintRequest{Principal: principal, Label: "a/g1"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`POST /service_accounts/svc_acct_1/api_keys {"name":"a/g1"}`, "GET /service_accounts/svc_acct_1",
		`POST /service_accounts {"name":"a/g1 (keyturn for svc_acct_1)"}`,
	}
	if !slices.Equal(w.asked, want) {
		t.Errorf("Mint asked\n%v, want\n%v", w.asked, want)
	}
	w.asked = nil
	wantKind(t, "Revoke", w.p.Revoke(t.Context(), principal, m.Key.ID), "")
	if len(w.asked) != 2 || !strings.HasPrefix(w.asked[1], "DELETE /service_accounts/svc_acct_") || strings.HasSuffix(w.asked[1], "/svc_acct_1") {
		t.Errorf("Revoke asked %v, want the end of the generation's own account", w.asked)
	}
	_, err = w.mint(t, providers.MintRequest{Principal: principal, Label: "a/g2", Permissions: []string{"api.model.read"}})
	wantKind(t, "scopes that cannot be had", err, keyturn.Unsupported)

	// A key of the account itself, or one made for another, is deleted alone.
	for _, owner := range []string{`{"id":"svc_acct_1","name":"payments"}`, `{"id":"svc_acct_1","name":"a/g1 (keyturn for svc_acct_1)"}`, `{"id":"svc_acct_9","name":"a/g1 (keyturn for svc_acct_2)"}`} {
		w.asked = nil
		w.faults.Set(fake.Rule{Method: "GET", Answer: answer(200, `{"id":"key_1","owner":{"type":"service_account","service_account":`+owner+`}}`)},
			fake.Rule{Method: "DELETE", Status: 400})
		wantKind(t, "Revoke of "+owner, w.p.Revoke(t.Context(), principal, "key_1"), keyturn.Invalid)
		if !slices.Equal(w.asked, []string{"GET /api_keys/key_1", "DELETE /api_keys/key_1"}) {
			t.Errorf("of %s: asked %v", owner, w.asked)
		}
	}
	// Where the API can, the account keeps its keys and no other is made.
	w = newWorld(t, swapping, openaifake.New)
	if _, err := w.mint(t, providers.MintRequest{Principal: principal, Label: "a/g1"}); err != nil || len(w.asked) != 1 {
		t.Errorf("Mint where the API can: %v, asked %v", err, w.asked)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if _, err := openai.Factory.New(providers.Env{Decode: func(any) error { return nil }}); err == nil {
		t.Error("settings without admin_key were accepted")
	}
}
