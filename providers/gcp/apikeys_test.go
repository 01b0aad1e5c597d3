package gcp_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gcp"
	"github.com/keyturn/keyturn/providers/gcp/gcpfake"
)

const onlyAPI = `{"credentials": {"path": "admin"}, "keys": "api"}`

// TestALabelCanBeTriedTwice revokes an orphan and mints again under its label,
// as a rotation does: Google keeps the ids of deleted keys.
func TestALabelCanBeTriedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onlyAPI)
	const label = "Zahlungen_Köln/g1, with a name that is longer than Google lets any id or display name be"
	for range 2 {
		m, err := w.mint(t, providers.MintRequest{Principal: gcpfake.APIKeys, Label: label})
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`).MatchString(m.Key.ID) || !strings.HasPrefix(m.Key.ID, "k-zahlungen-k-ln-g1") {
			t.Errorf("the id is %s", m.Key.ID)
		}
		keys, err := w.list(t, gcpfake.APIKeys)
		if err != nil || len(keys) != 1 || keys[0].Label != label {
			t.Fatalf("listed %+v, error %v; want one key with its label", keys, err)
		}
		if err := w.p.(providers.Revoker).Revoke(t.Context(), gcpfake.APIKeys, m.Key.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMintInTheBackground breaks what follows the request that makes the key.
func TestMintInTheBackground(t *testing.T) {
	t.Parallel()
	const failed = `{"name":"operations/x","done":true,"error":{"code":%d,"message":"stranger's words"}}`
	for _, c := range []struct {
		rule fake.Rule
		want keyturn.Kind
	}{
		{fake.Rule{Path: "/v2/operations/", Drop: fake.DropAfter}, keyturn.Unavailable},
		{fake.Rule{Path: "/v2/operations/", Answer: saying(200, `{}`)}, keyturn.Unavailable},
		{fake.Rule{Path: "/v2/operations/", Answer: saying(200, fmt.Sprintf(failed, 7))}, keyturn.Denied},
		{fake.Rule{Path: "/v2/operations/", Answer: saying(200, fmt.Sprintf(failed, 6))}, keyturn.Conflict},
		{fake.Rule{Path: "/v2/operations/", Answer: saying(200, fmt.Sprintf(failed, 13))}, keyturn.Unavailable},
		{fake.Rule{Path: "/v2/operations/", Answer: saying(200, `{"name":"operations/x","done":true}`)}, keyturn.Unavailable},
		{fake.Rule{Match: at("/keyString"), Drop: fake.DropAfter}, keyturn.Unavailable},
		{fake.Rule{Match: at("/keyString"), Status: 403}, keyturn.Denied},
		{fake.Rule{Match: at("/keyString"), Answer: saying(200, `{}`)}, keyturn.Unavailable},
		{fake.Rule{Method: http.MethodPost, Match: at("/keys"), Answer: saying(200, `{"name":"../../evil"}`)}, keyturn.Unavailable},
	} {
		w := newWorld(t, onlyAPI)
		w.faults.Set(c.rule)
		_, err := w.mint(t, providers.MintRequest{Principal: gcpfake.APIKeys, Label: "maps/g1"})
		wantKind(t, "Mint", err, c.want)
		if err != nil && strings.Contains(err.Error(), "stranger") {
			t.Errorf("Google's own words are in the error %q", err)
		}
	}
}

// TestRestrictions checks what becomes of an entry's permissions.
func TestRestrictions(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	for _, c := range []struct {
		permissions []string
		want        any
		kind        keyturn.Kind
	}{
		{nil, nil, ""},
		{[]string{"translate.googleapis.com", "ip:192.0.2.1", "ip:2001:db8::/32"}, object{
			"apiTargets":            []any{object{"service": "translate.googleapis.com"}},
			"serverKeyRestrictions": object{"allowedIps": []any{"192.0.2.1", "2001:db8::/32"}},
		}, ""},
		{[]string{"referrer:https://acme.example/*"}, object{"browserKeyRestrictions": object{"allowedReferrers": []any{"https://acme.example/*"}}}, ""},
		{[]string{"ios:example.acme"}, object{"iosKeyRestrictions": object{"allowedBundleIds": []any{"example.acme"}}}, ""},
		{[]string{"ios:example.acme", "ip:192.0.2.1"}, nil, keyturn.Invalid},
		{[]string{"android:example.acme"}, nil, keyturn.Invalid},
		{[]string{"ip:"}, nil, keyturn.Invalid},
	} {
		w := newWorld(t, onlyAPI)
		var sent struct{ Restrictions any }
		w.faults.Set(fake.Rule{Status: 500, Match: func(r *http.Request) bool {
			if r.Method == http.MethodPost && at("/keys")(r) {
				body, _ := io.ReadAll(r.Body)
				_ = json.Unmarshal(body, &sent)
			}
			return false
		}})
		_, err := w.mint(t, providers.MintRequest{Principal: gcpfake.APIKeys, Label: "maps/g1", Permissions: c.permissions})
		wantKind(t, strings.Join(c.permissions, " "), err, c.kind)
		if diff := cmp.Diff(c.want, sent.Restrictions); diff != "" {
			t.Errorf("%v became (-want +got)\n%s", c.permissions, diff)
		}
	}
}

// TestWhatTheProbeSays: only API_KEY_INVALID says that a key is dead.
func TestWhatTheProbeSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onlyAPI)
	k := w.seed(t, gcpfake.APIKeys, "maps/g1")
	for _, c := range []struct {
		status       int
		code, reason string
		want         keyturn.Kind
	}{
		{400, "INVALID_ARGUMENT", "API_KEY_INVALID", keyturn.Denied},
		{400, "INVALID_ARGUMENT", "", keyturn.Invalid},
		{403, "PERMISSION_DENIED", "API_KEY_SERVICE_BLOCKED", ""},
		{403, "PERMISSION_DENIED", "API_KEY_IP_ADDRESS_BLOCKED", ""},
		{403, "PERMISSION_DENIED", "API_KEY_HTTP_REFERRER_BLOCKED", ""},
		{403, "PERMISSION_DENIED", "SERVICE_DISABLED", ""},
		{403, "PERMISSION_DENIED", "CONSUMER_SUSPENDED", keyturn.Unavailable},
		{403, "PERMISSION_DENIED", "", keyturn.Unavailable},
		{401, "UNAUTHENTICATED", "CREDENTIALS_MISSING", keyturn.Unavailable},
	} {
		w.faults.Set(fake.Rule{Answer: saying(c.status, fmt.Sprintf(`{"error":{"code":%d,"status":%q,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":%q}]}}`,
			c.status, c.code, c.reason))})
		wantKind(t, fmt.Sprint(c.status, " ", c.reason), w.verify(t, k.ID, k.Secret), c.want)
	}
	w.faults.Set()
	wantKind(t, "a value with a line break", w.verify(t, k.ID, k.Secret+"\n"), keyturn.Invalid)
}

