package simulate

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/github/githubfake"
)

// github issues deploy keys of repositories.
func github() kind {
	one := regexp.MustCompile(`^/repos/([^/]+/[^/]+)/keys/([0-9]+)$`)
	return kind{
		provider:   "github",
		account:    githubfake.Account,
		principals: true,
		principal:  githubfake.Account + "/%s",
		ownValues:  true,
		settle:     time.Second,
		rate:       20,
		fake:       githubfake.New,
		refuse:     githubfake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{"private_key": {Name: "app", ID: "Iv23" + rand.Text()[:16], Secret: appKey()}}
		},
		mints: fake.Rule{Method: http.MethodPost, Path: "/repos/"},
		// A repository that lists no keys has not got the one that is tried.
		verifies: fake.Rule{
			Method: http.MethodGet,
			Match:  func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/keys") },
			Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fake.JSON(w, http.StatusOK, []any{}) }),
		},
		changes: func(r *http.Request, _ []byte) string {
			if strings.HasPrefix(r.URL.Path, "/app/") {
				return "" // a token for a while
			}
			return unlessRead(r)
		},
		ends: func(r *http.Request, _ []byte) string {
			if m := one.FindStringSubmatch(r.URL.Path); m != nil && r.Method == http.MethodDelete {
				return m[1] + "/" + m[2]
			}
			return ""
		},
	}
}

// appKey is a new private key of an App.
func appKey() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "" // which no adapter takes for a key
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}
