package activities_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

// prover is a pretender that can also try a value and say whose it is.
type prover struct {
	*pretender
	verify, identify error // what it says instead of the truth
}

func (v *prover) Verify(_ context.Context, id string, s keyturn.Secret) error {
	if v.verify != nil {
		return v.verify
	}
	if k, ok := v.FindSecret(s.Expose()); !ok || k.Revoked || !k.Enabled {
		return keyturn.Errorf(keyturn.Denied, "test: verify", "refused")
	}
	return nil
}

func (v *prover) Identify(_ context.Context, s keyturn.Secret) (string, error) {
	if v.identify != nil {
		return "", v.identify
	}
	if k, ok := v.FindSecret(s.Expose()); ok && !k.Revoked {
		return k.ID, nil
	}
	return "", keyturn.Errorf(keyturn.NotFound, "test: identify", "none of ours")
}

// pairProver is a pretender whose values are tried together with their key's id.
type pairProver struct{ *pretender }

func (p pairProver) Verify(_ context.Context, id string, s keyturn.Secret) error {
	if k, ok := p.FindSecret(s.Expose()); !ok || k.ID != id || k.Revoked || !k.Enabled {
		return keyturn.Errorf(keyturn.Denied, "test: verify", "refused")
	}
	return nil
}

func (pairProver) VerifiesPair() {}

// adoption is a world with a key that nobody knows, its value where consumers
// read it, and an entry that was never issued.
type adoption struct {
	*ledgerWorld
	prover *prover
	id     string // the vendor's
	in     activities.AdoptKeyInput
}

func newAdoption(t *testing.T) *adoption {
	t.Helper()
	w := newLedgerWorld(t)
	a := &adoption{ledgerWorld: w, prover: &prover{pretender: w.vendor}}
	w.keys.Providers[acme] = a.prover
	k := w.made("svc", "", 3*month)
	a.id = k.ID
	w.entry("legacy", "svc")
	a.put("secret/legacy", secrets.Value{Secret: keyturn.NewSecret(k.Secret)})
	a.in = activities.AdoptKeyInput{RemoteID: k.ID, Run: activities.Run{
		ID: "run-1", Key: "legacy", Issuer: acme, Operation: "adopt", Cause: activities.Cause{Reason: "requested", Actor: "bob"},
	}}
	return a
}

func (a *adoption) put(path string, v secrets.Value) {
	a.t.Helper()
	if err := a.store.Put(a.t.Context(), keyturn.SecretRef{Store: "default", Path: path}, v); err != nil {
		a.t.Fatal(err)
	}
}

func (a *adoption) adopt() (activities.AdoptKeyResult, error) {
	return a.keys.AdoptKey(a.t.Context(), a.in)
}

// adopted are the adoptions in the entry's history.
func (a *adoption) adopted() (details []string) {
	a.t.Helper()
	for e, err := range a.registry.History(a.t.Context(), "legacy") {
		if err != nil {
			a.t.Fatal(err)
		}
		if e.What == registry.Adopted {
			details = append(details, e.Actor+": "+e.Detail)
		}
	}
	return details
}

