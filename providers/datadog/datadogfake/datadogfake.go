// Package datadogfake speaks the parts of Datadog's Key Management and Audit APIs
// that providers/datadog uses, over a [fake.Ledger].
package datadogfake

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// The names of the administrator credentials the ledger must know. The API
// key may also be one of the ledger's own keys.
const (
	APIKey         = "api-key"
	ApplicationKey = "application-key"
)

// New serves the API over l.
func New(l *fake.Ledger) http.Handler {
	l.SetFormat(fake.Format{ID: uuid, Value: func(prefix string) string { return prefix + strings.ToLower(rand.Text()) }})
	a := api{l}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/validate", a.validate)
	mux.HandleFunc("GET /api/v2/validate_keys", a.admin(func(w http.ResponseWriter, _ *http.Request, _ string) {
		fake.JSON(w, http.StatusOK, object{"status": "ok"})
	}))
	mux.HandleFunc("POST /api/v2/api_keys", a.admin(a.create))
	mux.HandleFunc("GET /api/v2/api_keys", a.admin(a.list))
	mux.HandleFunc("GET /api/v2/api_keys/{id}", a.admin(a.get))
	mux.HandleFunc("DELETE /api/v2/api_keys/{id}", a.admin(a.remove))
	mux.HandleFunc("GET /api/v2/audit/events", a.admin(a.events))
	return mux
}

type api struct{ l *fake.Ledger }

// admin lets only the administrator's pair through.
func (a api) admin(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, ok := a.l.Admin(r.Header.Get("DD-APPLICATION-KEY"))
		if !ok || user.Name != ApplicationKey || !a.accepts(r.Header.Get("DD-API-KEY")) {
			Refuse(w, r, http.StatusForbidden, 0, "")
			return
		}
		next(w, r, user.Name)
	}
}

func (a api) accepts(value string) bool {
	if c, ok := a.l.Admin(value); ok {
		return c.Name == APIKey
	}
	_, ok := a.l.Authenticate(value)
	return ok
}

func (a api) validate(w http.ResponseWriter, r *http.Request) {
	k, ok := a.l.Authenticate(r.Header.Get("DD-API-KEY"))
	if !ok {
		Refuse(w, r, http.StatusForbidden, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, object{"data": object{
		"type": "validate_v2", "id": "550e8400-e29b-41d4-a716-446655440000",
		"attributes": object{"valid": true, "api_key_id": k.ID, "api_key_scopes": []string{}},
	}})
}

func (a api) create(w http.ResponseWriter, r *http.Request, who string) {
	var in struct {
		Data struct {
			Type       string
			Attributes struct{ Name string }
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Data.Type != "api_keys" || in.Data.Attributes.Name == "" {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	k, err := a.l.Mint(who, fake.Draft{Label: in.Data.Attributes.Name})
	if err != nil {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	fake.JSON(w, http.StatusCreated, object{"data": show(k)})
}

func (a api) list(w http.ResponseWriter, r *http.Request, _ string) {
	number, size := 0, 10
	if n, err := strconv.Atoi(r.FormValue("page[number]")); err == nil {
		number = n
	}
	if n, err := strconv.Atoi(r.FormValue("page[size]")); err == nil {
		size = min(n, 100)
	}
	all := a.l.Live("")
	if r.FormValue("sort") != "created_at" { // the ledger's own order
		slices.SortStableFunc(all, func(x, y fake.Key) int { return cmp.Compare(x.Label, y.Label) })
	}
	page, _, _ := fake.Page(all, number*size, size)
	data := make([]object, 0, len(page))
	for _, k := range page {
		data = append(data, show(k))
	}
	fake.JSON(w, http.StatusOK, object{"data": data, "meta": object{
		"max_allowed": 1000,
		"page":        object{"total_filtered_count": len(all)},
	}})
}

func (a api) get(w http.ResponseWriter, r *http.Request, _ string) {
	k, ok := a.l.Find(r.PathValue("id"))
	if !ok {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, object{"data": show(k)})
}

func (a api) remove(w http.ResponseWriter, r *http.Request, who string) {
	if err := a.l.Revoke(who, "", r.PathValue("id")); err != nil {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

type object map[string]any

// show is a key as Datadog shows it: with its value where k has it.
func show(k fake.Key) object {
	attributes := object{
		"name": k.Label, "created_at": k.Created.Format(time.RFC3339Nano),
		"modified_at": k.Created.Format(time.RFC3339Nano), "last4": "abcd", "date_last_used": nil,
	}
	if !k.LastUsed.IsZero() {
		attributes["date_last_used"] = k.LastUsed.Format(time.RFC3339Nano)
	}
	if k.Secret != "" {
		attributes["key"] = k.Secret
	}
	return object{"type": "api_keys", "id": k.ID, "attributes": attributes}
}

// Refuse is a [fake.Refusal] in Datadog's words: a list of errors, which
// validate words as JSON:API does, and when throttled the seconds to wait in
// X-RateLimit-Reset.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("X-RateLimit-Reset", fake.Seconds(wait))
	}
	var fault any = http.StatusText(status) + text
	if r.URL.Path == "/api/v2/validate" && status != http.StatusTooManyRequests {
		fault = object{"title": http.StatusText(status), "status": strconv.Itoa(status), "detail": text}
	}
	fake.JSON(w, status, object{"errors": []any{fault}})
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	s := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}
