package jirafake

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

type object map[string]any

func (j *Jira) routes() {
	for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request){
		"GET /myself":        j.myself,
		"GET /mypermissions": j.permissions,
		"GET /issue/createmeta/{project}/issuetypes":      j.types,
		"GET /issue/createmeta/{project}/issuetypes/{id}": j.fields,
		"POST /search/jql":             j.search,
		"POST /issue":                  j.create,
		"POST /issue/bulkfetch":        j.bulk,
		"GET /issue/{id}":              j.get,
		"PUT /issue/{id}":              j.edit,
		"GET /issue/{id}/transitions":  j.transitions,
		"POST /issue/{id}/transitions": j.transit,
		"GET /issue/{id}/comment":      j.listComments,
		"POST /issue/{id}/comment":     j.addComment,
		"POST /comment/list":           j.commentsByID,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		j.mux.HandleFunc(method+" /rest/api/3"+path, j.account(serve))
	}
}

// ServeHTTP serves the REST API.
func (j *Jira) ServeHTTP(w http.ResponseWriter, r *http.Request) { j.mux.ServeHTTP(w, r) }

// account lets only the account through. Like Jira, it treats a wrong
// credential as nobody's where the operation is open to anonymous callers: to
// them there are no issues.
func (j *Jira) account(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		email, token, basic := r.BasicAuth()
		bearer, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		known := basic && email == j.o.Email && j.o.Accepts(token) || isBearer && j.o.Accepts(bearer)
		switch path := strings.TrimPrefix(r.URL.Path, "/rest/api/3"); {
		case known:
			j.mu.Lock()
			defer j.mu.Unlock()
			next(w, r)
		case r.PathValue("id") != "":
			w.Header().Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
			j.noIssue(w)
		case path == "/search/jql":
			fake.JSON(w, http.StatusOK, object{"isLast": true, "issues": []object{}})
		case path == "/issue/bulkfetch":
			fake.JSON(w, http.StatusOK, object{"issueErrors": []object{}, "issues": []object{}})
		default:
			problem(w, http.StatusUnauthorized, "Client must be authenticated to access this resource.", nil)
		}
	}
}

// problem answers as Jira words its errors.
func problem(w http.ResponseWriter, status int, message string, fields map[string]string) {
	messages := []string{}
	if message != "" {
		messages = append(messages, message)
	}
	if fields == nil {
		fields = map[string]string{}
	}
	fake.JSON(w, status, object{"errorMessages": messages, "errors": fields})
}

func (j *Jira) noIssue(w http.ResponseWriter) {
	problem(w, http.StatusNotFound, "Issue does not exist or you do not have permission to see it.", nil)
}

// Refuse is a [fake.Refusal] in Jira's words.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("RateLimit-Reason", "jira-burst-based")
	}
	problem(w, status, http.StatusText(status)+": "+text, nil)
}

// read reads a request's body, and answers if it cannot.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		problem(w, http.StatusUnsupportedMediaType, "Unsupported Media Type", nil)
		return false
	}
	if json.NewDecoder(r.Body).Decode(into) != nil {
		problem(w, http.StatusBadRequest, "INVALID_INPUT", nil)
		return false
	}
	return true
}
