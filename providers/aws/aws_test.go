package aws_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/aws"
	"github.com/keyturn/keyturn/providers/aws/awsfake"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/providertest"
)

const stored = `{"credentials": {"store": "vault", "path": "keyturn/aws"}}`

func harness(config string) providertest.Harness {
	return providertest.Harness{
		Factory:      aws.Factory,
		Config:       config,
		Account:      awsfake.Account,
		Fake:         awsfake.New,
		Refuse:       awsfake.Refuse,
		NoRetryAfter: true, // AWS does not say how long to wait
		Principal:    "user-%d",
		// A value alone says nothing: the id is part of the pair.
		Lacks:    []string{providers.CanIdentify, providers.CanRevokeValue},
		Did:      "s3:ListBuckets",
		Requests: map[string]int{"Locate": 3},
		// STS is sent nothing but the id, and takes it for none.
		Expect: map[string]keyturn.Kind{"Locate 422": keyturn.NotFound},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, harness(stored))
}

func TestConformanceAsRole(t *testing.T) {
	t.Parallel()
	h := harness(`{"credentials": {"store": "vault", "path": "keyturn/aws"}, "assume_role": "arn:aws:iam::123456789012:role/keyturn"}`)
	h.Auth = func(r *http.Request) bool { return r.FormValue("Action") == "AssumeRole" }
	providertest.Run(t, h)
}

// world is a provider before its fake.
type world struct {
	providers.Provider
	ledger *fake.Ledger
	faults *fake.Faults
	key    fake.Key // of the user orders
}

func open(t *testing.T, config, account string) world {
	t.Helper()
	w := world{ledger: fake.NewLedger(fake.Options{}), faults: fake.NewFaults(awsfake.Refuse)}
	w.ledger.SetAdmin(fake.Admin{Name: "admin", ID: "AKIAADMIN", Secret: "admin-secret"})
	srv := httptest.NewServer(w.faults.Wrap(awsfake.New(w.ledger)))
	t.Cleanup(srv.Close)
	var err error
	w.Provider, err = aws.Factory.New(providers.Env{
		Account: account, HTTP: srv.Client(), BaseURL: srv.URL, Now: time.Now,
		Decode: decode(config),
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{ID: "AKIAADMIN", Secret: keyturn.NewSecret("admin-secret")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.ledger.AddPrincipal("orders", "billing")
	if w.key, err = w.ledger.Mint("test", fake.Draft{Principal: "orders"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func decode(config string) func(any) error {
	return func(v any) error { return json.Unmarshal([]byte(config), v) }
}

func (w world) verify(t *testing.T) error {
	t.Helper()
	return w.Provider.(providers.Verifier).Verify(t.Context(), w.key.ID, keyturn.NewSecret(w.key.Secret))
}

func TestVerifyChecksTheAccount(t *testing.T) {
	t.Parallel()
	if err := open(t, stored, awsfake.Account).verify(t); err != nil {
		t.Errorf("Verify in its own account: %v", err)
	}
	if err := open(t, stored, "999999999999").verify(t); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("Verify in another account = %v, want Invalid", err)
	}
}

// TestVerifyProvesThePair: an adoption takes what Verify accepts for proof that the
// value is that key's.
func TestVerifyProvesThePair(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	if _, ok := w.Provider.(interface{ VerifiesPair() }); !ok {
		t.Error("it does not say so")
	}
	other, err := w.ledger.Mint("test", fake.Draft{Principal: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Provider.(providers.Verifier).Verify(t.Context(), other.ID, keyturn.NewSecret(w.key.Secret))
	if keyturn.KindOf(err) != keyturn.Denied {
		t.Errorf("a value with the id of another key: %v", err)
	}
}

// xmlError answers every request with an error.
func xmlError(status int, code, message string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + message + "</Message></Error></ErrorResponse>"))
	})
}

// A wrong clock must not look like a refused key: that would pass for the
// proof that a revoked key is dead.
func TestCodesBecomeKinds(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	for _, c := range []struct {
		status        int
		code, message string
		want          keyturn.Kind
	}{
		{403, "SignatureDoesNotMatch", "The request signature we calculated does not match", keyturn.Denied},
		{403, "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than", keyturn.Unavailable},
		{403, "SignatureDoesNotMatch", "Signature not yet current: 20260101T000000Z", keyturn.Unavailable},
		{400, "RequestExpired", "", keyturn.Unavailable},
		{403, "InvalidClientTokenId", "", keyturn.Denied},
		{403, "ExpiredToken", "", keyturn.Denied},
		{409, "ConcurrentModification", "", keyturn.Unavailable},
		{409, "EntityTemporarilyUnmodifiable", "", keyturn.Unavailable},
		{409, "LimitExceeded", "", keyturn.Exhausted},
		{400, "Throttling", "Rate exceeded", keyturn.RateLimited},
		{503, "RequestLimitExceeded", "", keyturn.RateLimited},
		{400, "ValidationError", "", keyturn.Invalid},
		{418, "SomethingNew<b>", "", keyturn.Invalid},
		{502, "SomethingNew", "", keyturn.Unavailable},
	} {
		w.faults.Set(fake.Rule{Answer: xmlError(c.status, c.code, c.message)})
		err := w.verify(t)
		var e *keyturn.Error
		if !errors.As(err, &e) || e.Kind != c.want {
			t.Errorf("%d %s %q = %v, want %s", c.status, c.code, c.message, err, c.want)
		}
		if strings.Contains(err.Error(), "SomethingNew") || c.message != "" && strings.Contains(err.Error(), c.message) {
			t.Errorf("%d %s: AWS's own words are in the error %q", c.status, c.code, err)
		}
		if (c.want == keyturn.RateLimited) && e.RetryAfter.Seconds() != 3 && c.status == 503 {
			t.Errorf("%d %s: RetryAfter = %v, want the 3s that were said", c.status, c.code, e.RetryAfter)
		}
	}
}

func TestListSurvivesADeletedUser(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	gone := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { awsfake.Refuse(rw, r, 404, 0, "") })
	w.faults.Set(fake.Rule{Body: "UserName=billing", Answer: gone})
	var ids []string
	for k, err := range w.Provider.(providers.Lister).List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, k.ID)
	}
	if len(ids) != 1 || ids[0] != w.key.ID {
		t.Errorf("listed %v, want %s", ids, w.key.ID)
	}
}

