package entra_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/entra"
	"github.com/keyturn/keyturn/providers/fake"
)

// A key must have one id, however its application is named: else the audit
// takes our own key for a stranger's.
func TestBothNamesOfAnApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.mint(t, orders, "orders/g1")
	if all, n := w.take(); len(all)-n != 2 {
		t.Errorf("the first Mint by object id made %v, want a look-up and the change", all)
	}
	w.mint(t, orders, "orders/g2")
	if all, n := w.take(); len(all)-n != 1 {
		t.Errorf("the second Mint by object id made %v, want the change alone", all)
	}
	app, _, _ := strings.Cut(one.Key.ID, ".")
	for _, principal := range []string{orders, "appId=" + app, "appId=" + strings.ToUpper(app), ""} {
		keys, err := w.list(t, principal)
		if err != nil || len(keys) != 2 || keys[0].ID != one.Key.ID {
			t.Errorf("List(%q) = %+v, %v; want both keys with the ids Mint gave", principal, keys, err)
			continue
		}
		if want := "appId=" + app; principal == "" && keys[0].Principal != want {
			t.Errorf("the tenant's listing says %q, want %q", keys[0].Principal, want)
		}
	}
	two := w.mint(t, "appId="+app, "orders/g3")
	wantKind(t, "Verify", w.verify(t, two), "")
	if err := w.p.(providers.Revoker).Revoke(t.Context(), billing, two.Key.ID); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("Revoke for another application: %v, want Invalid", err)
	}
	wantKind(t, "Revoke", w.revoke(t, two.Key), "")
	wantKind(t, "Verify of the revoked key", w.verify(t, two), keyturn.Denied)
}

func TestTokenIsKeptWhileItMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, step := range []struct {
		what   string
		before func()
		fresh  int
	}{
		{"first", func() {}, 1},
		{"second", func() {}, 0},
		{"shortly before its end", func() { w.advance(56 * time.Minute) }, 1},
		{"with another client secret", func() { w.rotate("second") }, 1},
		{"again", func() {}, 0},
	} {
		step.before()
		w.take()
		if _, err := w.list(t, billing); err != nil {
			t.Fatal(err)
		}
		if _, n := w.take(); n != step.fresh {
			t.Errorf("the %s listing signed in %d times, want %d", step.what, n, step.fresh)
		}
	}
	w.faults.Set(fake.Rule{Path: "/v1.0/", Status: http.StatusUnauthorized, Times: 1})
	_, err := w.list(t, billing)
	wantKind(t, "a token Graph refuses", err, keyturn.Denied)
	w.take()
	_, err = w.list(t, billing)
	if _, n := w.take(); err != nil || n != 1 {
		t.Errorf("after that %d sign-ins and %v, want a fresh token", n, err)
	}
}

// says answers with a Graph error.
func says(status int, code, message string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fake.JSON(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
	})
}

func TestGraphErrorsBecomeKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		status        int
		code, message string
		want          keyturn.Kind
		names         string // what our own message must name
	}{
		{409, "Directory_ConcurrencyViolation", "x", keyturn.Unavailable, "another change"},
		{400, "Request_BadRequest", "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.", keyturn.Unavailable, "another change"},
		{409, "ConflictingObjects", "x", keyturn.Conflict, ""},
		{400, "CredentialTypeNotAllowedAsPerAppPolicy", "x", keyturn.Invalid, "passwordAddition"},
		{403, "CredentialTypeNotAllowedAsPerAppPolicy", "x", keyturn.Invalid, "passwordAddition"},
		{400, "CredentialInvalidLifetimeAsPerAppPolicy", "x", keyturn.Invalid, "passwordLifetime"},
		{400, "Request_BadRequest", "Credential lifetime exceeds the max value allowed as per assigned policy 'x'.", keyturn.Invalid, "passwordLifetime"},
		{400, "SomethingNewAsPerAppPolicy", "x", keyturn.Invalid, "app management policy"},
		{403, "Authorization_RequestDenied", "x", keyturn.Denied, "Application.ReadWrite.OwnedBy"},
		{400, "Request_BadRequest", "x", keyturn.Invalid, ""},
	} {
		w.faults.Set(fake.Rule{Path: "/v1.0/", Method: http.MethodPost, Answer: says(c.status, c.code, c.message)})
		_, err := w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: billing, Label: "billing/g1"})
		var e *keyturn.Error
		if !errors.As(err, &e) || e.Kind != c.want || !strings.Contains(e.Message, c.names) {
			t.Errorf("%d %s %q = %v, want %s naming %q", c.status, c.code, c.message, err, c.want, c.names)
			continue
		}
		if c.want == keyturn.Unavailable && (e.RetryAfter <= 0 || e.RetryAfter > 10*time.Second) {
			t.Errorf("%d %s: RetryAfter = %v, want a short one", c.status, c.code, e.RetryAfter)
		}
	}
}

