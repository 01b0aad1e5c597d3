package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn/scan"
)

// scanning runs a scan of a folder with files in it, and returns what it printed.
func scanning(t *testing.T, a *app, files map[string]string, args ...string) (code int) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return run(t.Context(), a, append([]string{"scan", "dir", dir}, args...))
}

// TestScanReportOnATerminal: values do not go to a screen.
func TestScanReportOnATerminal(t *testing.T) {
	t.Parallel()
	value := "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"
	var out, errs bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &errs, environment{})
	a.term = terminal{Out: true, Size: func() (int, int) { return 80, 24 }, Tick: time.Second}
	if code := scanning(t, a, map[string]string{"a": value}, "--report", "-"); code != exitUsage || !strings.Contains(errs.String(), "values do not belong on a screen") {
		t.Errorf("exit code %d: %s", code, &errs)
	}
	if out.Len() > 0 {
		t.Error("something is printed")
	}
}

// TestScanLeftOut: what was not seen is said, but not all of it where it is much, and
// not what is no text.
func TestScanLeftOut(t *testing.T) {
	t.Parallel()
	files := map[string]string{"picture.zip": "PK\x03\x04"}
	for i := range 13 {
		files[fmt.Sprintf("big-%02d", i)] = strings.Repeat("a", 1_000_001)
	}
	var out, errs bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &errs, environment{})
	if code := scanning(t, a, files, "--max-size", "1"); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	if len(lines) != 11 || lines[0] != "keyturn: warning: big-00 was not scanned: it has 1000001 bytes" || lines[10] != "keyturn: warning: 3 more files were not scanned; --output json lists them" {
		t.Errorf("warnings:\n%s", &errs)
	}
}

// TestScanProgress: on a terminal a bar is drawn, and cleared at the end.
func TestScanProgress(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &errs, environment{})
	a.term = terminal{Err: true}
	if code := scanning(t, a, map[string]string{"a": "x\n"}); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(errs.String(), "scanning") || out.String() != "1 file scanned, nothing found\n" {
		t.Errorf("standard error %q, standard output %q", &errs, &out)
	}
}

// TestScanOfAHistory is written with when a value became visible.
func TestScanOfAHistory(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	err := writeScan(&b, scan.History, scan.Result{Scanned: 3, Findings: []scan.Finding{
		{Rule: "private-key", File: "key.p12", Fingerprint: "c:key.p12:private-key:0", Since: noon},
	}})
	if want := "RULE         PLACE    SINCE       FINGERPRINT\nprivate-key  key.p12  " + noon.Format(time.DateOnly) + "  c:key.p12:private-key:0\n"; err != nil || b.String() != want {
		t.Errorf("%v\n%s", err, &b)
	}
}
