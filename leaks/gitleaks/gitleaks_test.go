package gitleaks_test

import (
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitleaks"
)

const (
	commit = "f5411f078289f6dc84e16de302bf753792c88a8c"
	begin  = "-----BEGIN PRIVATE KEY-----\n"
	end    = "\n-----END PRIVATE KEY-----"
)

// planted is what gitleaks v8.30.1 was made to find in the repository acme/payments.
// No value is of a real key. The second private key is what the first one decodes to.
func planted() []leaks.Finding {
	const env = "deploy/app.env"
	return []leaks.Finding{
		{Rule: "aws-access-token", Provider: "aws", Value: secret("AKIAFAKEKEYTURN2345A"), RemoteID: "AKIAFAKEKEYTURN2345A", File: env, Line: 1},
		{Rule: "stripe-access-token", Provider: "stripe", Value: secret("sk_test_FakeKeyturn0001"), File: env, Line: 2},
		{
			Rule: "datadog-access-token", Provider: "datadog", Value: secret("fakekeyturndatadogkeyfortestsonly0000001"),
			Beside: beside("DATADOG_API_KEY=fakekeyturndatadogkeyfortestsonly0000001"), File: env, Line: 3,
		},
		{
			Rule: "okta-access-token", Provider: "okta", Value: secret("00FakeKeyturnOktaTokenForTestsOnly-abcdefg"),
			Beside: beside("OKTA_TOKEN=00FakeKeyturnOktaTokenForTestsOnly-abcdefg"), File: env, Line: 4,
		},
		{Rule: "github-pat", Provider: "github", Value: secret("ghp_FakeKeyturnTokenForTestsOnly00000001"), File: "main.py", Line: 1},
		{
			Rule: "private-key", File: "keys/tls.pem", Line: 1,
			Value: secret(begin + "RmFrZUtleXR1cm5Qcml2YXRlS2V5Rm9yVGVzdHNPbmx5RmFrZUtleXR1cm5Qcml2\nYXRlS2V5Rm9yVGVzdHNPbmx5" + end),
		},
		{Rule: "private-key", File: "keys/tls.pem", Line: 1, Value: secret(begin + "FakeKeyturnPrivateKeyForTestsOnlyFakeKeyturnPriv\nateKeyForTestsOnly" + end)},
		{Rule: "pkcs12-file", File: "keys/bundle.p12"}, // a rule about names of files
	}
}

// found is planted as a report tells it.
func found(inGit, inSARIF, redacted bool) []leaks.Finding {
	out := planted()
	for i := range out {
		f := &out[i]
		f.Source, f.Event = "gitleaks", fmt.Sprintf("%s:%s:%d", f.File, f.Rule, f.Line)
		if inGit {
			f.Commit, f.Event = commit, commit+":"+f.Event
			f.Since = time.Date(2026, 3, 4, 4, 6, 7, 0, time.UTC)
		}
		if inGit && !inSARIF {
			f.URL = "https://github.com/acme/payments/blob/" + commit + "/" + f.File
			switch {
			case f.Rule == "private-key":
				f.URL += "#L1-L4"
			case f.Line > 0:
				f.URL += fmt.Sprintf("#L%d", f.Line)
			}
		}
		if inSARIF || redacted {
			f.Beside = nil
		}
		if redacted {
			f.Value, f.RemoteID = keyturn.Secret{}, ""
		}
	}
	return out
}

func TestReports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		want []leaks.Finding
	}{
		{"git.json", found(true, false, false)},
		{"git-redacted.json", found(true, false, true)},
		{"git-partly.json", found(true, false, true)},
		{"dir.json", found(false, false, false)},
		{"dir-redacted.json", found(false, false, true)},
		{"empty.json", nil},
		{"git.sarif", found(true, true, false)},
		{"git-partly.sarif", found(true, true, true)},
		{"dir.sarif", found(false, true, false)},
		{"dir-redacted.sarif", found(false, true, true)},
		{"empty.sarif", nil},
	} {
		got, err := all(read(c.file, open(t, c.file)))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		if diff := cmp.Diff(c.want, got, inAnyOrder()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, diff)
		}
	}
}

