package linear

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// A fault is one of an answer's errors. Its texts are read to tell faults
// apart, and never shown.
type fault struct {
	Message    string
	Extensions struct {
		Code        string
		Type        string
		UserMessage string `json:"userPresentableMessage"`
		StatusCode  int
	}
}

// refusal turns errors[] into one error: of several, the one that says most
// about what to do next.
func (t *tracker) refusal(op string, got exchange.Answer, faults []fault) error {
	order := []keyturn.Kind{keyturn.RateLimited, keyturn.Denied, keyturn.Unavailable}
	rank := func(f fault) int {
		if i := slices.Index(order, f.kind(got.Status)); i >= 0 {
			return i
		}
		return len(order)
	}
	first := slices.MinFunc(faults, func(a, b fault) int { return cmp.Compare(rank(a), rank(b)) })
	e := &keyturn.Error{Kind: first.kind(got.Status), Op: op}
	switch e.Kind {
	case keyturn.RateLimited:
		e.Message, e.RetryAfter = "throttled: the requests or the complexity Linear allows in an hour are used up", t.wait(got.Header)
	case keyturn.Denied:
		e.Message = first.denial()
	case keyturn.Exhausted:
		e.Message = "the workspace is full: its plan allows no more of these"
	case keyturn.NotFound:
		e.Message = "there is no such ticket, or the token may not see it"
	case keyturn.Conflict:
		e.Message = "it exists already"
	case keyturn.Unavailable:
		e.Message = "Linear failed"
	default:
		e.Message = first.complaint()
	}
	return e
}

// word is an error's code or type in one spelling: Linear has INPUT_ERROR and
// "invalid input" for the same (SDK, error.ts).
func word(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "_") }

// kind reads a fault's code, else its type, else its words and its status.
func (f fault) kind(status int) keyturn.Kind {
	for _, w := range []string{word(f.Extensions.Code), word(f.Extensions.Type)} {
		switch w {
		case "ratelimited":
			return keyturn.RateLimited
		case "authentication_error", "forbidden", "feature_not_accessible":
			return keyturn.Denied
		case "usage_limit_exceeded":
			return keyturn.Exhausted
		case "internal_error", "internal_server_error", "lock_timeout", "network_error", "bootstrap_error":
			return keyturn.Unavailable
		case "input_error", "invalid_input", "user_error", "bad_user_input",
			"graphql_error", "graphql_validation_failed", "graphql_parse_failed":
			return f.invalid()
		}
	}
	if kind := f.invalid(); kind != keyturn.Invalid {
		return kind
	}
	switch cmp.Or(f.Extensions.StatusCode, status) {
	case http.StatusUnauthorized, http.StatusForbidden:
		return keyturn.Denied
	case http.StatusTooManyRequests:
		return keyturn.RateLimited
	case http.StatusBadRequest:
		return keyturn.Invalid
	}
	return keyturn.Unavailable
}

// invalid tells apart what Linear gives one code: an id that is taken, one that
// is nobody's, and what is wrong in other ways.
func (f fault) invalid() keyturn.Kind {
	if strings.Contains(f.Message, "conflict on insert") || strings.Contains(f.Extensions.UserMessage, "already exists") {
		return keyturn.Conflict
	}
	if what, missing := f.missing(); missing && (what == "" || what == "Issue" || what == "Comment") {
		return keyturn.NotFound
	}
	return keyturn.Invalid
}

// missing reads "Entity not found: Issue" and "Could not find referenced
// Issue.".
func (f fault) missing() (entity string, ok bool) {
	if !strings.HasPrefix(f.Message, "Entity not found") {
		return "", false
	}
	text := strings.TrimPrefix(f.Message, "Entity not found") + " " + f.Extensions.UserMessage
	if m := regexp.MustCompile(`(?:^: |referenced )(\w+)`).FindStringSubmatch(text); m != nil {
		entity = m[1]
	}
	return entity, true
}

func (f fault) denial() string {
	switch word(cmp.Or(f.Extensions.Code, f.Extensions.Type)) {
	case "forbidden":
		return "the token or its user's role does not allow it; the tracker's README lists what is needed"
	case "feature_not_accessible":
		return "the workspace's plan does not have what the settings use"
	}
	return "Linear refused the token; check the settings token and auth: a personal API key is auth key, an access token is auth oauth"
}

func (f fault) complaint() string {
	switch what, _ := f.missing(); what {
	case "Team", "User", "Project", "WorkflowState", "IssueLabel":
		return "Linear does not find what the settings name any more; run: keyturn-worker -check-trackers"
	}
	if strings.HasPrefix(word(f.Extensions.Code), "graphql") {
		return "Linear's schema has changed, and Keyturn is too old for it"
	}
	return "Linear does not take what was sent; see that the labels, the assignee and the project in the settings go together in the team"
}

// status is for an answer without errors[], which did not come from the API
// itself. A 404 says nothing about a ticket.
func (t *tracker) status(op string, got exchange.Answer) error {
	switch got.Status {
	case http.StatusNotFound, http.StatusGone, http.StatusMethodNotAllowed:
		return keyturn.Errorf(keyturn.Unavailable, op, "there is no Linear API at the address; is base_url right?")
	case http.StatusUnauthorized:
		return keyturn.Errorf(keyturn.Denied, op, "%s", fault{}.denial())
	case http.StatusTooManyRequests:
		return &keyturn.Error{Kind: keyturn.RateLimited, Op: op, Message: "throttled by Linear", RetryAfter: t.wait(got.Header)}
	}
	return got.Err(op)
}
