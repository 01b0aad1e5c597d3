package report_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks/report"
)

// TestFormats reads a report of each format, first without its name and then with it.
func TestFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, format string
		findings     int
	}{
		{"../gitleaks/testdata/git.json", report.Gitleaks, 8},
		{"../gitleaks/testdata/empty.json", report.Gitleaks, 0},
		{"../gitleaks/testdata/dir.sarif", report.SARIF, 8},
		{"../gitleaks/testdata/empty.sarif", report.SARIF, 0},
		{"../trufflehog/testdata/report.jsonl", report.TruffleHog, 9},
		{"../detectsecrets/testdata/baseline.json", report.DetectSecrets, 4},
		{"../detectsecrets/testdata/slim.json", report.DetectSecrets, 4},
	} {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range []string{"", c.format} {
			format, n, err := read(iotest.OneByteReader(strings.NewReader("\ufeff"+string(text))), named)
			if format != c.format || n != c.findings || err != nil {
				t.Errorf("%s, named %q: %s, %d findings, %v", c.file, named, format, n, err)
			}
		}
	}
}

func TestGuess(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		` {"version":"2.1.0","runs":[]}`:                                            report.SARIF,
		`{"inlineExternalProperties":[],"version":"2.1.0","$schema":"x","runs":[]}`: report.SARIF,
		`{"SourceMetadata":{"Data":{}},"DetectorName":"AWS"}`:                       report.TruffleHog,
		`{"version":"1.5.0","filters_used":[],"results":{}}`:                        report.DetectSecrets,
	} {
		if format, _, err := read(strings.NewReader(text), ""); format != want || err != nil {
			t.Errorf("%s: %s, %v", text, format, err)
		}
	}
}

// TestNothing tells a scan that found nothing from one that did not end well.
func TestNothing(t *testing.T) {
	t.Parallel()
	for _, format := range append(report.Formats(), "") {
		for _, text := range []string{"", "\ufeff \n"} {
			_, n, err := read(strings.NewReader(text), format)
			if format == report.TruffleHog {
				if n != 0 || err != nil {
					t.Errorf("%s: %d findings, %v", format, n, err)
				}
				continue
			}
			if keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(err.Error(), "name the format trufflehog") {
				t.Errorf("%q: %v", format, err)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, text, format, err string }{
		{"no format", "[]", "CANARY", "there is no such format; name one of: gitleaks, sarif, trufflehog, detect-secrets"},
		{"CSV", "RuleID,Commit\nCANARY,1\n", "", "in no known format"},
		{"JUnit", "<testsuites>CANARY", "", "in no known format"},
		{"another document", `{"CANARY":[1],"results":[]}`, "", "in no known format"},
		{"a text", `"CANARY"`, "", "in no known format"},
		{"UTF-16", "\xff\xfe[\x00]\x00", report.Gitleaks, "is UTF-16"},
		{"another format than was named", "[]", report.SARIF, "sarif: read: at byte 1: is not an object"},
	} {
		_, _, err := read(strings.NewReader(c.text), c.format)
		if keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: got %v, want %s", c.what, err, c.err)
		}
	}
	broken := errors.New("the disk is gone")
	if _, _, err := read(iotest.ErrReader(broken), ""); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`[{"RuleID":"a","Secret":"CANARY-1"}]`, "")
	f.Add(`{"SourceMetadata":{"Data":{}},"DetectorName":"AWS","Raw":"CANARY-1"}`, "")
	f.Add(`{"version":"2.1.0","runs":[{"CANARY-1":0}]}`, "sarif")
	f.Add(`{"plugins_used":[],"results":{"CANARY-1":[{}]}}`, "detect-secrets")
	f.Fuzz(func(t *testing.T, text, format string) {
		if _, _, err := read(strings.NewReader(text), format); err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("the error quotes the report: %v", err)
		}
	})
}

// read counts the findings of a report.
func read(r io.Reader, format string) (string, int, error) {
	format, findings, err := report.Read(r, format)
	if err != nil {
		return format, 0, err
	}
	n := 0
	for _, err := range findings {
		if err != nil {
			return format, n, err
		}
		n++
	}
	return format, n, nil
}
