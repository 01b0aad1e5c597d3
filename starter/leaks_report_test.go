package main

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

func TestLeaksReport(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"report.txt":            "",
		"report.json":           "-o json",
		"report.yaml":           "-o yaml --public --repo acme/site",
		"report-dry-run.txt":    "--dry-run",
		"report-dry-run.json":   "--dry-run -o json",
		"report-only-ours.txt":  "--only-ours --format gitleaks",
		"report-ours-dry.txt":   "--only-ours --dry-run",
		"report-ours-waits.txt": "--only-ours --wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.dies(t, "search-aws")
			if strings.Contains(args, "--wait") {
				d.dies(t, "search-aws", keyID)
			}
			d.in = strings.NewReader(someReport(t))
			d.expect(t, exitOK, "1 finding is without a value, such as one that was redacted, and left out", append([]string{"leaks", "report", "-"}, strings.Fields(args)...)...)
			golden(t, "testdata/leaks/"+name, settled(d.stdout.String()))
			d.quiet(t)
			if dry := strings.Contains(args, "--dry-run"); dry != (len(d.all(t)) == 0) || dry != (len(d.temporal.leaks.calls) == 0) {
				t.Errorf("recorded %d, answered %d", len(d.all(t)), len(d.temporal.leaks.calls))
			}
		})
	}
}

// TestLeaksReportRecords looks at what is recorded, and at what Temporal is told.
func TestLeaksReportRecords(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.keeps(t)
	file := reportFile(t, someReport(t))
	d.expect(t, exitOK, "", "leaks", "report", file, "--repo", "acme/payments", "--public", "--as", "carol")
	all := d.all(t)
	var got []registry.Leak
	for _, l := range all {
		got = append(got, registry.Leak{Key: l.Key, Generation: l.Generation, Match: l.Match, Rule: l.Rule, Hits: l.Hits, Actor: l.Actor, Public: l.Public, State: l.State, Since: l.Since, Kept: l.Kept})
	}
	committed := time.Date(2027, 2, 27, 10, 0, 0, 0, time.UTC)
	base := registry.Leak{Actor: "carol", Public: true, State: registry.LeakOpen, Since: committed, Hits: 1}
	of := func(change func(*registry.Leak)) registry.Leak {
		l := base
		change(&l)
		return l
	}
	want := []registry.Leak{
		of(func(l *registry.Leak) {
			l.Key, l.Generation, l.Match, l.Rule, l.Hits = keyID, 1, leaks.ByValue, "stripe-access-token", 2
		}),
		of(func(l *registry.Leak) {
			l.Key, l.Generation, l.Match, l.Rule = "search-aws", 1, leaks.ByID, "aws-access-token"
		}),
		of(func(l *registry.Leak) { l.Rule, l.Kept = "github-pat", keyturn.SecretVersion(all[2].ID) }),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("leaks (-want +got)\n%s", diff)
	}
	var hits []string
	for h, err := range d.store(t).LeakHits(t.Context(), all[0].ID) {
		if err != nil {
			t.Fatal(err)
		}
		hits = append(hits, h.Repo+" "+h.Place+" "+h.URL)
	}
	wantHits := []string{"acme/payments [left out: it shows the value]:1, commit c0ffee ", "acme/payments old.env[2J:3 "}
	if diff := cmp.Diff(wantHits, hits); diff != "" {
		t.Errorf("hits (-want +got)\n%s", diff)
	}
	for i, call := range d.temporal.leaks.calls {
		if call.workflow != "RespondToLeak" || call.in.ID != all[i].ID || call.options.ID != "leak/"+all[i].ID || call.options.Priority.PriorityKey != 1 || call.signal != "" {
			t.Errorf("started %+v", call)
		}
		for _, secret := range []string{"CANARY", "carol", keyID, "payments"} {
			if strings.Contains(fmt.Sprintf("%+v", call), secret) {
				t.Errorf("%q is shown in Temporal's UI: %+v", secret, call)
			}
		}
	}
	if len(d.temporal.leaks.calls) != 3 || !d.temporal.closed {
		t.Errorf("%d calls; closed: %v", len(d.temporal.leaks.calls), d.temporal.closed)
	}
	d.quiet(t)

	d.stdout.Reset()
	d.expect(t, exitOK, "", "leaks", "report", file, "--repo", "acme/payments", "-o", "json")
	var again reportView
	if err := json.Unmarshal(d.stdout.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	for i, l := range again.Leaks {
		if l.New || l.Fresh != 0 || l.Leak != all[i].ID || l.Hits != all[i].Hits {
			t.Errorf("reported again: %+v", l)
		}
	}
	d.expect(t, exitOK, "", "leaks", "report", file, "--repo", "acme/another", "-o", "table")
	if l := d.all(t); len(l) != 3 || l[0].Hits != 4 {
		t.Errorf("another repository's places are others: %+v", l)
	}
}

// TestLeaksReportSamePlace: another value in the same place of a folder is another leak,
// although the scanner calls both the same.
func TestLeaksReportSamePlace(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	for _, value := range []string{paymentsValue, strangeValue, paymentsValue} {
		d.in = strings.NewReader(gitleaksReport(t, plant{"generic-api-key", value, "", "", "app.env"}))
		d.expect(t, exitOK, "", "leaks", "report", "-")
	}
	if all := d.all(t); len(all) != 2 || all[0].Key != keyID || all[1].Key != "" || all[0].Hits != 1 {
		t.Errorf("%+v", all)
	}
}

// TestLeaksReportFormats reads what each scanner writes.
func TestLeaksReportFormats(t *testing.T) {
	t.Parallel()
	sum := sha1.Sum([]byte(paymentsValue))
	baseline := `{"version":"1.5.0","plugins_used":[],"results":{"app.env":[{"type":"Stripe Access Key","filename":"app.env","hashed_secret":"` +
		hex.EncodeToString(sum[:]) + `","is_verified":false,"line_number":7}]}}`
	for name, c := range map[string]struct{ format, text string }{
		"gitleaks":       {"", gitleaksReport(t, plant{"stripe-access-token", paymentsValue, "", "", "app.env"})},
		"sarif":          {"", `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":{"name":"gitleaks"}},"results":[{"ruleId":"stripe-access-token","locations":[{"physicalLocation":{"artifactLocation":{"uri":"app.env"},"region":{"startLine":7,"snippet":{"text":"` + paymentsValue + `"}}}}]}]}]}`},
		"trufflehog":     {"", `{"SourceMetadata":{"Data":{"Filesystem":{"file":"app.env"}}},"DetectorName":"Stripe","Raw":"` + paymentsValue + `"}` + "\n"},
		"detect-secrets": {"", baseline},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.in = strings.NewReader(c.text)
			d.expect(t, exitOK, "", "leaks", "report", "-", "-o", "json")
			var v reportView
			if err := json.Unmarshal(d.stdout.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			if v.Format != name || len(v.Leaks) != 1 || v.Leaks[0].Key != keyID || v.Leaks[0].Match != leaks.ByValue {
				t.Errorf("%+v: %s", v, d.stdout)
			}
			d.quiet(t)
		})
	}
	// Without the key of the workers the public fingerprint does, but not for
	// detect-secrets.
	d := leaky(t)
	d.settings.FingerprintKeyFile = ""
	d.in = strings.NewReader(someReport(t))
	d.expect(t, exitOK, "", "leaks", "report", "-", "-o", "json")
	if all := d.all(t); len(all) != 3 || all[0].Key != keyID || all[0].Match != leaks.ByValue {
		t.Errorf("%+v", all)
	}
	d.in = strings.NewReader(baseline)
	d.expect(t, exitUsage, "set fingerprint_key_file in the configuration", "leaks", "report", "-")
	if len(d.all(t)) != 3 {
		t.Error("something was recorded")
	}
}

