package providertest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// use puts the nth use of a key into the vendor's audit log. No two are alike.
func (r *rig) use(k fake.Key, n int, at time.Time) {
	r.ledger.AddUse(fake.Use{
		Key: k.ID, At: at, From: fmt.Sprintf("203.0.113.%d", n%250),
		What: cmp.Or(r.h.Did, "keys:read"), Agent: fmt.Sprintf("client/%d.0", n),
	})
}

// query asks what was done with a key since a moment.
func query(k fake.Key, since time.Time) providers.UseQuery {
	return providers.UseQuery{Principal: k.Principal, ID: k.ID, Secret: keyturn.NewSecret(k.Secret), Since: since}
}

// readUses reads all that was done with a key. It fails if uses come after an error.
func readUses(ctx context.Context, p providers.UseReader, q providers.UseQuery) ([]providers.Use, error) {
	var out []providers.Use
	var failed error
	for u, err := range p.Uses(ctx, q) {
		if failed != nil {
			return nil, keyturn.Errorf(keyturn.Invalid, "uses", "went on after an error")
		}
		if failed = err; err == nil {
			out = append(out, u)
		}
	}
	return out, failed
}

// compareUses fails t unless got are exactly the log's lines about k since a moment.
func (r *rig) compareUses(t testing.TB, what string, got []providers.Use, k fake.Key, since time.Time) {
	t.Helper()
	want := slices.DeleteFunc(r.ledger.Uses(k.ID), func(u fake.Use) bool { return u.At.Before(since) })
	got = slices.SortedFunc(slices.Values(got), func(a, b providers.Use) int { return a.At.Compare(b.At) })
	r.noLeak(t, what, fmt.Sprintf("%+v", got))
	if len(got) != len(want) {
		t.Errorf("%s: %d uses, the vendor's log has %d of this key since %v", what, len(got), len(want), since)
		return
	}
	ids := map[string]bool{}
	for i, u := range got {
		w := providers.Use{ID: u.ID, At: want[i].At, From: want[i].From, What: want[i].What, Agent: want[i].Agent}
		if slices.Contains(r.h.Unsaid, UnsaidFrom) {
			w.From = ""
		}
		if slices.Contains(r.h.Unsaid, UnsaidAgent) {
			w.Agent = ""
		}
		if !u.At.Equal(w.At) || u.From != w.From || u.What != w.What || u.Agent != w.Agent {
			t.Errorf("%s: %+v, the vendor's log has %+v", what, u, w)
			return // one is enough to know
		}
		if u.ID == "" || ids[u.ID] {
			t.Errorf("%s: %+v must have an id of its own", what, u)
			return
		}
		ids[u.ID] = true
	}
}

// usesOfOneKey asks what was done with one key: all of it from a moment on, nothing
// of another key, and the same ids whenever it is read. A key that was revoked
// meanwhile has its uses still. The value is for finding the key in what came back,
// and stays here.
func usesOfOneKey(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.UseReader](t, r)
	k, never := r.seed(t, r.principal(1), "orders/g1"), r.seed(t, r.principal(1), "orders/g2")
	others := []fake.Key{r.seed(t, r.principal(2), "billing/g1"), r.seed(t, r.principal(3), "stock/g1")}
	from := r.clock.Now()
	for n := range 6 {
		at := from.Add(time.Duration(n) * time.Minute)
		r.use(k, n, at)
		r.use(others[n%2], n, at)
	}
	r.clock.advance(time.Hour)
	var sent strings.Builder
	r.faults.Set(fake.Rule{Status: 500, Match: func(req *http.Request) bool {
		b, _ := httputil.DumpRequest(req, true)
		_, _ = sent.Write(b)
		return false
	}})
	changes := len(r.ledger.Log())
	ids := map[time.Time]string{}
	for _, since := range []time.Time{{}, from.Add(-24 * time.Hour), from, from.Add(2 * time.Minute), from.Add(150 * time.Second), from.Add(30 * time.Minute)} {
		what := fmt.Sprintf("Uses since %v", since)
		got, err := readUses(r.ctx, p, query(k, since))
		r.want(t, what, err, "")
		r.compareUses(t, what, got, k, since)
		for _, u := range got {
			at := u.At.UTC()
			if id, ok := ids[at]; ok && id != u.ID {
				t.Errorf("%s: the use at %v is %q, and was %q when read before", what, at, u.ID, id)
			}
			ids[at] = u.ID
		}
	}
	got, err := readUses(r.ctx, p, query(never, from))
	r.want(t, "Uses of a key never used", err, "")
	r.compareUses(t, "Uses of a key never used", got, never, from)
	blind := query(k, from)
	blind.Secret = keyturn.Secret{}
	got, err = readUses(r.ctx, p, blind)
	r.want(t, "Uses without the value at hand", err, "", keyturn.Invalid, keyturn.Unsupported)
	if err == nil {
		r.compareUses(t, "Uses without the value at hand", got, k, from)
	}
	if err := r.ledger.Revoke("seed", "", k.ID); err != nil {
		t.Fatal(err)
	}
	got, err = readUses(r.ctx, p, query(k, from))
	r.want(t, "Uses of a revoked key", err, "")
	r.compareUses(t, "Uses of a revoked key", got, k, from)
	if n := len(r.ledger.Log()); n != changes+1 { // the revocation above
		t.Errorf("Uses changed something at the vendor: %+v", r.ledger.Log()[changes:])
	}
	for _, v := range disguises(k.Secret) {
		if strings.Contains(sent.String(), v) {
			t.Error("Uses sent the value of the key it asked about")
			break
		}
	}
}

