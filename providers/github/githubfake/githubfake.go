// Package githubfake speaks the part of GitHub's REST API that
// providers/github uses, over a [fake.Ledger]: the App's JWT and tokens,
// repositories' deploy keys, and an organisation's fine-grained personal access
// tokens and audit log.
//
// The ledger's principals that look like owner/repo are repositories, whose
// keys are deploy keys; keys of the principal "pat" are personal access
// tokens. A token whose label is "octocat: ci" is octocat's; any other has an
// owner of its own. The ledger's administrators are Apps: the id is the App's,
// the secret its private key.
package githubfake

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyturn/keyturn/providers/fake"
)

// Account is the organisation the fake is about.
const Account = "acme"

// installationID is that of every App in the account.
const installationID = 4711

// New serves the API over l.
func New(l *fake.Ledger) http.Handler {
	l.SetFormat(fake.Format{Complete: complete})
	a := &api{l: l, tokens: map[string]token{}, shutOut: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /app/installations", a.asApp(func(w http.ResponseWriter, _ *http.Request, _ string) {
		fake.JSON(w, http.StatusOK, []object{installation()})
	}))
	mux.HandleFunc("GET /app/installations/{id}", a.asApp(a.installation))
	mux.HandleFunc("POST /app/installations/{id}/access_tokens", a.asApp(a.token))
	mux.HandleFunc("GET /installation/repositories", a.installed(a.repositories))
	mux.HandleFunc("DELETE /installation/token", a.installed(a.endToken))
	mux.HandleFunc("GET /repos/{owner}/{repo}/keys", a.installed(a.keys))
	mux.HandleFunc("POST /repos/{owner}/{repo}/keys", a.installed(a.addKey))
	mux.HandleFunc("GET /repos/{owner}/{repo}/keys/{id}", a.installed(a.key))
	mux.HandleFunc("DELETE /repos/{owner}/{repo}/keys/{id}", a.installed(a.removeKey))
	mux.HandleFunc("GET /user", a.user)
	mux.HandleFunc("GET /orgs/"+Account+"/personal-access-tokens", a.installed(a.grants))
	mux.HandleFunc("POST /orgs/"+Account+"/personal-access-tokens/{id}", a.installed(a.endGrant))
	mux.HandleFunc("GET /orgs/"+Account+"/audit-log", a.installed(a.auditLog))
	mux.HandleFunc("POST /credentials/revoke", a.revoke)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusNotFound, 0, "") })
	return mux
}

type api struct {
	l *fake.Ledger

	mu     sync.Mutex
	tokens map[string]token // installation tokens
	// shutOut are personal access tokens the organisation ended the access of.
	// They are revoked in the ledger and still work as their owner's.
	shutOut map[string]bool
}

// A token is an installation token.
type token struct {
	who  string
	ends time.Time
}

type object map[string]any

// complete makes up keys: an SSH key for a repository, a token for anybody.
func complete(prefix string, d *fake.Draft) {
	repo := strings.Contains(d.Principal, "/")
	if d.ID == "" {
		n, _ := rand.Int(rand.Reader, big.NewInt(1<<40))
		d.ID = strconv.FormatInt(n.Int64()+1, 10)
		if repo {
			d.ID = d.Principal + "/" + d.ID
		}
	}
	if d.Secret == "" && repo {
		_, private, _ := ed25519.GenerateKey(rand.Reader)
		block, err := ssh.MarshalPrivateKey(private, prefix+rand.Text())
		if err == nil {
			d.Secret = string(pem.EncodeToMemory(block))
		}
	} else if d.Secret == "" {
		d.Secret = "github_pat_" + prefix + rand.Text()
	}
}

// Public is what GitHub is given of a deploy key: its public half. It returns
// what it does not understand as it is.
func Public(value string) string {
	signer, err := ssh.ParsePrivateKey([]byte(value))
	if err != nil {
		return value
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

// Refuse is a [fake.Refusal] in GitHub's words. A 403 says nothing of waiting:
// with a time to wait it would be throttling.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 && status != http.StatusForbidden {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	fake.JSON(w, status, object{
		"message": http.StatusText(status) + text, "status": strconv.Itoa(status),
		"documentation_url": "https://docs.github.com/rest",
	})
}

// page cuts out the page that was asked for, and links to the next.
func page[T any](w http.ResponseWriter, r *http.Request, all []T) []T {
	size, number := 30, 1
	if n, err := strconv.Atoi(r.FormValue("per_page")); err == nil {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(r.FormValue("page")); err == nil {
		number = n
	}
	out, _, more := fake.Page(all, (number-1)*size, size)
	if more {
		next := *r.URL
		q := next.Query()
		q.Set("page", strconv.Itoa(number+1))
		next.RawQuery = q.Encode()
		w.Header().Set("Link", "<https://api.github.com"+next.String()+`>; rel="next"`)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// orNull words a time that may not have come.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}
