package simulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/all"
)

const canary = "CANARY"

func start(t *testing.T, o simulate.Options) *simulate.Vendors {
	t.Helper()
	vs, err := simulate.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vs.Stop(); err != nil {
			t.Error("stop:", err)
		}
	})
	return vs
}

// quick is a vendor that believes every change at once.
func quick() simulate.Options { return simulate.Options{Settle: -1, ValuePrefix: canary} }

// adapter is the real adapter of a vendor, told what Vendor says a worker must
// be told, and nothing else.
func adapter(t *testing.T, v *simulate.Vendor) adapted {
	t.Helper()
	for _, f := range all.Factories() {
		if f.Name != v.Provider {
			continue
		}
		p, err := f.New(providers.Env{
			Account: v.Account,
			BaseURL: v.BaseURL,
			HTTP:    &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
			Now:     time.Now,
			Log:     slog.New(slog.DiscardHandler),
			Decode: func(into any) error {
				text, err := json.Marshal(v.Settings)
				if err != nil {
					return err
				}
				d := json.NewDecoder(bytes.NewReader(text))
				d.DisallowUnknownFields()
				return d.Decode(into)
			},
			Credential: func(_ context.Context, ref keyturn.SecretRef) (providers.Credential, error) {
				for _, a := range v.Admins {
					if a.Ref == ref {
						return providers.Credential{ID: a.ID, Secret: a.Secret}, nil
					}
				}
				return providers.Credential{}, keyturn.Errorf(keyturn.NotFound, "test", "no administrator at %s", ref.Path)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return adapted{v, p}
	}
	t.Fatalf("no provider is called %s", v.Provider)
	return adapted{}
}

type adapted struct {
	*simulate.Vendor
	p providers.Provider
}

func (a adapted) principal() string {
	if len(a.Principals) == 0 {
		return ""
	}
	return a.Principals[0]
}

func (a adapted) mint(t *testing.T, label string) (providers.Minted, error) {
	t.Helper()
	return a.p.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: a.principal(), Label: label, Permissions: a.Permissions})
}

func (a adapted) verify(t *testing.T, m providers.Minted) error {
	t.Helper()
	return a.p.(providers.Verifier).Verify(t.Context(), m.Key.ID, m.Secret)
}

// each runs a test against every vendor.
func each(t *testing.T, o simulate.Options, test func(t *testing.T, a adapted)) {
	t.Helper()
	t.Parallel()
	vs := start(t, o)
	if len(vs.All()) < 2 {
		t.Fatalf("%d vendors, want at least 2", len(vs.All()))
	}
	for _, v := range vs.All() {
		t.Run(v.Provider, func(t *testing.T) { test(t, adapter(t, v)) })
	}
}

func wantKind(t *testing.T, what string, err error, kind keyturn.Kind) {
	t.Helper()
	if got := keyturn.KindOf(err); got != kind {
		t.Errorf("%s: %v is %q, want %q", what, err, got, kind)
	}
}

func TestTheRealAdaptersLiveWithTheVendors(t *testing.T) {
	each(t, quick(), func(t *testing.T, a adapted) {
		m, err := a.mint(t, "key/g1")
		if err != nil {
			t.Fatal(err)
		}
		if !a.OwnValues && !strings.Contains(m.Secret.Expose(), canary) {
			t.Error("the value does not begin as asked for")
		}
		wantKind(t, "verify", a.verify(t, m), "")
		if err := a.p.(providers.Revoker).Revoke(t.Context(), a.principal(), m.Key.ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "verify a revoked key", a.verify(t, m), keyturn.Denied)
		if got := len(a.Ledger.Live("")); got != 0 {
			t.Errorf("%d keys live, want none", got)
		}
	})
}

func TestChangesTakeTimeToBeBelieved(t *testing.T) {
	each(t, simulate.Options{Settle: 300 * time.Millisecond}, func(t *testing.T, a adapted) {
		m, err := a.mint(t, "key/g1")
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, "verify at once", a.verify(t, m), keyturn.Denied)
		deadline := time.Now().Add(10 * time.Second)
		for a.verify(t, m) != nil {
			if time.Now().After(deadline) {
				t.Fatal("the key is never believed")
			}
		}
	})
}

func TestLostMintsLeaveAKeyAndNoAnswer(t *testing.T) {
	each(t, quick(), func(t *testing.T, a adapted) {
		a.LoseMints(1)
		_, err := a.mint(t, "key/g1")
		wantKind(t, "mint", err, keyturn.Unavailable)
		if got := len(a.Ledger.Live("")); got != 1 {
			t.Errorf("%d keys at the vendor, want the orphan", got)
		}
		if got := a.Broken(); len(got) != 0 {
			t.Errorf("afterwards still broken: %v", got)
		}
		_, err = a.mint(t, "key/g2")
		wantKind(t, "the next mint", err, "")
	})
}

func TestBreaksAddUpAndEnd(t *testing.T) {
	each(t, quick(), func(t *testing.T, a adapted) {
		m, err := a.mint(t, "key/g1")
		if err != nil {
			t.Fatal(err)
		}
		a.RefuseVerification(2)
		wantKind(t, "verify", a.verify(t, m), keyturn.Denied)
		a.Throttle(1, 7*time.Second) // must not make it 2 refusals again
		wantKind(t, "verify", a.verify(t, m), keyturn.Denied)
		wantKind(t, "verify", a.verify(t, m), keyturn.RateLimited)
		wantKind(t, "verify", a.verify(t, m), "")
		a.RefuseVerification(100)
		a.Fail(503, time.Hour)
		if got := len(a.Broken()); got != 2 {
			t.Errorf("broken: %v, want 2 things", a.Broken())
		}
		a.Mend()
		wantKind(t, "verify after mending", a.verify(t, m), "")
	})
}

