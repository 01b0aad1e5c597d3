package e2e

import (
	"testing"

	"github.com/keyturn/keyturn/servertest"
)

// BenchmarkLeaver measures how long it takes from the identity provider's delivery
// until sessions are ended, and until the last of 500 keys is dead: with a vendor
// that answers at once, and with one that allows 20 requests a second, five of
// which a rotation needs. Run it with -benchtime 1x.
func BenchmarkLeaver(b *testing.B) {
	for _, c := range []struct {
		name        string
		keys        int
		rate, calls float64
	}{
		{"instant", 500, 1000, 10_000},
		{"20-per-second", 500, 20, 19.4},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				a := account("datadog", 0, c.rate)
				a.calls = c.calls
				r := newRig(b, onSQLite, servertest.StartVaultInMemory(b), a)
				s := newStaff(r)
				r.start(1)
				r.inService(a, c.keys)
				began := s.leaves()
				s.until("all are replaced", 20*60e9, func() bool { return s.departure().State == "done" })
				d := s.departure()
				b.ReportMetric(d.Sessions.Sub(began).Seconds(), "s-to-sessions-ended")
				b.ReportMetric(d.Replaced.Sub(began).Seconds(), "s-to-last-key-dead")
				b.ReportMetric(float64(a.requests.Load())/float64(c.keys), "vendor-calls/key")
			}
		})
	}
}
