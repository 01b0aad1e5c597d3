package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
)

// knowing is a vendor that tells whose a value is.
type knowing struct{ suspender }

var _ providers.Identifier = knowing{}

func (k knowing) Identify(_ context.Context, s keyturn.Secret) (string, error) {
	found, ok := k.FindSecret(s.Expose())
	if !ok || found.Revoked {
		return "", keyturn.Errorf(keyturn.NotFound, "vendor: identify", "none of ours")
	}
	return found.ID, nil
}

func canIdentify(w *world) { w.provider = knowing{suspender{w.vendor}} }

func (l *leakWorld) finding() (out registry.Finding) {
	l.t.Helper()
	for f, err := range l.registry.Findings(l.t.Context(), registry.FindingFilter{Check: "leak"}) {
		if err != nil {
			l.t.Fatal(err)
		}
		out = f
	}
	return out
}

// kept is the value of a leak in the store; zero if it is not there.
func (l *leakWorld) kept(id string) keyturn.Secret {
	l.t.Helper()
	ref := keyturn.SecretRef{Store: "default", Path: "secret/leaks/" + id}
	v, err := l.store.Find(l.t.Context(), ref, id)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return keyturn.Secret{}
	}
	if err != nil {
		l.t.Fatal(err)
	}
	value, err := l.store.Read(l.t.Context(), ref, v.Name)
	if err != nil {
		l.t.Fatal(err)
	}
	return value.Secret
}

// TestStrangersValue: nobody knows it, strangers see it, and a person dismisses it.
func TestStrangersValue(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t, canIdentify)
	stranger := keyturn.NewSecret(canary + "of-somebody-else")
	found := l.found(func(f *leaks.Finding) { f.Value, f.Public = stranger, true })
	if l.kept(found.ID).Expose() != stranger.Expose() {
		t.Error("the value is kept until it is known whose it is")
	}
	l.after(3*time.Hour, found.ID, func(n *registry.Leak) {
		f := l.finding()
		if f.Kind != "late-leak" && f.Kind != "unowned-leak" || f.Severity != registry.Critical {
			t.Errorf("the finding: %+v", f)
		}
		n.State, n.Dismissal, n.Worder, n.Note = registry.LeakDismissed, "accepted", "ana", "not ours"
	})
	got := l.answered(found.ID)
	if got.State != registry.LeakDismissed || got.Key != "" || len(l.begun) != 0 {
		t.Errorf("%+v", got)
	}
	if !l.kept(found.ID).IsZero() {
		t.Error("the value is kept although the leak is closed")
	}
	if f := l.finding(); f.ID != "" {
		t.Errorf("it is still found: %+v", f)
	}
	if len(l.pages) != 2 || !strings.Contains(l.pages[0], "no key's") || !strings.Contains(l.pages[1], "alive") {
		t.Errorf("security was told %q", l.pages)
	}
	for _, p := range l.pages {
		if stranger.In(p) {
			t.Error("the value was told")
		}
	}
	l.whole(1)
}

// TestQuietFinding: most of what scanners find is nothing, and wakes nobody.
func TestQuietFinding(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	found := l.found(func(f *leaks.Finding) { f.Value = keyturn.NewSecret(canary + "looks-like-one") })
	l.after(3*time.Hour, found.ID, func(n *registry.Leak) {
		if f := l.finding(); f.Kind != "unowned-leak" || f.Severity != registry.Warning {
			t.Errorf("the finding: %+v", f)
		}
		n.State, n.Dismissal, n.Worder = registry.LeakDismissed, "false-positive", "ana"
	})
	l.answered(found.ID)
	if len(l.pages) != 0 || len(l.tracker.all()) != 0 {
		t.Errorf("told %q, tickets %v", l.pages, l.tracker.all())
	}
}

// TestPublicLater: it is quiet until strangers see it.
func TestPublicLater(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	found := l.found(func(f *leaks.Finding) { f.Value = keyturn.NewSecret(canary + "looks-like-one") })
	l.after(2*time.Hour, found.ID, func(n *registry.Leak) {
		if len(l.pages) != 0 {
			t.Errorf("told %q", l.pages)
		}
		n.Public = true
	})
	l.after(5*time.Hour, found.ID, func(n *registry.Leak) {
		n.State, n.Dismissal, n.Worder = registry.LeakDismissed, "accepted", "ana"
	})
	l.answered(found.ID)
	if len(l.pages) == 0 || len(l.tracker.all()) != 1 {
		t.Errorf("told %q, tickets %v", l.pages, l.tracker.all())
	}
}

// TestKeyWithoutEntry: the vendor knows the value, and the registry does not. It is
// ended because a person says so, and only then.
func TestKeyWithoutEntry(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t, canIdentify)
	other, err := l.vendor.Ledger.Mint("test", fake.Draft{Principal: "svc", Label: "by-hand"})
	if err != nil {
		t.Fatal(err)
	}
	found := l.found(func(f *leaks.Finding) { f.Value = keyturn.NewSecret(other.Secret) })
	l.after(2*time.Hour, found.ID, func(n *registry.Leak) {
		if k, _ := l.vendor.Find(other.ID); !k.Enabled || k.Revoked {
			t.Error("it was ended although nobody said so")
		}
		if n.RemoteID != other.ID || n.Issuer != issuer || n.Alive != string(leaks.Active) {
			t.Errorf("the vendor was asked: %+v", n)
		}
		n.Word, n.Worder = registry.LeakKill, "ana"
	})
	got := l.answered(found.ID)
	if k, _ := l.vendor.Find(other.ID); k.Enabled {
		t.Error("it is alive")
	}
	if got.State != registry.LeakDead || got.Killed.IsZero() || !strings.Contains(got.Proof, "refuses the value") {
		t.Errorf("%+v", got)
	}
}

// TestOwnedLater: the fingerprints are made after the value was found.
func TestOwnedLater(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	l.keep(func(k *keyturn.Key) { k.Ledger[0].Fingerprints = keyturn.Fingerprints{} })
	other := keyturn.NewSecret(canary + "another")
	found := l.found(func(f *leaks.Finding) { f.Value = other })
	l.after(2*time.Hour, found.ID, func(*registry.Leak) {
		l.keep(func(k *keyturn.Key) {
			k.Ledger[0].Parts = []keyturn.Fingerprints{{HMAC: strings.TrimPrefix(string(l.prints.Of(other).Marks()[0]), keyturn.MarkHMAC)}}
		})
		l.keep(func(k *keyturn.Key) {
			k.Ledger[0].Fingerprints.HMAC = strings.TrimPrefix(string(l.prints.Of(other).Marks()[0]), keyturn.MarkHMAC)
		})
	})
	got := l.answered(found.ID)
	if got.State != registry.LeakDead || got.Key != l.key.ID || got.Generation != 1 || !got.Killed.IsZero() {
		t.Errorf("it was found long ago, and its owner only now: %+v", got)
	}
	l.whole(2)
}

// TestOneValueInManyPlaces makes one leak, and a hit of each place.
func TestOneValueInManyPlaces(t *testing.T) {
	t.Parallel()
	l := newLeakWorld(t)
	first := l.found()
	again := l.found(func(f *leaks.Finding) { f.Event, f.Public = "e-2", true })
	same := l.found()
	if first.ID != again.ID || same.ID != first.ID || !again.Public || same.Hits != 2 {
		t.Errorf("%+v, %+v, %+v", first, again, same)
	}
}
