package simulate

import (
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/aws/awsfake"
	"github.com/keyturn/keyturn/providers/datadog/datadogfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// A kind is what tells one vendor from another. Times and rates are the real
// ones' in kind, not in size: a demo cannot wait for IAM.
type kind struct {
	provider, account string
	principals        bool   // keys belong to somebody
	principal         string // makes a principal of a name, "acme/%s", or of a number, "project/%d"; empty leaves the name
	ownValues         bool   // the adapter makes the values, so they begin as nobody asked
	maxLive           int    // keys one principal may hold
	settle            time.Duration
	rate              float64 // requests a second
	fake              func(*fake.Ledger) http.Handler
	refuse            fake.Refusal
	// admins are the credentials the vendor's adapter asks for, by the name of
	// the setting that says where each is kept. They are new every time.
	admins func() map[string]fake.Admin
	// settings are what a worker must be told besides where those are.
	settings map[string]any
	// permissions are given to a key where the adapter makes none without.
	permissions []string
	mints       fake.Rule // recognises the request that makes a key
	verifies    fake.Rule // recognises the request that tries one
	refusal     int       // the status that says a key is not accepted
	// changes names what a request changes at the vendor; empty is nothing.
	changes func(r *http.Request, body []byte) string
	// ends is the id of the key a request switches off or revokes, if it does.
	ends func(r *http.Request, body []byte) string
}

// kinds lists every vendor there is a fake of, in the order of their names.
func kinds() []kind {
	return []kind{
		amazon(), datadog(), entra(), gcp(), github(), gitlab(), internal(), okta(), openai(), stripe(), twilio(),
	}
}

func amazon() kind {
	return kind{
		provider:   "aws",
		account:    awsfake.Account,
		principals: true,
		maxLive:    2,
		settle:     2 * time.Second,
		rate:       20,
		fake:       awsfake.New,
		refuse:     awsfake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{
				"credentials": {Name: "admin", ID: "AKIA" + rand.Text()[:16], Secret: rand.Text() + rand.Text()[:14]},
			}
		},
		mints:    fake.Rule{Body: "Action=CreateAccessKey"},
		verifies: fake.Rule{Body: "Action=GetCallerIdentity"},
		refusal:  http.StatusUnauthorized,
		changes: func(_ *http.Request, body []byte) string {
			switch a := form(body).Get("Action"); a {
			case "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey":
				return a
			}
			return ""
		},
		ends: func(_ *http.Request, body []byte) string {
			if v := form(body); v.Get("Action") == "DeleteAccessKey" || v.Get("Status") == "Inactive" {
				return v.Get("AccessKeyId")
			}
			return ""
		},
	}
}

func datadog() kind {
	return kind{
		provider: "datadog",
		account:  "acme",
		settle:   time.Second,
		rate:     20,
		fake:     datadogfake.New,
		refuse:   datadogfake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{
				"api_key":         {Name: datadogfake.APIKey, ID: "admin-api-key", Secret: rand.Text()},
				"application_key": {Name: datadogfake.ApplicationKey, ID: "admin-application-key", Secret: rand.Text()},
			}
		},
		mints:    fake.Rule{Method: http.MethodPost, Path: "/api/v2/api_keys"},
		verifies: fake.Rule{Path: "/api/v2/validate"},
		refusal:  http.StatusForbidden,
		changes:  func(r *http.Request, _ []byte) string { return unlessRead(r) },
		ends:     lastOfDelete,
	}
}

// form reads a form, as AWS is sent.
func form(body []byte) url.Values {
	v, err := url.ParseQuery(string(body))
	if err != nil {
		return url.Values{}
	}
	return v
}

// unlessRead names a request of a plain REST API that is not a read.
func unlessRead(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return ""
	}
	return r.Method + " " + path.Dir(r.URL.Path)
}

// lastOfDelete is the id in a DELETE of a plain REST API.
func lastOfDelete(r *http.Request, _ []byte) string {
	if r.Method == http.MethodDelete {
		return path.Base(r.URL.Path)
	}
	return ""
}

// principalOf is how the vendor calls somebody named name.
func (k kind) principalOf(name string) string {
	if !strings.Contains(k.principal, "%d") {
		return fmt.Sprintf(k.principal, name)
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf(k.principal, h.Sum32())
}
