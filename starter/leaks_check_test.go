package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

func TestLeaksCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value, args string
		code        int
	}{
		"check.txt":         {searchValue + "\n", "", exitOK},
		"check.json":        {paymentsValue, "-o json", exitOK},
		"check-id.txt":      {"AWS_ACCESS_KEY_ID=" + searchID, "", exitOK},
		"check-unknown.txt": {strangeValue, "", exitFailed},
		"check-nobody.json": {strangeValue, "-o json", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.leaked(t)
			d.in = strings.NewReader(c.value)
			d.expect(t, c.code, "", append([]string{"leaks", "check"}, strings.Fields(c.args)...)...)
			golden(t, "testdata/leaks/"+name, d.stdout.String())
			if len(d.all(t)) != 1 || len(d.temporal.leaks.calls) > 0 || d.stderr.Len() > 0 {
				t.Errorf("something was recorded, or said: %s", d.stderr)
			}
			d.quiet(t)
		})
	}
}

// TestLeaksCheckOld recognises a generation that was ended long ago.
func TestLeaksCheckOld(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.happened(t, keyID, registry.Completed, "run/completed", noon.AddDate(0, -1, 0), "bob", "rk_1 revoked, its value is refused", func(k *keyturn.Key) {
		k.Generation = 2
		k.Ledger[0] = keyturn.Issued{Generation: 2, RemoteID: "rk_2", Version: keyID + "/g2", State: keyturn.Current, Created: noon}
	})
	check := func() *checkedKey {
		t.Helper()
		d.stdout.Reset()
		d.in = strings.NewReader(paymentsValue)
		d.expect(t, exitOK, "", "leaks", "check", "-o", "json")
		var v checkedValue
		if err := json.Unmarshal(d.stdout.Bytes(), &v); err != nil || len(v.Keys) != 1 {
			t.Fatalf("%v: %s", err, d.stdout)
		}
		return v.Keys[0]
	}
	if k := check(); k.State != deadState || !k.Since.Equal(noon.AddDate(0, -1, 0)) || k.Generation != 1 {
		t.Errorf("%+v", k)
	}
	d.settings.FingerprintKeyFile = "" // the public fingerprint does
	if k := check(); k.State != deadState || k.Match != leaks.ByValue {
		t.Errorf("without the key: %+v", k)
	}
}

func TestCheckedStates(t *testing.T) {
	t.Parallel()
	for want, k := range map[string]checkedKey{
		"dead: it is in no ledger any more":                               {State: deadState},
		"dead since 2027-03-01T11:00:00Z (1h ago)":                        {State: deadState, Since: noon.Add(-time.Hour)},
		"retiring, ended because it leaked 2027-03-01T11:00:00Z (1h ago)": {State: "retiring", Killed: noon.Add(-time.Hour)},
		"staged: it works, and nobody reads it yet":                       {State: "staged"},
		"retiring: it is superseded and still works":                      {State: "retiring"},
		"disabled: it is superseded and switched off":                     {State: "disabled"},
		"revoking: it is being revoked":                                   {State: "revoking"},
	} {
		if got := k.stands(noon); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLeaksCheckReports(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.keeps(t)
	d.in = strings.NewReader(strangeValue + "\n")
	d.expect(t, exitOK, "", "leaks", "check", "--report", "--where", "channel #deploys", "--public", "--as", "carol")
	all := d.all(t)
	if len(all) != 1 || len(d.temporal.leaks.calls) != 1 || d.temporal.leaks.calls[0].in.ID != all[0].ID {
		t.Fatalf("recorded %+v, answered %+v", all, d.temporal.leaks.calls)
	}
	l := all[0]
	if l.Source != "operator" || l.Actor != "carol" || !l.Public || l.Key != "" || string(l.Kept) != l.ID {
		t.Errorf("%+v", l)
	}
	for h, err := range d.store(t).LeakHits(t.Context(), l.ID) {
		if err != nil || h.Place != "channel #deploys" || !h.Public || h.Event == "" {
			t.Errorf("%+v, %v", h, err)
		}
	}
	want := "it is no key's, as far as is known\nkeys that are older than their fingerprints get them with: keyturn leaks backfill\n" +
		"recorded as leak " + l.ID + " (new, open); follow it with: keyturn leaks show " + l.ID + "\n"
	if diff := cmp.Diff(want, d.stdout.String()); diff != "" {
		t.Errorf("stdout (-want +got)\n%s", diff)
	}
	d.in = strings.NewReader(strangeValue)
	d.expect(t, exitOK, "", "leaks", "check", "--report", "-o", "json")
	if again := d.all(t); len(again) != 1 || again[0].Hits != 2 {
		t.Errorf("told again: %+v", again)
	}
	d.quiet(t)
}

func TestLeaksCheckMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stdin string
		args  []string
		says  string
	}{
		"no value":          {"\n", nil, "no value was given"},
		"too long":          {strings.Repeat("x", maxValue+1), nil, "longer than 64 KiB"},
		"no such file":      {"", []string{"--file", "/nowhere/value"}, "/nowhere/value"},
		"value as argument": {"", []string{"x"}, "takes no argument"},
		"value as place":    {paymentsValue, []string{"--report", "--where", "in " + paymentsValue}, "--where holds the value itself"},
		"only looked at":    {paymentsValue, []string{"--where", "x"}, "add --report"},
		"public":            {paymentsValue, []string{"--public"}, "add --report"},
		"many lines":        {paymentsValue, []string{"--report", "--where", "a\nb"}, "one line of plain text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.in = strings.NewReader(c.stdin)
			d.expect(t, exitUsage, c.says, append([]string{"leaks", "check"}, c.args...)...)
			if len(d.all(t)) > 0 || d.stdout.Len() > 0 {
				t.Errorf("something was recorded or said: %s", d.stdout)
			}
			d.quiet(t)
		})
	}
	d := leaky(t)
	d.expect(t, exitUsage, "--file: ", "leaks", "check", "--file", filepath.Join(t.TempDir(), "none"))
	// At a terminal the value is asked for, and there is none here.
	d.term.In = true
	d.expect(t, exitUsage, "Value (it is not shown): \nkeyturn: leaks check: there is no terminal to ask on", "leaks", "check")
}