func TestAdoptKey(t *testing.T) {
	t.Parallel()
	a := newAdoption(t)
	made := a.now.Add(-3 * month)
	value := keyturn.NewSecret(a.vendor.Value(a.id))
	want := keyturn.Issued{
		Generation: 1, RemoteID: a.id, Version: "put:1", State: keyturn.Current, Created: made, Promoted: a.now,
		Fingerprints: a.keys.Fingerprints.Of(value),
	}
	for attempt := range 2 {
		got, err := a.adopt()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(activities.AdoptKeyResult{New: want, Expires: a.now.AddDate(1, 0, 0)}, got); diff != "" && attempt == 0 {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		a.now = a.now.Add(time.Minute) // the answer was lost; the activity runs again
	}
	k := a.get("legacy")
	if diff := cmp.Diff([]keyturn.Issued{want}, k.Ledger); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	if !k.Rotated.Equal(made) || k.Generation != 1 || k.Intent != nil || !k.Due().Equal(made.AddDate(0, 0, 90)) {
		t.Errorf("rotated %s, generation %d, intent %v, due %s", k.Rotated, k.Generation, k.Intent, k.Due())
	}
	if diff := cmp.Diff([]string{"bob: " + a.id + ", at version put:1"}, a.adopted()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if log := a.vendor.Log(); len(log) != 1 {
		t.Errorf("something was changed at the vendor: %+v", log)
	}
	a.reconcile()
	a.wantFindings()
}

// TestAdoptKeyUnproven takes the word of whoever asks where nothing can be shown,
// and says so.
func TestAdoptKeyUnproven(t *testing.T) {
	t.Parallel()
	cannot := keyturn.Errorf(keyturn.Unsupported, "test", "cannot")
	for name, c := range map[string]struct {
		change func(a *adoption)
		want   string
	}{
		"it tells nobody whose a value is": {func(a *adoption) { a.prover.identify = cannot }, "nothing shows that the value is this key's"},
		"it tries no value":                {func(a *adoption) { a.prover.verify = cannot }, "nothing could try the value"},
		"it only lists": {
			func(a *adoption) { a.keys.Providers[acme] = a.vendor },
			"nothing could try the value; nothing shows that the value is this key's",
		},
		"it offers nothing": {
			func(a *adoption) { a.keys.Providers[acme], a.in.Unverified = mute{a.vendor.info}, true },
			"nothing shows that test/a has this key; nothing could try the value; nothing shows that the value is this key's",
		},
		"it does not list this principal": {func(a *adoption) {
			a.vendor.byOne, a.in.Unverified = true, true
			a.change("legacy", func(k *keyturn.Key) { k.Scope.Principal = "" })
		}, "nothing shows that test/a has this key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAdoption(t)
			a.change("legacy", func(k *keyturn.Key) { k.Rotated = a.now.Add(-2 * month) })
			c.change(a)
			got, err := a.adopt()
			if err != nil || got.Unproven != c.want {
				t.Fatalf("unproven: %q, %v", got.Unproven, err)
			}
			if h := a.adopted(); len(h) != 1 || !strings.HasSuffix(h[0], "; "+c.want) {
				t.Errorf("history: %q", h)
			}
			// Where the vendor does not say how old it is, the entry does.
			age := 3 * month
			if strings.Contains(c.want, "has this key") {
				age = 2 * month
			}
			if k := a.get("legacy"); !k.Rotated.Equal(a.now.Add(-age)) {
				t.Errorf("rotated %s", k.Rotated)
			}
		})
	}
}

func TestAdoptKeyRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(a *adoption)
		kind   keyturn.Kind
		says   string
	}{
		"no id":            {func(a *adoption) { a.in.RemoteID = "" }, keyturn.Invalid, "the vendor's id is missing"},
		"an unknown id":    {func(a *adoption) { a.in.RemoteID = "key_typo" }, keyturn.NotFound, "test/a has no key key_typo of svc"},
		"no value":         {func(a *adoption) { a.change("legacy", func(k *keyturn.Key) { k.Storage.Secret.Path = "secret/empty" }) }, keyturn.Invalid, "no value is stored at secret/empty"},
		"a retired entry":  {func(a *adoption) { a.change("legacy", func(k *keyturn.Key) { k.Retired = a.now }) }, keyturn.Invalid, "the key was ended on 2026-07-01"},
		"a moved entry":    {func(a *adoption) { a.in.Run.Issuer.Account = "b" }, keyturn.Conflict, "start again"},
		"nothing listable": {func(a *adoption) { a.keys.Providers[acme] = mute{a.vendor.info} }, keyturn.Invalid, "test/a cannot list its keys, so nothing shows that it has this one; look yourself, and then say --unverified"},
		"another's principal": {
			func(a *adoption) { a.change("legacy", func(k *keyturn.Key) { k.Scope.Principal = "" }) },
			keyturn.Invalid, "the key is one of svc; write that into the entry as scope.principal",
		},
		"a key that is off":  {func(a *adoption) { _ = a.vendor.SetEnabled("t", "", a.id, false) }, keyturn.Conflict, "switched off or past its end"},
		"a dead value":       {func(a *adoption) { a.prover.verify = keyturn.Errorf(keyturn.Denied, "v", "refused") }, keyturn.Denied, "was tried as that of key"},
		"a stranger's value": {func(a *adoption) { a.prover.identify = keyturn.Errorf(keyturn.NotFound, "i", "none") }, keyturn.Conflict, "is that of no key of this account"},
		"a vendor that is down": {
			func(a *adoption) { a.prover.identify = keyturn.Errorf(keyturn.Unavailable, "i", "down") },
			keyturn.Unavailable, "down",
		},
		"another key's value": {func(a *adoption) {
			other := a.made("svc", "", month)
			a.put("secret/legacy", secrets.Value{Secret: keyturn.NewSecret(other.Secret)})
		}, keyturn.Conflict, "and not of key_"},
		"another key's id in the store": {func(a *adoption) {
			a.put("secret/legacy", secrets.Value{RemoteID: "key_other", Secret: keyturn.NewSecret(a.vendor.Value(a.id))})
		}, keyturn.Conflict, "secret/legacy holds the value together with the id of another key"},
		"the value as the id": {func(a *adoption) { a.in.RemoteID = a.vendor.Value(a.id) }, keyturn.Invalid, "what was given as the key's id holds its value"},
		"issued already": {func(a *adoption) {
			a.change("legacy", func(k *keyturn.Key) {
				k.Ledger = []keyturn.Issued{{Generation: 1, RemoteID: "key_mine", State: keyturn.Current}}
			})
		}, keyturn.Invalid, "already issued; rotate it with: keyturn rotate legacy"},
		"not quite ended": {func(a *adoption) {
			a.change("legacy", func(k *keyturn.Key) {
				k.Ledger = []keyturn.Issued{{Generation: 1, RemoteID: "key_mine", State: keyturn.Revoking}}
			})
		}, keyturn.Conflict, "still names a key"},
		"cut off": {func(a *adoption) {
			a.change("legacy", func(k *keyturn.Key) {
				k.Generation, k.Intent = 1, &keyturn.Intent{Run: "r", Operation: keyturn.Issue, Generation: 1, Began: a.now}
			})
		}, keyturn.Invalid, "finish it first with: keyturn issue legacy"},
		"another entry's key": {func(a *adoption) {
			a.entry("twin", "svc")
			a.change("twin", func(k *keyturn.Key) {
				k.Ledger = []keyturn.Issued{{Generation: 4, RemoteID: a.id, State: keyturn.Retiring}}
			})
		}, keyturn.Conflict, "entry twin names key"},
		"another entry's value": {func(a *adoption) {
			a.entry("twin", "other")
			a.change("twin", func(k *keyturn.Key) {
				k.Scope.Provider = "elsewhere"
				k.Ledger = []keyturn.Issued{{Generation: 1, RemoteID: "x", State: keyturn.Current, Fingerprints: a.keys.Fingerprints.Of(keyturn.NewSecret(a.vendor.Value(a.id)))}}
			})
		}, keyturn.Conflict, "entry twin has this very value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAdoption(t)
			c.change(a)
			before := a.get("legacy")
			_, err := a.adopt()
			if keyturn.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %s: %v", keyturn.KindOf(err), err)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error quotes a value: %v", err)
			}
			if diff := cmp.Diff(before, a.get("legacy")); diff != "" {
				t.Errorf("the entry was changed:\n%s", diff)
			}
		})
	}
}

