package main

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/registry"
)

// goneCounter counts how often it is asked who left.
type goneCounter struct {
	registry.Store
	asked atomic.Int64
}

func (g *goneCounter) Gone(ctx context.Context, email string) (registry.Departure, error) {
	g.asked.Add(1)
	return g.Store.Gone(ctx, email)
}

// TestApplyGivesNoKeyBackToALeaver: the registry gave a leaver's key to somebody
// else, and an old file has the leaver as its owner still.
func TestApplyGivesNoKeyBackToALeaver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	old := entries(t, 2, func(i int, k *keyturn.Key) { k.Owner.Person = []string{leaver, "alice@example.com"}[i] })
	d.expect(t, exitOK, "", "registry", "apply", old)
	d.left(t)
	d.happened(t, "payments-key-00000", registry.HandedOver, "x", noon, "offboarding", "", func(k *keyturn.Key) { k.Owner.Person = "ben@example.com" })
	d.expect(t, exitOK, "", "registry", "apply", old)
	if out := d.stdout.String(); !strings.Contains(out, "owner_individual: left on 2027-03-01, and ben@example.com keeps the key; correct the file") {
		t.Errorf("it is not said: %s", out)
	}
	if k := d.get(t, "payments-key-00000"); k.Owner.Person != "ben@example.com" {
		t.Errorf("%s has the key", k.Owner.Person)
	}
	d.stdout.Reset()
	d.expect(t, exitOK, "ben@example.com keeps the key", "registry", "diff", old)
	if out := d.stdout.String(); strings.Contains(out, "payments-key") {
		t.Errorf("diff says: %s", out)
	}
	// Whoever is back may own keys again.
	if err := d.store(t).Returned(t.Context(), leaver, noon); err != nil {
		t.Fatal(err)
	}
	d.expect(t, exitOK, "", "offboard", "close", leaver, "--note", "x", "--yes")
	if err := d.store(t).Returned(t.Context(), leaver, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	d.expect(t, exitOK, "", "registry", "apply", old)
	if k := d.get(t, "payments-key-00000"); k.Owner.Person != leaver {
		t.Errorf("%s has the key", k.Owner.Person)
	}
}

func TestApplyOfANewKeyOfALeaver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.left(t)
	d.expect(t, exitFailed, "", "registry", "apply", entries(t, 1, func(_ int, k *keyturn.Key) { k.Owner.Person = leaver }))
	if out := d.stdout.String(); !strings.Contains(out, "left on 2027-03-01; name somebody who is there\n") {
		t.Errorf("it says: %s", out)
	}
}

// TestLeaversAreLookedUpOnce: an estate has few owners and many keys.
func TestLeaversAreLookedUpOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	open := d.openRegistry
	g := &goneCounter{}
	d.openRegistry = func(ctx context.Context, c config.Registry) (registry.Store, error) {
		s, err := open(ctx, c)
		g.Store = s
		return g, err
	}
	d.expect(t, exitFailed, "", "registry", "diff", entries(t, 300, nil))
	if n := g.asked.Load(); n != 1 {
		t.Errorf("300 keys of one owner asked %d times", n)
	}
}

// TestReturned: no directory knows somebody who is back.
func TestReturned(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.expect(t, exitRefused, "nobody of this address has left", "offboard", "returned", leaver)
	d.left(t)
	d.expect(t, exitRefused, "their departure is open", "offboard", "returned", leaver)
	d.expect(t, exitOK, "", "offboard", "close", leaver, "--note", "x", "--yes")
	d.stdout.Reset()
	d.expect(t, exitOK, "", "offboard", "returned", "Ana@example.com")
	if out := d.stdout.String(); !strings.Contains(out, "is back and may own keys again") {
		t.Errorf("it says: %s", out)
	}
	d.expect(t, exitRefused, "nobody of this address has left", "offboard", "returned", leaver)
}