// Only a refusal of this very value may count as the proof that it is dead.
func TestSignInErrorsBecomeKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.mint(t, billing, "billing/g1")
	for code, want := range map[int]keyturn.Kind{
		7000215: keyturn.Denied, 7000222: keyturn.Denied, 53003: "", 700016: keyturn.NotFound, 7000229: keyturn.NotFound,
		7000112: keyturn.Invalid, 90002: keyturn.Invalid, 50196: keyturn.Unavailable, 12345: keyturn.Invalid,
	} {
		w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			fake.JSON(rw, 401, map[string]any{"error": "invalid_client", "error_codes": []int{code}, "error_description": "quoted"})
		})})
		err := w.verify(t, m)
		wantKind(t, fmt.Sprintf("Verify answered AADSTS%d", code), err, want)
		if err != nil && strings.Contains(err.Error(), "quoted") {
			t.Errorf("AADSTS%d: its words are in %v", code, err)
		}
	}
	w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(401) })})
	wantKind(t, "Verify answered by somebody else's 401", w.verify(t, m), keyturn.Unavailable)
	w.faults.Set()
	wantKind(t, "Verify of a value with a line break", w.p.(providers.Verifier).Verify(t.Context(), m.Key.ID, keyturn.NewSecret(m.Secret.Expose()+"\n")), keyturn.Invalid)
	wantKind(t, "Verify in an application that is gone", w.p.(providers.Verifier).Verify(t.Context(), "00000000-0000-0000-0000-000000000000.1", m.Secret), keyturn.NotFound)
}

// A missing Keyturn application must not pass for a missing key.
func TestOwnApplicationIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.mint(t, billing, "billing/g1").Key
	w.advance(2 * time.Hour)
	for _, code := range []int{700016, 53003} {
		w.faults.Set(fake.Rule{Match: isSignIn, Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			fake.JSON(rw, 400, map[string]any{"error_codes": []int{code}})
		})})
		wantKind(t, fmt.Sprintf("Revoke with AADSTS%d for ourselves", code), w.revoke(t, k), keyturn.Denied)
	}
}

// Entra may not have heard of a new password everywhere. "No such password"
// is then no proof that it is gone.
func TestYoungKeyIsNotGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.mint(t, billing, "billing/g1").Key
	w.faults.Set(fake.Rule{Path: "/v1.0/", Times: 1, Answer: says(400, "Request_BadRequest", "No password credential found with keyId 'x'.")})
	wantKind(t, "Revoke of a key just minted", w.revoke(t, k), keyturn.Unavailable)
	w.advance(w.p.Info().Settle)
	w.faults.Set(fake.Rule{Path: "/v1.0/", Times: 1, Answer: says(400, "Request_BadRequest", "No password credential found with keyId 'x'.")})
	wantKind(t, "Revoke of a settled key Entra does not know", w.revoke(t, k), "")
}

func TestEndDates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, err := w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: billing, Label: "billing/g1", Expires: w.clock().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.advance(time.Hour)
	wantKind(t, "Verify past its end", w.verify(t, m), keyturn.Denied)
	keys, err := w.list(t, billing)
	if err != nil || len(keys) != 1 || keys[0].Enabled {
		t.Errorf("List past its end: %+v, %v; want it listed and not enabled", keys, err)
	}
}

