package entrafake

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Refuse is a [fake.Refusal] in the words of Graph, or, for sign-ins, of the
// Microsoft identity platform.
func Refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		refuseSignIn(w, status, map[int]int{http.StatusUnauthorized: 7000215, http.StatusForbidden: 53003}[status], text)
		return
	}
	code := map[int]string{
		http.StatusUnauthorized: "InvalidAuthenticationToken", http.StatusForbidden: "Authorization_RequestDenied",
		http.StatusNotFound: "Request_ResourceNotFound", http.StatusTooManyRequests: "TooManyRequests",
		http.StatusServiceUnavailable: "serviceNotAvailable",
	}[status]
	if code == "" {
		code = "UnknownError"
	}
	refuse(w, status, code, text)
}

type object map[string]any

func refuse(w http.ResponseWriter, status int, code, message string) {
	fake.JSON(w, status, object{"error": object{
		"code": code, "message": message,
		"innerError": object{"date": "2026-01-01T00:00:00", "request-id": rand.Text()},
	}})
}

func notFound(w http.ResponseWriter, id string) {
	refuse(w, http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

func refuseSignIn(w http.ResponseWriter, status, code int, text string) {
	out := object{
		"error": "invalid_client", "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s", code, text, rand.Text()),
		"trace_id": rand.Text(), "correlation_id": rand.Text(), "timestamp": "2026-01-01 00:00:00Z",
	}
	if code != 0 {
		out["error_codes"] = []int{code}
	}
	fake.JSON(w, status, out)
}
