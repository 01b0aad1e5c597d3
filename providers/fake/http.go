package fake

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// JSON answers with v.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Refuse is the plainest [Refusal]: the status, Retry-After in seconds, and
// a JSON body that quotes text.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", Seconds(wait))
	}
	JSON(w, status, map[string]string{"error": http.StatusText(status) + ": " + text})
}

// Seconds writes a wait in whole seconds, rounded up, as headers want it.
func Seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// Page cuts the page of size items that starts at index from. Next is where
// the following page starts, and more whether there is one.
func Page[T any](all []T, from, size int) (page []T, next int, more bool) {
	from = min(max(from, 0), len(all))
	next = min(from+max(size, 1), len(all))
	return all[from:next], next, next < len(all)
}