// TestIdentifyTellsStrangersFromTrouble: Google says forbidden to both.
func TestIdentifyTellsStrangersFromTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	identify := func() error {
		_, err := w.p.(providers.Identifier).Identify(t.Context(), keyturn.NewSecret("AIzaSyOfSomebodyElse"))
		return err
	}
	wantKind(t, "a stranger's value", identify(), keyturn.NotFound)
	w.faults.Set(fake.Rule{Match: at(":testIamPermissions"), Answer: saying(200, `{}`)})
	wantKind(t, "without the permission", identify(), keyturn.Denied)
	for _, id := range []string{"k1", w.seed(t, gcpfake.APIKeys, "maps/g1").ID} {
		w.faults.Set(fake.Rule{Match: at("keys:lookupKey"), Answer: saying(200, `{"parent":"projects/1","name":"projects/1/locations/global/keys/`+id+`"}`)})
		wantKind(t, "a key of another project that we may see", identify(), keyturn.NotFound)
	}
	w.faults.Set(fake.Rule{Match: at("keys:lookupKey"), Answer: saying(200, `{"parent":"projects/103621867718"}`)})
	wantKind(t, "a key deleted for good", identify(), keyturn.NotFound)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, ok := range map[string]bool{
		`{}`:    true,
		stored:  true,
		onlyAPI: true,
		`{"keys":"service_account","mint":"upload"}`:                         true,
		`{"probe":"https://places.googleapis.com/v1/x"}`:                     true,
		`{"credentials":{"path":""}}`:                                        false,
		`{"keys":"all"}`:                                                     false,
		`{"mint":"buy"}`:                                                     false,
		`{"probe":"https://evil.example/"}`:                                  false,
		`{"probe":"https://x.googleapis.com@evil.example/"}`:                 false,
		`{"probe":"https://x.googleapis.com.evil.example/"}`:                 false,
		`{"probe":"http://translation.googleapis.com/language/translate"}`:   false,
		`{"probe":"https://translation.googleapis.com/languages?key=value"}`: false,
	} {
		env := providers.Env{Account: gcpfake.Project, Decode: func(v any) error { return json.Unmarshal([]byte(settings), v) }}
		if _, err := gcp.Factory.New(env); (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted = %t", settings, err, ok)
		}
		env.Account = "103621867718"
		if _, err := gcp.Factory.New(env); err == nil {
			t.Error("a project's number was accepted for its id")
		}
	}
}