func TestLeaksReportMistakes(t *testing.T) {
	t.Parallel()
	redacted := gitleaksReport(t, plant{"stripe-access-token", "REDACTED", "REDACTED", "", "app.env"}, plant{"github-pat", "REDACTED", "", "", "b"})
	for name, c := range map[string]struct {
		args, text string
		code       int
		says       string
	}{
		"no file":             {"", "", exitUsage, "FILE is missing"},
		"no such file":        {"/nowhere/report.json", "", exitFailed, "check the path and its permissions"},
		"no such format":      {"- --format xml", "", exitUsage, `--format "xml": write auto or gitleaks, sarif, trufflehog, detect-secrets`},
		"unknown format":      {"-", "hello CANARY", exitFailed, "the report is in no known format"},
		"an empty report":     {"-", "", exitFailed, "the report is empty"},
		"an empty file":       {"/dev/null", "", exitFailed, "the report is empty"},
		"another format":      {"- --format sarif", someReport(t), exitFailed, "is not an object"},
		"redacted":            {"-", redacted, exitUsage, "run the scanner without --redact"},
		"redacted, looked at": {"- --dry-run", redacted, exitUsage, "run the scanner without --redact"},
		"two wishes":          {"- --dry-run --wait", "", exitUsage, "contradict each other"},
		"no patience":         {"- --wait --timeout 0s", "", exitUsage, "--timeout must be more than nothing"},
		"a repository":        {"- --repo a\x1bb", "", exitUsage, "one line of plain text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.in = strings.NewReader(c.text)
			d.expect(t, c.code, c.says, append([]string{"leaks", "report"}, strings.Fields(c.args)...)...)
			if len(d.all(t)) > 0 || d.stdout.Len() > 0 || strings.Contains(d.stderr.String(), "CANARY") {
				t.Errorf("something was recorded or said: %s%s", d.stdout, d.stderr)
			}
		})
	}
}

