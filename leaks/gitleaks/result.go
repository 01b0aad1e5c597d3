package gitleaks

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// A result is what is read of one of SARIF.
type result struct {
	RuleID string `json:"ruleId"`
	Rule   struct {
		ID string `json:"id"`
	} `json:"rule"`
	Kind          string `json:"kind"`
	BaselineState string `json:"baselineState"`
	Suppressions  []struct {
		Status string `json:"status"`
	} `json:"suppressions"`
	Locations []struct {
		PhysicalLocation struct {
			ArtifactLocation struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region        region `json:"region"`
			ContextRegion region `json:"contextRegion"`
		} `json:"physicalLocation"`
	} `json:"locations"`
	PartialFingerprints struct {
		CommitSHA string `json:"commitSha"`
		Date      string `json:"date"`
	} `json:"partialFingerprints"`
	Properties struct {
		Tags []string `json:"tags"`
	} `json:"properties"`
}

type region struct {
	StartLine int `json:"startLine"`
	Snippet   struct {
		Text string `json:"text"`
	} `json:"snippet"`
}

// reports tells whether the tool says that something is wrong there now, and nobody
// said that it is not.
func (r result) reports() bool {
	for _, s := range r.Suppressions {
		if s.Status == "" || s.Status == "accepted" {
			return false
		}
	}
	switch r.Kind {
	case "pass", "notApplicable", "informational":
		return false
	}
	return r.BaselineState != "absent"
}

// own is a result of gitleaks as it would be in its own format.
func (r result) own() finding {
	f := finding{RuleID: r.RuleID, Commit: r.PartialFingerprints.CommitSHA, Date: r.PartialFingerprints.Date, Tags: r.Properties.Tags}
	if len(r.Locations) > 0 {
		at := r.Locations[0].PhysicalLocation
		f.File, f.StartLine, f.Secret = at.ArtifactLocation.URI, at.Region.StartLine, at.Region.Snippet.Text
	}
	return f
}

// foreign is a result of another tool.
func (r result) foreign(tool string) leaks.Finding {
	f := leaks.Finding{Source: tool, Rule: r.RuleID}
	if f.Rule == "" {
		f.Rule = r.Rule.ID
	}
	for i, l := range r.Locations {
		at := l.PhysicalLocation
		if i == 0 {
			f.File, f.URL = place(at.ArtifactLocation.URI)
			f.Line = at.Region.StartLine
		}
		for _, text := range []string{at.Region.Snippet.Text, at.ContextRegion.Snippet.Text} {
			if text != "" {
				f.Beside = append(f.Beside, keyturn.NewSecret(text))
			}
		}
	}
	f.Event = fingerprint("", f.File+f.URL, f.Rule, f.Line)
	return f
}

// place is what a URI names: a file, or a page.
func place(uri string) (file, page string) {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Path == "":
		return uri, ""
	case u.Scheme == "http" || u.Scheme == "https":
		return "", uri
	}
	return u.Path, ""
}

// mostWord is how long the name of a source may be.
const mostWord = 40

// word makes the name of a tool a name of a source: "Semgrep OSS" is semgrep-oss.
func word(name string) string {
	out := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLower(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	if len(out) > mostWord {
		out = out[:mostWord]
	}
	return strings.Trim(out, "-")
}
