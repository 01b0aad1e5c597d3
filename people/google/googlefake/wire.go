package googlefake

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

type object map[string]any

// problem answers with an error of the Directory API.
func problem(w http.ResponseWriter, status int, reason, message string) {
	fake.JSON(w, status, object{"error": object{
		"code": status, "message": message, "errors": []object{{"message": message, "domain": "global", "reason": reason}},
	}})
}

// ofCustomer reports whether a request is about the administrator's whole account,
// and says so if not.
func ofCustomer(w http.ResponseWriter, r *http.Request) bool {
	ok := r.URL.Query().Get("customer") == "my_customer"
	if !ok {
		problem(w, http.StatusBadRequest, "badRequest", "Bad Request")
	}
	return ok
}

// query is the one clause of a query such as name='O\'Brien'.
func query(r *http.Request) (field, value string, ok bool) {
	field, value, ok = strings.Cut(r.URL.Query().Get("query"), "=")
	value = strings.TrimSuffix(strings.TrimPrefix(value, "'"), "'")
	return field, strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(value), ok
}

// list answers with a page of a listing. A list that is empty is left out.
func (d *Directory) list(w http.ResponseWriter, r *http.Request, name string, all []object, size, most int) {
	q := r.URL.Query()
	if n, err := strconv.Atoi(q.Get("maxResults")); err == nil {
		size = n
	}
	if size = min(size, most); d.PageSize > 0 {
		size = min(size, d.PageSize)
	}
	from, _ := strconv.Atoi(strings.TrimPrefix(q.Get("pageToken"), "from"))
	page, next, more := fake.Page(all, from, size)
	out := object{"kind": "admin#directory#" + name, "etag": `"fake"`}
	if len(page) > 0 {
		out[name] = page
	}
	if more {
		out["nextPageToken"] = "from" + strconv.Itoa(next)
	}
	answer(w, r, out)
}

// answer answers with those fields of an object that the request asks for.
func answer(w http.ResponseWriter, r *http.Request, out object) {
	if fields := r.URL.Query().Get("fields"); fields != "" {
		out = only(out, fields)
	}
	fake.JSON(w, http.StatusOK, out)
}

// only leaves of an object what a selector such as kind,users(id,name/fullName)
// names.
func only(in object, fields string) object {
	out := object{}
	for _, field := range split(fields) {
		name, inner := field, ""
		if before, after, ok := strings.Cut(field, "("); ok {
			name, inner = before, strings.TrimSuffix(after, ")")
		} else if before, after, ok := strings.Cut(field, "/"); ok {
			name, inner = before, after
		}
		value, ok := in[name]
		switch v := value.(type) {
		case object:
			if inner != "" {
				value = only(v, inner)
			}
		case []object:
			if inner != "" {
				var list []object
				for _, o := range v {
					list = append(list, only(o, inner))
				}
				value = list
			}
		}
		if ok {
			out[name] = value
		}
	}
	return out
}

// split cuts a selector at the commas that are not in parentheses.
func split(fields string) (out []string) {
	depth, start := 0, 0
	for i, c := range fields {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			out = append(out, fields[start:i])
			start = i + 1
		}
	}
	return append(out, fields[start:])
}

// Refuse is a [fake.Refusal] in Google's words: those of OAuth from the token
// endpoint, and else those of the Directory API.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	if r.URL.Path == "/token" {
		ungranted(w, status, map[int]string{
			http.StatusBadRequest: "invalid_grant", http.StatusUnauthorized: "unauthorized_client", http.StatusForbidden: "access_denied",
		}[status], text)
		return
	}
	problem(w, status, map[int]string{
		http.StatusBadRequest: "invalid", http.StatusUnauthorized: "authError", http.StatusForbidden: "forbidden",
		http.StatusNotFound: "notFound", http.StatusTooManyRequests: "rateLimitExceeded", http.StatusInternalServerError: "backendError",
		http.StatusServiceUnavailable: "backendError",
	}[status], text)
}
