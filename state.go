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
	// Parts are the fingerprints of what the value consists of, where a scanner
	// finds a part of it by itself: the private key in a credentials file.
	Parts    []Fingerprints `json:"parts,omitempty"`
	Created  time.Time      `json:"created,omitzero"`
	Promoted time.Time      `json:"promoted,omitzero"`
	Disabled time.Time      `json:"disabled,omitzero"`
	// Killed is when it was to be ended because its value leaked, ahead of its
	// replacement. It is never switched on again, and consumers are never put back
	// on it.
	Killed time.Time `json:"killed,omitzero"`
}

// Fingerprints tell whether a value found somewhere is this one, without the
// value being kept. All but HMSL are made under the installation's own key, and
// empty where there is none: a plain hash would let anybody test guesses.
type Fingerprints struct {
	HMAC string `json:"hmac,omitempty"` // hex HMAC-SHA-256 of the value
	HMSL string `json:"hmsl,omitempty"` // hex scrypt hash that HasMySecretLeaked uses
	// SHA1 is the hex HMAC-SHA-256 of the value's hex SHA-1, which is what
	// detect-secrets keeps, and SHA256 that of its base64 SHA-256, which is what
	// GitHub's audit log calls hashed_token.
	SHA1   string `json:"sha1,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
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
	// Reason, Now and Batch are what was asked for, so that an operation that was
	// cut off goes on as it was: its word, whether it skips soaks, and its batch.
	Reason string `json:"reason,omitempty"`
	Now    bool   `json:"now,omitempty"`
	Batch  string `json:"batch,omitempty"`
	// ByHand says that a person makes the key and stores its value, because the
	// provider has no API for it.
	ByHand bool `json:"by_hand,omitempty"`
	// Manual is the step a person was last asked for; nil if nobody was.
	Manual *Manual `json:"manual,omitempty"`
}

// Manual is the part of an operation that a person takes by hand.
type Manual struct {
	Step   ManualStep `json:"step"`             // the one asked for now, or last
	Ticket TicketRef  `json:"ticket,omitzero"`  // zero where no tracker is configured
	Key    string     `json:"key"`              // the ticket's own key, written before it is opened
	Asked  time.Time  `json:"asked"`            // when the step was asked for
	Due    time.Time  `json:"due"`              // when it should be done
	Missed bool       `json:"missed,omitempty"` // it was not done by then
	// Done says that the step was taken and stood up to the checks.
	Done bool `json:"done,omitempty"`
	// Unproven lists the provider's ids of keys whose end was said but could not
	// be tried.
	Unproven []string `json:"unproven,omitempty"`
}

// A ManualStep is one thing only a person can do. Steps are wire format.
type ManualStep string

// The steps.
const (
	SupplyValue ManualStep = "supply"  // make a new key at the issuer and store its value
	EndOld      ManualStep = "end"     // end the old key at the issuer
	EndNew      ManualStep = "end_new" // end the new key, because the operation is undone
)

// A TicketRef names a ticket: the tracker by its name in the configuration, and
// the ticket by the tracker's.
type TicketRef struct {
	Tracker string `json:"tracker"`
	ID      string `json:"id"`
	URL     string `json:"url,omitempty"`
}

// String is how a ticket is found in the registry; empty for none.
func (t TicketRef) String() string {
	if t.ID == "" {
		return ""
	}
	return t.Tracker + "/" + t.ID
}
