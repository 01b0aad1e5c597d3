// Package jira opens tickets in one project of a Jira Cloud site, with the
// platform's REST API, version 3.
//
// A ticket is an issue of the project. Its id here is the number Jira gives an
// issue for life, 10042, and not the key people see, OPS-12: the key changes
// when the issue is moved to another project.
package jira

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Factory registers this tracker.
var Factory = tickets.Factory{Name: "jira", New: open}

type settings struct {
	// Site is where people see Jira: https://acme.atlassian.net.
	Site string `json:"site"`
	// CloudID is the site's id, under which the gateway api.atlassian.com serves
	// it. Tokens with scopes and OAuth tokens are accepted there only.
	CloudID string `json:"cloud_id,omitempty"`
	// Auth is basic (the default), an API token with its account's Email, or
	// bearer, an access token.
	Auth  string            `json:"auth,omitempty"`
	Email string            `json:"email,omitempty"`
	Token keyturn.SecretRef `json:"token"`
	// Project is the key of the project, OPS.
	Project   string   `json:"project"`
	IssueType string   `json:"issue_type,omitempty"` // default Task
	Labels    []string `json:"labels,omitempty"`     // besides our own
	// DoneTransition and ReopenTransition name transitions of the workflow.
	// Empty is any that leads to a status of the category done, or of another.
	DoneTransition   string `json:"done_transition,omitempty"`
	ReopenTransition string `json:"reopen_transition,omitempty"`
	// UrgentPriority is what an urgent ticket gets; empty leaves it to Jira.
	UrgentPriority string `json:"urgent_priority,omitempty"`
}

type tracker struct {
	env tickets.Env
	settings
	opening, commenting *turns
}

func open(env tickets.Env) (tickets.Tracker, error) {
	t := &tracker{env: env, settings: settings{Auth: "basic", IssueType: "Task"}, opening: newTurns(), commenting: newTurns()}
	if err := env.Decode(&t.settings); err != nil {
		return nil, fmt.Errorf("jira: settings: %w", err)
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("jira: settings: %w", err)
	}
	switch {
	case t.env.BaseURL != "":
		t.env.BaseURL = strings.TrimSuffix(t.env.BaseURL, "/")
	case t.CloudID != "":
		t.env.BaseURL = "https://api.atlassian.com/ex/jira/" + t.CloudID
	case t.Auth == "bearer":
		return nil, fmt.Errorf("jira: settings: auth bearer needs cloud_id; read it at %s/_edge/tenant_info", t.Site)
	default:
		t.env.BaseURL = t.Site
	}
	return t, nil
}

// check finds what no Jira could accept. A project key is an uppercase letter
// followed by uppercase letters, digits or underscores ("Create project").
func (s *settings) check() error {
	s.Site = strings.TrimSuffix(s.Site, "/")
	site, err := url.Parse(s.Site)
	if err != nil || site.Scheme != "https" || site.Host == "" || s.Site != "https://"+site.Host {
		return fmt.Errorf("site must be the address of the site and no more, such as https://acme.atlassian.net")
	}
	switch s.Auth {
	case "basic":
		if !strings.Contains(s.Email, "@") || strings.ContainsAny(s.Email, ": \t\r\n") {
			return fmt.Errorf("email must be the address of the account the token belongs to; auth bearer needs none")
		}
	case "bearer":
		if s.Email != "" {
			return fmt.Errorf("email is for auth basic only; leave it out")
		}
	default:
		return fmt.Errorf("auth must be basic or bearer")
	}
	switch {
	case s.CloudID != "" && !regexp.MustCompile(`^[0-9a-fA-F-]{1,64}$`).MatchString(s.CloudID):
		return fmt.Errorf("cloud_id must be the site's UUID")
	case s.Token.Path == "":
		return fmt.Errorf("token must say where the token is kept: {path: …}")
	case !regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`).MatchString(s.Project):
		return fmt.Errorf("project must be a project's key, such as OPS")
	case strings.TrimSpace(s.IssueType) == "":
		return fmt.Errorf("issue_type must not be empty; leave it out for Task")
	}
	for _, label := range s.Labels {
		if label == "" || len(label) > 255 || strings.ContainsAny(label, " \t\r\n") {
			return fmt.Errorf("labels must be words without spaces, at most 255 bytes long")
		}
		if strings.HasPrefix(label, labelPrefix) {
			return fmt.Errorf("labels must not begin with %s: by those the tracker finds its tickets", labelPrefix)
		}
	}
	return nil
}