// TestAdoptKeyByItsPair: where a value is accepted only with the id of its own
// key, it needs no other proof, and that of another key is refused.
func TestAdoptKeyByItsPair(t *testing.T) {
	t.Parallel()
	a := newAdoption(t)
	a.keys.Providers[acme] = pairProver{a.vendor}
	if got, err := a.adopt(); err != nil || got.Unproven != "" {
		t.Errorf("unproven: %q, %v", got.Unproven, err)
	}
	b := newAdoption(t)
	b.keys.Providers[acme] = pairProver{b.vendor}
	other := b.made("svc", "", month)
	b.put("secret/legacy", secrets.Value{Secret: keyturn.NewSecret(other.Secret)})
	if _, err := b.adopt(); keyturn.KindOf(err) != keyturn.Denied {
		t.Errorf("the value of another key: %v", err)
	}
}

// TestAdoptKeyAgain takes note of the version consumers read now, where only other
// fields were written beside the value.
func TestAdoptKeyAgain(t *testing.T) {
	t.Parallel()
	a := newAdoption(t)
	if _, err := a.adopt(); err != nil {
		t.Fatal(err)
	}
	before := a.get("legacy")
	// The store tells versions apart by what is beside the value.
	a.put("secret/legacy", secrets.Value{RemoteID: a.id, Secret: keyturn.NewSecret(a.vendor.Value(a.id))})
	a.reconcile()
	a.wantFindings(activities.ForeignValue + " default:secret/legacy")

	for _, run := range []string{"run-2", "run-2", "run-3"} {
		a.in.Run.ID = run
		got, err := a.adopt()
		if err != nil || got.New.Version != "put:2" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	before.Ledger[0].Version, before.Revision = "put:2", before.Revision+1
	if diff := cmp.Diff(before, a.get("legacy")); diff != "" {
		t.Errorf("the entry (-want +got):\n%s", diff)
	}
	if h := a.adopted(); len(h) != 2 {
		t.Errorf("history: %q", h)
	}
	a.reconcile()
	a.wantFindings()

	other := a.made("svc", "", month)
	a.put("secret/legacy", secrets.Value{Secret: keyturn.NewSecret(other.Secret)})
	if _, err := a.adopt(); keyturn.KindOf(err) != keyturn.Conflict || !strings.Contains(err.Error(), "holds another value than that of the key the registry knows") {
		t.Errorf("another value: %v", err)
	}
}

// TestAdoptKeyCountsOn gives no number a second time: the value, or the key, may
// be older than the registry.
func TestAdoptKeyCountsOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		label, version string
		generation     int // of the entry
		want           int
	}{
		"fresh":                     {"", "", 0, 1},
		"an issuance was undone":    {"", "", 3, 4},
		"a value of ours":           {"", "legacy/g7", 0, 7},
		"a key of ours":             {"legacy/g5", "", 0, 5},
		"both":                      {"legacy/g5", "legacy/g7", 1, 7},
		"somebody else's":           {"other/g9", "other/g8", 0, 1},
		"older than what came next": {"legacy/g2", "legacy/g2", 4, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAdoption(t)
			if c.label != "" {
				k := a.made("svc", c.label, month)
				a.id, a.in.RemoteID = k.ID, k.ID
				a.put("secret/legacy", secrets.Value{Secret: keyturn.NewSecret(k.Secret)})
			}
			a.change("legacy", func(k *keyturn.Key) { k.Generation = c.generation })
			if c.version != "" {
				ctx, ref := t.Context(), a.get("legacy").Storage.Secret
				now, err := a.store.Current(ctx, ref)
				if err == nil {
					_, err = a.store.Stage(ctx, ref, secrets.Draft{Label: c.version, RemoteID: a.id, Value: keyturn.NewSecret(a.vendor.Value(a.id))})
				}
				if err == nil {
					err = a.store.Promote(ctx, ref, now.Name, keyturn.SecretVersion(c.version))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, err := a.adopt(); err != nil {
				t.Fatal(err)
			}
			if k := a.get("legacy"); k.Generation != c.want || k.Ledger[0].Generation != c.want {
				t.Errorf("generation %d, %d in the ledger, want %d", k.Generation, k.Ledger[0].Generation, c.want)
			}
		})
	}
}

var (
	_ providers.Verifier   = (*prover)(nil)
	_ providers.Identifier = (*prover)(nil)
)
