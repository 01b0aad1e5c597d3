package identitycenter_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/identitycenter"
	"github.com/keyturn/keyturn/providers/identitycenter/identitycenterfake"
	"github.com/keyturn/keyturn/providers/providertest"
)

const config = `{"scim_endpoint": "https://scim.eu-west-1.amazonaws.com/` + identitycenterfake.Tenant + `/scim/v2"}`

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Harness{
		Factory: identitycenter.Factory,
		Config:  config,
		Fake:    identitycenterfake.New,
		Refuse:  identitycenterfake.Refuse,
		Lacks: []string{
			providers.CanReadUses, providers.CanLocate,
			providers.CanMint, providers.CanList, providers.CanSuspend, providers.CanRevoke,
			providers.CanLastUsed, providers.CanIdentify, providers.CanRevokeValue, providers.CanCheckPermissions,
		},
		Expect: map[string]keyturn.Kind{"Verify 403": keyturn.Invalid},
	})
}

// TestVerify asks what the suite asks only of providers that can mint.
func TestVerify(t *testing.T) {
	t.Parallel()
	l := fake.NewLedger(fake.Options{})
	srv := httptest.NewServer(identitycenterfake.New(l))
	t.Cleanup(srv.Close)
	verify := func(config, value string) keyturn.Kind {
		p, err := identitycenter.Factory.New(providers.Env{
			HTTP: srv.Client(), BaseURL: srv.URL,
			Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return keyturn.KindOf(p.(providers.Verifier).Verify(t.Context(), "", keyturn.NewSecret(value)))
	}
	one, err := l.Mint("somebody", fake.Draft{Label: "scim"})
	if err != nil {
		t.Fatal(err)
	}
	two, err := l.Mint("somebody", fake.Draft{Label: "scim, the next"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Revoke("somebody", "", one.ID); err != nil {
		t.Fatal(err)
	}
	const elsewhere = `{"scim_endpoint": "https://scim.eu-west-1.amazonaws.com/another/scim/v2/"}`
	for _, c := range []struct {
		what, config, value string
		want                keyturn.Kind
	}{
		{"a living token", config, two.Secret, ""},
		{"a deleted token", config, one.Secret, keyturn.Denied},
		{"a token of another tenant", elsewhere, two.Secret, keyturn.Denied},
		{"a token with a line break", config, two.Secret + "\n", keyturn.Invalid},
		{"no token", config, "", keyturn.Invalid},
	} {
		if got := verify(c.config, c.value); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestAnotherSCIMObject checks that a 200 about something else proves nothing.
func TestAnotherSCIMObject(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fake.JSON(w, http.StatusOK, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}})
	}))
	t.Cleanup(srv.Close)
	p, err := identitycenter.Factory.New(providers.Env{
		HTTP: srv.Client(), BaseURL: srv.URL,
		Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := keyturn.KindOf(p.(providers.Verifier).Verify(t.Context(), "", keyturn.NewSecret("value"))); got != keyturn.Unavailable {
		t.Errorf("%q, want unavailable", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for endpoint, ok := range map[string]bool{
		"https://scim.eu-west-1.amazonaws.com/a/scim/v2":   true,
		"https://scim.eu-west-1.amazonaws.com/a/scim/v2/":  true,
		"http://scim.eu-west-1.amazonaws.com/a/scim/v2":    false,
		"https://scim.eu-west-1.amazonaws.com/a":           false,
		"https://scim.eu-west-1.amazonaws.com/a/scim/v2?b": false,
		"": false,
	} {
		_, err := identitycenter.Factory.New(providers.Env{Decode: func(v any) error {
			return json.Unmarshal([]byte(`{"scim_endpoint": "`+endpoint+`"}`), v)
		}})
		if (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted = %t", endpoint, err, ok)
		}
	}
}
