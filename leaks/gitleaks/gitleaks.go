// Package gitleaks reads the reports of gitleaks 8
// (https://github.com/gitleaks/gitleaks, report/json.go and report/sarif.go of
// v8.30.1) and the SARIF reports of other scanners.
package gitleaks

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/stream"
)

const name = "gitleaks"

// Read yields the findings of a JSON report, which it reads once, one finding at a
// time. Iteration stops after the first error. A finding whose secret was redacted has
// no Value and nothing Beside it, and so does one of a rule about names of files.
// Event is the fingerprint that .gitleaksignore uses: two values that one rule finds
// in one line have the same.
func Read(r io.Reader) iter.Seq2[leaks.Finding, error] {
	return stream.Findings(func(emit func(leaks.Finding) error) error {
		d := stream.NewDecoder(r, "gitleaks: read", "run gitleaks 8 with --report-format json and give its whole report")
		err := d.Findings(func() error {
			var f finding
			if err := d.Decode(&f); err != nil {
				return err
			}
			if f.RuleID == "" {
				return d.Wrong("RuleID is missing")
			}
			return emit(f.plain())
		})
		if err != nil {
			return err
		}
		return d.End()
	})
}

// A finding is what is read of gitleaks' own. Who wrote the commit, and its message, is
// not.
type finding struct {
	RuleID      string
	Match       string
	Secret      string
	File        string
	Commit      string
	Link        string
	StartLine   int
	Date        string
	Fingerprint string
	Tags        []string
}

func (f finding) plain() leaks.Finding {
	out := leaks.Finding{
		Source: name, Event: f.Fingerprint, Rule: f.RuleID, Provider: providerOf(f.RuleID, f.Tags),
		Commit: f.Commit, File: f.File, Line: f.StartLine, URL: f.Link,
	}
	if out.Event == "" { // it came with 8.3
		out.Event = fingerprint(f.Commit, f.File, f.RuleID, f.StartLine)
	}
	out.Since, _ = time.Parse(time.RFC3339, f.Date) // without a commit there is none
	if f.Secret == "" || redacted(f.Secret) {
		return out
	}
	out.Value = keyturn.NewSecret(f.Secret)
	if f.Match != "" && f.Match != f.Secret {
		out.Beside = []keyturn.Secret{keyturn.NewSecret(f.Match)}
	}
	if f.RuleID == keyIDs {
		out.RemoteID = f.Secret
	}
	return out
}

// fingerprint is made as gitleaks makes it (detect/detect.go, AddFinding).
func fingerprint(commit, file, rule string, line int) string {
	out := fmt.Sprintf("%s:%s:%d", file, rule, line)
	if commit != "" {
		out = commit + ":" + out
	}
	return out
}

// redacted reports whether --redact left this of a secret (report/finding.go,
// Redact). What a person wrote with an ellipsis at its end is no value either.
func redacted(secret string) bool {
	return secret == "REDACTED" || strings.HasSuffix(secret, "...")
}
