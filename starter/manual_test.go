package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
	"github.com/keyturn/keyturn/workflows"
)

// handKey is a key that waits for a person to take a step.
func handKey(step keyturn.ManualStep) keyturn.Key {
	k := aKey()
	k.Generation = 2
	k.Intent = &keyturn.Intent{
		Run: "run-1", Operation: keyturn.Rotate, Generation: 2, Began: noon.AddDate(0, 0, -2), ByHand: true,
		Manual: &keyturn.Manual{
			Step: step, Key: "rotate/run-1", Asked: noon.AddDate(0, 0, -2), Due: noon.AddDate(0, 0, 5),
			Ticket: keyturn.TicketRef{Tracker: "ops", ID: "10012", URL: "https://acme.atlassian.net/browse/OPS-12"},
		},
	}
	return k
}

func TestManualListAndShow(t *testing.T) {
	t.Parallel()
	late := handKey(keyturn.EndOld)
	late.ID, late.Storage.Secret.Path = "partner-portal-001", "secret/partner"
	late.Intent.Manual.Due = noon.AddDate(0, 0, -1)
	done := handKey(keyturn.SupplyValue)
	done.ID, done.Storage.Secret.Path, done.Intent.Manual.Done = "done-001", "secret/done", true
	d := newDesk(t, handKey(keyturn.SupplyValue), late, done)
	for name, args := range map[string][]string{
		"manual-list.txt":     {"manual", "list"},
		"manual-overdue.json": {"manual", "list", "--overdue", "-o", "json"},
		"manual-supply.txt":   {"manual", "show", keyID},
		"manual-end.yaml":     {"manual", "show", "partner-portal-001", "-o", "yaml"},
		"manual-end.txt":      {"manual", "show", "partner-portal-001"},
	} {
		d.stdout.Reset()
		d.global.output = table
		d.expect(t, exitOK, "", args...)
		golden(t, "testdata/"+name, d.stdout.String())
	}
	d.global.output = table
	d.expect(t, exitRefused, "nothing is asked of a person for this key just now; see: keyturn keys show done-001", "manual", "show", "done-001")
	d.expect(t, exitRefused, "no key", "manual", "show", "nobody-001")
	d.stdout.Reset()
	d.expect(t, exitOK, "no key waits for a person", "manual", "list", "--team", "nobody")
}

// supplies gives the desk a store to write to.
func (d *desk) supplies(t *testing.T) *local.Store {
	t.Helper()
	cfg := local.Config{Dir: filepath.Join(t.TempDir(), "values"), Create: true}
	store, err := local.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	d.settings.Stores = config.Stores{"vault": config.Store{Local: &cfg}}
	return store
}

func TestManualSupply(t *testing.T) {
	t.Parallel()
	const value = "CANARY-of-the-portal"
	file := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(file, []byte(value+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		stdin string
		args  []string
		id    string
	}{
		"standard input": {value + "\n", nil, keyID + "/g2"},
		"a file":         {"", []string{"--file", file}, keyID + "/g2"},
		"with an id":     {value, []string{"--key-id", "rk_2"}, "rk_2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, handKey(keyturn.SupplyValue))
			d.underWay("RotateKey")
			store := d.supplies(t)
			ref := keyturn.SecretRef{Store: "vault", Path: "secret/payments/stripe-live"}
			// A value that was supplied before gives way.
			if _, err := store.Stage(t.Context(), ref, secrets.Draft{Label: keyID + "/g2", RemoteID: "x", Value: keyturn.NewSecret("typo")}); err != nil {
				t.Fatal(err)
			}
			d.in = strings.NewReader(c.stdin)
			d.temporal.verdict = workflows.Verdict{Accepted: true, Step: keyturn.SupplyValue}
			d.expect(t, exitOK, "stored where no consumer looks", append([]string{"manual", "supply", keyID}, c.args...)...)
			got, err := store.Find(t.Context(), ref, keyID+"/g2")
			if err != nil || got.RemoteID != c.id {
				t.Fatalf("%+v, %v", got, err)
			}
			v, err := store.Read(t.Context(), ref, got.Name)
			if err != nil || v.Secret.Expose() != value {
				t.Errorf("another value was stored (%v)", err)
			}
			u := d.temporal.updates[0]
			want := []any{workflows.Claim{Word: workflows.Word{Actor: "bob@laptop"}, Step: keyturn.SupplyValue}}
			if diff := cmp.Diff(want, u.Args); diff != "" || u.UpdateName != workflows.UpdateConfirm {
				t.Errorf("%s, arguments (-want +got)\n%s", u.UpdateName, diff)
			}
			if strings.Contains(d.stdout.String()+d.stderr.String(), value) {
				t.Error("the value was printed")
			}
		})
	}
}

func TestManualSupplyRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step  keyturn.ManualStep
		stdin string
		args  []string
		code  int
		says  string
	}{
		"no value":         {keyturn.SupplyValue, "\n", nil, exitUsage, "no value was given"},
		"too long":         {keyturn.SupplyValue, strings.Repeat("x", maxValue+1), nil, exitUsage, "longer than 64 KiB"},
		"not text":         {keyturn.SupplyValue, "\xff\xfe", nil, exitUsage, "not text"},
		"no such file":     {keyturn.SupplyValue, "", []string{"--file", "none"}, exitUsage, "none"},
		"another step":     {keyturn.EndOld, "v", nil, exitRefused, "no value is asked for now"},
		"value as the id":  {keyturn.SupplyValue, "v", []string{"--key-id", "v"}, exitUsage, "--key-id holds the value itself"},
		"no patience":      {keyturn.SupplyValue, "v", []string{"--timeout", "0s"}, exitUsage, "--timeout"},
		"not accepted":     {keyturn.SupplyValue, "v", nil, exitRefused, "not accepted: the new value was tried and refused"},
		"only looked into": {keyturn.SupplyValue, "v", []string{"--dry-run"}, exitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, handKey(c.step))
			d.underWay("RotateKey")
			store := d.supplies(t)
			d.in = strings.NewReader(c.stdin)
			d.temporal.verdict = workflows.Verdict{Why: "the new value was tried and refused"}
			d.expect(t, c.code, c.says, append([]string{"manual", "supply", keyID}, c.args...)...)
			_, err := store.Find(t.Context(), keyturn.SecretRef{Store: "vault", Path: "secret/payments/stripe-live"}, keyID+"/g2")
			if stored := err == nil; stored != (name == "not accepted") {
				t.Errorf("stored: %t", stored)
			}
		})
	}
	d := newDesk(t, handKey(keyturn.SupplyValue))
	d.in = strings.NewReader("v")
	d.expect(t, exitUsage, `no store named "vault"`, "manual", "supply", keyID)
}

func TestManualConfirm(t *testing.T) {
	t.Parallel()
	d := newDesk(t, handKey(keyturn.EndOld))
	d.underWay("RotateKey")
	d.temporal.verdict = workflows.Verdict{Accepted: true, Step: keyturn.EndOld}
	d.expect(t, exitOK, "", "manual", "confirm", keyID, "--note", "in the portal")
	if !strings.Contains(d.stdout.String(), "checked and accepted") {
		t.Errorf("it said %q", d.stdout)
	}
	d.temporal.verdict = workflows.Verdict{Step: keyturn.EndOld, Why: "key rk_1 still works: its value was tried and accepted"}
	d.expect(t, exitRefused, "not accepted: key rk_1 still works", "manual", "confirm", keyID, "--step", "end")
	d.expect(t, exitUsage, "--step is supply, end or end_new", "manual", "confirm", keyID, "--step", "begin")
	if got := d.temporal.updates[1].Args[0].(workflows.Claim).Step; got != keyturn.EndOld {
		t.Errorf("claimed %q", got)
	}
}

func TestManualExtendAndCancel(t *testing.T) {
	t.Parallel()
	d := newDesk(t, handKey(keyturn.SupplyValue), func() keyturn.Key {
		k := aKey()
		k.ID, k.Storage.Secret.Path = "idle-001", "secret/idle"
		return k
	}())
	d.underWay("RotateKey")
	d.expect(t, exitOK, "", "manual", "extend", keyID, "--for", "3d")
	d.expect(t, exitOK, "", "manual", "cancel", keyID)
	want := []any{workflows.Extension{Word: workflows.Word{Actor: "bob@laptop"}, For: keyturn.Duration(72 * time.Hour)}, workflows.Word{Actor: "bob@laptop"}}
	for i, u := range d.temporal.updates {
		if diff := cmp.Diff(want[i], u.Args[0]); diff != "" {
			t.Errorf("update %d (-want +got)\n%s", i, diff)
		}
	}
	d.expect(t, exitRefused, "nothing is asked of a person", "manual", "extend", "idle-001", "--for", "3d")
	d.expect(t, exitRefused, "nothing is asked of a person", "manual", "cancel", "idle-001")
}
