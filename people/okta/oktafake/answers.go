package oktafake

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// page answers with what a list holds after the cursor, and links to the next
// page. A cursor is the opaque one of Okta in form only.
func page[T any](g *Org, w http.ResponseWriter, r *http.Request, all []T, show func(T) object) {
	query := r.URL.Query()
	size, from := g.options.PageSize, 0
	if n, err := strconv.Atoi(query.Get("limit")); err == nil {
		size = min(n, size)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(query.Get("after"), "cursor")); err == nil {
		from = n
	}
	some, next, more := fake.Page(all, from, size)
	out := []object{}
	for _, one := range some {
		out = append(out, show(one))
	}
	at := "http://" + r.Host + r.URL.Path + "?"
	w.Header().Add("Link", "<"+at+r.URL.RawQuery+`>; rel="self"`)
	if more {
		query.Set("after", "cursor"+strconv.Itoa(next))
		w.Header().Add("Link", "<"+at+query.Encode()+`>; rel="next"`)
	}
	fake.JSON(w, http.StatusOK, out)
}

// filter is the meaning of a filter for users, which regards case, or nil.
func filter(expression string) func(User) bool {
	if rest, ok := strings.CutPrefix(expression, "lastUpdated gt "); ok {
		var at time.Time
		if json.Unmarshal([]byte(rest), &at) != nil {
			return nil
		}
		return func(User) bool { return at.Before(time.Date(2024, 7, 2, 0, 0, 0, 0, time.UTC)) }
	}
	return either(expression, func(a, b string) bool { return a == b })
}

// search is the meaning of a search for users, which does not, or nil.
func search(expression string) func(User) bool { return either(expression, strings.EqualFold) }

// either is the meaning of comparisons joined by or.
func either(expression string, same func(a, b string) bool) func(User) bool {
	properties, values := []string{}, []string{}
	for _, part := range strings.Split(expression, " or ") {
		property, value, ok := comparison(part)
		if !ok {
			return nil
		}
		properties, values = append(properties, property), append(values, value)
	}
	return func(u User) bool {
		for i, property := range properties {
			has := map[string]string{"id": u.ID, "status": u.Status}[property]
			if name, is := strings.CutPrefix(property, "profile."); is {
				has = u.Profile[name]
			}
			if has != "" && same(has, values[i]) {
				return true
			}
		}
		return false
	}
}

// comparison takes apart: property eq "value".
func comparison(expression string) (property, value string, ok bool) {
	property, literal, ok := strings.Cut(expression, " eq ")
	return property, value, ok && json.Unmarshal([]byte(literal), &value) == nil
}

func missing(w http.ResponseWriter, r *http.Request) {
	Refuse(w, r, http.StatusNotFound, 0, "Resource not found: "+r.URL.Path+" (User)")
}

// Refuse is a [fake.Refusal] in Okta's words. When throttled it says when the
// window ends, by its own clock.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		now := time.Now().UTC().Truncate(time.Second)
		w.Header().Set("Date", now.Format(http.TimeFormat))
		w.Header().Set("X-Rate-Limit-Limit", "600")
		w.Header().Set("X-Rate-Limit-Remaining", "0")
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(now.Add(wait+time.Second-1).Unix(), 10))
	}
	codes := map[int]string{
		http.StatusUnauthorized: "E0000011", http.StatusForbidden: "E0000006", http.StatusNotFound: "E0000007",
		http.StatusTooManyRequests: "E0000047", http.StatusBadRequest: "E0000001",
	}
	problem(w, status, cmp.Or(codes[status], "E0000009"), http.StatusText(status)+": "+text)
}

func problem(w http.ResponseWriter, status int, code, summary string) {
	fake.JSON(w, status, object{
		"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae" + rand.Text()[:20], "errorCauses": []object{},
	})
}
