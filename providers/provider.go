// Package providers defines what it takes to manage one kind of key: a tiny
// required interface and a handful of optional ones. A provider folder
// implements what its API offers and nothing else.
package providers

import (
	"context"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
)

// A Provider is one account at one vendor, opened with credentials that may
// manage its keys. Everything beyond introducing itself is optional:
// implementing one of the interfaces below is how a provider says it can do
// that, and the only way.
//
// All methods must honour ctx, be safe for concurrent use, make one attempt
// (retrying is the workflow's job) and return *keyturn.Error values, except
// that a cancelled ctx comes back as ctx.Err() itself.
type Provider interface {
	// Info describes the provider. It does no I/O and always says the same.
	Info() Info
}

// Info is what the rest of the system must know about a provider.
type Info struct {
	Name    string // the folder name and the word used in registry entries
	Title   string // "Datadog"
	Docs    string // the API reference this folder was written against
	MaxLive int    // keys one principal may hold at once, disabled ones included; 0 is no limit
	Labels  bool   // whether List returns the label given to Mint
	// Settle is how long after a change the vendor may still answer as before
	// it: a new key refused, a revoked one accepted.
	Settle time.Duration
	// UsageLag is how far LastUsed may run behind the truth.
	UsageLag time.Duration
}

// A RemoteKey is a key as its provider sees it.
type RemoteKey struct {
	ID        string
	Principal string // whom it authenticates as; empty where the vendor has no such thing
	Label     string // what Mint was given; empty where the vendor keeps none
	Created   time.Time
	Enabled   bool
}

// A MintRequest asks for a new key.
type MintRequest struct {
	Principal string
	// Label is unique to this generation of this key. After a lost response
	// it is how the orphan is recognised and revoked.
	Label       string
	Permissions []string
	// Expires is when the vendor should end the key by itself, where it can.
	// Zero means never.
	Expires time.Time
}

// Minted is a new key and the only sight we get of its value.
type Minted struct {
	Key    RemoteKey
	Secret keyturn.Secret
}

// A Minter can create keys. When the answer is lost the error is Unavailable
// and the key may or may not exist.
type Minter interface {
	Mint(ctx context.Context, req MintRequest) (Minted, error)
}

// A Lister can enumerate keys, following pages as the caller keeps reading:
// those of one principal, or with an empty principal all of the account's.
// Iteration stops after the first error. A principal that does not exist is
// a NotFound error.
type Lister interface {
	List(ctx context.Context, principal string) iter.Seq2[RemoteKey, error]
}

// A Verifier can tell whether a value works, by making the cheapest harmless
// authenticated call there is. A refused key is a Denied error. A key that
// works but lacks a permission is a success: it is alive. The id of a key that a
// person made and whose id nobody gave is "<principal>/g<generation>".
type Verifier interface {
	Verify(ctx context.Context, id string, secret keyturn.Secret) error
}

// A Suspender can switch a key off and on again. Off-and-on is one
// capability: it exists so that a rotation can be undone. Both directions are
// safe to repeat. A key that does not exist is a NotFound error.
type Suspender interface {
	Disable(ctx context.Context, principal, id string) error
	Enable(ctx context.Context, principal, id string) error
}

// A Revoker can end a key for good. Revoking a key that is already gone
// succeeds: the caller wanted it gone.
type Revoker interface {
	Revoke(ctx context.Context, principal, id string) error
}

// A UsageReader can tell when a key was last used, as far as the vendor knows
// (see Info.UsageLag). The zero time means never.
type UsageReader interface {
	LastUsed(ctx context.Context, principal, id string) (time.Time, error)
}

// A UseReader can tell what was done with a key, from the vendor's own audit log, as
// far as that goes back and has caught up. It yields uses at or after since, in
// whatever order, reading pages as the caller keeps going, and stops after the first
// error. A log that is not switched on, or that the credential may not read, is a
// Denied error that says what is lacking; a kind of key the log does not tell apart
// is Unsupported.
type UseReader interface {
	Uses(ctx context.Context, q UseQuery) iter.Seq2[Use, error]
}

// A UseQuery asks what was done with one key.
type UseQuery struct {
	Principal string
	ID        string
	// Secret is the value, for vendors whose log names keys by its hash; zero where
	// it is not at hand. It is never sent.
	Secret keyturn.Secret
	Since  time.Time
}

// A Use is one line of a vendor's audit log.
type Use struct {
	ID    string // the vendor's name for it, the same whenever it is read
	At    time.Time
	From  string // the address it came from; empty if the vendor does not say
	What  string // the API called, in the vendor's words: "s3:GetObject"
	Agent string // what the client calls itself
}

// A PairVerifier is a Verifier that accepts a value only together with the id of its
// own key, so that what it accepts is shown to be that key's.
type PairVerifier interface {
	Verifier
	// VerifiesPair does nothing: to have it is the promise.
	VerifiesPair()
}

// An Identifier can tell which key a value belongs to, by the cheapest
// harmless call: it is how a leaked value nobody knows finds its owner. A
// value that is none of this account's is a NotFound error.
type Identifier interface {
	Identify(ctx context.Context, secret keyturn.Secret) (id string, err error)
}

// A Locator can tell which key of this account has an id that was found somewhere, by
// harmless calls. An id that is none of this account's is a NotFound error.
type Locator interface {
	Locate(ctx context.Context, id string) (RemoteKey, error)
}

// A ValueRevoker can end a key given nothing but its value: the vendor's kill
// switch for leaked keys. It cannot be undone. A value that is dead already
// succeeds. The vendor may take a while to act; see Info.Settle.
type ValueRevoker interface {
	RevokeValue(ctx context.Context, secret keyturn.Secret) error
}

// A Permission is one thing the administrator credential must be allowed.
type Permission struct {
	Name    string `json:"name"` // in the vendor's words: "iam:ListAccessKeys"
	Granted bool   `json:"granted"`
	Need    string `json:"need"` // what cannot be done without it
}

// A PermissionChecker can tell, by harmless calls only, what the configured
// administrator credential may do. Permissions that only a change would show
// are left out. A credential that is refused altogether is a Denied error.
type PermissionChecker interface {
	CheckPermissions(ctx context.Context, principal string) ([]Permission, error)
}
