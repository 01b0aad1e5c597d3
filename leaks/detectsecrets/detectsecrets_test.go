package detectsecrets_test

import (
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/detectsecrets"
)

// TestReports reads baselines that detect-secrets 1.5.0 wrote, one of them with --slim.
func TestReports(t *testing.T) {
	t.Parallel()
	const (
		aws      = "2c867426efeeb796fb9e69984e2b29bea39cdf7c"
		github   = "e175c6f5f2a92e8623bd9a4820edb4e8c1b0fd10"
		password = "2c4b8dc204ff19057bedc3e7098a5b56587080df"
	)
	for file, want := range map[string][]leaks.Finding{
		"baseline.json": {
			{Event: "deploy/app.env:AWS Access Key:1", Rule: "AWS Access Key", Provider: "aws", SHA1: aws, File: "deploy/app.env", Line: 1},
			{Event: "keys/tls.pem:Private Key:1", Rule: "Private Key", File: "keys/tls.pem", Line: 1},
			{Event: "main.py:GitHub Token:1", Rule: "GitHub Token", Provider: "github", SHA1: github, File: "main.py", Line: 1},
			{Event: "main.py:Secret Keyword:2", Rule: "Secret Keyword", SHA1: password, File: "main.py", Line: 2},
		},
		"slim.json": {
			{Event: "deploy/app.env:AWS Access Key:0", Rule: "AWS Access Key", Provider: "aws", SHA1: aws, File: "deploy/app.env"},
			{Event: "keys/tls.pem:Private Key:0", Rule: "Private Key", File: "keys/tls.pem"},
			{Event: "main.py:GitHub Token:0", Rule: "GitHub Token", Provider: "github", SHA1: github, File: "main.py"},
			{Event: "main.py:Secret Keyword:0", Rule: "Secret Keyword", SHA1: password, File: "main.py"},
		},
	} {
		for i := range want {
			want[i].Source = "detect-secrets"
		}
		f, err := os.Open("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := all(detectsecrets.Read(f))
		f.Close()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", file, err, diff)
		}
	}
}

// TestMarks wants what a baseline tells to be known by the value's own mark.
func TestMarks(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/slim.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found, err := all(detectsecrets.Read(f))
	if err != nil {
		t.Fatal(err)
	}
	prints := leaks.Fingerprinter{Key: keyturn.NewSecret(strings.Repeat("k", 32))}
	value := prints.Of(keyturn.NewSecret("AKIAFAKEKEYTURN2345A"))
	if got := prints.Marks(found[0]); len(got) != 1 || got[0] != keyturn.Mark(keyturn.MarkSHA1+value.SHA1) {
		t.Errorf("got %v", got)
	}
}

const hash = "2c867426efeeb796fb9e69984e2b29bea39cdf7c"

func TestAudited(t *testing.T) {
	t.Parallel()
	text := `{"version":"1.5.0","results":{"a":[
		{"type":"Hex High Entropy String","filename":"a","hashed_secret":"` + hash + `","is_verified":false,"line_number":1,"is_secret":false},
		{"type":"Hex High Entropy String","filename":"a","hashed_secret":"` + hash + `","is_verified":true,"line_number":2,"is_secret":true,"later":{}},
		{"type":"Hex High Entropy String","filename":"a","hashed_secret":"` + hash + `","is_verified":false,"line_number":3,"is_secret":null}
	],"b":[]},"generated_at":"2026-03-06T10:00:00Z"}`
	got, err := all(detectsecrets.Read(strings.NewReader(text)))
	if err != nil || len(got) != 2 || got[0].Line != 2 || got[0].Validity != leaks.Active || got[1].Line != 3 || got[1].Validity != leaks.Unknown {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	const mend = "; run detect-secrets scan and give its whole output"
	for _, c := range []struct{ what, text, err string }{
		{"nothing", "", "the report is empty"},
		{"a list", "[]", "at byte 1: is not an object"},
		{"another document", `{"version":"1.5.0"}`, "at byte 19: results are missing"},
		{"findings that are none", `{"results":{"CANARY":{}}}`, "at byte 22: is not a list"},
		{"no type", `{"results":{"CANARY":[{"hashed_secret":"` + hash + `"}]}}`, "finding 1, which begins at byte 22: type is missing"},
		{"no hash", `{"results":{"a":[{"type":"x","hashed_secret":"CANARY"}]}}`, "finding 1, which begins at byte 17: hashed_secret is not the SHA-1 of a value"},
		{"a wrong field", `{"results":{"a":[{"type":"x","line_number":"CANARY"}]}}`, "finding 1, which begins at byte 17: line_number is of the wrong kind"},
		{"a report cut short", `{"results":{"a":[{"type":"CANARY`, "finding 1, which begins at byte 17: the report was cut short"},
		{"two reports", `{"results":{}}{"CANARY":1}`, "at byte 15: something follows the report"},
	} {
		_, err := all(detectsecrets.Read(strings.NewReader(c.text)))
		if err == nil || err.Error() != "detect-secrets: read: "+c.err+mend || keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("%s: got %v, want %s", c.what, err, c.err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"version":"1.5.0","results":{"CANARY-1":[{"type":"x","hashed_secret":"` + hash + `","is_secret":true}]}}`)
	f.Add(`{"results":{"a":[{"type":"x","hashed_secret":"CANARY-1"}]}}`)
	f.Add(`{"results":[CANARY-1`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := all(detectsecrets.Read(strings.NewReader(text))); err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("the error quotes the report: %v", err)
		}
	})
}

func all(findings iter.Seq2[leaks.Finding, error]) (out []leaks.Finding, err error) {
	for f, err := range findings {
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, nil
}