// TestLeaksReportSettings wants mistakes in the configuration to be told before anything
// is recorded.
func TestLeaksReportSettings(t *testing.T) {
	t.Parallel()
	for says, mistake := range map[string]func(*desk){
		"fingerprint_key_file: ":     func(d *desk) { d.settings.FingerprintKeyFile = "/nowhere/key" },
		"must hold 32 bytes":         func(d *desk) { must(os.WriteFile(d.settings.FingerprintKeyFile, []byte("CANARY"), 0o600)) },
		"leaks.keep.path: write":     func(d *desk) { d.settings.Leaks.Keep.Path = "" },
		"leaks.keep.store: no store": func(d *desk) { d.settings.Leaks.Keep.Store = "none" },
	} {
		d := leaky(t)
		d.keeps(t)
		mistake(d)
		d.in = strings.NewReader(someReport(t))
		d.expect(t, exitUsage, says, "leaks", "report", "-")
		if len(d.all(t)) > 0 {
			t.Errorf("%s: something was recorded", says)
		}
		d.quiet(t)
	}
}

// TestLeaksReportCutShort: what comes before the end of a broken report is recorded.
func TestLeaksReportCutShort(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	text := someReport(t)
	d.in = strings.NewReader(text[:strings.Index(text, "github-pat")])
	d.expect(t, exitFailed, "the report was cut short", "leaks", "report", "-")
	if len(d.all(t)) != 2 || !strings.Contains(d.stdout.String(), "3 findings (gitleaks): 2 leaked keys, 0 nobody's; 2 new, 0 joined") {
		t.Errorf("%d recorded:\n%s", len(d.all(t)), d.stdout)
	}
	d.quiet(t)
}

// TestLeaksReportWithoutTemporal: what is recorded is not lost.
func TestLeaksReportWithoutTemporal(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.temporal.leaks.answer = func(string) error { return serviceerror.NewUnavailable("down") }
	d.in = strings.NewReader(someReport(t))
	d.expect(t, exitFailed, "does not answer; is it running, and is temporal.address right?", "leaks", "report", "-")
	d.temporal.leaks.answer = nil
	d.in = strings.NewReader(someReport(t))
	d.expect(t, exitOK, "", "leaks", "report", "-")
	if len(d.all(t)) != 3 || len(d.temporal.leaks.calls) != 3 {
		t.Errorf("%d recorded, %d answered", len(d.all(t)), len(d.temporal.leaks.calls))
	}
}

// TestLeaksReportIsLong reports more than is reported at once: a value in many places,
// and many values.
func TestLeaksReportIsLong(t *testing.T) {
	t.Parallel()
	var plants []plant
	for i := range 2*reportGroup + 10 {
		value := paymentsValue
		if i%50 == 0 {
			value = fmt.Sprintf("ghp_CANARYofNobody%018d", i)
		}
		plants = append(plants, plant{"generic-api-key", value, "", "c0ffee", fmt.Sprintf("file-%d", i)})
	}
	text := gitleaksReport(t, plants...)
	for args, want := range map[string]string{
		"":            "610 findings (gitleaks): 1 leaked key, 13 nobody's; 14 new, 0 joined",
		"--only-ours": "610 findings (gitleaks): 1 leaked key, 0 nobody's; 1 new, 0 joined; left out 13 values, found in 13 places, because no key has it",
		"--dry-run":   "610 findings (gitleaks): 1 leaked key, 13 nobody's; nothing was recorded",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.expect(t, exitOK, "", append([]string{"leaks", "report", reportFile(t, text)}, strings.Fields(args)...)...)
			if !strings.Contains(d.stdout.String(), want+"\n") {
				t.Errorf("it said\n%s, not %s", d.stdout, want)
			}
			for _, l := range d.all(t) {
				if l.Key == keyID && l.Hits != 597 {
					t.Errorf("%d hits", l.Hits)
				}
			}
			d.quiet(t)
		})
	}
}

// TestLeaksReportWaits: what is alive after the time makes the exit code.
func TestLeaksReportWaits(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.dies(t, "search-aws")
	d.in = strings.NewReader(someReport(t))
	d.expect(t, exitFailed, "", "leaks", "report", "-", "--wait", "--timeout", "100ms", "-o", "json")
	alive := d.all(t)[0].ID
	if want := "1 of 2 leaked keys are alive after 100ms: " + alive + "; see what one waits for: keyturn leaks show " + alive; !strings.Contains(d.stderr.String(), want) {
		t.Errorf("%q is not said:\n%s", want, d.stderr)
	}
	var v reportView
	if err := json.Unmarshal(d.stdout.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	var states []registry.LeakState
	for _, l := range v.Leaks {
		states = append(states, l.State)
	}
	if diff := cmp.Diff([]registry.LeakState{registry.LeakOpen, registry.LeakDead, registry.LeakOpen}, states); diff != "" {
		t.Errorf("states (-want +got)\n%s", diff)
	}
	d.quiet(t)
}

func TestLeakSettingsAreRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keyturn.yaml")
	text := "fingerprint_key_file: key\nleaks:\n  keep: {store: vault, path: secret/leaks}\nstores:\n  vault: {local: {dir: x}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	d.settings, d.global.config = nil, file
	s, err := d.load()
	if err != nil || s.FingerprintKeyFile != "key" || s.Leaks.Keep.Name() != "vault" || s.Leaks.Keep.Check(s.Stores) != nil {
		t.Errorf("%+v, %v", s, err)
	}
}
