package providertest

import (
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// locate asks whether an id found somewhere leads to its key, and whether one that is
// none of the account's is told apart from trouble.
func locate(t testing.TB, h Harness) {
	r := h.start(t, false)
	p := must[providers.Locator](t, r)
	var keys []fake.Key
	for n := range 3 {
		keys = append(keys, r.seed(t, r.principal(1+n/2), keyturn.Label("orders", n)))
	}
	gone := r.seed(t, r.principal(3), "stock/g1")
	if err := r.ledger.Revoke("seed", "", gone.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := can[providers.Suspender](r, providers.CanSuspend); ok {
		if err := r.ledger.SetEnabled("seed", "", keys[1].ID, false); err != nil {
			t.Fatal(err)
		}
	}
	changes := len(r.ledger.Log())
	for _, k := range keys {
		got, err := p.Locate(r.ctx, k.ID)
		r.want(t, "Locate", err, "")
		now, _ := r.ledger.Find(k.ID)
		r.compare(t, "Locate", []providers.RemoteKey{got}, []fake.Key{now})
	}
	id := keys[0].ID
	for what, id := range map[string]string{
		"an id this account never had": r.elsewhere(t).ID, "a revoked key's id": gone.ID,
		"half an id": id[:len(id)/2], "an id with a tail": id + "x",
	} {
		got, err := p.Locate(r.ctx, id)
		r.want(t, "Locate("+what+")", err, keyturn.NotFound)
		if got != (providers.RemoteKey{}) {
			t.Errorf("Locate(%s) says %+v, want nothing", what, got)
		}
	}
	for _, id := range []string{"", ".", "..", "/", "../" + id, id + "?x=", id + "#", id + "%2f"} {
		_, err := p.Locate(r.ctx, id)
		r.want(t, "Locate(\""+id+"\")", err, keyturn.NotFound, keyturn.Invalid, keyturn.Unavailable)
	}
	if n := len(r.ledger.Log()); n != changes {
		t.Errorf("Locate changed something at the vendor: %+v", r.ledger.Log()[changes:])
	}
}
