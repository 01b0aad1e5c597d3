package scim

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/keyturn/keyturn"
)

const contentType = "application/scim+json"

// maxBody is the longest body read. A group of ten thousand members is below.
const maxBody = 1 << 20

// An answer is what a request is answered with.
type answer struct {
	status int
	header map[string]string
	body   any // nil is no body
}

func (a answer) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Cache-Control", "no-store") // answers are about people
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(a.status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(a.body)
}

// A fault is an error in the form SCIM has for them. Its detail is about the
// request's form and never about a person.
type fault struct {
	status   int
	scimType string
	detail   string
	header   map[string]string
}

func (f *fault) Error() string { return "scim: " + f.detail }

var noPlace = &fault{status: http.StatusNotFound, detail: "there is nothing at this address"}

var later = &fault{status: http.StatusServiceUnavailable, detail: "try again later", header: map[string]string{"Retry-After": "30"}}

func invalid(scimType, detail string) *fault {
	return &fault{status: http.StatusBadRequest, scimType: scimType, detail: detail}
}

func notAllowed(allowed string) *fault {
	return &fault{status: http.StatusMethodNotAllowed, detail: "only " + allowed + " is possible here", header: map[string]string{"Allow": allowed}}
}

// failure is the answer to a request that ended in an error.
func (s *Server) failure(err error) answer {
	var f *fault
	if !errors.As(err, &f) {
		switch keyturn.KindOf(err) {
		case keyturn.NotFound:
			f = &fault{status: http.StatusNotFound, detail: "there is no such resource"}
		case keyturn.Conflict:
			f = &fault{status: http.StatusConflict, detail: "somebody else changed the resource at the same time; send it again"}
		case keyturn.Invalid:
			s.Log.Error("a pushed user or group cannot be kept", "directory", s.Directory, "error", err)
			f = invalid("invalidValue", "the resource cannot be kept as it is")
		default:
			s.Log.Error("a request of the identity provider could not be carried out", "directory", s.Directory, "error", err)
			f = later
		}
	}
	a := answer{status: f.status, header: f.header}
	if f.status == http.StatusNotModified {
		return a
	}
	if f.status == http.StatusUnauthorized {
		a.header = map[string]string{"WWW-Authenticate": "Bearer"}
	}
	body := map[string]any{"schemas": []string{errorSchema}, "status": strconv.Itoa(f.status), "detail": f.detail}
	if f.scimType != "" {
		body["scimType"] = f.scimType
	}
	a.body = body
	return a
}

func outcome(method string, status int) Outcome {
	switch {
	case status == http.StatusUnauthorized:
		return Denied
	case status == http.StatusNotFound:
		return Missing
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return Clashed
	case status == http.StatusRequestEntityTooLarge:
		return TooLarge
	case status == http.StatusServiceUnavailable:
		return Failed
	case status >= http.StatusBadRequest:
		return Refused
	case method == http.MethodGet, method == http.MethodHead, method == http.MethodPost && status == http.StatusOK:
		return Read
	}
	return Written
}

// body reads the JSON object that the request carries.
func (q *request) body(w http.ResponseWriter) (object, error) {
	if t := q.r.Header.Get("Content-Type"); t != "" {
		media, _, err := mime.ParseMediaType(t)
		if err != nil || media != contentType && media != "application/json" {
			return nil, &fault{status: http.StatusUnsupportedMediaType, detail: "send " + contentType}
		}
	}
	d := json.NewDecoder(http.MaxBytesReader(w, q.r.Body, maxBody))
	d.UseNumber() // numbers come back as they were sent
	var o object
	err := d.Decode(&o)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &fault{status: http.StatusRequestEntityTooLarge, scimType: "tooLarge", detail: "the body is longer than 1 MiB"}
	case err != nil || o == nil:
		return nil, invalid("invalidSyntax", "the body is no JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if errors.As(err, &large) {
			return nil, &fault{status: http.StatusRequestEntityTooLarge, scimType: "tooLarge", detail: "the body is longer than 1 MiB"}
		}
		return nil, invalid("invalidSyntax", "something follows the JSON object")
	}
	return o, nil
}
