package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// consumer is a service that says which generation it uses.
func (sc *scenario) consumer(generation func(r *http.Request) string) {
	sc.t.Helper()
	url := serve(sc.t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"generations": map[string]string{string(sc.id): generation(r)}})
	}))
	k := sc.key()
	k.Storage.Consumers = []keyturn.Consumer{{Kind: "http_probe", Name: url}}
	k.Policy.ConsumerDeadline = keyturn.Duration(3 * time.Second)
	e := registry.Event{ID: "consumer/" + string(sc.id), Key: sc.id, What: registry.Applied, At: time.Now()}
	if _, err := sc.registry.Save(sc.t.Context(), *k, e); err != nil {
		sc.t.Fatal(err)
	}
}

func consumersNeverMove(t *testing.T, s *stack, v string) {
	sc := newScenario(t, s, v).issued()
	before := *sc.key().Current()
	sc.consumer(func(*http.Request) string { return string(before.Version) })
	res := sc.do(workflows.RotateKey)
	if res.Outcome != workflows.RolledBack || res.Why != string(keyturn.Behind) {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
	if now := sc.key().Current(); now.RemoteID != before.RemoteID {
		t.Errorf("consumers are on %s, want the old key %s", now.RemoteID, before.RemoteID)
	}
}

// consumersMove: the service reads Vault every second, as a sidecar would.
func consumersMove(t *testing.T, s *stack, v string) {
	sc := newScenario(t, s, v).issued()
	read := ""
	var last time.Time
	sc.consumer(func(r *http.Request) string {
		if time.Since(last) > time.Second {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			_, _, read, _ = sc.consumed(ctx, sc.path)
			last = time.Now()
		}
		return read
	})
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated || len(res.Unknown) != 0 {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}

// stillUsed: the old key is used all through the overlap. It is not revoked
// until somebody says so.
func stillUsed(t *testing.T, sc *scenario) {
	sc.issued()
	stillUsedPart(t, sc)
}

func stillUsedPart(t *testing.T, sc *scenario) {
	k := sc.key()
	k.Policy.QuietFor = keyturn.Duration(5 * time.Second) // AWS reports use by the second
	e := registry.Event{ID: "quiet/" + string(sc.id), Key: sc.id, What: registry.Applied, At: time.Now()}
	if _, err := sc.registry.Save(t.Context(), *k, e); err != nil {
		t.Fatal(err)
	}
	old := *sc.key().Current()
	run, err := sc.begin(workflows.RotateKey)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	go func() {
		for tick := time.Tick(50 * time.Millisecond); ; {
			select {
			case <-stop:
				return
			case <-tick:
				sc.ledger.Use(old.RemoteID)
			}
		}
	}()
	sc.until("a person is asked", func() bool { return sc.status().Phase == workflows.NeedsHuman })
	if l, _ := sc.ledger.Find(old.RemoteID); l.Revoked || !l.Enabled {
		t.Error("a key in use was ended")
	}
	close(stop)
	if err := sc.say(workflows.UpdateExpedite, workflows.Word{Actor: "e2e"}); err != nil {
		t.Fatal(err)
	}
	if res := sc.await(run); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
}
