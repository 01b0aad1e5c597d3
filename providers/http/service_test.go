package http_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	keyturnhttp "github.com/keyturn/keyturn/providers/http"
	"github.com/keyturn/keyturn/providers/http/httpfake"
)

// world is a provider before the reference service.
type world struct {
	p      providers.Provider
	l      *fake.Ledger
	faults *fake.Faults
}

func decode(s string) func(any) error {
	return func(v any) error { return json.Unmarshal([]byte(s), v) }
}

func newWorld(t *testing.T, settings string) world {
	t.Helper()
	w := world{l: fake.NewLedger(fake.Options{}), faults: fake.NewFaults(httpfake.Refuse)}
	w.l.SetAdmin(fake.Admin{Name: "billing", Secret: "administrator"})
	w.l.AddPrincipal("team-1", "team-2")
	srv := httptest.NewServer(w.faults.Wrap(httpfake.New(w.l)))
	t.Cleanup(srv.Close)
	var err error
	w.p, err = keyturnhttp.Factory.New(providers.Env{
		HTTP: srv.Client(), BaseURL: srv.URL + "/", Decode: decode(settings),
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{Secret: keyturn.NewSecret("administrator")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// answer makes the service answer the next request like this.
func (w world) answer(status int, contentType, body string) {
	w.faults.Set(fake.Rule{Times: 1, Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})})
}

func (w world) mint(t *testing.T, label string) (providers.Minted, error) {
	t.Helper()
	return w.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: "team-1", Label: label})
}

func wantKind(t *testing.T, what string, err error, want keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

// TestLabelsAreUsedOnce checks that a label makes one key at a time: a lost
// answer followed by another try leaves one orphan and not two.
func TestLabelsAreUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings(""))
	w.faults.Set(fake.Rule{Method: http.MethodPost, Drop: fake.DropAfter, Times: 1})
	_, err := w.mint(t, "orders/g1")
	wantKind(t, "a mint whose answer is lost", err, keyturn.Unavailable)
	_, err = w.mint(t, "orders/g1")
	wantKind(t, "the same again", err, keyturn.Conflict)
	orphans := w.l.Live("")
	if len(orphans) != 1 {
		t.Fatalf("%d keys live, want the orphan", len(orphans))
	}
	wantKind(t, "revoking it", w.p.(providers.Revoker).Revoke(t.Context(), "team-1", orphans[0].ID), "")
	_, err = w.mint(t, "orders/g1")
	wantKind(t, "the label, free again", err, "")
}

// TestProxiesProveNothing checks that only the service's own words decide.
func TestProxiesProveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings(""))
	m, err := w.mint(t, "orders/g1")
	if err != nil {
		t.Fatal(err)
	}
	verify := func() error { return w.p.(providers.Verifier).Verify(t.Context(), m.Key.ID, m.Secret) }
	for _, html := range []int{401, 407, 502} {
		w.answer(html, "text/html", "<html>sign in</html>")
		if got := keyturn.KindOf(verify()); got == "" || got == keyturn.Denied {
			t.Errorf("a proxy's %d is %q, which is a verdict", html, got)
		}
	}
	w.answer(401, "application/problem+json", `{"status":401,"code":"key_refused"}`)
	wantKind(t, "the service's 401", verify(), keyturn.Denied)
	w.answer(200, "application/json", `{"id":"key_of-somebody-else"}`)
	wantKind(t, "another key's id", verify(), keyturn.Invalid)
	revoke := func() error { return w.p.(providers.Revoker).Revoke(t.Context(), "team-1", m.Key.ID) }
	w.answer(404, "text/html", "<html>no such page</html>")
	wantKind(t, "a proxy's 404", revoke(), keyturn.NotFound)
	if len(w.l.Live("")) != 1 {
		t.Fatal("the key is gone")
	}
}

// TestListBelievesNotEverything checks the listings that would mislead.
func TestListBelievesNotEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings(""))
	for _, body := range []string{
		`{"keys":[{"id":"a","principal":"team-2","label":"x","created":"2027-01-01T00:00:00Z","enabled":true}]}`,
		`{"keys":[{"id":"a","principal":"team-1","label":"x","created":"2027-01-01T00:00:00Z"}]}`,
		`{"keys":[{"id":"../a","principal":"team-1","label":"x","created":"2027-01-01T00:00:00Z","enabled":true}]}`,
	} {
		w.answer(200, "application/json", body)
		for _, err := range w.p.(providers.Lister).List(t.Context(), "team-1") {
			wantKind(t, body, err, keyturn.Unavailable)
		}
	}
	w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"keys":[],"next":"again"}`))
	})})
	for _, err := range w.p.(providers.Lister).List(t.Context(), "team-1") {
		wantKind(t, "a listing that goes in circles", err, keyturn.Unavailable)
	}
}

// TestTypes checks that what the settings say is lacking, the type lacks.
func TestTypes(t *testing.T) {
	t.Parallel()
	for lacks, want := range map[string][]string{
		`[]`:                       {providers.CanSuspend, providers.CanLastUsed},
		`["suspend"]`:              {providers.CanLastUsed},
		`["last_used"]`:            {providers.CanSuspend},
		`["suspend","last_used"]`:  nil,
		`["principals","suspend"]`: {providers.CanLastUsed},
	} {
		var got []string
		for _, c := range providers.Capabilities(newWorld(t, settings(`, "lacks": `+lacks)).p) {
			if c == providers.CanSuspend || c == providers.CanLastUsed {
				got = append(got, c)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("lacks %s: can %q, want %q", lacks, got, want)
		}
	}
}

// TestPermissionsCompare checks that a service which lacks more than the
// settings say is found out before a rotation relies on it.
func TestPermissionsCompare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings(`, "lacks": ["principals"]`))
	w.answer(200, "application/json", `{"contract":"keyturn/v1","capabilities":["last_used"],"granted":["keys.read"]}`)
	all, err := w.p.(providers.PermissionChecker).CheckPermissions(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, p := range all {
		got[p.Name] = p.Granted
	}
	if diff := cmp.Diff(map[string]bool{"keys.read": true, "keys.write": false, "suspend": false, "last_used": true}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.answer(200, "application/json", `{"contract":"keyturn/v2","capabilities":[],"granted":[]}`)
	_, err = w.p.(providers.PermissionChecker).CheckPermissions(t.Context(), "")
	wantKind(t, "another version", err, keyturn.Unavailable)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const token = `"token":{"path":"a"}`
	for text, ok := range map[string]bool{
		`{` + token + `,"url":"https://billing.example"}`:      true,
		`{` + token + `,"url":"https://billing.example/api/"}`: true,
		`{` + token + `,"url":"http://localhost:8080"}`:        true,
		`{` + token + `,"url":"http://billing.example"}`:       false,
		`{` + token + `,"url":"https://u:p@billing.example"}`:  false,
		`{` + token + `,"url":"https://billing.example?x=1"}`:  false,
		`{` + token + `}`:                   false,
		`{"url":"https://billing.example"}`: false,
		`{` + token + `,"url":"https://billing.example","lacks":["verify"]}`: false,
		`{` + token + `,"url":"https://billing.example","max_live":-1}`:      false,
		`{` + token + `,"url":"https://billing.example","usage_lag":"0s"}`:   false,
		`{` + token + `,"url":"https://billing.example","settle":"0s"}`:      true,
	} {
		if _, err := keyturnhttp.Factory.New(providers.Env{Decode: decode(text)}); (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted = %t", text, err, ok)
		}
	}
}
