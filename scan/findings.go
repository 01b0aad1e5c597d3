package scan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/zricethezav/gitleaks/v8/report"

	"github.com/keyturn/keyturn"
)

// findings are what the engine found and nobody knew of, in order, each once.
func (s *scanner) findings(found []report.Finding) []Finding {
	mask := masker(found)
	var out []Finding
	seen := map[string]bool{}
	for _, f := range found {
		made := finding(f, mask)
		id := fmt.Sprintf("%s:%d:%s", f.Fingerprint, made.Column, f.Secret)
		if seen[id] || s.baseline.knows(f.Fingerprint, made) {
			continue
		}
		seen[id] = true
		out = append(out, made)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			a.Since.Compare(b.Since), cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

func finding(f report.Finding, mask *strings.Replacer) Finding {
	slices.Sort(f.Tags)
	f.Tags = slices.Compact(f.Tags)
	raw, err := json.Marshal(f) //nolint:gosec // a report holds the value; it stays a Secret
	if err != nil {
		raw = nil // texts and numbers can be encoded
	}
	out := Finding{
		Rule: f.RuleID, Description: f.Description, Provider: providerOf(f.RuleID, f.Tags),
		File: mask.Replace(f.File), Line: f.StartLine, Column: column(f), Commit: f.Commit,
		Value: keyturn.NewSecret(f.Secret), Fingerprint: mask.Replace(f.Fingerprint), Report: keyturn.NewSecret(string(raw)),
	}
	if at, err := time.Parse(time.RFC3339, f.Date); err == nil {
		out.Since = at.UTC()
	}
	return out
}

// column is where in its line the value begins. The engine says where the match does,
// and in every line but the first of a text, which it takes with the newline before
// it, says one too many.
func column(f report.Finding) int {
	start := min(max(f.StartColumn-1, 0), len(f.Line))
	first, _, _ := strings.Cut(f.Secret, "\n")
	at := strings.Index(f.Line[start:], first)
	if first == "" || at < 0 {
		return f.StartColumn // it was found in what was decoded
	}
	if strings.HasPrefix(f.Line, "\n") {
		return start + at
	}
	return start + at + 1
}

// masker replaces every value that was found: a file may be named after one.
func masker(found []report.Finding) *strings.Replacer {
	var pairs []string
	for _, f := range found {
		if f.Secret != "" {
			pairs = append(pairs, f.Secret, "[secret]")
		}
	}
	return strings.NewReplacer(pairs...)
}

// WriteReport writes findings as gitleaks does, WITH THE VALUES.
func WriteReport(w io.Writer, findings []Finding) error {
	if len(findings) == 0 {
		_, err := io.WriteString(w, "[]\n")
		return err
	}
	lead := "[\n "
	for _, f := range findings {
		if _, err := io.WriteString(w, lead+f.Report.Expose()); err != nil { //nolint:forbidigo // a report is for those who end the keys
			return err
		}
		lead = ",\n "
	}
	_, err := io.WriteString(w, "\n]\n")
	return err
}

func sortedFiles(l []LeftOut) []LeftOut {
	slices.SortFunc(l, func(a, b LeftOut) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Why, b.Why)) })
	return slices.Compact(l)
}
