package trufflehog_test

import (
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/stream"
	"github.com/keyturn/keyturn/leaks/trufflehog"
)

// TestReport reads a line of each of several sources. No value is of a real key.
func TestReport(t *testing.T) {
	t.Parallel()
	const (
		commit  = "f5411f078289f6dc84e16de302bf753792c88a8c"
		awsID   = "AKIAFAKEKEYTURN2345A"
		aws     = "fake/Keyturn+secret/for/tests/only/1"
		datadog = "fakekeyturndatadogappkeyfortests00000001"
		okta    = "00FakeKeyturnOktaTokenForTestsOnly-abcdefg"
		file    = `{"type":"service_account","project_id":"acme","private_key_id":"fake0key0turn0id","private_key":"-----BEGIN PRIVATE KEY-----\n` +
			`RmFrZUtleXR1cm5Qcml2YXRlS2V5Rm9yVGVzdHNPbmx5RmFrZUtleXR1cm5Qcml2\n-----END PRIVATE KEY-----\n","client_email":"ci@acme.iam.gserviceaccount.com"}`
	)
	committed := time.Date(2026, 3, 4, 4, 6, 7, 0, time.UTC)
	want := []leaks.Finding{
		{
			Rule: "AWS", Provider: "aws", Value: secret(aws), Beside: secrets(awsID, awsID+":"+aws), RemoteID: awsID,
			Repo: "https://github.com/acme/payments", Commit: commit, File: "deploy/app.env", Line: 1, Since: committed, Validity: leaks.Active,
		},
		{
			Rule: "Github", Provider: "github", Value: secret("ghp_FakeKeyturnTokenForTestsOnly00000001"), Public: true,
			Repo: "https://github.com/acme/site.git", Commit: commit, File: "main.py", Line: 1, Since: committed,
			URL: "https://github.com/acme/site/blob/" + commit + "/main.py#L1",
		},
		{
			Rule: "OpenAI", Provider: "openai", Value: secret("sk-FakeKeyturnOpenAI0001"), Repo: "https://github.com/acme/payments.git",
			URL: "https://github.com/acme/payments/issues/7#issuecomment-1", Since: time.Date(2026, 3, 5, 8, 0, 0, 0, time.UTC),
		},
		{
			Rule: "Gitlab", Provider: "gitlab", Value: secret("glpat-FakeKeyturn01"),
			Beside: secrets("https://gitlab.example.com", "glpat-FakeKeyturn01https://gitlab.example.com"),
			Repo:   "https://gitlab.example.com/acme/ops.git", Commit: commit, File: "ci.yml", Line: 9, Since: committed,
			URL: "https://gitlab.example.com/acme/ops/-/blob/" + commit + "/ci.yml#L9",
		},
		{Rule: "Stripe", Provider: "stripe", Value: secret("sk_test_FakeKeyturn0001"), File: "/srv/app/settings.py", Line: 12},
		{
			Rule: "TwilioApiKey", Provider: "twilio", Value: secret("fake0twilio0secret"), RemoteID: "SKfake0key0turn",
			Beside: secrets("SKfake0key0turn", "SKfake0key0turnfake0twilio0secret"), Repo: "acme-backups", File: "env/prod.env",
			URL: "https://acme-backups.s3.us-east-1.amazonaws.com/env/prod.env", Since: time.Date(2026, 2, 1, 9, 30, 0, 0, time.UTC),
		},
		{
			Rule: "DatadogToken", Provider: "datadog", Value: secret(datadog), Beside: secrets("fakekeyturndatadogkey", datadog+"fakekeyturndatadogkey"),
			Repo: "acme/payments", File: "/app/.env",
		},
		{
			Rule: "Okta", Provider: "okta", Value: secret(okta), Beside: secrets("acme.okta.com:"+okta, "acme.okta.com"), Repo: "ops",
			URL: "https://acme.slack.com/archives/C012345/p1772611200000100",
		},
		{Rule: "GCP", Provider: "gcp", Value: secret(file), Beside: secrets("ci@acme.iam.gserviceaccount.com"), File: "/srv/app/key.json"},
	}
	for i := range want {
		want[i].Source = "trufflehog"
	}
	f, err := os.Open("testdata/report.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := all(trufflehog.Read(f))
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(leaks.Finding{}, "Event")); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	events := map[string]bool{}
	for _, f := range got {
		events[f.Event] = true
	}
	if len(events) != len(want) {
		t.Errorf("%d events of %d findings", len(events), len(want))
	}
}

// TestEvent wants what is no part of a place to be none of its event: the value, and
// what differs from scan to scan.
func TestEvent(t *testing.T) {
	t.Parallel()
	event := func(git, raw, detector string) string {
		t.Helper()
		got, err := all(trufflehog.Read(strings.NewReader(
			`{"SourceMetadata":{"Data":{"Git":{` + git + `}}},"DetectorName":"` + detector + `","Raw":"` + raw + `"}`)))
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		return got[0].Event
	}
	const place = `"repository":"r","commit":"c","file":"f","line":4`
	first := event(place+`,"repository_local_path":"/tmp/1","email":"a@example.com"`, "value", "AWS")
	if first != event(`"line":4,"file":"f","commit":"c","repository":"r","repository_local_path":"/tmp/2"`, "another", "AWS") {
		t.Error("the same place has another event")
	}
	for what, other := range map[string]string{
		"detector": event(place, "value", "Okta"), "line": event(`"repository":"r","commit":"c","file":"f","line":5`, "value", "AWS"),
		"repository": event(`"repository":"s","commit":"c","file":"f","line":4`, "value", "AWS"),
	} {
		if other == first {
			t.Errorf("another %s has the same event", what)
		}
	}
}

