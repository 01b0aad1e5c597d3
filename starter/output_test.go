package main

import (
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn/registry"
)

// TestYAMLIsRead: text that looks like something else comes back as text.
func TestYAMLIsRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"plain", "yes", "no", "on", "null", "~", "true", "0x1f", "1e3", "0123", "12_3", ".5", "2026-01-01", "2026-01-01T00:00:00Z", "- x", "a: b",
		"# no comment", "'", `"`, "a\nb", " lead", "trail ", "@x", "`x`", "*x", "&x", "!x", "%x", "{}", "[]", ">", "|", "鍵", "é", "=", "<<", "1:30",
	} {
		b, err := toYAML(map[string]any{"text": text, "n": 3})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := yaml.Unmarshal(b, &back); err != nil {
			t.Errorf("%q: %v\n%s", text, err, b)
			continue
		}
		if diff := cmp.Diff(map[string]any{"text": text, "n": uint64(3)}, back); diff != "" {
			t.Errorf("%q (-want +got)\n%s\n%s", text, diff, b)
		}
	}
}

// TestHistoryIsHarmless: what stands in the registry cannot steer a terminal.
func TestHistoryIsHarmless(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	store, err := d.registry(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k, err := store.Get(t.Context(), keyID)
	if err != nil {
		t.Fatal(err)
	}
	event := registry.Event{ID: "x", Key: keyID, What: registry.Noted, Actor: "mallory", At: noon, Reason: "a\x1b]0;title\x07b\nc"}
	if _, err := store.Save(t.Context(), k, event); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	d.expect(t, exitOK, "", "keys", "history", keyID)
	golden(t, "testdata/history.txt", d.stdout.String())
}
