package gcpfake

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// body reads a request's JSON, or says that it cannot.
func body(c call, into any) bool {
	err := json.NewDecoder(c.r.Body).Decode(into)
	if err != nil {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid JSON payload received.")
	}
	return err == nil
}

// problem answers with an error of a Google API.
func problem(w http.ResponseWriter, status int, code, message string, details ...object) {
	fault := object{"code": status, "message": message, "status": code}
	if len(details) > 0 {
		fault["details"] = details
	}
	fake.JSON(w, status, object{"error": fault})
}

func reason(name string) object {
	return object{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": name, "domain": "googleapis.com"}
}

// Forbid refuses like an organisation policy does, given its name.
func Forbid(w http.ResponseWriter, constraint string) {
	problem(w, http.StatusBadRequest, "FAILED_PRECONDITION", "Constraint violated.",
		object{
			"@type":      "type.googleapis.com/google.rpc.PreconditionFailure",
			"violations": []object{{"type": "constraints/" + constraint, "subject": "projects/" + Project, "description": "Constraint violated."}},
		})
}

// Refuse is a [fake.Refusal] in Google's words: those of OAuth from the token
// endpoint, and else a Status with the time to wait in RetryInfo.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	codes := map[int]string{
		http.StatusBadRequest: "INVALID_ARGUMENT", http.StatusUnauthorized: "UNAUTHENTICATED", http.StatusForbidden: "PERMISSION_DENIED",
		http.StatusNotFound: "NOT_FOUND", http.StatusConflict: "ABORTED", http.StatusTooManyRequests: "RESOURCE_EXHAUSTED",
		http.StatusInternalServerError: "INTERNAL", http.StatusServiceUnavailable: "UNAVAILABLE",
	}
	if status == http.StatusUnprocessableEntity { // which Google does not use
		status = http.StatusBadRequest
		if r.URL.Path == "/token" {
			ungranted(w, status, "invalid_request", text)
			return
		}
	}
	if r.URL.Path == "/token" {
		code := map[int]string{
			http.StatusBadRequest: "invalid_grant", http.StatusUnauthorized: "invalid_client",
			http.StatusForbidden: "access_denied",
		}[status]
		if wait > 0 {
			w.Header().Set("Retry-After", fake.Seconds(wait))
		}
		ungranted(w, status, code, text)
		return
	}
	var details []object
	if wait > 0 {
		details = append(details, object{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": fake.Seconds(wait) + "s"})
	}
	problem(w, status, codes[status], text, details...)
}
