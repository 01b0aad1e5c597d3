package keyturn

import "time"

// A State is how far one generation of a key has come. States are wire
// format, and a generation only ever moves down this list, except that
// Retiring and Disabled go back to Current when a rotation is undone:
//
//	staged → current → retiring → disabled → revoking → (gone)
type State string

// The states of a generation.
const (
	Staged   State = "staged"   // works; its value is stored where no consumer looks
	Current  State = "current"  // the one consumers read
	Retiring State = "retiring" // superseded, still works: the overlap
	Disabled State = "disabled" // superseded and switched off; can be switched on again
	Revoking State = "revoking" // its revocation has begun: no way back
)

// Issued is one generation of a key as its provider knows it.
type Issued struct {
	Generation   int           `json:"generation"`
	RemoteID     string        `json:"remote_id"` // the provider's id: AKIA…
	Version      SecretVersion `json:"version"`   // where its value is stored
	State        State         `json:"state"`
	Fingerprints Fingerprints  `json:"fingerprints,omitzero"`
	Created      time.Time     `json:"created,omitzero"`
	Promoted     time.Time     `json:"promoted,omitzero"`
	Disabled     time.Time     `json:"disabled,omitzero"`
}

// Fingerprints tell whether a value found somewhere is this one, without the
// value being kept.
type Fingerprints struct {
	HMAC string `json:"hmac,omitempty"` // hex HMAC-SHA-256 under the installation's own key
	HMSL string `json:"hmsl,omitempty"` // hex scrypt hash that HasMySecretLeaked uses
}

// An Operation is what an intent is about to do. Operations are wire format.
type Operation string

// The operations that hold a key's lock.
const (
	Issue  Operation = "issue"
	Rotate Operation = "rotate"
	Revoke Operation = "revoke"
)

// An Intent is a promise written down before a provider is called, so that a
// crash between the call and its answer leaves a trace to reconcile from.
type Intent struct {
	Run        string    `json:"run"` // the workflow run that holds the lock
	Operation  Operation `json:"operation"`
	Generation int       `json:"generation"`
	Began      time.Time `json:"began"`
	// Exclusive says that no other intent may be open for the same principal,
	// because its provider keeps no labels and a new key there could otherwise
	// be taken for somebody else's.
	Exclusive bool `json:"exclusive,omitempty"`
	// Before lists the provider's key ids that existed when the intent was
	// recorded. Where the provider keeps no labels, a key that is not in it is
	// how an orphan is recognised.
	Before []string `json:"before,omitempty"`
	// Minting is when the provider was last asked to make the key, and Asked
	// how often it was. The outcome of one request is reconciled before the next.
	Minting time.Time `json:"minting,omitzero"`
	Asked   int       `json:"asked,omitempty"`
}
