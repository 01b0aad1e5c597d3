package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/servertest"
)

// BenchmarkLeak measures how long it takes from the scanner's delivery until the vendor
// refuses the leaked value and until consumers have another, with vendors that answer
// at once: one leak after the other, and a hundred at the same time. AWS's own
// quarantine of keys in public repositories was measured at 67 seconds. Run it with
// -benchtime 1x.
func BenchmarkLeak(b *testing.B) {
	for _, c := range []struct {
		name     string
		first    string
		together bool
	}{{"replace", "replace", false}, {"kill", "kill", false}, {"replace-100-at-once", "replace", true}, {"kill-100-at-once", "kill", true}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				benchLeaks(b, c.first, c.together)
			}
		})
	}
}

func benchLeaks(b *testing.B, first string, together bool) {
	const n = 100
	a := account("datadog", 0, 1000)
	a.calls = 10_000
	r := newRig(b, onSQLite, servertest.StartVaultInMemory(b), a)
	l := newLeaky(r, map[string]any{"on_leak": first, "lag": "1h"})
	r.start(1)
	ids := r.inService(a, n)
	l.fill()
	ended := map[string]keyturn.KeyID{}
	told := map[keyturn.KeyID]time.Time{}
	dead := map[keyturn.KeyID]time.Time{}
	look := func() {
		for _, e := range a.Ledger.Log() {
			if id, ok := ended[e.ID]; ok && e.What == "revoke" && dead[id].IsZero() {
				dead[id] = e.At
			}
		}
	}
	for _, id := range ids {
		k := r.key(id)
		ended[k.Current().RemoteID] = id
		value := l.value(a, id)
		told[id] = time.Now()
		l.alert(value)
		if !together {
			l.until("it is dead and replaced", time.Minute, func() bool { k := r.key(id); return len(k.Ledger) == 1 && k.Generation == 2 })
		}
	}
	l.until("all are dead and replaced", 5*time.Minute, func() bool {
		look()
		for _, id := range ids {
			if k := r.key(id); len(k.Ledger) != 1 || k.Generation != 2 {
				return false
			}
		}
		return len(dead) == n
	})
	var toDead, toReplaced []float64
	for _, id := range ids {
		k := r.key(id)
		toDead = append(toDead, dead[id].Sub(told[id]).Seconds())
		toReplaced = append(toReplaced, k.Current().Promoted.Sub(told[id]).Seconds())
	}
	slices.Sort(toDead)
	slices.Sort(toReplaced)
	b.ReportMetric(toDead[n/2], "s-to-dead-p50")
	b.ReportMetric(toDead[n*95/100], "s-to-dead-p95")
	b.ReportMetric(toReplaced[n/2], "s-to-replaced-p50")
	b.ReportMetric(toReplaced[n*95/100], "s-to-replaced-p95")
}