// fillLog writes many uses of a key, and some of another among them.
func (r *rig) fillLog(t testing.TB) fake.Key {
	t.Helper()
	k, other := r.seed(t, r.principal(1), "orders/g1"), r.seed(t, r.principal(2), "billing/g1")
	from := r.clock.Now()
	for n := range many {
		r.use(k, n, from.Add(time.Duration(n)*time.Second))
		if n%10 == 0 {
			r.use(other, n, from.Add(time.Duration(n)*time.Second))
		}
	}
	r.clock.advance(time.Hour)
	return k
}

// usesFollowPages asks for a long story, each line once, no page twice.
func usesFollowPages(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.UseReader](t, r)
	k := r.fillLog(t)
	r.requests.take()
	got, err := readUses(r.ctx, p, query(k, k.Created))
	r.want(t, "Uses", err, "")
	r.compareUses(t, "Uses", got, k, k.Created)
	seen := map[string]bool{}
	for _, req := range r.requests.take() {
		if seen[req] {
			t.Errorf("Uses asked for the same page twice: %s", req)
		}
		seen[req] = true
	}
	if len(seen) < 2 {
		t.Errorf("%d uses came on one page, so this shows nothing; let the fake's pages be shorter", len(got))
	}
}

// usesStopEarly asks whether a caller that has seen enough is let go.
func usesStopEarly(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.UseReader](t, r)
	k := r.fillLog(t)
	if _, err := readUses(r.ctx, p, query(k, k.Created)); err != nil {
		t.Fatalf("Uses: %v", err)
	}
	whole := len(r.requests.take())
	for u, err := range p.Uses(r.ctx, query(k, k.Created)) {
		if err != nil || u.ID == "" {
			t.Errorf("Uses began with %+v, error %v", u, err)
		}
		break
	}
	if some := len(r.requests.take()); some >= whole {
		t.Errorf("Uses made all its %d requests for a caller that stopped after one use", whole)
	}
}

// usesFailMidway asks whether half a story is never taken for a whole one: what the
// thief did could be in the other half.
func usesFailMidway(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.UseReader](t, r)
	k := r.fillLog(t)
	if _, err := readUses(r.ctx, p, query(k, k.Created)); err != nil {
		t.Fatalf("Uses: %v", err)
	}
	pages := len(r.requests.take())
	for skip := 1; skip < pages; skip += max(1, pages/4) {
		for status, kind := range map[int]keyturn.Kind{503: keyturn.Unavailable, 429: keyturn.RateLimited} {
			r.faults.Set(fake.Rule{Status: status, Skip: skip, Match: r.counted})
			_, err := readUses(r.ctx, p, query(k, k.Created))
			r.want(t, fmt.Sprintf("Uses with its next page answered %d", status), err, kind)
		}
	}
}
