package registrytest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// fullHits survive: each has a value of its own in every field there is.
func fullHits(t *testing.T, s registry.Store) {
	var want, said []registry.LeakHit
	n := 0
	for i := range 3 {
		var h registry.LeakHit
		populate(reflect.ValueOf(&h).Elem(), &n)
		h.Public = i%2 == 0
		h.At = start().Add(-time.Duration(i)*time.Hour + 123456*time.Microsecond) // the order is that of recording
		want = append(want, h)
		h.At, h.Since = h.At.Add(789).In(time.FixedZone("", 3600)), h.Since.In(time.FixedZone("", 3600))
		said = append(said, h)
	}
	leaked(t, s, leak("l1"), true, 1, said[0])
	leaked(t, s, leak("l1"), false, 2, said...)
	diff(t, "hits", gather(t, s.LeakHits(t.Context(), "l1")), want)
}

// manyHits are what a scan of a long history finds of one value: one leak.
func manyHits(t *testing.T, s registry.Store) {
	const n = 10_000
	hits := make([]registry.LeakHit, n)
	for i := range hits {
		hits[i] = hit(fmt.Sprintf("%d/main.go:7", i*7919%n))
	}
	leaked(t, s, leak("l1"), true, 2500, hits[:2500]...)
	began := time.Now()
	if got := leaked(t, s, leak("l2"), false, n-2500, hits...); got.ID != "l1" || got.Hits != n {
		t.Errorf("hits are of %s, which has %d; want all %d of l1", got.ID, got.Hits, n)
	}
	t.Log(n, "in", time.Since(began))
	leaked(t, s, leak("l3"), false, 0, hits[n-2500:]...)
	diff(t, "hits", gather(t, s.LeakHits(t.Context(), "l1")), hits)
	diff(t, "leaks", leakIDs(t, s, registry.LeakFilter{}), []string{"l1"})
	for h, err := range s.LeakHits(t.Context(), "l1") { // stopping early is clean
		if err != nil || h != hits[0] {
			t.Errorf("the first is %+v, error %v", h, err)
		}
		break
	}
}

func use(id string, at time.Time) registry.LeakUse {
	return registry.LeakUse{ID: id, At: at, From: "203.0.113.7", What: "s3:ListBuckets", Agent: "curl/8"}
}

// leakUses come in the order of their times over several pages, each once.
func leakUses(t *testing.T, s registry.Store) {
	leaked(t, s, leak("l1"), true, 1, hit("1"))
	other := leak("l2")
	other.Subject = "a value"
	leaked(t, s, other, true, 1, hit("2"))
	add := func(id string, uses ...registry.LeakUse) {
		t.Helper()
		if err := s.AddLeakUses(t.Context(), id, uses); err != nil {
			t.Fatal(err)
		}
	}
	add("l1")
	const n = 1103
	var want []registry.LeakUse
	for i := range n { // seven at each moment, so that pages end within one
		want = append(want, use(fmt.Sprintf("u%04d", i), start().Add(time.Duration(i/7)*time.Minute+123456*time.Microsecond)))
	}
	var said []registry.LeakUse
	for i := range n {
		u := want[i*7919%n]
		u.At = u.At.Add(789).In(time.FixedZone("", 3600))
		said = append(said, u)
	}
	add("l1", said[:600]...)
	again := said[0] // the vendor tells of it again, and counts more
	again.What, again.At = "other", start().Add(999*time.Hour)
	add("l1", append(said[500:], again, again)...)
	add("l2", said[0])
	add("l2", again)
	want = append(want[1:], again)
	want[n-1].At = again.At.UTC()
	diff(t, "uses", gather(t, s.LeakUses(t.Context(), "l1")), want)
	again.At = again.At.UTC()
	diff(t, "uses of another leak", gather(t, s.LeakUses(t.Context(), "l2")), []registry.LeakUse{again})
	diff(t, "uses of one that there is not", gather(t, s.LeakUses(t.Context(), "l3")), []registry.LeakUse(nil))

	wantKind(t, s.AddLeakUses(t.Context(), "l3", said[:1]), keyturn.NotFound)
	for name, bad := range map[string]registry.LeakUse{
		"no id":     use("", start()),
		"no time":   use("bad", time.Time{}),
		"no year":   use("bad", time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)),
		"NUL":       use("nu\x00l", start()),
		"not UTF-8": {ID: "bad", At: start(), Agent: "caf\xe9"},
	} {
		err := s.AddLeakUses(t.Context(), "l2", []registry.LeakUse{use("good", start()), bad})
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	diff(t, "uses after what was refused", gather(t, s.LeakUses(t.Context(), "l2")), []registry.LeakUse{again})
}
