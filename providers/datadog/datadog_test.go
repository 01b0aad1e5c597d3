package datadog_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/datadog"
	"github.com/keyturn/keyturn/providers/datadog/datadogfake"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/providertest"
)

const config = `{
	"api_key": {"store": "vault", "path": "keyturn/datadog/api-key"},
	"application_key": {"store": "vault", "path": "keyturn/datadog/application-key"}
}`

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Harness{
		Factory: datadog.Factory,
		Config:  config,
		Fake:    datadogfake.New,
		Refuse:  datadogfake.Refuse,
		Lacks:   []string{providers.CanSuspend, providers.CanRevokeValue, providers.CanLocate},
		// A refused value is nobody's.
		Expect:   map[string]keyturn.Kind{"Identify 401": keyturn.NotFound, "Identify 403": keyturn.NotFound},
		Requests: map[string]int{"Identify": 2}, // which key it is, and whether that is ours
		Did:      "GET /api/v1/dashboard/abc-def-ghi",
	})
}

// TestIdentifyOfAnotherOrganisation checks that a living value of somebody
// else's is none of this account's, and that our own pair being refused says
// nothing about it.
func TestIdentifyOfAnotherOrganisation(t *testing.T) {
	t.Parallel()
	h := newWorld(t, 1)
	value := keyturn.NewSecret(h.l.Value(h.l.Live("")[0].ID))
	for status, want := range map[int]keyturn.Kind{404: keyturn.NotFound, 403: keyturn.Denied} {
		h.faults.Set(fake.Rule{Path: "/api/v2/api_keys/", Status: status})
		if id, err := h.p.(providers.Identifier).Identify(t.Context(), value); id != "" || keyturn.KindOf(err) != want {
			t.Errorf("the key answered %d: %q, %v, want %s", status, id, err, want)
		}
	}
}

// TestPermissionsOfAnAcceptedPair tells a pair that may not list from one
// that is refused.
func TestPermissionsOfAnAcceptedPair(t *testing.T) {
	t.Parallel()
	h := newWorld(t, 1)
	h.faults.Set(fake.Rule{Path: "/api/v2/api_keys", Status: 403})
	got, err := h.p.(providers.PermissionChecker).CheckPermissions(t.Context(), "")
	if err != nil || len(got) != 1 || got[0].Granted {
		t.Errorf("a pair that may not list: %+v, %v", got, err)
	}
	h.faults.Set(fake.Rule{Path: "/api/v2/validate_keys", Status: 403})
	if _, err := h.p.(providers.PermissionChecker).CheckPermissions(t.Context(), ""); keyturn.KindOf(err) != keyturn.Denied {
		t.Errorf("a refused pair: %v, want Denied", err)
	}
}

// decode gives settings to a provider.
func decode(s string) func(any) error {
	return func(v any) error { return json.Unmarshal([]byte(s), v) }
}

// TestVerifyKnowsWhichKey checks the answers that are neither yes nor no.
func TestVerifyKnowsWhichKey(t *testing.T) {
	t.Parallel()
	l := fake.NewLedger(fake.Options{})
	faults := fake.NewFaults(datadogfake.Refuse)
	srv := httptest.NewServer(faults.Wrap(datadogfake.New(l)))
	t.Cleanup(srv.Close)
	p, err := datadog.Factory.New(providers.Env{HTTP: srv.Client(), BaseURL: srv.URL, Decode: decode(config)})
	if err != nil {
		t.Fatal(err)
	}
	one, err := l.Mint("test", fake.Draft{Label: "orders/g1"})
	if err != nil {
		t.Fatal(err)
	}
	verify := func(id, value string) keyturn.Kind {
		return keyturn.KindOf(p.(providers.Verifier).Verify(t.Context(), id, keyturn.NewSecret(value)))
	}
	if got := verify(strings.ToUpper(one.ID), one.Secret); got != "" {
		t.Errorf("its own value: %q, want success", got)
	}
	if got := verify("00000000-0000-0000-0000-000000000000", one.Secret); got != keyturn.Invalid {
		t.Errorf("another key's value: %q, want invalid, which is no proof of death", got)
	}
	if got := verify(one.ID, one.Secret+"\n"); got != keyturn.Invalid {
		t.Errorf("a value with a line break: %q, want invalid", got)
	}
	for answer, want := range map[string]keyturn.Kind{
		`{"data":{"attributes":{"valid":false,"api_key_id":"` + one.ID + `"}}}`: keyturn.Denied,
		`{"data":{}}`: keyturn.Unavailable,
	} {
		faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })})
		if got := verify(one.ID, one.Secret); got != want {
			t.Errorf("%s: %q, want %q", answer, got, want)
		}
	}
}

// TestListNoticesDeletions deletes a key between two pages: one that was not
// read yet would move to the page that was.
func TestListNoticesDeletions(t *testing.T) {
	t.Parallel()
	h := newWorld(t, 150)
	var last error
	n := 0
	for k, err := range h.p.(providers.Lister).List(t.Context(), "") {
		if last = err; err != nil {
			break
		}
		if n++; n == 1 {
			if err := h.l.Revoke("somebody", "", k.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if keyturn.KindOf(last) != keyturn.Unavailable || n != 100 {
		t.Errorf("List read %d keys and ended with %v, want the first page and Unavailable", n, last)
	}
}

// TestHeaders checks which credential goes where.
func TestHeaders(t *testing.T) {
	t.Parallel()
	h := newWorld(t, 1)
	k := h.l.Live("")[0]
	h.faults.Hook(func(r *http.Request) {
		api, application := r.Header.Get("DD-API-KEY"), r.Header.Get("DD-APPLICATION-KEY")
		if strings.HasSuffix(r.URL.Path, "/validate") && (api != h.l.Value(k.ID) || application != "") {
			t.Error("Verify must show the key under test and nothing else")
		}
	}, nil)
	if err := h.p.(providers.Verifier).Verify(t.Context(), k.ID, keyturn.NewSecret(h.l.Value(k.ID))); err != nil {
		t.Error(err)
	}
	if err := h.p.(providers.Revoker).Revoke(t.Context(), "", k.ID); err != nil {
		t.Errorf("Revoke with the administrator's pair: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const refs = `"api_key":{"path":"a"},"application_key":{"path":"b"}`
	for settings, ok := range map[string]bool{
		`{` + refs + `}`: true,
		`{` + refs + `,"site":"us3.datadoghq.com"}`:       true,
		`{` + refs + `,"site":"https://datadoghq.eu"}`:    false,
		`{` + refs + `,"site":"datadoghq.eu/"}`:           false,
		`{` + refs + `,"site":"datadoghq.eu@evil.test"}`:  false,
		`{"api_key":{"path":"a"}}`:                        false,
		`{"application_key":{"store":"vault","path":""}}`: false,
	} {
		if _, err := datadog.Factory.New(providers.Env{Decode: decode(settings)}); (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted = %t", settings, err, ok)
		}
	}
}
