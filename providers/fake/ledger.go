// Package fake is what a pretend vendor is made of: a [Ledger] that holds the
// truth about keys, [Faults] that break the conversation on request, and a few
// helpers for speaking HTTP. A vendor's own fake adds only that vendor's paths
// and words. Tests, the laptop demo and the crash harness all use it, so it
// does not know about package testing.
package fake

import (
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"
)

// What a Ledger answers when it cannot do as asked. A fake turns them into
// its vendor's words.
var (
	ErrNoKey       = errors.New("fake: no such key")
	ErrNoPrincipal = errors.New("fake: no such principal")
	ErrFull        = errors.New("fake: the principal holds as many keys as it may")
)

// Options say how the vendor behaves. The zero value is a vendor that is
// consistent at once and sets no limit.
type Options struct {
	Now func() time.Time // default time.Now
	// Settle is how long a change takes to be believed: until then a new key
	// is refused, and a disabled or revoked one is still accepted.
	Settle time.Duration
	// MaxPerPrincipal is how many keys one principal may hold, disabled ones
	// included. 0 is no limit.
	MaxPerPrincipal int
	// ValuePrefix starts every value the ledger makes up, so that a test can
	// look for it where no value may be.
	ValuePrefix string
}

// A Ledger is the truth behind a fake API. It is safe for concurrent use.
type Ledger struct {
	opts Options

	mu         sync.Mutex
	format     Format
	keys       []*entry
	byID       map[string]*entry
	principals []string
	admins     []Admin
	log        []Event
	uses       []Use
}

// entry is a key and how it came to be believed.
type entry struct {
	Key
	changed time.Time // when what the vendor should believe last changed
	before  bool      // whether the key was accepted until then
}

// A Format makes up ids and values as a vendor words them. A nil function
// leaves the ledger's own. Complete comes first, for ids and values that
// depend on what the key is for.
type Format struct {
	ID       func() string
	Value    func(prefix string) string
	Complete func(prefix string, d *Draft)
}

// NewLedger returns an empty ledger.
func NewLedger(o Options) *Ledger {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Ledger{opts: o, byID: map[string]*entry{}, format: Format{
		ID:    func() string { return "key_" + rand.Text()[:12] },
		Value: func(prefix string) string { return prefix + rand.Text() },
	}}
}

// SetFormat makes the ledger word ids and values as the vendor does. A fake
// calls it once, when it is built.
func (l *Ledger) SetFormat(f Format) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.ID != nil {
		l.format.ID = f.ID
	}
	if f.Value != nil {
		l.format.Value = f.Value
	}
	if f.Complete != nil {
		l.format.Complete = f.Complete
	}
}

// Now is the time where the vendor is.
func (l *Ledger) Now() time.Time { return l.opts.Now() }

// Mint creates a key on behalf of who, and is the only sight of its value
// besides [Ledger.Find]. Where principals were added, the draft's must be one
// of them.
func (l *Ledger) Mint(who string, d Draft) (Key, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.principals) > 0 && !slices.Contains(l.principals, d.Principal) {
		return Key{}, ErrNoPrincipal
	}
	if n := l.opts.MaxPerPrincipal; n > 0 && len(l.live(d.Principal)) >= n {
		return Key{}, ErrFull
	}
	if l.format.Complete != nil {
		l.format.Complete(l.opts.ValuePrefix, &d)
	}
	if d.ID == "" {
		d.ID = l.format.ID()
	}
	if d.Secret == "" {
		d.Secret = l.format.Value(l.opts.ValuePrefix)
	}
	now := l.opts.Now()
	e := &entry{changed: now, Key: Key{
		ID: d.ID, Principal: d.Principal, Label: d.Label, Secret: d.Secret,
		Permissions: slices.Clone(d.Permissions), Created: now, Expires: d.Expires, Enabled: true,
	}}
	l.keys = append(l.keys, e)
	l.byID[e.ID] = e
	l.record(who, Minted, e)
	return e.copy(), nil
}

// SetEnabled switches a key on or off. Doing it twice changes nothing. An
// empty principal means whichever the key has.
func (l *Ledger) SetEnabled(who, principal, id string, on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.find(principal, id)
	if err != nil || e.Enabled == on {
		return err
	}
	l.change(e, func() { e.Enabled = on })
	l.record(who, map[bool]string{true: Enabled, false: Disabled}[on], e)
	return nil
}

// Revoke ends a key for good. A key already revoked is ErrNoKey. An empty
// principal means whichever the key has.
func (l *Ledger) Revoke(who, principal, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.find(principal, id)
	if err != nil {
		return err
	}
	l.change(e, func() { e.Revoked, e.RevokedAt = true, l.opts.Now() })
	l.record(who, Revoked, e)
	return nil
}

// Use reports whether the vendor would accept the key called id at this
// moment, and if so records the use.
func (l *Ledger) Use(id string) (Key, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.byID[id]
	if e == nil || !l.accepts(e) {
		return Key{}, false
	}
	e.LastUsed = l.opts.Now()
	return e.copy(), true
}

// Authenticate is Use for a vendor that is shown only the value.
func (l *Ledger) Authenticate(secret string) (Key, bool) {
	if k, ok := l.FindSecret(secret); ok {
		return l.Use(k.ID)
	}
	return Key{}, false
}

// Accepts is Use without a use.
func (l *Ledger) Accepts(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.byID[id]
	return e != nil && l.accepts(e)
}

// change applies what and starts the settling time of it.
func (l *Ledger) change(e *entry, what func()) {
	before := l.accepts(e)
	what()
	e.before, e.changed = before, l.opts.Now()
}

func (l *Ledger) accepts(e *entry) bool {
	now := l.opts.Now()
	if !e.Expires.IsZero() && !now.Before(e.Expires) {
		return false
	}
	if now.Before(e.changed.Add(l.opts.Settle)) {
		return e.before
	}
	return e.Enabled && !e.Revoked
}

// find returns a key that has not been revoked.
func (l *Ledger) find(principal, id string) (*entry, error) {
	if principal != "" && len(l.principals) > 0 && !slices.Contains(l.principals, principal) {
		return nil, ErrNoPrincipal
	}
	e := l.byID[id]
	if e == nil || e.Revoked || principal != "" && e.Principal != principal {
		return nil, ErrNoKey
	}
	return e, nil
}