func TestPagesStayAtGraph(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 230 {
		w.l.AddPrincipal(fmt.Sprintf("appId=11111111-0000-4000-8000-%012d", i))
		if _, err := w.l.Mint("seed", fake.Draft{Principal: fmt.Sprintf("appId=11111111-0000-4000-8000-%012d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := w.list(t, "")
	if all, n := w.take(); err != nil || len(keys) != 230 || len(all)-n != 3 {
		t.Errorf("%d keys in %v, error %v; want 230 in 3 pages", len(keys), all, err)
	}
	for link, want := range map[string]keyturn.Kind{
		"https://graph.microsoft.com/v1.0/applications?$skiptoken=x":           "", // behind a gateway
		"https://graph.microsoft.com.evil.test/v1.0/applications?$skiptoken=x": keyturn.Unavailable,
		"https://graph.microsoft.com/v1.0/users?$skiptoken=x":                  keyturn.Unavailable,
		"https://evil.test/v1.0/applications?":                                 keyturn.Unavailable,
		"/v1.0/applications?$skiptoken=x":                                      keyturn.Unavailable,
	} {
		w.faults.Set(fake.Rule{Path: "/v1.0/", Times: 1, Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			fake.JSON(rw, 200, map[string]any{"value": []any{}, "@odata.nextLink": link})
		})})
		_, err := w.list(t, "")
		wantKind(t, "a next page at "+link, err, want)
	}
	w.faults.Set(fake.Rule{Path: "/v1.0/", Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		fake.JSON(rw, 200, map[string]any{"value": []any{}, "@odata.nextLink": "https://graph.microsoft.com/v1.0/applications?$skiptoken=x"})
	})})
	_, err = w.list(t, "")
	wantKind(t, "pages that go round in a circle", err, keyturn.Unavailable)
}

// Changes to one application take turns; those to two need not.
func TestChangesTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.mint(t, orders, "orders/g0")
	app, _, _ := strings.Cut(first.Key.ID, ".")
	var mu sync.Mutex
	one, other := "applications(appId='"+app+"')", "applications(appId='"+strings.TrimPrefix(billing, "appId=")+"')"
	open, most, apart := map[string]int{}, 0, make(chan struct{})
	change := func(d int, r *http.Request) {
		if r.Method != http.MethodPost || isSignIn(r) {
			return
		}
		name := strings.Split(r.URL.Path, "/")[2]
		mu.Lock()
		defer mu.Unlock()
		open[name] += d
		most = max(most, open[name])
		if open[one] > 0 && open[other] > 0 {
			select {
			case <-apart:
			default:
				close(apart)
			}
		}
	}
	w.faults.Set(fake.Rule{Method: http.MethodPost, Path: "/v1.0/", Delay: keyturn.Duration(20 * time.Millisecond)})
	w.faults.Hook(func(r *http.Request) { change(1, r) }, func(r *http.Request) { change(-1, r) })
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() { w.mint(t, orders, keyturn.Label("orders", i+1)) })
		all.Go(func() { w.mint(t, "appId="+app, keyturn.Label("orders", i+11)) })
		all.Go(func() { w.mint(t, billing, keyturn.Label("billing", i+1)) })
	}
	all.Wait()
	if most != 1 {
		t.Errorf("%d changes to one application met, want them one after the other", most)
	}
	select {
	case <-apart:
	default:
		t.Error("changes to two applications never met: they need not wait for each other")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		account, settings string
		ok                bool
	}{
		{"contoso.onmicrosoft.com", config, true},
		{"72f988bf-0000-4000-8000-2d7cd011db47", `{"credentials":{"path":"a"},"cloud":"us-gov","client_id":"x"}`, true},
		{"common", config, false},
		{"", config, false},
		{"contoso/../common", config, false},
		{"contoso.com", `{"credentials":{"path":"a"},"cloud":"mars"}`, false},
		{"contoso.com", `{}`, false},
	} {
		env := w.env("", c.settings)
		env.Account = c.account
		if _, err := entra.Factory.New(env); (err == nil) != c.ok {
			t.Errorf("%q %s: error %v, want accepted = %t", c.account, c.settings, err, c.ok)
		}
	}
}

func TestPermissionsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check := func(principal string) ([]providers.Permission, error) {
		return w.p.(providers.PermissionChecker).CheckPermissions(t.Context(), principal)
	}
	_, err := check("appId=00000000-0000-0000-0000-000000000000")
	wantKind(t, "an application there is not", err, keyturn.NotFound)
	w.faults.Set(fake.Rule{Path: "/v1.0/", Status: http.StatusForbidden})
	got, err := check("")
	if err != nil || len(got) != 1 || got[0].Granted {
		t.Errorf("answered 403: %+v, %v; want one permission that is not granted", got, err)
	}
	w.faults.Set(fake.Rule{Path: "/v1.0/", Status: http.StatusUnauthorized})
	_, err = check("")
	wantKind(t, "answered 401", err, keyturn.Denied)
}
