// Package stripefake speaks the part of Stripe's API that providers/stripe
// uses, over a [fake.Ledger]: the balance, and the private preview "Managed
// API keys" as it was measured, with values in its listings in test mode.
package stripefake

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Account is the account the fake serves.
const Account = "acct_1KeyturnFake"

// New serves the API in test mode over l: values are in plain text.
func New(l *fake.Ledger) http.Handler { return serve(l, "test") }

// NewLive serves it in live mode: a value is shown once, encrypted to the
// caller's RSA key.
func NewLive(l *fake.Ledger) http.Handler { return serve(l, "live") }

func serve(l *fake.Ledger, mode string) http.Handler {
	l.SetFormat(fake.Format{
		ID:    func() string { return "mk_1" + rand.Text()[:16] },
		Value: func(prefix string) string { return "rk_" + mode + "_" + prefix + rand.Text() },
	})
	a := &api{l: l, live: mode == "live", done: map[string]made{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/balance", a.balance)
	mux.HandleFunc("POST /v2/iam/api_keys", a.platform(a.create))
	mux.HandleFunc("GET /v2/iam/api_keys", a.platform(a.list))
	mux.HandleFunc("GET /v2/iam/api_keys/{id}", a.platform(a.get))
	mux.HandleFunc("POST /v2/iam/api_keys/{id}/expire", a.platform(a.expire))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusNotFound, 0, "") })
	return mux
}

type object map[string]any

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// platform lets only the platform through, naming the account and speaking a
// preview version.
func (a *api) platform(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, ok := a.l.Admin(bearer(r))
		switch _, known := a.l.FindSecret(bearer(r)); {
		case !ok && !known:
			Refuse(w, r, http.StatusUnauthorized, 0, "")
		case !ok || r.Header.Get("Stripe-Context") != Account:
			Refuse(w, r, http.StatusForbidden, 0, "")
		case !strings.HasSuffix(r.Header.Get("Stripe-Version"), ".preview"):
			Refuse(w, r, http.StatusNotFound, 0, "")
		default:
			next(w, r, who.Name)
		}
	}
}

// balance may be read with a key that has no list of permissions, or this one
// on it.
func (a *api) balance(w http.ResponseWriter, r *http.Request) {
	k, ok := a.l.Authenticate(bearer(r))
	switch {
	case !ok:
		Refuse(w, r, http.StatusUnauthorized, 0, "")
	case len(k.Permissions) > 0 && !slices.Contains(k.Permissions, "balance_read"):
		Refuse(w, r, http.StatusForbidden, 0, "")
	default:
		none := []object{{"amount": 0, "currency": "eur"}}
		fake.JSON(w, http.StatusOK, object{"object": "balance", "livemode": a.live, "available": none, "pending": none})
	}
}

func (a *api) list(w http.ResponseWriter, r *http.Request, _ string) {
	size := 20
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil {
		size = n
	}
	if size < 1 || size > 100 {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	from, _ := strconv.Atoi(strings.TrimPrefix(r.FormValue("page"), "page_"))
	page, next, more := fake.Page(a.l.Live(""), from, size)
	data := []object{}
	for _, k := range page {
		data = append(data, a.show(k))
	}
	out := object{"next_page_url": nil, "previous_page_url": nil}
	if more {
		out["next_page_url"] = "/v2/iam/api_keys?limit=" + strconv.Itoa(size) + "&page=page_" + strconv.Itoa(next)
	} else {
		data = append(data, object{
			"id": "mk_1Publishable", "object": "v2.iam.api_key", "type": "publishable_key", "status": "active",
			"created": a.l.Now().UTC().Format(time.RFC3339), "ip_allowlist": []string{}, "livemode": a.live,
			"publishable_key": object{"token": "pk_test_everybody"},
		})
	}
	out["data"] = data
	fake.JSON(w, http.StatusOK, out)
}

// find returns a key, expired or not.
func (a *api) find(id string) (fake.Key, bool) {
	all := a.l.Keys()
	i := slices.IndexFunc(all, func(k fake.Key) bool { return k.ID == id })
	if i < 0 {
		return fake.Key{}, false
	}
	return all[i], true
}

func (a *api) get(w http.ResponseWriter, r *http.Request, _ string) {
	k, ok := a.find(r.PathValue("id"))
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, a.show(k))
}

// expire refuses a key that has expired. Stripe does not say whether it does;
// this is the harder case.
func (a *api) expire(w http.ResponseWriter, r *http.Request, who string) {
	err := a.l.Revoke(who, "", r.PathValue("id"))
	k, known := a.find(r.PathValue("id"))
	switch {
	case !known:
		Refuse(w, r, http.StatusNotFound, 0, "")
	case err != nil:
		Refuse(w, r, http.StatusBadRequest, 0, "")
	default:
		fake.JSON(w, http.StatusOK, a.show(k))
	}
}

// show is a key as the preview shows it: in test mode, always with its value.
func (a *api) show(k fake.Key) object {
	secret := object{"secret_token_redacted": "rk_..." + k.ID[len(k.ID)-4:]}
	if !a.live {
		secret["token"] = a.l.Value(k.ID)
	}
	out := object{
		"id": k.ID, "object": "v2.iam.api_key", "type": "secret_key", "status": "active", "name": k.Label, "note": k.Label,
		"created": k.Created.UTC().Format(time.RFC3339Nano), "ip_allowlist": []string{}, "livemode": a.live,
		"permissions": append([]string{}, k.Permissions...), "connect_permissions": []string{}, "secret_key": secret,
	}
	if k.Revoked {
		out["status"], out["expires_at"] = "expired", k.RevokedAt.UTC().Format(time.RFC3339Nano)
	}
	if !k.LastUsed.IsZero() {
		out["last_used"] = k.LastUsed.UTC().Format(time.RFC3339Nano)
	}
	return out
}

// Refuse is a [fake.Refusal] in Stripe's words. It never says how long to
// wait.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, _ time.Duration, text string) {
	kind, code := "invalid_request_error", ""
	switch {
	case status == http.StatusUnauthorized:
		code = "api_key_expired"
	case status == http.StatusTooManyRequests:
		code = "rate_limit"
		w.Header().Set("Stripe-Rate-Limited-Reason", "global-rate")
	case status >= 500:
		kind = "api_error"
	}
	refuse(w, status, kind, code, http.StatusText(status)+text)
}

func refuse(w http.ResponseWriter, status int, kind, code, message string) {
	e := object{"type": kind, "message": message}
	if code != "" {
		e["code"] = code
	}
	fake.JSON(w, status, object{"error": e})
}
