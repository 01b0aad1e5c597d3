package e2e

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/keyturn/keyturn/providers/aws/awsfake"
	"github.com/keyturn/keyturn/providers/datadog/datadogfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// A vendor is one provider account as the scenarios need to know it.
type vendor struct {
	name, account, principal string
	settings                 string // YAML of the provider's settings
	admin                    map[string]map[string]any
	maxPerPrincipal          int
	fake                     func(*fake.Ledger) http.Handler
	refuse                   fake.Refusal
	saysWhen                 bool // whether a throttled answer says how long to wait
	effect                   effect
	// ends returns the id of the key a request switches off or revokes.
	ends func(name string, r *http.Request, body []byte) string
	// mints recognises the request that makes a key.
	mints fake.Rule
	// verifies recognises the request that tries a key.
	verifies fake.Rule
}

func vendors() []vendor { return []vendor{amazon(), datadog()} }

const adminSecret = "e2e-admin-secret-0123456789abcdef012345"

func amazon() vendor {
	action := func(body []byte) url.Values { v, _ := url.ParseQuery(string(body)); return v }
	return vendor{
		name: "aws", account: "123456789012", principal: "svc-payments", maxPerPrincipal: 2,
		settings: "credentials: {path: secret/admin/aws}",
		admin:    map[string]map[string]any{"admin/aws": {"key_id": "AKIAE2EADMIN00000000", "key": adminSecret}},
		fake: func(l *fake.Ledger) http.Handler {
			l.AddPrincipal("svc-payments")
			l.SetAdmin(fake.Admin{Name: "admin", ID: "AKIAE2EADMIN00000000", Secret: adminSecret})
			return awsfake.New(l)
		},
		refuse: awsfake.Refuse,
		effect: func(_ *http.Request, body []byte) string {
			switch a := action(body).Get("Action"); a {
			case "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey":
				return "aws " + a
			}
			return ""
		},
		ends: func(_ string, _ *http.Request, body []byte) string {
			v := action(body)
			if v.Get("Action") == "DeleteAccessKey" || v.Get("Status") == "Inactive" {
				return v.Get("AccessKeyId")
			}
			return ""
		},
		mints:    fake.Rule{Body: "Action=CreateAccessKey"},
		verifies: fake.Rule{Body: "Action=GetCallerIdentity"},
	}
}

func datadog() vendor {
	return vendor{
		name: "datadog", account: "acme", settings: "api_key: {path: secret/admin/datadog-api}\n      application_key: {path: secret/admin/datadog-app}",
		admin: map[string]map[string]any{
			"admin/datadog-api": {"key_id": "admin-api", "key": adminSecret},
			"admin/datadog-app": {"key_id": "admin-app", "key": adminSecret + "-app"},
		},
		fake: func(l *fake.Ledger) http.Handler {
			l.SetAdmin(fake.Admin{Name: datadogfake.APIKey, ID: "admin-api", Secret: adminSecret})
			l.SetAdmin(fake.Admin{Name: datadogfake.ApplicationKey, ID: "admin-app", Secret: adminSecret + "-app"})
			return datadogfake.New(l)
		},
		refuse: datadogfake.Refuse, saysWhen: true,
		effect: func(r *http.Request, _ []byte) string {
			if strings.HasPrefix(r.URL.Path, "/api/v2/api_keys") && r.Method != http.MethodGet {
				return "datadog " + r.Method + " api_keys"
			}
			return ""
		},
		ends: func(_ string, r *http.Request, _ []byte) string {
			if r.Method == http.MethodDelete {
				return path.Base(r.URL.Path)
			}
			return ""
		},
		mints:    fake.Rule{Method: http.MethodPost, Path: "/api/v2/api_keys"},
		verifies: fake.Rule{Path: "/api/v2/validate"},
	}
}
