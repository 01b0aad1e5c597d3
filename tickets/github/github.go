// Package github opens tickets as issues of one GitHub repository, with the
// REST API, version 2022-11-28.
//
// GitHub keeps no key of ours and no due date. So both stand in the issue: a
// hidden first line of the body marks whose ticket it is, and a line below it
// says when it is due. Issues are found by a label and told apart by the mark;
// only those our own account opened count, so that nobody can put a mark into
// an issue of his and have it taken for ours. Who may edit our issues is
// trusted.
package github

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Factory registers this tracker.
var Factory = tickets.Factory{Name: "github", New: open}

type settings struct {
	// Repository is where the issues are: acme/ops.
	Repository string `json:"repository"`
	// Token is where a personal access token is kept, or an App's installation
	// token.
	Token keyturn.SecretRef `json:"token"`
	// Labels are put on every issue, besides our own.
	Labels []string `json:"labels,omitempty"`
	// Assignees are the logins of whom every issue is given to.
	Assignees []string `json:"assignees,omitempty"`
	// Type is the issue type, where the organisation has such.
	Type string `json:"type,omitempty"`
	// Author is the login our issues are opened by. Absent means that GitHub is
	// asked whose the token is, which an App's token may not: there it is
	// NAME[bot].
	Author string `json:"author,omitempty"`
}

type tracker struct {
	env tickets.Env
	settings
	busy locks
}

func open(env tickets.Env) (tickets.Tracker, error) {
	t := &tracker{env: env}
	if err := env.Decode(&t.settings); err != nil {
		return nil, fmt.Errorf("github: settings: %w", err)
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("github: settings: %w", err)
	}
	t.env.BaseURL = strings.TrimSuffix(t.env.BaseURL, "/")
	if t.env.BaseURL == "" {
		t.env.BaseURL = "https://api.github.com"
	}
	return t, nil
}

// label is on every issue of ours, and is how they are found.
const label = "keyturn"

// check finds what no GitHub could accept. A label's name has at most 50
// characters; an issue has at most 10 assignees ("Assigning issues and pull
// requests to other GitHub users").
func (s *settings) check() error {
	repository := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)
	login := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	switch {
	case !repository.MatchString(s.Repository) || strings.HasSuffix(s.Repository, "/.") || strings.HasSuffix(s.Repository, "/.."):
		return fmt.Errorf("repository must be a name such as acme/ops")
	case s.Token.Path == "":
		return fmt.Errorf("token must say where the token is kept: {path: …}")
	case len(s.Assignees) > 10:
		return fmt.Errorf("assignees must be 10 at most")
	case s.Type != strings.TrimSpace(s.Type):
		return fmt.Errorf("type must be an issue type's name, without blanks around it")
	case s.Author != "" && !login.MatchString(strings.TrimSuffix(s.Author, "[bot]")):
		return fmt.Errorf("author must be a login, such as acme-keyturn or acme-keyturn[bot]")
	}
	for _, l := range s.Labels {
		if l == "" || l != strings.TrimSpace(l) || len([]rune(l)) > 50 {
			return fmt.Errorf("labels must be names of at most 50 characters, without blanks around them")
		}
	}
	for _, a := range s.Assignees {
		if !login.MatchString(a) {
			return fmt.Errorf("assignees must be logins, without @")
		}
	}
	return nil
}

// allLabels is what an issue of ours is labelled with.
func (s *settings) allLabels() []string {
	out := []string{label}
	for _, l := range s.Labels {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, l) }) {
			out = append(out, l)
		}
	}
	return out
}
