package okta_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/okta"
	"github.com/keyturn/keyturn/providers/okta/oktafake"
)

// A whole rotation and its undo stay within what Okta allows.
func TestARotationAndItsUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	m, err := w.mint(t)
	wantKind(t, "Mint beside the living secret", err, "")
	_, err = w.mint(t)
	wantKind(t, "Mint into a full app", err, keyturn.Exhausted)
	wantKind(t, "Disable of the old one", w.disable(t, w.key.ID), "")
	wantKind(t, "Enable of the old one", w.p.(providers.Suspender).Enable(t.Context(), "0oaorders", w.key.ID), "")
	wantKind(t, "Revoke of the new one", w.revoke(t, m.Key.ID), "")
	wantKind(t, "Verify of the new one", w.verify(t, m.Key.ID, m.Secret.Expose()), keyturn.Denied)
	wantKind(t, "Verify of the old one", w.verify(t, w.key.ID, w.key.Secret), "")
	m, err = w.mint(t)
	wantKind(t, "Mint again", err, "")
	wantKind(t, "Disable of the old one", w.disable(t, w.key.ID), "")
	wantKind(t, "Revoke of the old one", w.revoke(t, w.key.ID), "")
	wantKind(t, "Verify of the old one", w.verify(t, w.key.ID, w.key.Secret), keyturn.Denied)
	wantKind(t, "Verify of the new one", w.verify(t, m.Key.ID, m.Secret.Expose()), "")
}

func TestTheOnlySecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	for what, err := range map[string]error{"Disable": w.disable(t, w.key.ID), "Revoke": w.revoke(t, w.key.ID)} {
		wantKind(t, what+" of the only secret", err, keyturn.Invalid)
		if err != nil && !strings.Contains(err.Error(), "deactivate the app") {
			t.Errorf("%s of the only secret says %v, want the mend", what, err)
		}
	}
	wantKind(t, "Verify afterwards", w.verify(t, w.key.ID, w.key.Secret), "")
}

// Okta does not document what it says to a secret that is inactive already.
func TestInactiveAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	if _, err := w.mint(t); err != nil {
		t.Fatal(err)
	}
	refuse := fake.Rule{Method: http.MethodPost, Answer: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { oktafake.Refuse(rw, r, 400, 0, "") })}
	w.faults.Set(refuse)
	wantKind(t, "Disable refused of an active secret", w.disable(t, w.key.ID), keyturn.Invalid)
	w.faults.Set()
	wantKind(t, "Disable", w.disable(t, w.key.ID), "")
	w.faults.Set(refuse)
	wantKind(t, "Disable refused of an inactive secret", w.disable(t, w.key.ID), "")
	wantKind(t, "Revoke of an inactive secret", w.revoke(t, w.key.ID), "")
	if got := w.l.IDs(fake.Revoked); len(got) != 1 || got[0] != w.key.ID {
		t.Errorf("revoked %v, want %s", got, w.key.ID)
	}
}

// Only a refusal of this very value may count as the proof that it is dead.
func TestVerifyKnowsWhatWasRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	for _, c := range []struct {
		status int
		body   string
		want   keyturn.Kind
	}{
		{401, `{"error":"invalid_client","error_description":"The client secret supplied for a confidential client is invalid."}`, keyturn.Denied},
		{400, `{"error":"invalid_client","error_description":"The client secret supplied for a confidential client is invalid."}`, keyturn.Denied},
		{401, `{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter."}`, keyturn.NotFound},
		{401, `{"error":"invalid_client","error_description":"Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method."}`, keyturn.Invalid},
		{401, `{"error":"invalid_client","error_description":"No client credentials found."}`, keyturn.Invalid},
		{403, `{"errorCode":"E0000006","errorSummary":"You do not have permission to perform the requested action"}`, keyturn.Invalid},
		{401, `Sign in to the proxy`, keyturn.Unavailable},
		{200, `{"active":false}`, ""},
		{200, `{"active":true}`, ""},
		{200, `{}`, keyturn.Unavailable},
	} {
		w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(c.status)
			_, _ = rw.Write([]byte(c.body))
		})})
		wantKind(t, fmt.Sprintf("Verify answered %d %s", c.status, c.body), w.verify(t, w.key.ID, w.key.Secret), c.want)
	}
	w.faults.Set()
	wantKind(t, "Verify of a value with a line break", w.verify(t, w.key.ID, w.key.Secret+"\n"), keyturn.Invalid)
	wantKind(t, "Verify at another app", w.verify(t, "0oabilling.ocs1", w.key.Secret), keyturn.Denied)
	wantKind(t, "Verify at an app there is not", w.verify(t, "0oanobody.ocs1", w.key.Secret), keyturn.NotFound)
}

func TestAppsThatDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"token": {"path": "a"}, "apps": {"0oaorders": {"auth": "client_secret_post"}, "0oarenamed": {"client_id": "0oaorders"}}}`)
	wantKind(t, "Verify with the secret in the body", w.verify(t, w.key.ID, w.key.Secret), "")
	if _, _, ok := w.last.Load().BasicAuth(); ok {
		t.Error("the secret was in the header too, which Okta refuses")
	}
	wantKind(t, "Verify with a client id of its own", w.verify(t, "0oarenamed.ocs1", w.key.Secret), "")
	if id, _, ok := w.last.Load().BasicAuth(); !ok || id != "0oaorders" {
		t.Errorf("the client was %q, want the id from the settings", id)
	}
}

// The end of the window is by Okta's clock, which the answer tells.
func TestThrottling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	now := time.Now().Add(-time.Hour).Truncate(time.Second) // Okta's clock is slow
	for reset, want := range map[string]time.Duration{
		strconv.FormatInt(now.Add(42*time.Second).Unix(), 10): 42 * time.Second,
		strconv.FormatInt(now.Add(-time.Minute).Unix(), 10):   time.Second,
		strconv.FormatInt(now.Add(24*time.Hour).Unix(), 10):   5 * time.Minute,
		"soon": 0,
	} {
		w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Date", now.UTC().Format(http.TimeFormat))
			rw.Header().Set("X-Rate-Limit-Reset", reset)
			rw.WriteHeader(http.StatusTooManyRequests)
		})})
		_, minted := w.mint(t)
		for what, err := range map[string]error{"Mint": minted, "Verify": w.verify(t, w.key.ID, w.key.Secret)} {
			var e *keyturn.Error
			if !errors.As(err, &e) || e.Kind != keyturn.RateLimited || e.RetryAfter != want {
				t.Errorf("%s until %s: %#v, want RateLimited for %v", what, reset, err, want)
			}
		}
	}
}

func TestPagesOfApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	for i := range 120 {
		w.l.AddPrincipal(fmt.Sprintf("0oax%d", i))
	}
	late, err := w.l.Mint("test", fake.Draft{Principal: "0oax119"})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := w.list(t)
	if err != nil || len(ids) != 2 || ids[1] != late.ID {
		t.Errorf("listed %v, %v; want both keys, one of the last page", ids, err)
	}
	w.faults.Set(fake.Rule{Path: "/api/v1/apps/0oabilling/", Status: http.StatusNotFound})
	if ids, err = w.list(t); err != nil || len(ids) != 2 {
		t.Errorf("with an app deleted meanwhile: %v, %v; want both keys", ids, err)
	}
	for link, want := range map[string]keyturn.Kind{
		`<https://acme.okta.com/api/v1/apps?after=x>; rel="next"`:           "", // behind a gateway
		`<https://acme.okta.com.evil.test/api/v1/apps?after=x>; rel="next"`: keyturn.Unavailable,
		`<https://acme.okta.com/api/v1/users?after=x>; rel="next"`:          keyturn.Unavailable,
		`<https://acme.okta.com/api/v1/apps?limit=200>; rel="next"`:         keyturn.Unavailable, // a circle
	} {
		w.faults.Set(fake.Rule{Path: "/api/v1/apps", Times: 1, Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Link", link)
			_, _ = rw.Write([]byte("[]"))
		})})
		_, err := w.list(t)
		wantKind(t, "a next page at "+link, err, want)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		account, settings string
		ok                bool
	}{
		{"acme.okta.com", config, true},
		{"login.acme.example", `{"token":{"path":"a"},"apps":{"0oa1":{"client_id":"x y","auth":"client_secret_basic"}}}`, true},
		{"https://acme.okta.com", config, false},
		{"acme.okta.com/", config, false},
		{"acme.okta.com@evil.test", config, false},
		{"acme.okta.com", `{}`, false},
		{"acme.okta.com", `{"token":{"path":"a"},"apps":{"0oa1":{"auth":"private_key_jwt"}}}`, false},
		{"acme.okta.com", `{"token":{"path":"a"},"apps":{"0oa/1":{}}}`, false},
	} {
		if _, err := okta.Factory.New(env("", c.account, c.settings)); (err == nil) != c.ok {
			t.Errorf("%q %s: error %v, want accepted = %t", c.account, c.settings, err, c.ok)
		}
	}
}

func TestPermissionsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config)
	check := func(principal string) ([]providers.Permission, error) {
		return w.p.(providers.PermissionChecker).CheckPermissions(t.Context(), principal)
	}
	_, err := check("0oanobody")
	wantKind(t, "an app there is not", err, keyturn.NotFound)
	w.faults.Set(fake.Rule{Status: http.StatusForbidden})
	got, err := check("")
	if err != nil || len(got) != 1 || got[0].Granted {
		t.Errorf("answered 403: %+v, %v; want one permission that is not granted", got, err)
	}
	w.faults.Set(fake.Rule{Status: http.StatusUnauthorized})
	_, err = check("")
	wantKind(t, "answered 401", err, keyturn.Denied)
}
