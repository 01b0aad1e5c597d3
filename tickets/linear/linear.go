// Package linear opens tickets as issues of one team in Linear, through its
// GraphQL API.
//
// The id of an issue and of a comment is chosen here, from the ticket's Key, so
// that Linear itself refuses to make either twice.
package linear

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Factory registers this tracker.
var Factory = tickets.Factory{Name: "linear", New: open}

type settings struct {
	// Team is the team tickets are opened in: its key, such as OPS, or its UUID.
	Team string `json:"team"`
	// Token is where the API key or the access token is kept.
	Token keyturn.SecretRef `json:"token"`
	// Auth is what the token is: "key" (the default), a personal API key, or
	// "oauth", an access token.
	Auth string `json:"auth,omitempty"`
	// Labels are put on every ticket. They must exist.
	Labels []string `json:"labels,omitempty"`
	// Assignee gets every ticket: an email address or a user's UUID.
	Assignee string `json:"assignee,omitempty"`
	// Project is what every ticket belongs to: a name or a UUID.
	Project string `json:"project,omitempty"`
	// Priority is that of a ticket that is not urgent: none (the default), low,
	// medium or high.
	Priority string `json:"priority,omitempty"`
	// OpenState and DoneState name the states a ticket is opened and closed in.
	OpenState string `json:"open_state,omitempty"`
	DoneState string `json:"done_state,omitempty"`
}

type tracker struct {
	env tickets.Env
	settings
}

var _ tickets.Tracker = (*tracker)(nil)

func open(env tickets.Env) (tickets.Tracker, error) {
	t := &tracker{env: env, settings: settings{Auth: "key", Priority: "none"}}
	if err := env.Decode(&t.settings); err != nil {
		return nil, fmt.Errorf("linear: settings: %w", err)
	}
	if mend := t.mend(); mend != "" {
		return nil, fmt.Errorf("linear: settings: %s", mend)
	}
	if t.env.BaseURL == "" {
		t.env.BaseURL = "https://api.linear.app"
	}
	t.env.BaseURL = strings.TrimRight(t.env.BaseURL, "/")
	return t, nil
}

// mend says what to change in the settings, or nothing.
func (s settings) mend() string {
	switch {
	case !isUUID(s.Team) && !regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`).MatchString(s.Team):
		return "team must be a team's key, such as OPS, or its UUID"
	case s.Token.Path == "":
		return "token must say where the API key or access token is kept"
	case s.Auth != "key" && s.Auth != "oauth":
		return `auth must be "key", for a personal API key, or "oauth", for an access token`
	case len(s.Labels) > maxLabels:
		return fmt.Sprintf("labels must be at most %d", maxLabels)
	case slices.ContainsFunc(s.Labels, func(l string) bool { return strings.TrimSpace(l) == "" }):
		return "labels must not have an empty name"
	case s.Assignee != "" && !isUUID(s.Assignee) && !strings.Contains(s.Assignee, "@"):
		return "assignee must be an email address or a user's UUID"
	case !slices.Contains(priorities(), s.Priority):
		return "priority must be one of " + strings.Join(priorities(), ", ")
	}
	return ""
}

// maxLabels keeps the query that looks them up small.
const maxLabels = 20

// priorities are what the settings may say. 1, urgent, is the ticket's to say.
func priorities() []string { return []string{"none", "low", "medium", "high"} }

// priority is a priority's number: 0 none, 1 urgent, 2 high, 3 medium, 4 low
// (schema, IssueCreateInput.priority).
func (s settings) priority(urgent bool) int {
	switch {
	case urgent:
		return 1
	case s.Priority == "high":
		return 2
	case s.Priority == "medium":
		return 3
	case s.Priority == "low":
		return 4
	}
	return 0
}

// isUUID reports whether s is a UUID as Linear writes them.
func isUUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }
