package gitleaks_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitleaks"
)

// foreign has two runs of other tools, the first of which names its tool last, and
// results that report nothing.
const foreign = `{"runs":[{"results":[
	{"ruleId":"secrets.aws","message":{"text":"found"},"locations":[{"physicalLocation":{
		"artifactLocation":{"uri":"src/a%20b.py","uriBaseId":"%SRCROOT%"},
		"region":{"startLine":3,"snippet":{"text":"key = \"value-one\""}},"contextRegion":{"startLine":2,"snippet":{"text":"around"}}}}],
		"partialFingerprints":{"primaryLocationLineHash":"39fa2ee980eb94b0:1"}},
	{"ruleId":"secrets.aws","suppressions":[{"kind":"inSource"}]},
	{"ruleId":"secrets.aws","kind":"pass"},
	{"ruleId":"secrets.aws","baselineState":"absent"},
	{"ruleId":"secrets.aws","suppressions":[{"kind":"external","status":"rejected"}],"locations":[]}
],"tool":{"extensions":[{"name":"x"}],"driver":{"rules":[{"id":"secrets.aws"}],"name":"Semgrep OSS"}}},
{"tool":{"driver":{"name":"trufflehog"}},"artifacts":[{"location":{"uri":"x"}}],"results":[
	{"rule":{"id":"AWS"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///srv/keys"}}}]},
	{"ruleId":"Okta","locations":[{"physicalLocation":{"artifactLocation":{"uri":"https://wiki.example.com/x"}}}]}
]}],"version":"2.1.0"}`

func TestForeignSARIF(t *testing.T) {
	t.Parallel()
	got, err := all(gitleaks.ReadSARIF(strings.NewReader(foreign)))
	want := []leaks.Finding{
		{
			Source: "semgrep-oss", Event: "src/a b.py:secrets.aws:3", Rule: "secrets.aws", File: "src/a b.py", Line: 3,
			Beside: []keyturn.Secret{secret(`key = "value-one"`), secret("around")},
		},
		{Source: "semgrep-oss", Event: ":secrets.aws:0", Rule: "secrets.aws"},
		{Source: "trufflehog", Event: "/srv/keys:AWS:0", Rule: "AWS", File: "/srv/keys"},
		{Source: "trufflehog", Event: "https://wiki.example.com/x:Okta:0", Rule: "Okta", URL: "https://wiki.example.com/x"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestSARIFMistakes(t *testing.T) {
	t.Parallel()
	const mend = "; give a whole report of SARIF 2.1.0, which gitleaks writes with --report-format sarif"
	for _, c := range []struct{ what, text, err string }{
		{"nothing", "", "sarif: read: the report is empty" + mend},
		{"an older version", `{"version":"2.0.0","runs":[]}`, "sarif: read: at byte 18: the version of SARIF is another" + mend},
		{"no version", `{"runs":[]}`, "sarif: read: at byte 11: version is missing" + mend},
		{"no runs", `{"version":"2.1.0"}`, "sarif: read: at byte 19: runs are missing" + mend},
		{"no tool", `{"version":"2.1.0","runs":[{"results":[{"ruleId":"CANARY"}]}]}`, "sarif: read: at byte 60: a run names no tool" + mend},
		{
			"no rule", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"gitleaks"}},"results":[{"CANARY":1}]}]}`,
			"sarif: read: finding 1, which begins at byte 77: ruleId is missing" + mend,
		},
		{
			"a wrong field", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"ruleId":1},"CANARY"]}]}`,
			"sarif: read: finding 1, which begins at byte 70: ruleId is of the wrong kind" + mend,
		},
	} {
		_, err := all(gitleaks.ReadSARIF(strings.NewReader(c.text)))
		if err == nil || err.Error() != c.err {
			t.Errorf("%s: got %v, want %s", c.what, err, c.err)
		}
	}
}

// TestSARIFHeld reads more results than are held until their tool is named.
func TestSARIFHeld(t *testing.T) {
	t.Parallel()
	one := `{"ruleId":"a","message":{"text":"` + strings.Repeat("x", 1<<20) + `"}}`
	text := []io.Reader{strings.NewReader(`{"version":"2.1.0","runs":[{"results":[` + one)}
	for range 21 {
		text = append(text, strings.NewReader(","), strings.NewReader(one))
	}
	text = append(text, strings.NewReader(`],"tool":{"driver":{"name":"x"}}}]}`))
	_, err := all(gitleaks.ReadSARIF(io.MultiReader(text...)))
	if err == nil || !strings.Contains(err.Error(), "more than 20 MiB of results come before the name of their tool") {
		t.Errorf("got %v", err)
	}
}

func FuzzReadSARIF(f *testing.F) {
	f.Add(foreign)
	f.Add(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"gitleaks"}},"results":[{"ruleId":"CANARY-1"}]}]}`)
	f.Add(`{"version":"CANARY-1"`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := all(gitleaks.ReadSARIF(strings.NewReader(text))); err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("the error quotes the report: %v", err)
		}
	})
}
