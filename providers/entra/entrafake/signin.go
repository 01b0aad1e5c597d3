package entrafake

import (
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// lifetime is how long an access token lasts.
const lifetime = time.Hour

// token signs an application in: Keyturn's own, or one of the principals.
func (a *api) token(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("scope") == "" {
		refuseSignIn(w, http.StatusBadRequest, 900144, "The request body must contain the following parameter.")
		return
	}
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	name, code := "", 0
	if admin, ok := a.l.AdminByID(id); ok {
		if name = admin.Name; admin.Secret != secret {
			code = 7000215
		}
	} else {
		code = a.check(id, secret)
	}
	switch code {
	case 0:
		token := "eyJ0eXAiOiJKV1Qi." + rand.Text()
		if name != "" { // a principal may sign in, and do nothing
			a.issued.add(token, name, a.l.Now())
		}
		fake.JSON(w, http.StatusOK, object{
			"token_type": "Bearer", "expires_in": int(lifetime.Seconds()) - 1,
			"ext_expires_in": int(lifetime.Seconds()) - 1, "access_token": token,
		})
	case 700016:
		refuseSignIn(w, http.StatusBadRequest, code, "Application with identifier '"+id+"' was not found in the directory.")
	default:
		refuseSignIn(w, http.StatusUnauthorized, code, "Invalid client secret provided for app '"+id+"'.")
	}
}

// check is the number of the error with which a password is refused, or 0.
func (a *api) check(id, secret string) int {
	is := func(p string) bool { return clientID(p) == id }
	k, ok := a.l.FindSecret(secret)
	switch {
	case !slices.ContainsFunc(a.l.Principals(), is):
		return 700016
	case !ok || !is(k.Principal):
		return 7000215
	case !k.Expires.IsZero() && !a.l.Now().Before(k.Expires):
		return 7000222
	}
	if _, ok := a.l.Use(k.ID); !ok {
		return 7000215
	}
	return 0
}

// tokens are the access tokens of Keyturn's own application.
type tokens struct {
	mu  sync.Mutex
	all map[string]issue
}

type issue struct {
	who string
	end time.Time
}

func (t *tokens) add(token, who string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]issue{}
	}
	t.all[token] = issue{who, now.Add(lifetime)}
}

func (t *tokens) owner(token string, now time.Time) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, ok := t.all[token]
	return i.who, ok && now.Before(i.end)
}
