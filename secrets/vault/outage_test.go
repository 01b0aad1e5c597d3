package vault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/vault"
	"github.com/keyturn/keyturn/servertest"
)

func TestSealedAndRestarted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	v1 := b.stage(1)
	b.promote("", v1)

	down := func(when string) {
		for call, err := range calls(ctx, b.store) {
			if keyturn.KindOf(err) != keyturn.Unavailable {
				t.Errorf("%s while %s: %v", call, when, err)
			}
		}
	}
	b.server.Seal()
	_, err := b.store.Current(ctx, ref(path))
	wantKind(t, err, keyturn.Unavailable, "sealed")
	down("sealed")
	late := open(t, rootConfig(t, b.server))
	b.server.Unseal()
	eventually(t, func() error { _, err := b.store.Current(ctx, ref(path)); return err })
	b.current(v1)
	if _, err := late.Current(ctx, ref(path)); err != nil {
		t.Errorf("a Store opened while Vault was sealed: %v", err)
	}

	b.server.Stop()
	_, err = b.store.Current(ctx, ref(path))
	wantKind(t, err, keyturn.Unavailable, "reached")
	down("stopped")
	late = open(t, rootConfig(t, b.server))
	b.server.Start()
	eventually(t, func() error { _, err := b.store.Current(ctx, ref(path)); return err })
	b.current(v1)
	b.promote(v1, b.stage(2))
	if v, err := late.Current(ctx, ref(path)); err != nil || v.Name != "payments-stripe/g2" {
		t.Errorf("a Store opened while Vault was down: %v, %v", v, err)
	}
}

// calls makes every call of a Store once.
func calls(ctx context.Context, s *vault.Store) map[string]error {
	out := map[string]error{}
	_, out["Stage"] = s.Stage(ctx, ref(path), draft(9))
	_, out["Find"] = s.Find(ctx, ref(path), draft(9).Label)
	_, out["Current"] = s.Current(ctx, ref(path))
	_, out["Read"] = s.Read(ctx, ref(path), "payments-stripe/g9")
	out["Promote"] = s.Promote(ctx, ref(path), "", "payments-stripe/g9")
	out["Destroy"] = s.Destroy(ctx, ref(path), "payments-stripe/g9")
	out["Put"] = s.Put(ctx, ref(path), secrets.Value{Secret: keyturn.NewSecret(canary)})
	return out
}

