// Package scim is where identity providers push people and groups to Keyturn: a
// SCIM 2.0 service provider (RFC 7643 and RFC 7644).
package scim

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A Server takes what one identity provider pushes. All fields but Address are
// required. It is safe for concurrent use, by several processes on one roster
// too.
type Server struct {
	Directory string // the name in the configuration
	Roster    registry.Roster
	// Address is where the handler is reached from outside, without its prefix,
	// such as https://keyturn.acme.example. Without it, locations are paths.
	Address string
	// Token is the bearer token that requests must show. It is read anew for each.
	Token func(context.Context) (keyturn.Secret, error)
	// Left is told of each write that leaves a user inactive, and before a user is
	// removed. It must do nothing for an Event it knows. After an error the request
	// is answered 503, and the identity provider sends it again.
	Left func(context.Context, Leaver) error
	// Back is told when a user is active again, by the address of now. It is told
	// again with each write until it returned no error.
	Back func(ctx context.Context, email string) error
	Now  func() time.Time
	Log  *slog.Logger
	// Count is told of every request and what came of it: one of the outcomes.
	Count func(Outcome)
}

// A Leaver is a user who may no longer sign in.
type Leaver struct {
	// Email is the user's address as people.Address writes it, and as it was before
	// the write that made the user inactive: some identity providers rename whom they
	// delete, and keys are still of the old name. Of a user without any address nobody is told.
	Email string
	// Aliases are the user's other addresses, from before that write and from now.
	Aliases []string
	// Event names the departure. It is the same, however often and in whatever form
	// it is pushed, until the user was active again.
	Event  string
	Reason string // in a few words, about nobody
}

// An Outcome is what came of a request.
type Outcome string

// The outcomes.
const (
	Read     Outcome = "read"
	Written  Outcome = "written"
	Denied   Outcome = "denied"    // without the token: 401
	Missing  Outcome = "missing"   // there is no such user, group or place: 404
	Clashed  Outcome = "clashed"   // with another user, group or write: 409 and 412
	TooLarge Outcome = "too_large" // 413
	Refused  Outcome = "refused"   // not understood, or not offered: other 4xx, and 501
	Failed   Outcome = "failed"    // the roster, the token or Left did not answer: 503
)

// Handler serves everything below a prefix such as /scim/v2/okta.
func (s *Server) Handler(prefix string) http.Handler {
	base := "/" + strings.Trim(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{Server: s, r: r, base: s.Address + base, ctx: r.Context()}
		path, ok := strings.CutPrefix(r.URL.Path, base)
		if ok && (path == "" || path[0] == '/') {
			q.path = strings.Split(strings.Trim(path, "/"), "/")
		}
		answer, err := q.serve(w)
		if err != nil {
			if r.Context().Err() != nil {
				return // the sender is gone
			}
			answer = s.failure(err)
		}
		s.Count(outcome(r.Method, answer.status))
		answer.write(w)
	})
}

// A request is one request on its way.
type request struct {
	*Server
	r    *http.Request
	ctx  context.Context
	base string   // where locations begin
	path []string // below the prefix; nil if it is not below it
}

func (q *request) serve(w http.ResponseWriter) (answer, error) {
	if err := q.authorize(); err != nil {
		return answer{}, err
	}
	if q.path == nil || len(q.path) > 2 {
		return answer{}, noPlace
	}
	rest := ""
	if len(q.path) == 2 {
		if rest = q.path[1]; rest == "" {
			return answer{}, noPlace
		}
	}
	switch strings.ToLower(q.path[0]) {
	case "users":
		return q.resources(w, userKind, rest)
	case "groups":
		return q.resources(w, groupKind, rest)
	case ".search":
		if rest == "" {
			return q.search(w, userKind, groupKind)
		}
	case "serviceproviderconfig":
		if rest == "" {
			return q.read(func() (answer, error) { return q.config(), nil })
		}
	case "resourcetypes":
		return q.read(func() (answer, error) { return q.resourceTypes(rest) })
	case "schemas":
		return q.read(func() (answer, error) { return q.schemas(rest) })
	case "bulk", "me":
		return answer{}, &fault{status: http.StatusNotImplemented, detail: q.path[0] + " is not supported"}
	}
	return answer{}, noPlace
}

// read is for places that can only be read.
func (q *request) read(get func() (answer, error)) (answer, error) {
	if q.r.Method != http.MethodGet && q.r.Method != http.MethodHead {
		return answer{}, notAllowed("GET")
	}
	return get()
}

// authorize compares the token before anything else is looked at.
func (q *request) authorize() error {
	want, err := q.Token(q.ctx)
	if err != nil {
		return err
	}
	scheme, shown, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	if want.IsZero() || !strings.EqualFold(scheme, "Bearer") || !keyturn.NewSecret(strings.TrimSpace(shown)).Equal(want) {
		return &fault{status: http.StatusUnauthorized, detail: "the bearer token is missing or wrong"}
	}
	return nil
}
