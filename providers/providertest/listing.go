package providertest

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// many is more keys than any vendor puts on a page.
const many = 250

// fill seeds many keys for as few principals as their limit allows.
func (r *rig) fill(t testing.TB) {
	t.Helper()
	per := r.Info().MaxLive
	if per == 0 || per > many {
		per = many
	}
	for i := range many {
		r.seed(t, r.principal(i/per), keyturn.Label("orders", i))
	}
}

// compare fails t unless got are exactly the vendor's keys.
func (r *rig) compare(t testing.TB, what string, got []providers.RemoteKey, want []fake.Key) {
	t.Helper()
	byID := map[string]providers.RemoteKey{}
	for _, k := range got {
		if _, twice := byID[k.ID]; twice {
			t.Errorf("%s: %s is listed twice", what, k.ID)
		}
		byID[k.ID] = k
	}
	if len(byID) != len(want) {
		t.Errorf("%s: %d keys, want %d", what, len(byID), len(want))
	}
	for _, w := range want {
		k, ok := byID[w.ID]
		label := w.Label
		if !r.Info().Labels {
			label = ""
		}
		switch {
		case !ok:
			t.Errorf("%s: %s is missing", what, w.ID)
			return // one is enough to know
		case k.Principal != w.Principal || k.Label != label || k.Enabled != w.Enabled || k.Created.Sub(w.Created).Abs().Seconds() > 1:
			t.Errorf("%s: %+v, the vendor has %+v", what, k, w)
			return
		}
	}
}

// listFollowsPages asks for a whole account, each key once, no page twice.
func listFollowsPages(t testing.TB, h Harness) {
	r := h.start(t, false)
	l := must[providers.Lister](t, r)
	r.fill(t)
	got, err := collect(r.ctx, l, "")
	r.want(t, "List", err, "")
	r.compare(t, "List", got, r.ledger.Live(""))
	seen := map[string]bool{}
	for _, req := range r.requests.take() {
		if seen[req] {
			t.Errorf("List asked for the same page twice: %s", req)
		}
		seen[req] = true
	}
	one := r.principal(0)
	got, err = collect(r.ctx, l, one)
	r.want(t, "List of one principal", err, "")
	r.compare(t, "List of one principal", got, r.ledger.Live(one))
}

// listTellsTheTruth asks for keys of every kind: disabled ones are there and
// said to be, revoked ones are not.
func listTellsTheTruth(t testing.TB, h Harness) {
	r := h.start(t, false)
	l := must[providers.Lister](t, r)
	got, err := collect(r.ctx, l, r.principal(1))
	r.want(t, "List of nothing", err, "")
	r.compare(t, "List of nothing", got, nil)
	off, gone := r.seed(t, r.principal(1), "orders/g1"), r.seed(t, r.principal(1), "orders/g2")
	if _, ok := can[providers.Suspender](r, providers.CanSuspend); ok {
		if err := r.ledger.SetEnabled("seed", "", off.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.ledger.Revoke("seed", "", gone.ID); err != nil {
		t.Fatal(err)
	}
	r.seed(t, r.principal(1), "orders/g3")
	for _, principal := range []string{r.principal(1), ""} {
		got, err := collect(r.ctx, l, principal)
		r.want(t, "List", err, "")
		r.compare(t, "List", got, r.ledger.Live(principal))
	}
}

// listStopsEarly asks whether a caller that has seen enough is let go.
func listStopsEarly(t testing.TB, h Harness) {
	r := h.start(t, false)
	l := must[providers.Lister](t, r)
	r.fill(t)
	if _, err := collect(r.ctx, l, ""); err != nil {
		t.Fatalf("List: %v", err)
	}
	whole := len(r.requests.take())
	for k, err := range l.List(r.ctx, "") {
		if err != nil || k.ID == "" {
			t.Errorf("List began with %+v, error %v", k, err)
		}
		break
	}
	if some := len(r.requests.take()); whole > 2 && some >= whole {
		t.Errorf("List made all its %d requests for a caller that stopped after one key", whole)
	}
}

// listFailsMidway asks whether half a listing is never taken for a whole one:
// an orphan could be in the other half.
func listFailsMidway(t testing.TB, h Harness) {
	r := h.start(t, false)
	l := must[providers.Lister](t, r)
	r.fill(t)
	if _, err := collect(r.ctx, l, ""); err != nil {
		t.Fatalf("List: %v", err)
	}
	pages := len(r.requests.take())
	for skip := 1; skip < pages; skip += max(1, pages/4) {
		r.faults.Set(fake.Rule{Status: 503, Skip: skip, Match: r.counted})
		_, err := collect(r.ctx, l, "")
		r.want(t, "List with its next page failing", err, keyturn.Unavailable)
	}
}

// principals asks whether each sees its own keys only, and whether one that
// does not exist is said not to. A vendor without principals has none of any
// name: keys it cannot attribute must not be listed as somebody's.
func principals(t testing.TB, h Harness) {
	r := h.start(t, false)
	l, canList := can[providers.Lister](r, providers.CanList)
	m, canMint := can[providers.Minter](r, providers.CanMint)
	r.seed(t, r.principal(1), "orders/g1")
	r.seed(t, r.principal(2), "billing/g1")
	nobody := "nobody-here"
	if strings.Contains(h.Principal, "%") {
		nobody = r.nobody()
	}
	if canList {
		for _, p := range []string{r.principal(1), r.principal(2)} {
			got, err := collect(r.ctx, l, p)
			r.want(t, "List", err, "")
			r.compare(t, "List("+p+")", got, r.ledger.Live(p))
		}
		got, err := collect(r.ctx, l, nobody)
		r.want(t, "List of an unknown principal", err, keyturn.NotFound)
		r.compare(t, "List of an unknown principal", got, nil)
	}
	if !canMint {
		return
	}
	refused := map[string][]keyturn.Kind{nobody: {keyturn.NotFound}}
	switch {
	case h.Principal == "":
		refused = map[string][]keyturn.Kind{nobody: {keyturn.Invalid}}
	case !strings.Contains(h.Principal, "%"):
		refused[nobody] = []keyturn.Kind{keyturn.NotFound, keyturn.Invalid}
	}
	if h.Principal != "" {
		refused[""] = []keyturn.Kind{keyturn.Invalid} // many vendors would take it for the caller itself
	}
	for p, kinds := range refused {
		_, err := m.Mint(r.ctx, providers.MintRequest{Principal: p, Label: "orders/g2", Permissions: h.Permissions})
		r.want(t, "Mint for principal \""+p+"\"", err, kinds...)
	}
	if n := len(r.ledger.IDs(fake.Minted)); n != 2 {
		t.Errorf("the vendor has minted %d keys, want only the 2 that were there", n)
	}
}