// TestStatuses checks every status against every call, that a failed call was
// sent once, and that no answer gets into an error.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]keyturn.Kind{
		400: keyturn.Invalid, 403: keyturn.Denied, 405: keyturn.Invalid, 412: keyturn.Unavailable,
		429: keyturn.RateLimited, 472: keyturn.Unavailable, 473: keyturn.Unavailable,
		500: keyturn.Unavailable, 502: keyturn.Unavailable, 503: keyturn.Unavailable,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v1/auth/token/lookup-self" {
					fmt.Fprint(w, `{"data":{"ttl":0}}`)
					return
				}
				sent.Add(1)
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"errors":["you sent %s"]}`, canary)
			}))
			defer server.Close()
			store := open(t, vault.Config{Address: server.URL, Auth: vault.Auth{Token: &vault.TokenAuth{File: file(t, "token")}}})
			for call, err := range calls(t.Context(), store) {
				var e *keyturn.Error
				if !errors.As(err, &e) || e.Kind != want {
					t.Errorf("%s: got %v, want kind %s", call, err, want)
					continue
				}
				if strings.Contains(fmt.Sprintf("%+v", *e), canary) {
					t.Errorf("%s: the answer is in the error", call)
				}
				if after := e.RetryAfter; (after == 7*time.Second) != want.Retryable() {
					t.Errorf("%s: RetryAfter is %v", call, after)
				}
			}
			if n := sent.Load(); n != 7 {
				t.Errorf("seven calls sent %d requests", n)
			}
		})
	}
}

// TestLostAnswer cuts the connection after Vault has written, and checks that
// trying again finds the work done.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	var lose atomic.Bool
	cfg := rootConfig(t, b.server)
	cfg.Address = cutting(t, b.server, &lose)
	store := open(t, cfg)

	lose.Store(true)
	_, err := store.Stage(ctx, ref(path), draft(1))
	wantKind(t, err, keyturn.Unavailable)
	lose.Store(false)
	v1, err := store.Stage(ctx, ref(path), draft(1))
	if err != nil || v1.RemoteID != "rk_1" {
		t.Fatalf("Stage again: %v, %v", v1, err)
	}
	b.write("secret/metadata/payments/stripe-live", map[string]any{"max_versions": 20})
	lose.Store(true)
	wantKind(t, store.Promote(ctx, ref(path), "", v1.Name), keyturn.Unavailable)
	b.current(v1.Name)
	lose.Store(false)
	if err := store.Promote(ctx, ref(path), "", v1.Name); err != nil {
		t.Errorf("Promote again: %v", err)
	}
	if n := fmt.Sprint(b.metadata()["current_version"]); n != "1" {
		t.Errorf("promoting again wrote version %s", n)
	}
}

// cutting passes requests on to Vault; while lose is set it does not pass on
// the answers to writes.
func cutting(t *testing.T, server *servertest.VaultServer, lose *atomic.Bool) string {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := r.Clone(r.Context())
		out.RequestURI = ""
		out.URL.Scheme, out.URL.Host = "http", strings.TrimPrefix(server.Address(), "http://")
		resp, err := http.DefaultTransport.RoundTrip(out)
		if err != nil || (lose.Load() && r.Method != http.MethodGet) {
			panic(http.ErrAbortHandler)
		}
		defer func() { _ = resp.Body.Close() }()
		w.WriteHeader(resp.StatusCode)
		_ = copyBody(w, resp)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestConfig(t *testing.T) {
	t.Parallel()
	token := vault.Auth{Token: &vault.TokenAuth{File: "/dev/null"}}
	for name, c := range map[string]struct {
		cfg vault.Config
		say string
	}{
		"no address":       {vault.Config{Auth: token}, "address"},
		"no scheme":        {vault.Config{Address: "vault:8200", Auth: token}, "address"},
		"password in it":   {vault.Config{Address: "https://a:b@vault:8200", Auth: token}, "address"},
		"no login":         {vault.Config{Address: "https://vault:8200"}, "exactly one"},
		"two logins":       {vault.Config{Address: "https://vault:8200", Auth: vault.Auth{Token: token.Token, Kubernetes: &vault.KubernetesAuth{Role: "r"}}}, "exactly one"},
		"no token file":    {vault.Config{Address: "https://vault:8200", Auth: vault.Auth{Token: &vault.TokenAuth{}}}, "auth.token"},
		"no role id":       {vault.Config{Address: "https://vault:8200", Auth: vault.Auth{AppRole: &vault.AppRoleAuth{SecretIDFile: "x"}}}, "role_id"},
		"no role":          {vault.Config{Address: "https://vault:8200", Auth: vault.Auth{Kubernetes: &vault.KubernetesAuth{}}}, "auth.kubernetes"},
		"no CA":            {vault.Config{Address: "https://vault:8200", Auth: token, CAFile: "/no/such/file"}, "/no/such/file"},
		"CA that is empty": {vault.Config{Address: "https://vault:8200", Auth: token, CAFile: "/dev/null"}, "PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := vault.Open(t.Context(), c.cfg)
			wantKind(t, err, keyturn.Invalid, c.say)
		})
	}
}

// TestTLS checks that a server is trusted by the configured CA only, and that
// namespaces are sent.
func TestTLS(t *testing.T) {
	t.Parallel()
	var namespace atomic.Value
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		namespace.Store(r.Header.Get("X-Vault-Namespace"))
		fmt.Fprint(w, `{"data":{"ttl":0}}`)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	cfg := vault.Config{Address: server.URL, Namespace: "team/one", Auth: vault.Auth{Token: &vault.TokenAuth{File: file(t, "token")}}}
	_, err := open(t, cfg).Current(t.Context(), ref(path))
	wantKind(t, err, keyturn.Unavailable, "ca_file")
	cfg.CAFile = file(t, pemOf(server))
	open(t, cfg)
	if got := namespace.Load(); got != "team/one" {
		t.Errorf("namespace header %v", got)
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/auth/token/lookup-self" {
			fmt.Fprint(w, `{"data":{"ttl":0}}`)
			return
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	cfg := vault.Config{Address: server.URL, Auth: vault.Auth{Token: &vault.TokenAuth{File: file(t, "token")}}}
	patient := open(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := patient.Current(ctx, ref(path)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a deadline of the caller: %v", err)
	}
	cfg.Timeout = keyturn.Duration(50 * time.Millisecond)
	_, err := open(t, cfg).Current(t.Context(), ref(path))
	wantKind(t, err, keyturn.Unavailable, "in time")
}