// TestOlder reads lines of versions that told less, and of sources not known here.
func TestOlder(t *testing.T) {
	t.Parallel()
	text := `{"SourceMetadata":{"Data":{"Git":{"commit":"c","file":"keys","repository":"r","timestamp":"2022-06-16 10:17:40 -0700 PDT","line":4}}},` +
		`"DetectorName":"AWS","Verified":true,"Raw":"AKIAFAKEKEYTURN2345A","Redacted":"AKIAFAKEKEYTURN2345A","StructuredData":null}` + "\n" +
		`{"SourceMetadata":{"Data":{"Git":{"commit":"c"}}},"DetectorName":"AWSSessionKey","Raw":"ASIAFAKE","RawV2":"ASIAFAKE:secret:token"}` + "\n" +
		`{"SourceMetadata":null,"DetectorName":"CustomRegex","Raw":"value"}` + "\n" +
		`{"SourceMetadata":{"Data":{"Next":{"via":{"repository":"r","line":"4","link":7}}}},"DetectorName":"Next","Raw":"value","Later":[{}]}` + "\n\n"
	want := []leaks.Finding{
		{
			Rule: "AWS", Provider: "aws", Value: secret("AKIAFAKEKEYTURN2345A"), RemoteID: "AKIAFAKEKEYTURN2345A", Repo: "r", Commit: "c", File: "keys",
			Line: 4, Since: time.Date(2022, 6, 16, 17, 17, 40, 0, time.UTC), Validity: leaks.Active,
		},
		{
			Rule: "AWSSessionKey", Provider: "aws", Value: secret("secret"), RemoteID: "ASIAFAKE", Commit: "c",
			Beside: secrets("ASIAFAKE", "secret:token", "ASIAFAKE:secret:token"),
		},
		{Rule: "CustomRegex", Value: secret("value")},
		{Rule: "Next", Value: secret("value"), Repo: "r"},
	}
	for i := range want {
		want[i].Source = "trufflehog"
	}
	got, err := all(trufflehog.Read(strings.NewReader(text)))
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(leaks.Finding{}, "Event")); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", `{"level":"info-0","ts":"2026-03-06T10:00:00Z","logger":"trufflehog","msg":"finished scanning"}` + "\nwarning: x\n"} {
		if got, err := all(trufflehog.Read(strings.NewReader(text))); err != nil || len(got) > 0 {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	const (
		good = `{"SourceMetadata":{"Data":{"Test":{"file":"f"}}},"DetectorName":"AWS","Raw":"value"}` + "\n"
		mend = "; run TruffleHog 3 with --json and give all of its standard output"
	)
	for _, c := range []struct{ what, text, err string }{
		{"a line cut short", good + "\n" + `{"SourceMetadata":{"Data":{}},"Raw":"CANARY`, "line 3: is not JSON"},
		{"two on a line", good + strings.TrimSpace(good) + good, "line 2: is not JSON"},
		{"a wrong field", good + `{"SourceMetadata":{},"DetectorName":"AWS","Raw":{"CANARY":1}}`, "line 2: Raw is of the wrong kind"},
		{"a wrong part", `{"SourceMetadata":{},"DetectorName":"AWS","SecretParts":{"CANARY":7}}`, "line 1: SecretParts is of the wrong kind"},
		{"a wrong place", `{"SourceMetadata":{"Data":{"CANARY":7}},"DetectorName":"AWS"}`, "line 1: SourceMetadata Data is of the wrong kind"},
		{"no detector", `{"SourceMetadata":{"Data":{}},"Raw":"CANARY"}`, "line 1: DetectorName is missing"},
		{"another program's", good + `{"message":"CANARY"}`, "line 2: is neither a finding nor of TruffleHog's log"},
		{"the format before version 3", `{"commit":"c","reason":"AWS","stringsFound":["CANARY"]}`, "line 1: is of --json-legacy"},
		{"a torn line", "2026 warning CANARY " + good, "line 1: something stands before the finding"},
		{"what people read", "Found unverified result\nRaw result: CANARY\n", "line 1: neither this nor any other line is a finding or of TruffleHog's log"},
		{"a long line", good + `{"Raw":"` + strings.Repeat("CANARY", stream.MostValue/6), "line 2: is longer than 10 MiB"},
	} {
		_, err := all(trufflehog.Read(strings.NewReader(c.text)))
		if err == nil || err.Error() != "trufflehog: read: "+c.err+mend || keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("%s: got %v, want %s", c.what, err, c.err)
		}
	}
	broken := errors.New("the disk is gone")
	if _, err := all(trufflehog.Read(io.MultiReader(strings.NewReader(good), iotest.ErrReader(broken)))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"SourceMetadata":{"Data":{"Git":{"commit":"c","line":4,"timestamp":"2026-03-04 04:06:07 +0000"}}},"DetectorName":"AWS","Raw":"CANARY-1","RawV2":"CANARY-1:b"}`)
	f.Add(`{"SourceMetadata":{"Data":{"CANARY-1":[]}},"DetectorName":"AWS"}`)
	f.Add("CANARY-1\n{\"SourceMetadata\":")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := all(trufflehog.Read(strings.NewReader(text))); err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("the error quotes the report: %v", err)
		}
	})
}

func secret(text string) keyturn.Secret { return keyturn.NewSecret(text) }

func secrets(texts ...string) (out []keyturn.Secret) {
	for _, text := range texts {
		out = append(out, secret(text))
	}
	return out
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
