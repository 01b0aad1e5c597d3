package registrytest

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func at(id keyturn.KeyID, store, path string) keyturn.Key {
	key := sample(id)
	key.Storage.Secret = keyturn.SecretRef{Store: store, Path: path}
	return key
}

func uniquePath(t *testing.T, s registry.Store) {
	first := mustSave(t, s, at("first", "default", "secret/x"), "e1")
	_, err := s.Save(t.Context(), at("second", "default", "secret/x"), event("e2"))
	wantKind(t, err, keyturn.Conflict)
	for _, word := range []string{"first", "second", "secret/x"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not name %s", err, word)
		}
	}
	mustSave(t, s, at("elsewhere", "other", "secret/x"), "e3")
	mustSave(t, s, at("no path", "default", ""), "e4")
	mustSave(t, s, at("no path either", "default", ""), "e5")

	moved := mustSave(t, s, at("mover", "default", "secret/y"), "e6")
	moved.Storage.Secret.Path = "secret/x"
	_, err = s.Save(t.Context(), moved, event("e7"))
	wantKind(t, err, keyturn.Conflict)

	first.Retired = start()
	first = mustSave(t, s, first, "e8")
	mustSave(t, s, moved, "e9")
	first.Retired = time.Time{} // back into service, where its place is taken
	_, err = s.Save(t.Context(), first, event("e10"))
	wantKind(t, err, keyturn.Conflict)
}

func exclusiveIntents(t *testing.T, s registry.Store) {
	open := func(id keyturn.KeyID, principal string, exclusive bool) keyturn.Key {
		key := sample(id)
		key.Scope.Principal = principal
		key.Intent = &keyturn.Intent{Run: "run", Operation: keyturn.Rotate, Generation: 1, Began: start(), Exclusive: exclusive}
		return key
	}
	first := mustSave(t, s, open("first", "shared", true), "e1")
	_, err := s.Save(t.Context(), open("second", "shared", true), event("e2"))
	wantKind(t, err, keyturn.Conflict)
	for _, word := range []string{"first", "second", "shared"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not name %s", err, word)
		}
	}
	mustSave(t, s, open("not exclusive", "shared", false), "e3")
	mustSave(t, s, open("other principal", "another", true), "e4")
	first = mustSave(t, s, first, "e5") // its own intent does not stand in its way
	first.Intent = nil
	mustSave(t, s, first, "e6")
	mustSave(t, s, open("second", "shared", true), "e7")

	// Of many that try at once, one gets it.
	var wg sync.WaitGroup
	var won atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			id := keyturn.KeyID("racer-" + string(rune('a'+i)))
			switch _, err := s.Save(t.Context(), open(id, "raced", true), event("race/"+string(id))); {
			case err == nil:
				won.Add(1)
			case keyturn.KindOf(err) != keyturn.Conflict:
				t.Errorf("Save: %v, want success or a conflict", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d exclusive intents are open for one principal", won.Load())
	}
}
