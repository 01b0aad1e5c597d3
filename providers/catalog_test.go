package providers_test

import (
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// mute can do nothing but introduce itself.
type mute struct{}

func (mute) Info() providers.Info { return providers.Info{Name: "mute"} }

func TestAs(t *testing.T) {
	t.Parallel()
	here, gone := keyturn.Issuer{Provider: "mute", Account: "a"}, keyturn.Issuer{Provider: "mute", Account: "b"}
	c := providers.Catalog{here: mute{}}
	if _, err := providers.As[providers.Minter](c, here); keyturn.KindOf(err) != keyturn.Unsupported {
		t.Errorf("a capability it lacks: %v", err)
	}
	if _, err := providers.As[providers.Provider](c, gone); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("an account nobody configured: %v", err)
	}
	if _, err := providers.As[providers.Provider](c, here); err != nil {
		t.Error(err)
	}
	if got := providers.Capabilities(mute{}); len(got) != 0 {
		t.Errorf("it can do %v", got)
	}
}
