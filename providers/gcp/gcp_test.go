package gcp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/gcp"
	"github.com/keyturn/keyturn/providers/gcp/gcpfake"
	"github.com/keyturn/keyturn/providers/providertest"
)

// adminID is the id of the administrator's key.
const adminID = "ad0000000000000000000000000000000000000a"

const people = "sa-%d@acme-prod.iam.gserviceaccount.com"

// harness is the suite's view of one kind of key. More is added to the
// settings.
func harness(principal, more string) providertest.Harness {
	return providertest.Harness{
		Factory:   gcp.Factory,
		Config:    `{"credentials": {"store": "vault", "path": "keyturn/gcp"}` + more + `}`,
		Account:   gcpfake.Project,
		Fake:      gcpfake.New,
		Refuse:    gcpfake.Refuse,
		Principal: principal,
		Credentials: map[string]providers.Credential{"keyturn/gcp": {
			ID:     adminID,
			Secret: keyturn.NewSecret(gcpfake.File("KeyturnCanary7", adminID, "keyturn@acme-prod.iam.gserviceaccount.com")),
		}},
		Auth: beside,
		// Google leaves an empty list out.
		Expect: map[string]keyturn.Kind{"List {}": "", "Uses {}": ""},
		Did:    "storage:storage.objects.get",
	}
}

// ofAccounts adds what holds for keys of service accounts.
func ofAccounts(h providertest.Harness) providertest.Harness {
	h.Public, h.Expires = gcpfake.Public, true
	return h
}

// ofAPI adds what holds for API keys: a refusal that does not speak of the key
// is neither a yes nor a no.
func ofAPI(h providertest.Harness) providertest.Harness {
	h.Permissions = []string{"translate.googleapis.com"}
	h.Expect["Verify 401"], h.Expect["Verify 403"] = keyturn.Unavailable, keyturn.Unavailable
	return h
}

// beside recognises the requests that fetch the administrator's token, and
// those reads that some calls need besides the one they are about: the account
// before a mint, the operation and the value after one, and whether a key
// exists that Activity Analyzer or lookupKey spoke of.
func beside(r *http.Request) bool {
	path := r.URL.Path
	if path == "/token" {
		return gcpfake.Issuer(r) == adminID
	}
	if r.Method != http.MethodGet {
		return false
	}
	parts := strings.Split(path, "/")
	of := parts[len(parts)-2]
	return of == "operations" || of == "serviceAccounts" || of == "keys" && r.URL.RawQuery == "" || parts[len(parts)-1] == "keyString"
}

func TestAccountKeysConform(t *testing.T) {
	t.Parallel()
	h := ofAccounts(harness(people, `, "keys": "service_account"`))
	h.Lacks = []string{providers.CanRevokeValue, providers.CanLocate}
	providertest.Run(t, h)
}

func TestAPIKeysConform(t *testing.T) {
	t.Parallel()
	h := ofAPI(harness(gcpfake.APIKeys, `, "keys": "api"`))
	h.Lacks = []string{providers.CanRevokeValue, providers.CanSuspend, providers.CanLastUsed, providers.CanReadUses, providers.CanLocate}
	providertest.Run(t, h)
}

// Both kinds in one account, seen from a service account.
func TestBothConformForAccounts(t *testing.T) {
	t.Parallel()
	h := ofAccounts(harness(people, ""))
	h.Lacks = []string{providers.CanRevokeValue, providers.CanLocate}
	providertest.Run(t, h)
}

// Both kinds in one account, seen from the API keys.
func TestBothConformForAPIKeys(t *testing.T) {
	t.Parallel()
	h := ofAPI(harness(gcpfake.APIKeys, ""))
	h.Lacks = []string{providers.CanRevokeValue, providers.CanLocate}
	h.Unsupported = []string{providers.CanSuspend, providers.CanLastUsed, providers.CanReadUses}
	providertest.Run(t, h)
}
