package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// keyOf is a key of an account that becomes due so many days after noon.
func keyOf(id keyturn.KeyID, provider, account string, days int) keyturn.Key {
	k := aKey()
	k.ID, k.Scope.Provider, k.Scope.Account = id, provider, account
	k.Storage.Secret.Path = "secret/" + string(id)
	k.Rotated, k.Audit.EveryDays = noon.AddDate(0, 0, days-90), 90
	return k
}

// store is the desk's registry.
func (d *desk) store(t *testing.T) registry.Store {
	t.Helper()
	s, err := d.registry(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// hold has an account be paused.
func (d *desk) hold(t *testing.T, issuer keyturn.Issuer) {
	t.Helper()
	p := registry.Pause{Issuer: issuer, Reason: "incident 4711", Actor: "carol@desk", At: noon.Add(-3 * time.Hour)}
	if err := d.store(t).SetPause(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// aFleet has three accounts: one with a bit of everything, one that no worker
// serves any more, and one that is paused.
func aFleet(t *testing.T) *desk {
	t.Helper()
	rotating := keyOf("aws-rotating", "aws", "123456789012", -1)
	rotating.Intent = &keyturn.Intent{Run: "run-1", Operation: keyturn.Rotate, Began: noon}
	waiting := keyOf("aws-waiting", "aws", "123456789012", -8)
	waiting.Intent = &keyturn.Intent{Run: "run-2", Operation: keyturn.Rotate, Began: noon, Manual: &keyturn.Manual{Step: keyturn.EndOld, Asked: noon}}
	d := newDesk(t, rotating, waiting, keyOf("aws-due", "aws", "123456789012", -1), keyOf("aws-due-too", "aws", "123456789012", -2), keyOf("aws-well", "aws", "123456789012", 30),
		keyOf("aws-other", "aws", "999", -1), keyOf("stripe-key", "stripe", "acct_1", 30))
	s := d.store(t)
	for i, what := range []string{registry.RolledBack, registry.Completed, registry.Completed} {
		k, err := s.Get(t.Context(), "aws-well")
		if err != nil {
			t.Fatal(err)
		}
		e := registry.Event{ID: fmt.Sprint("end/", i), What: what, Actor: "test", At: noon.Add(-time.Hour)}
		if _, err := s.Save(t.Context(), k, e); err != nil {
			t.Fatal(err)
		}
	}
	for account, ago := range map[string]time.Duration{"123456789012": time.Minute, "999": 3 * time.Hour} {
		if err := s.Serve(t.Context(), keyturn.Issuer{Provider: "aws", Account: account}, 0.05, noon.Add(-ago)); err != nil {
			t.Fatal(err)
		}
	}
	d.hold(t, keyturn.Issuer{Provider: "stripe", Account: "acct_1"})
	return d
}

func TestFleetStatus(t *testing.T) {
	t.Parallel()
	d := aFleet(t)
	d.expect(t, exitOK, "", "fleet", "status")
	golden(t, "testdata/fleet-status.txt", d.stdout.String())
	d.stdout.Reset()
	d.expect(t, exitOK, "", "fleet", "status", "--provider", "stripe")
	golden(t, "testdata/fleet-status-stripe.txt", d.stdout.String())
	d.stdout.Reset()
	d.expect(t, exitOK, "", "fleet", "status", "--output", "yaml")
	golden(t, "testdata/fleet-status.yaml", d.stdout.String())
	if d.temporal.asked != 0 || d.temporal.queries != 0 {
		t.Error("Temporal was asked")
	}
}

// TestKeyOfAPausedAccount: who looks at a key learns why nothing happens to it.
func TestKeyOfAPausedAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.hold(t, keyturn.Issuer{Provider: "stripe", Account: "acct_1"})
	d.expect(t, exitOK, "", "keys", "show", keyID)
	if want := "stripe/acct_1, 3h ago by carol@desk: incident 4711; see: keyturn providers pause --help\n"; !strings.Contains(d.stdout.String(), want) {
		t.Errorf("want %q in:\n%s", want, d.stdout)
	}
	d.stdout.Reset()
	d.expect(t, exitOK, "", "keys", "show", keyID, "-o", "json")
	var got struct {
		ID     string     `json:"id"`
		Paused *pauseView `json:"account_paused"`
	}
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil || got.ID != keyID || got.Paused == nil || got.Paused.Reason != "incident 4711" {
		t.Errorf("%+v (%v) in:\n%s", got, err, d.stdout)
	}
}

func TestFleetStatusOfNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.expect(t, exitOK, "no account has keys in service or is paused", "fleet", "status")
	d.expect(t, exitOK, "no account at aws has keys in service or is paused", "fleet", "status", "--provider", "aws")
	if d.stdout.Len() > 0 {
		t.Errorf("standard output is %q", d.stdout)
	}
	d.expect(t, exitOK, "", "fleet", "status", "--output", "json")
	var got fleetStatus
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil || !strings.Contains(d.stdout.String(), `"accounts": []`) {
		t.Errorf("error %v of %s", err, d.stdout)
	}
}

func TestAccountsAreCompleted(t *testing.T) {
	t.Parallel()
	d := aFleet(t)
	for line, want := range map[string]string{
		"providers pause ":       "aws/123456789012\t5 keys\naws/999\t1 key\n:4\n",
		"providers pause aws/9":  "aws/999\t1 key\n:4\n",
		"providers resume ":      "stripe/acct_1\t1 key\n:4\n",
		"providers resume aws/":  ":4\n",
		"providers pause aws x ": ":4\n",
	} {
		d.stdout.Reset()
		d.expect(t, exitOK, "", append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if diff := cmp.Diff(want, d.stdout.String()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}
