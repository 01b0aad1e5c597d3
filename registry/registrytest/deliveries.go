package registrytest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func mustRecord(t *testing.T, s registry.Store, source, id string, at time.Time) {
	t.Helper()
	if err := s.RecordDelivery(t.Context(), source, id, at); err != nil {
		t.Fatalf("RecordDelivery %s %s: %v", source, id, err)
	}
}

func delivered(t *testing.T, s registry.Store, source, id string) bool {
	t.Helper()
	seen, err := s.Delivered(t.Context(), source, id)
	if err != nil {
		t.Fatalf("Delivered %s %s: %v", source, id, err)
	}
	return seen
}

func deliveries(t *testing.T, s registry.Store) {
	if delivered(t, s, "jira", "1") {
		t.Error("a delivery that nobody recorded was delivered")
	}
	mustRecord(t, s, "jira", "1", start())
	mustRecord(t, s, "jira", "1", start().Add(time.Hour))
	for _, c := range []struct {
		source, id string
		want       bool
	}{{"jira", "1", true}, {"linear", "1", false}, {"jira", "2", false}} {
		if got := delivered(t, s, c.source, c.id); got != c.want {
			t.Errorf("%s %s: delivered is %v", c.source, c.id, got)
		}
	}
	// Several workers may get one delivery.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.RecordDelivery(t.Context(), "github", "raced", start()); err != nil {
				t.Errorf("RecordDelivery: %v", err)
			}
		})
	}
	wg.Wait()
	if !delivered(t, s, "github", "raced") {
		t.Error("a delivery that many recorded is not known")
	}
}

func deliveriesForgotten(t *testing.T, s registry.Store) {
	const old = 250 // more than one call forgets
	for i := range old {
		mustRecord(t, s, "jira", fmt.Sprint("old-", i), start())
	}
	young := start().Add(time.Microsecond)
	mustRecord(t, s, "jira", "young", young)
	now := young.AddDate(0, 0, 30)
	count := func() (n int) {
		for i := range old {
			if delivered(t, s, "jira", fmt.Sprint("old-", i)) {
				n++
			}
		}
		return n
	}
	if n := count(); n != old {
		t.Errorf("%d of %d are known before their time is over", n, old)
	}
	// One of them comes again when its time is over, and counts from then on.
	mustRecord(t, s, "jira", "old-0", now)
	for i := range 10 { // far fewer than are to be forgotten
		mustRecord(t, s, "jira", fmt.Sprint("new-", i), now.In(time.FixedZone("", 3600)))
	}
	for id, want := range map[string]bool{"old-0": true, "old-1": false, "old-249": false, "young": true, "new-0": true} {
		if got := delivered(t, s, "jira", id); got != want {
			t.Errorf("%s: delivered is %v after 30 days", id, got)
		}
	}
	if n := count(); n != 1 {
		t.Errorf("%d old deliveries are known, want the one that came again", n)
	}
}

func badDeliveries(t *testing.T, s registry.Store) {
	for name, d := range map[string][2]string{
		"no source": {"", "1"},
		"no id":     {"jira", ""},
		"NUL":       {"jira", "nu\x00l"},
		"not UTF-8": {"caf\xe9", "1"},
	} {
		err := s.RecordDelivery(t.Context(), d[0], d[1], start())
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
		_, err = s.Delivered(t.Context(), d[0], d[1])
		wantKind(t, err, keyturn.Invalid)
	}
}
