package e2e

import (
	"slices"
	"syscall"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// childDies makes a child process end with this one.
func childDies() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// promised compares the world with what was promised of a key in service:
// exactly one live key, its value where consumers read it, the registry right,
// and nothing ended that was in use. strangers are keys that are not ours and
// must have been left alone.
func (sc *scenario) promised(t *testing.T, strangers ...string) {
	t.Helper()
	for _, b := range sc.brokenPromises() {
		t.Error(b)
	}
	k := sc.key()
	if k.Intent != nil {
		t.Errorf("the registry still has an intent: %+v", k.Intent)
	}
	if len(k.Ledger) != 1 || k.Ledger[0].State != keyturn.Current {
		t.Fatalf("the ledger holds %+v, not one current key", k.Ledger)
	}
	current := k.Ledger[0]
	var live []fake.Key
	for _, l := range sc.ledger.Live(sc.vendor.Principal()) {
		if !slices.Contains(strangers, l.ID) {
			live = append(live, l)
		}
	}
	if len(live) != 1 || live[0].ID != current.RemoteID || !live[0].Enabled {
		t.Errorf("at the vendor %d keys live %+v, the registry says %s", len(live), live, current.RemoteID)
	}
	for _, s := range strangers {
		if l, ok := sc.ledger.Find(s); !ok || l.Revoked || !l.Enabled {
			t.Errorf("stranger's key %s was touched", s)
		}
	}
	keyID, value, generation, err := sc.consumed(t.Context(), sc.path)
	if err != nil {
		t.Fatalf("consumers cannot read the path: %v", err)
	}
	want := sc.ledger.Value(current.RemoteID)
	if sc.vendor.OwnValues { // the vendor has only the public half
		want = value
		sc.known(middle(value))
	}
	if keyID != current.RemoteID || value == "" || value != want || generation != string(current.Version) {
		t.Errorf("consumers read key %s of generation %s, want %s of %s (or the value differs)", keyID, generation, current.RemoteID, current.Version)
	}
	if current.Fingerprints.HMSL == "" {
		t.Error("the current key has no fingerprint")
	}
}

func (sc *scenario) brokenPromises() []string {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return slices.Clone(sc.broken)
}

// middle is a part of a long value that is in no other.
func middle(value string) string {
	if len(value) < 300 {
		return value
	}
	return value[200:240]
}
