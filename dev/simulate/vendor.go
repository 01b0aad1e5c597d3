package simulate

import (
	"maps"
	"net/http"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// A Vendor is one account at one pretend vendor, and what a worker must be
// told to use it.
type Vendor struct {
	Provider   string         // as in a worker's providers[].provider: "aws"
	Account    string         // as in providers[].account
	BaseURL    string         // as in providers[].base_url
	Settings   map[string]any // as in providers[].settings
	Admins     []Admin        // must be in the secret store before a worker asks for them
	Principals []string       // who may have keys; empty where keys belong to the account
	// Permissions must be asked for with every key; empty where none must.
	Permissions []string
	OwnValues   bool   // values are made by the adapter and do not show Options.ValuePrefix
	ControlURL  string // this vendor's part of the control panel

	Ledger *fake.Ledger // the truth about its keys
	Faults *fake.Faults // for rules this package has no name for; see Vendor.Mend

	breaks breaks
}

// An Admin is a credential that may manage keys.
type Admin struct {
	Ref    keyturn.SecretRef // where the settings say it is kept
	ID     string
	Secret keyturn.Secret
}

// New makes one vendor without serving it: Handler does, wherever the caller
// wants it. It returns nil if there is no such vendor.
func New(provider string, options Options) *Vendor {
	for _, k := range kinds() {
		if k.provider == provider {
			return newVendor(k, options.withDefaults())
		}
	}
	return nil
}

// Providers lists the vendors there are, in the order of their names.
func Providers() []string {
	var out []string
	for _, k := range kinds() {
		out = append(out, k.provider)
	}
	return out
}

// Handler speaks the vendor's API, faults included.
func (v *Vendor) Handler() http.Handler { return v.Faults.Wrap(v.breaks.kind.fake(v.Ledger)) }

// Changes names what a request changes at the vendor; empty means nothing. It
// is given the body, and may not read it from the request.
func (v *Vendor) Changes(r *http.Request, body []byte) string {
	if name := v.breaks.kind.changes(r, body); name != "" {
		return v.Provider + " " + name
	}
	return ""
}

// Ends is the id of the key that a request switches off or revokes, if it does.
func (v *Vendor) Ends(r *http.Request, body []byte) string { return v.breaks.kind.ends(r, body) }

// Principal is one that may have keys; empty where keys belong to the account.
func (v *Vendor) Principal() string {
	if len(v.Principals) == 0 {
		return ""
	}
	return v.Principals[0]
}

func newVendor(k kind, o Options) *Vendor {
	settle := k.settle
	if o.Settle != 0 {
		settle = max(0, o.Settle)
	}
	v := &Vendor{
		Provider:  k.provider,
		Account:   k.account,
		OwnValues: k.ownValues,
		Settings:  map[string]any{},
		Ledger: fake.NewLedger(fake.Options{
			Settle:          settle,
			MaxPerPrincipal: k.maxLive,
			ValuePrefix:     o.ValuePrefix,
		}),
		Faults: fake.NewFaults(k.refuse),
	}
	if k.principals {
		v.Principals = slices.Clone(o.Principals)
		for i, name := range v.Principals {
			if k.principal != "" {
				v.Principals[i] = k.principalOf(name)
			}
		}
		v.Ledger.AddPrincipal(v.Principals...)
	}
	maps.Copy(v.Settings, k.settings)
	v.Permissions = k.permissions
	admins := k.admins()
	for _, setting := range slices.Sorted(maps.Keys(admins)) {
		a := admins[setting]
		v.Ledger.SetAdmin(a)
		ref := keyturn.SecretRef{Path: o.AdminFolder + "/" + k.provider + "-" + a.Name}
		v.Settings[setting] = map[string]any{"path": ref.Path}
		v.Admins = append(v.Admins, Admin{Ref: ref, ID: a.ID, Secret: keyturn.NewSecret(a.Secret)})
	}
	v.breaks = breaks{kind: k, faults: v.Faults, always: throttle(k, o.Rate)}
	v.Mend()
	return v
}

// throttle is the rule that limits a vendor's requests, if one does.
func throttle(k kind, rate float64) []fake.Rule {
	if rate == 0 {
		rate = k.rate
	}
	if rate < 0 {
		return nil
	}
	return []fake.Rule{{Rate: rate, Burst: max(1, int(2*rate))}}
}