func TestFailingEndsByItself(t *testing.T) {
	each(t, quick(), func(t *testing.T, a adapted) {
		a.Fail(200, time.Hour) // no failure
		a.Fail(503, -time.Second)
		a.LoseMints(0)
		if got := a.Broken(); len(got) != 0 {
			t.Fatalf("broken: %v, want nothing", got)
		}
		a.Fail(503, 300*time.Millisecond)
		_, err := a.mint(t, "key/g1")
		wantKind(t, "mint", err, keyturn.Unavailable)
		if got := len(a.Ledger.Keys()); got != 0 {
			t.Errorf("%d keys, want none: it never got that far", got)
		}
		deadline := time.Now().Add(10 * time.Second)
		for {
			if _, err = a.mint(t, "key/g2"); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the vendor never recovers:", err)
			}
		}
	})
}

func TestEveryVendorThrottles(t *testing.T) {
	o := quick()
	o.Rate = 2 // and four at once, for those that sign in first
	each(t, o, func(t *testing.T, a adapted) {
		m, err := a.mint(t, "key/g1")
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if err = a.verify(t, m); err != nil {
				break
			}
		}
		wantKind(t, "verify too often", err, keyturn.RateLimited)
	})
}

func TestThePanelShowsAndBreaks(t *testing.T) {
	t.Parallel()
	vs := start(t, quick())
	a := adapter(t, vs.Vendor("aws"))
	m, err := a.mint(t, "key/g1")
	if err != nil {
		t.Fatal(err)
	}

	if code, text := ask(t, "POST", a.ControlURL+"/refuse-verification?times=2", ""); code != 200 || !strings.Contains(text, "refuses 2 verifications") {
		t.Errorf("%d %s", code, text)
	}
	wantKind(t, "verify", a.verify(t, m), keyturn.Denied)
	ask(t, "POST", a.ControlURL+"/lose-mints", "")
	ask(t, "POST", a.ControlURL+"/throttle?times=3&wait=7s", "")
	ask(t, "POST", a.ControlURL+"/fail?status=500&for=1m", "")
	if got := len(a.Broken()); got != 4 {
		t.Errorf("broken: %v, want 4 things", a.Broken())
	}
	ask(t, "POST", a.ControlURL+"/mend", "")
	wantKind(t, "verify after mending", a.verify(t, m), "")

	_, text := ask(t, "GET", a.ControlURL+"/keys", "")
	var keys []struct{ ID string }
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]struct{ ID string }{{m.Key.ID}}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	_, root := ask(t, "GET", vs.ControlURL()+"/", "")
	for _, v := range vs.All() {
		if !strings.Contains(root, v.BaseURL) {
			t.Errorf("the overview lacks %s", v.BaseURL)
		}
	}
	_, log := ask(t, "GET", a.ControlURL+"/log", "")
	for _, page := range []string{text, root, log} {
		if strings.Contains(page, canary) {
			t.Errorf("a page shows a value: %s", page)
		}
		for _, v := range vs.All() {
			for _, admin := range v.Admins {
				if strings.Contains(page, admin.Secret.Expose()) {
					t.Errorf("a page shows an administrator's credential: %s", page)
				}
			}
		}
	}
}

func TestThePanelRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	v := start(t, quick()).Vendor("datadog")
	for _, bad := range []string{"/lose-mints?times=0", "/lose-mints?times=x", "/throttle?wait=soon", "/refuse-verification?times=-1", "/fail?status=200", "/fail?for=-1s"} {
		if code, text := ask(t, "POST", v.ControlURL+bad, ""); code != http.StatusBadRequest {
			t.Errorf("%s: %d %s, want 400", bad, code, text)
		}
	}
	if code, _ := ask(t, "POST", v.ControlURL+"/mend", "https://elsewhere.example"); code != http.StatusForbidden {
		t.Errorf("a page of another origin: %d, want 403", code)
	}
	if got := v.Broken(); len(got) != 0 {
		t.Errorf("broken: %v, want nothing", got)
	}
}

func TestATakenPortIsNamedAndNothingStaysBehind(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = simulate.Start(t.Context(), simulate.Options{Port: l.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("start on a taken port: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := simulate.Start(ctx, simulate.Options{}); err == nil {
		t.Error("start with a cancelled context succeeded")
	}
}

func TestStopFreesThePorts(t *testing.T) {
	t.Parallel()
	vs := start(t, quick())
	if vs.Vendor("nobody") != nil {
		t.Error("there is a vendor called nobody")
	}
	urls := []string{vs.ControlURL()}
	for _, v := range vs.All() {
		urls = append(urls, v.BaseURL)
	}
	if err := vs.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, url := range urls {
		l, err := net.Listen("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Errorf("after Stop: %v", err)
			continue
		}
		l.Close()
	}
}

// ask sends a request to the panel, as a page of origin does if it is given.
func ask(t *testing.T, method, url, origin string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
