// Package activities is everything workflows may ask the world to do. An
// activity is a method func(context.Context, In) (Out, error) on a struct of
// dependencies. Method names, and the JSON of In and Out, are wire format.
//
// Every activity is safe to run again after a crash at any point: it looks at
// what is there, does what is missing, and leaves the same result.
package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/rollout"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/synthetic"
)

// Keys works on keys at their providers, in their stores and in the registry.
// It is the only code in the system that moves values, and none of them
// outlives a method call.
type Keys struct {
	Providers    providers.Catalog
	Secrets      secrets.Catalog
	Registry     registry.Store
	Checkers     map[string]rollout.Checker // by consumer kind
	Synthetic    synthetic.Runner
	Fingerprints leaks.Fingerprinter
	Now          func() time.Time
	// Poll is how often consumers are looked at while they move.
	Poll time.Duration
	// Patience is how long one attempt waits in place for a vendor to settle
	// before it gives its worker slot back and asks to be called again.
	Patience time.Duration
	// Timing overrules what providers say of their vendors, for some accounts.
	Timing map[keyturn.Issuer]Timing

	failed func(context.Context, keyturn.Issuer) // see WithBrake; may be nil
}

// Timing is how slow a vendor is. Zero fields leave the provider's own word.
type Timing struct {
	Settle   time.Duration // see providers.Info
	UsageLag time.Duration
}

// A Run says which workflow run acts on which key. It fences every change: an
// activity whose run no longer holds the key's intent is refused.
type Run struct {
	ID        string            `json:"id"`
	Key       keyturn.KeyID     `json:"key"`
	Issuer    keyturn.Issuer    `json:"issuer"`
	Operation keyturn.Operation `json:"operation"`
	Cause     Cause             `json:"cause"`
	// ApprovedBy is the second person who approved it; empty if nobody was asked.
	ApprovedBy string `json:"approved_by,omitempty"`
	// Urgent overrides maintenance windows and freezes: a leak does not wait.
	Urgent bool `json:"urgent,omitempty"`
	// Now says that the operation skips every soak.
	Now bool `json:"now,omitempty"`
	// Batch is the batch the operation is of; empty if it is of none.
	Batch string `json:"batch,omitempty"`
	// Began is when the operation took its first step.
	Began time.Time `json:"began,omitzero"`
}

// A Cause says why something happens and who wanted it.
type Cause struct {
	Reason string `json:"reason"`         // a word: scheduled, requested, leak
	Note   string `json:"note,omitempty"` // what the person who asked wrote
	Actor  string `json:"actor"`
}

// bench is what one activity works with: the key as it is now, the provider
// account that issues it, and the store its value lives in.
type bench struct {
	*Keys
	run      Run
	key      keyturn.Key
	provider providers.Provider
	info     providers.Info
	store    secrets.Store
	// overrode says that a window or freeze was overridden, for the record.
	overrode string
	// by is who acts, where that is not who asked for the operation.
	by string
}

// open reads the key and finds its provider and store.
func (a *Keys) open(ctx context.Context, run Run) (*bench, error) {
	key, err := a.Registry.Get(ctx, run.Key)
	if err != nil {
		return nil, err
	}
	if got := key.Scope.Issuer(); got != run.Issuer {
		return nil, keyturn.Errorf(keyturn.Conflict, "open "+string(run.Key), "the key is issued by %s, not by %s; start again", got, run.Issuer)
	}
	p, err := providers.As[providers.Provider](a.Providers, run.Issuer)
	if err != nil {
		return nil, err
	}
	store, err := a.Secrets.Open(key.Storage.Secret.Store)
	if err != nil {
		return nil, err
	}
	info := p.Info()
	if t := a.Timing[run.Issuer]; t != (Timing{}) {
		info.Settle, info.UsageLag = cmp.Or(t.Settle, info.Settle), cmp.Or(t.UsageLag, info.UsageLag)
	}
	return &bench{Keys: a, run: run, key: key, provider: p, info: info, store: store}, nil
}

func (b *bench) holds() bool { return b.key.Intent != nil && b.key.Intent.Run == b.run.ID }

// label names the generation the intent is about.
func (b *bench) label() string { return keyturn.Label(b.key.ID, b.key.Intent.Generation) }

func (b *bench) principal() string { return b.key.Scope.Principal }

func (b *bench) ref() keyturn.SecretRef { return b.key.Storage.Secret }

func (b *bench) errorf(kind keyturn.Kind, format string, args ...any) *keyturn.Error {
	return keyturn.Errorf(kind, string(b.run.Operation)+" "+string(b.run.Key), format, args...)
}

// takenOver is for a run that no longer holds the key's intent.
func (b *bench) takenOver() error {
	return b.errorf(keyturn.Conflict, "another operation took the key over")
}

// notYet asks to be called again after d.
func (b *bench) notYet(d time.Duration, format string, args ...any) error {
	e := b.errorf(keyturn.NotYet, format, args...)
	e.RetryAfter = max(d, time.Second)
	return e
}
