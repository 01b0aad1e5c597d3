package linearfake

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer sends data or a fault.
func answer(rw http.ResponseWriter, data map[string]any, f *fault) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	if f != nil && f.status != 0 {
		rw.WriteHeader(f.status)
	}
	_, _ = rw.Write(encode(data, f))
}

// show is a fault as errors[] has it.
func (f *fault) show() map[string]any {
	status := map[string]int{"AUTHENTICATION_ERROR": 401, "FORBIDDEN": 403, "RATELIMITED": 429, "INTERNAL_SERVER_ERROR": 500}[f.code]
	if status == 0 {
		status = 400
	}
	e := map[string]any{"message": f.message, "extensions": map[string]any{
		"type": f.kind, "code": f.code, "statusCode": status, "userError": status < 500, "userPresentableMessage": f.forPersons,
	}}
	if f.path != "" {
		path := []any{}
		for _, name := range strings.Split(f.path, ".") {
			path = append(path, name)
		}
		e["path"] = path
	}
	return e
}

// quotas sets the headers that tell what is left. That of complexity is never
// used up here.
func quotas(rw http.ResponseWriter, now time.Time, left int, reset time.Time) {
	for name, value := range map[string]int64{
		"Requests-Limit": 2500, "Requests-Remaining": int64(left), "Requests-Reset": reset.UnixMilli(),
		"Complexity-Limit": 3000000, "Complexity-Remaining": 2999000, "Complexity-Reset": now.Add(time.Hour).UnixMilli(),
	} {
		rw.Header().Set("X-RateLimit-"+name, strconv.FormatInt(value, 10))
	}
}

// Refuse is a [fake.Refusal] in Linear's words: what is wrong is in errors[],
// and the status does not always say so. Throttled callers get 400, and the
// time at which they have requests again in milliseconds.
func Refuse(rw http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	f := &fault{status: status, message: text, forPersons: text}
	switch status {
	case http.StatusUnauthorized:
		f = unauthenticated()
		f.forPersons += text
	case http.StatusForbidden:
		f.code, f.kind = "FORBIDDEN", "forbidden"
	case http.StatusNotFound:
		f = missing("Issue")
		f.forPersons += text
	case http.StatusTooManyRequests:
		f.status, f.code, f.kind = http.StatusBadRequest, "RATELIMITED", "ratelimited"
		if wait > 0 {
			now := time.Now().Truncate(time.Second)
			rw.Header().Set("Date", now.UTC().Format(http.TimeFormat))
			quotas(rw, now, 0, now.Add(wait))
		}
	default:
		f.code, f.kind = "INTERNAL_SERVER_ERROR", "internal error"
		if status < 500 {
			f.code, f.kind = "INPUT_ERROR", "invalid input"
		}
	}
	answer(rw, nil, f)
}

func unauthenticated() *fault {
	return &fault{
		status: http.StatusUnauthorized, code: "AUTHENTICATION_ERROR", kind: "authentication error",
		message: "Authentication required, not authenticated", forPersons: "You need to authenticate to access this operation.",
	}
}

// missing is Linear's answer where nothing has an id: 200, and no code of its
// own.
func missing(entity string) *fault {
	return &fault{code: "INPUT_ERROR", kind: "invalid input", message: "Entity not found: " + entity, forPersons: "Could not find referenced " + entity + "."}
}

// taken is its answer where something has the id already: 400 for an issue,
// 200 for a comment.
func taken(entity, id string) *fault {
	f := &fault{code: "INPUT_ERROR", kind: "invalid input", message: "conflict on insert of " + entity, forPersons: "Entity " + entity + " with id " + id + " already exists."}
	if entity == "Issue" {
		f.status = http.StatusBadRequest
	}
	return f
}

// unfit is its answer to input that is well formed and wrong.
func unfit(why string) *fault {
	return &fault{status: http.StatusBadRequest, code: "INPUT_ERROR", kind: "invalid input", message: "Argument Validation Error", forPersons: why}
}
