package leaks_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

var prints = leaks.Fingerprinter{Key: keyturn.NewSecret(strings.Repeat("k", 32))}

// block is a PEM block, with its lines broken as sep says.
func block(sep string) string {
	body := strings.Repeat("CANARYabcd", 13)
	return "-----BEGIN PRIVATE KEY-----" + sep + body[:64] + sep + body[64:] + sep + "-----END PRIVATE KEY-----" + sep
}

// credentials is a file as Google gives them out.
func credentials() keyturn.Secret {
	return keyturn.NewSecret(fmt.Sprintf(`{"type":"service_account","private_key_id":"0123456789abcdef0123456789abcdef01234567","private_key":%q}`, block("\n")))
}

// TestMarks: what a scanner finds has a mark of the key it is of.
func TestMarks(t *testing.T) {
	t.Parallel()
	value := keyturn.NewSecret("sk_live_CANARY0123456789")
	plain := keyturn.Issued{RemoteID: "AKIAIOSFODNN7EXAMPLE", Fingerprints: prints.Of(value)}
	file := keyturn.Issued{RemoteID: "0123456789abcdef0123456789abcdef01234567", Fingerprints: prints.Of(credentials()), Parts: prints.PartsOf(credentials())}
	digest := sha1.Sum([]byte(value.Expose()))
	for name, c := range map[string]struct {
		of    keyturn.Issued
		found leaks.Finding
		how   string
	}{
		"value":                  {plain, leaks.Finding{Value: value}, leaks.ByValue},
		"SHA-1":                  {plain, leaks.Finding{SHA1: strings.ToUpper(hex.EncodeToString(digest[:]))}, leaks.ByValue},
		"HMSL":                   {plain, leaks.Finding{HMSL: plain.Fingerprints.HMSL}, leaks.ByValue},
		"id":                     {plain, leaks.Finding{Value: keyturn.NewSecret("AKIAIOSFODNN7EXAMPLE")}, leaks.ByID},
		"value beside the id":    {plain, leaks.Finding{Value: keyturn.NewSecret("AKIAIOSFODNN7EXAMPLE"), Beside: []keyturn.Secret{value}}, leaks.ByValue},
		"whole file":             {file, leaks.Finding{Value: credentials()}, leaks.ByValue},
		"private key":            {file, leaks.Finding{Value: keyturn.NewSecret(block("\n"))}, leaks.ByPart},
		"private key in JSON":    {file, leaks.Finding{Value: keyturn.NewSecret(block(`\n`))}, leaks.ByPart},
		"private key of Windows": {file, leaks.Finding{Value: keyturn.NewSecret(block("\r\n"))}, leaks.ByPart},
		"id of the private key":  {file, leaks.Finding{Value: keyturn.NewSecret(`"private_key_id": "0123456789abcdef0123456789abcdef01234567"`)}, leaks.ByID},
	} {
		how := ""
		for _, m := range append(prints.Marks(c.found), prints.MarksBeside(c.found)...) {
			if got := leaks.HowMarked(m); slices.Contains(c.of.Marks(), m) && (how == "" || how == leaks.ByID || got == leaks.ByValue) {
				how = got
			}
		}
		if how != c.how {
			t.Errorf("%s: found by %q, want %s", name, how, c.how)
		}
	}
}

// TestLastingMarks: what is kept of a value nobody knows is no plain hash of it.
func TestLastingMarks(t *testing.T) {
	t.Parallel()
	for _, m := range leaks.Lasting(prints.Marks(leaks.Finding{Value: keyturn.NewSecret("sk_live_CANARY0123456789")})) {
		if m.Kind() == keyturn.MarkID || strings.Contains(string(m), "CANARY") {
			t.Errorf("%s is kept", m)
		}
	}
	if leaks.Lasting(nil) != nil {
		t.Error("nothing has no marks")
	}
	if got := (leaks.Fingerprinter{}).Marks(leaks.Finding{SHA1: strings.Repeat("a", 40)}); len(got) != 0 {
		t.Errorf("without a key a SHA-1 finds nothing: %v", got)
	}
}

// TestClean: what strangers write is kept short and in one line, and never shows the
// value.
func TestClean(t *testing.T) {
	t.Parallel()
	f := leaks.Finding{Value: keyturn.NewSecret("CANARY/0123 456789"), Beside: []keyturn.Secret{keyturn.NewSecret("what stands beside")}}
	for text, want := range map[string]string{
		"config/.env":                     "config/.env",
		"a\nb\x00c\u202e":                 "abc",
		"x CANARY/0123 456789 y":          "[left out: it shows the value]",
		"x CANARY%2F0123%20456789 y":      "[left out: it shows the value]",
		"https://me:pw@example.com/r.git": "https://example.com/r.git",
		"https://me:p%ss@example.com/r":   "https://example.com/r",
		"dir/CANARY/\u200b0123 456789":    "[left out: it shows the value]",
		"dir/CANARY%2F0123+456789":        "[left out: it shows the value]",
		"what stands beside it":           "[left out: it shows the value]",
		strings.Repeat("é", 300):          strings.Repeat("é", 200) + "…",
	} {
		if got := f.Clean(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for url, want := range map[string]string{
		"https://u:p@github.com/a/b#L3":    "https://github.com/a/b#L3",
		"javascript:alert(1)":              "",
		"https://x/CANARY%2F0123%20456789": "",
	} {
		if got := (leaks.Finding{Value: f.Value, URL: url}).Link(); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
	f.Event = "dir/CANARY/0123 456789:3"
	if id := f.EventID(); strings.Contains(id, "CANARY") || id == (leaks.Finding{Value: f.Value, Event: "other/CANARY/0123 456789"}).EventID() {
		t.Errorf("the event is %q", id)
	}
}