// TestRedacted wants nothing of what was redacted to have a mark, however much of it
// was left.
func TestRedacted(t *testing.T) {
	t.Parallel()
	prints := leaks.Fingerprinter{Key: secret(strings.Repeat("k", 32))}
	for _, file := range []string{"git-redacted.json", "git-partly.json", "git-partly.sarif", "dir-redacted.sarif"} {
		found, err := all(read(file, open(t, file)))
		if err != nil || len(found) == 0 {
			t.Errorf("%s: %d findings, %v", file, len(found), err)
		}
		for _, f := range found {
			if marks := prints.Marks(f); len(marks) > 0 {
				t.Errorf("%s: %s has marks %v", file, f.Event, marks)
			}
		}
	}
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	got, err := all(gitleaks.Read(open(t, "stdin.json")))
	want := []leaks.Finding{{
		Source: "gitleaks", Event: ":github-pat:1", Rule: "github-pat", Provider: "github",
		Value: secret("ghp_FakeKeyturnTokenForTestsOnly00000001"), Line: 1,
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestOther reads what other versions, and later ones, may write.
func TestOther(t *testing.T) {
	t.Parallel()
	got, err := all(gitleaks.Read(strings.NewReader(
		`[{"RuleID":"mine","Secret":"value","Match":"value","File":"a","Commit":"c1","StartLine":7,"Date":"yesterday","Later":{"a":[1]}}]`)))
	want := []leaks.Finding{{Source: "gitleaks", Event: "c1:a:mine:7", Rule: "mine", Value: secret("value"), File: "a", Commit: "c1", Line: 7}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		"aws-access-token": "aws", "azure-ad-client-secret": "entra", "datadog-access-token": "datadog", "gcp-api-key": "gcp", "github-fine-grained-pat": "github",
		"gitlab-pat": "gitlab", "okta-access-token": "okta", "openai-api-key": "openai", "stripe-access-token": "stripe", "twilio-api-key": "twilio",
		"generic-api-key": "", "yandex-aws-access-token": "",
	} {
		got, err := all(gitleaks.Read(strings.NewReader(`[{"RuleID":"` + rule + `"}]`)))
		if err != nil || len(got) != 1 || got[0].Provider != want {
			t.Errorf("%s: %+v, %v; want %q", rule, got, err, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	const mend = "; run gitleaks 8 with --report-format json and give its whole report"
	for _, c := range []struct{ what, text, err string }{
		{"nothing", "", "gitleaks: read: the report is empty" + mend},
		{"SARIF", `{"version":"2.1.0"}`, "gitleaks: read: at byte 1: is not a list" + mend},
		{"another list", `[{"RuleID":"a"},{"Raw":"CANARY"}]`, "gitleaks: read: finding 2, which begins at byte 15: RuleID is missing" + mend},
		{"a wrong field", `[{"RuleID":"a","Secret":{"CANARY":1}}]`, "gitleaks: read: finding 1, which begins at byte 1: Secret is of the wrong kind" + mend},
		{"two reports", `[][{"RuleID":"CANARY"}]`, "gitleaks: read: at byte 3: something follows the report" + mend},
	} {
		_, err := all(gitleaks.Read(strings.NewReader(c.text)))
		if err == nil || err.Error() != c.err || keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("%s: got %v, want %s", c.what, err, c.err)
		}
	}
}

// TestLong reads a report that is never in memory as a whole, and stops when told to.
func TestLong(t *testing.T) {
	t.Parallel()
	in := &long{findings: 100_000}
	n := 0
	for f, err := range gitleaks.Read(in) {
		if err != nil || f.Line != n {
			t.Fatalf("%+v, %v after %d", f, err, n)
		}
		if n++; in.began-n > 1000 {
			t.Fatalf("%d findings were read to yield %d", in.began, n)
		}
		if n == 50_000 {
			break
		}
	}
	if n != 50_000 {
		t.Errorf("%d findings", n)
	}
}

// A long report is written as it is read.
type long struct {
	findings, began int
	rest            string
}

func (l *long) Read(p []byte) (int, error) {
	if l.rest == "" {
		if l.began == l.findings {
			return 0, io.EOF
		}
		comma := map[bool]string{true: "[", false: ","}[l.began == 0]
		l.rest = fmt.Sprintf(`%s{"RuleID":"mine","Secret":"value-%d","StartLine":%d}`, comma, l.began, l.began)
		l.began++
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func FuzzRead(f *testing.F) {
	f.Add(`[{"RuleID":"a","Secret":"CANARY-1","Match":"b"}]`)
	f.Add(`[{"RuleID":"a"},{"RuleID":["CANARY-1"]}]`)
	f.Add(`[{"Secret":"CANARY-1"`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := all(gitleaks.Read(strings.NewReader(text))); err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("the error quotes the report: %v", err)
		}
	})
}

func secret(text string) keyturn.Secret { return keyturn.NewSecret(text) }

func beside(text string) []keyturn.Secret { return []keyturn.Secret{secret(text)} }

func open(t *testing.T, file string) io.Reader {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func read(file string, r io.Reader) iter.Seq2[leaks.Finding, error] {
	if strings.HasSuffix(file, ".sarif") {
		return gitleaks.ReadSARIF(r)
	}
	return gitleaks.Read(r)
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

func inAnyOrder() cmp.Option {
	return cmpopts.SortSlices(func(a, b leaks.Finding) bool { return a.Event+a.Value.Expose() < b.Event+b.Value.Expose() })
}

// TestRulesOfOnesOwn say by a tag which vendor they are about.
func TestRulesOfOnesOwn(t *testing.T) {
	t.Parallel()
	const report = `[{"RuleID":"acme-internal","Secret":"FakeKeyturnValueOfAcme01","Match":"","File":"a","StartLine":1,"Tags":["x","provider:http"],"Fingerprint":"a:acme-internal:1"}]`
	got, err := all(gitleaks.Read(strings.NewReader(report)))
	if err != nil || len(got) != 1 || got[0].Provider != "http" {
		t.Errorf("%+v, %v", got, err)
	}
}
