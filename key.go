// Package keyturn holds the nouns every other package speaks: keys, their
// owners, secrets, policies, and the few kinds of error that change what
// happens next. It imports nothing but the standard library.
package keyturn

import (
	"fmt"
	"time"
)

// A KeyID names one registry entry. It stays the same across rotations; the
// provider's own identifier changes with each of them. It appears in workflow
// ids and provider-side names, so it holds no personal data.
type KeyID string

// A Key is one tracked credential: why it exists, who answers for it, where
// its value lives and which provider issued it. It never holds the value.
//
// The fields down to Policy are intent, reviewed by people and applied from
// entry files. The fields below it are observed facts, changed only by
// workflows.
type Key struct {
	ID      KeyID   `json:"id"`
	Purpose string  `json:"purpose"`
	Owner   Owner   `json:"owner"`
	Scope   Scope   `json:"scope"`
	Storage Storage `json:"storage"`
	Audit   Audit   `json:"audit"`
	Policy  Policy  `json:"policy"`

	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	Rotated time.Time `json:"rotated,omitzero"` // when the current generation took over

	// Generation counts the attempts to issue this key, failed ones included.
	Generation int `json:"generation"`
	// Ledger lists every generation that may still exist at the provider. Only
	// ids in a ledger are ever deleted.
	Ledger []Issued `json:"ledger,omitempty"`
	// Intent is the operation under way, nil when there is none.
	Intent *Intent `json:"intent,omitempty"`
	// Retired is when the key was ended for good; zero while it is in service.
	Retired time.Time `json:"retired,omitzero"`
	// Revision rises with every change. A change made from an older revision
	// is refused.
	Revision int64 `json:"revision"`
}

// An Owner is the team that answers for a key and the person to call first.
type Owner struct {
	Team   string `json:"team"`
	Person string `json:"person"`
}

// A Scope says where a key is valid and what it may do there.
type Scope struct {
	Provider string `json:"provider"` // "aws"
	Account  string `json:"account"`  // the vendor's id of the account: AWS account id, Datadog organisation
	// Principal is whom the key authenticates as, where the vendor has such a
	// thing: an IAM user, a service account, an application.
	Principal     string   `json:"principal,omitempty"`
	Permissions   []string `json:"permissions,omitempty"`
	Endpoints     []string `json:"endpoints,omitempty"`
	Justification string   `json:"justification,omitempty"` // why a broad scope is needed
}

// Issuer names the provider account that issues the key.
func (s Scope) Issuer() Issuer { return Issuer{s.Provider, s.Account} }

// An Issuer is one account at one vendor: the unit of administrator
// credentials, rate limits and task queues.
type Issuer struct {
	Provider string `json:"provider"`
	Account  string `json:"account"`
}

func (i Issuer) String() string { return i.Provider + "/" + i.Account }

// Storage says where a key's value lives and who reads it there.
type Storage struct {
	Secret    SecretRef  `json:"secret"`
	Consumers []Consumer `json:"consumers,omitempty"`
}

// A Consumer is one place that reads a secret.
type Consumer struct {
	Kind      string `json:"kind"` // "kubernetes_secret", "http_probe", "last_used", "service"
	Name      string `json:"name"` // what Kind calls it; for http_probe, the URL
	Namespace string `json:"namespace,omitempty"`
}

func (c Consumer) String() string {
	if c.Namespace != "" {
		return fmt.Sprintf("%s %s/%s", c.Kind, c.Namespace, c.Name)
	}
	return c.Kind + " " + c.Name
}

// Audit is what the quarterly review looks at.
type Audit struct {
	Team         string    `json:"team,omitempty"` // who rotates it by hand where no API can
	EveryDays    int       `json:"every_days"`     // rotation interval
	LastReviewed time.Time `json:"last_reviewed,omitzero"`
}

// Label names one generation of a key. It is unique for all time, because a
// failed attempt does not give its number back.
func Label(id KeyID, generation int) string { return fmt.Sprintf("%s/g%d", id, generation) }

// Due is when the key must next be rotated: its interval after the last
// rotation, or its expiry, whichever comes first. Zero means never.
func (k *Key) Due() time.Time {
	var due time.Time
	if k.Audit.EveryDays > 0 {
		from := k.Rotated
		if from.IsZero() {
			from = k.Created
		}
		due = from.AddDate(0, 0, k.Audit.EveryDays)
	}
	if !k.Expires.IsZero() && (due.IsZero() || k.Expires.Before(due)) {
		due = k.Expires
	}
	return due
}

// Current returns the generation consumers read, nil if there is none.
func (k *Key) Current() *Issued { return k.find(func(i *Issued) bool { return i.State == Current }) }

// Issue returns the ledger's line for a generation, nil if there is none.
func (k *Key) Issue(generation int) *Issued {
	return k.find(func(i *Issued) bool { return i.Generation == generation })
}

// Remote returns the ledger's line for a provider's key id, nil if there is none.
func (k *Key) Remote(id string) *Issued {
	return k.find(func(i *Issued) bool { return i.RemoteID == id })
}

func (k *Key) find(is func(*Issued) bool) *Issued {
	for i := range k.Ledger {
		if is(&k.Ledger[i]) {
			return &k.Ledger[i]
		}
	}
	return nil
}
