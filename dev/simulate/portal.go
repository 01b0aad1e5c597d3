package simulate

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

// PortalPrincipal is whose keys a Portal makes.
const PortalPrincipal = "partner"

// A Portal is an issuer whose keys only people make: a partner's web site. It
// stands behind no provider's API; requests show it a key as
// "Authorization: Bearer", as the key's own test does.
type Portal struct {
	Ledger *fake.Ledger
	// Replaces says that making a key ends the ones before it.
	Replaces bool
}

// NewPortal returns a portal without keys, whose values begin with prefix.
func NewPortal(prefix string, replaces bool) *Portal {
	l := fake.NewLedger(fake.Options{ValuePrefix: prefix})
	l.AddPrincipal(PortalPrincipal)
	return &Portal{Ledger: l, Replaces: replaces}
}

// Make makes a key, as a person does who clicks "new key".
func (p *Portal) Make() (fake.Key, error) {
	if p.Replaces {
		for _, k := range p.Ledger.Live(PortalPrincipal) {
			if err := p.Ledger.Revoke("person", PortalPrincipal, k.ID); err != nil {
				return fake.Key{}, err
			}
		}
	}
	return p.Ledger.Mint("person", fake.Draft{Principal: PortalPrincipal})
}

// Handler serves the portal: POST /keys makes a key and answers with its value,
// GET /whoami tells whether a key works.
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /keys", func(w http.ResponseWriter, _ *http.Request) {
		k, err := p.Make()
		if err != nil {
			http.Error(w, "no key was made", http.StatusInternalServerError)
			return
		}
		_, _ = fmt.Fprintln(w, k.Secret)
	})
	mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, r *http.Request) {
		value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if k, ok := p.Ledger.FindSecret(value); !ok || k.Revoked || !k.Enabled {
			http.Error(w, "no such key", http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprintln(w, PortalPrincipal)
	})
	return mux
}
