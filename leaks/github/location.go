package github

import (
	"regexp"
	"strings"

	"github.com/keyturn/keyturn/leaks"
)

// A location is where a value was found.
type location struct {
	Type    string  `json:"type"`
	Details details `json:"details"`
}

// details are those of a commit. Other locations have no more than an address.
type details struct {
	Path    string  `json:"path"`
	Line    float64 `json:"start_line"` // "number"
	Commit  string  `json:"commit_sha"`
	Page    string  `json:"page_url"` // of a wiki only
	Address string  `json:"html_url"` // of an issue or pull request only
}

var shaPattern = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// inRepo reports whether the location is a commit of the repository and not of its wiki.
func (d details) inRepo() bool { return d.Page == "" && shaPattern.MatchString(d.Commit) }

// place puts a location into a finding. Outside of files the file is what GitHub calls
// the kind of place, with its address.
func (l location) place(f *leaks.Finding) {
	d := l.Details
	f.File, f.Line, f.Commit = d.Path, int(d.Line), d.Commit
	if d.Path == "" {
		f.File = strings.TrimSpace(strings.ReplaceAll(l.Type, "_", " ") + " " + d.Address)
	}
	if d.Page != "" {
		f.File = "wiki " + d.Path
	}
}
