package entrafake

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// lifetime is how long an access token lasts.
const lifetime = time.Hour

// signIn signs Keyturn's own application in.
func (f *Fake) signIn(w http.ResponseWriter, r *http.Request) {
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.PathValue("tenant") != Tenant:
		refuseSignIn(w, http.StatusBadRequest, 90002, "Tenant not found.")
	case r.PostFormValue("grant_type") != "client_credentials" || !strings.HasSuffix(r.PostFormValue("scope"), "/.default"):
		refuseSignIn(w, http.StatusBadRequest, 900144, "The request body must contain the following parameter.")
	case id != ClientID:
		refuseSignIn(w, http.StatusBadRequest, 700016, "Application with identifier '"+id+"' was not found in the directory.")
	case secret != f.Secret:
		refuseSignIn(w, http.StatusUnauthorized, 7000215, "Invalid client secret provided for app '"+id+"'.")
	default:
		token := "eyJ0eXAiOiJKV1Qi." + rand.Text()
		f.issued[token] = f.Now().Add(lifetime)
		fake.JSON(w, http.StatusOK, object{
			"token_type": "Bearer", "expires_in": int(lifetime.Seconds()) - 1,
			"ext_expires_in": int(lifetime.Seconds()) - 1, "access_token": token,
		})
	}
}

// Forget makes every access token void.
func (f *Fake) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.issued)
}

// signedIn lets only those through who show an access token.
func (f *Fake) signedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		end, ok := f.issued[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		f.mu.Unlock()
		if !ok || !f.Now().Before(end) {
			Refuse(w, r, http.StatusUnauthorized, 0, "Access token has expired or is not yet valid.")
			return
		}
		next(w, r)
	}
}