// TestPermissionsOneByOne refuses one action after another, and then the role
// the others are asked for with.
func TestPermissionsOneByOne(t *testing.T) {
	t.Parallel()
	w := open(t, `{"credentials": {"store": "vault", "path": "keyturn/aws"}, "assume_role": "arn:aws:iam::123456789012:role/keyturn"}`, awsfake.Account)
	check := w.Provider.(providers.PermissionChecker).CheckPermissions
	for name, want := range map[string]int{
		"iam:ListAccessKeys": 3, "iam:GetAccessKeyLastUsed": 5, "sts:GetAccessKeyInfo": 5, "iam:ListUsers": 5, "cloudtrail:LookupEvents": 5,
	} {
		_, action, _ := strings.Cut(name, ":")
		w.faults.Set(fake.Rule{
			Match: func(r *http.Request) bool {
				return r.FormValue("Action") == action || strings.HasSuffix(r.Header.Get("X-Amz-Target"), action)
			},
			Answer: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { awsfake.Refuse(w, r, 403, 0, "") }),
		})
		got, err := check(t.Context(), "orders")
		if err != nil || len(got) != want {
			t.Fatalf("without %s: %+v, %v, want %d permissions", name, got, err, want)
		}
		for _, p := range got {
			if p.Granted == (p.Name == name) {
				t.Errorf("without %s: %+v", name, p)
			}
		}
	}
	w = open(t, `{"credentials": {"store": "vault", "path": "keyturn/aws"}, "assume_role": "arn:aws:iam::123456789012:role/keyturn"}`, awsfake.Account)
	w.faults.Set(fake.Rule{Body: "Action=AssumeRole&", Answer: xmlError(403, "AccessDenied", "")})
	if got, err := w.Provider.(providers.PermissionChecker).CheckPermissions(t.Context(), "orders"); keyturn.KindOf(err) != keyturn.Denied {
		t.Errorf("a role that cannot be assumed: %+v, %v, want Denied", got, err)
	}
}

func TestLastUsedIsOfThePrincipal(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	if _, err := w.Provider.(providers.UsageReader).LastUsed(t.Context(), "billing", w.key.ID); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("LastUsed of somebody else's key = %v, want NotFound", err)
	}
}

// Not parallel: the default chain reads the environment.
func TestDefaultChain(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAADMIN", "AWS_SECRET_ACCESS_KEY": "admin-secret", "AWS_SESSION_TOKEN": "",
		"AWS_CA_BUNDLE":   "",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
	} {
		t.Setenv(name, value)
	}
	w := open(t, `{}`, awsfake.Account)
	if _, err := w.Provider.(providers.Minter).Mint(t.Context(), providers.MintRequest{Principal: "billing"}); err != nil {
		t.Errorf("Mint with credentials from the environment: %v", err)
	}
}
