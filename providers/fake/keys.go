package fake

import (
	"slices"
	"time"
)

// A Key is one key in a Ledger, revoked ones included. Secret is filled only
// by the methods that say so, and is never encoded.
type Key struct {
	ID          string    `json:"id"`
	Principal   string    `json:"principal,omitempty"`
	Label       string    `json:"label,omitempty"`
	Secret      string    `json:"-"`
	Permissions []string  `json:"permissions,omitempty"`
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires,omitzero"`
	LastUsed    time.Time `json:"last_used,omitzero"`
	Enabled     bool      `json:"enabled"`
	Revoked     bool      `json:"revoked"`
	RevokedAt   time.Time `json:"revoked_at,omitzero"`
}

// A Draft asks a Ledger for a key. The ledger makes up an ID and a Secret
// where they are empty; a vendor that lets its callers choose them passes
// them on.
type Draft struct {
	ID, Secret       string
	Principal, Label string
	Permissions      []string
	Expires          time.Time
}

// An Admin is a credential that may manage keys. A fake asks for it by what
// its API is shown: the value, or the id.
type Admin struct {
	Name   string // what the fake calls this credential; the vendor's fake says which names it asks for
	ID     string
	Secret string
}

// What an Event can say happened.
const (
	Minted   = "mint"
	Disabled = "disable"
	Enabled  = "enable"
	Revoked  = "revoke"
)

// An Event is one change to a Ledger. Calls that change nothing leave none.
type Event struct {
	At        time.Time `json:"at"`
	Who       string    `json:"who"`
	What      string    `json:"what"`
	ID        string    `json:"id"`
	Principal string    `json:"principal,omitempty"`
	Label     string    `json:"label,omitempty"`
}

// Keys returns every key there ever was, oldest first, without values.
func (l *Ledger) Keys() []Key {
	l.mu.Lock()
	defer l.mu.Unlock()
	return public(l.keys)
}

// Live returns the keys of a principal that were not revoked, oldest first,
// without values. An empty principal means everybody's.
func (l *Ledger) Live(principal string) []Key {
	l.mu.Lock()
	defer l.mu.Unlock()
	return public(l.live(principal))
}

// Find returns a key that was not revoked, with its value.
func (l *Ledger) Find(id string) (Key, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.byID[id]; e != nil && !e.Revoked {
		return e.copy(), true
	}
	return Key{}, false
}

// FindSecret returns the key that has this value, revoked or not, with its
// value.
func (l *Ledger) FindSecret(secret string) (Key, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.keys {
		if e.Secret == secret && secret != "" {
			return e.copy(), true
		}
	}
	return Key{}, false
}

// Value returns the value of a key, revoked or not, for use in the same
// process; it is empty for an unknown id.
func (l *Ledger) Value(id string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.byID[id]; e != nil {
		return e.Secret
	}
	return ""
}

// Log returns every change so far, oldest first.
func (l *Ledger) Log() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Event{}, l.log...)
}

// IDs returns the ids of all keys something happened to, in the order it
// happened: IDs(Revoked) is what was revoked.
func (l *Ledger) IDs(what string) []string {
	var ids []string
	for _, e := range l.Log() {
		if e.What == what {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// AddPrincipal makes principals known. Once there is one, keys can be minted
// only for those that were added.
func (l *Ledger) AddPrincipal(names ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range names {
		if !slices.Contains(l.principals, n) {
			l.principals = append(l.principals, n)
		}
	}
}

// Principals returns the principals that were added, in that order.
func (l *Ledger) Principals() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.principals)
}

// HasPrincipal reports whether a principal was added.
func (l *Ledger) HasPrincipal(name string) bool { return slices.Contains(l.Principals(), name) }

// SetAdmin makes an administrator credential known, in place of the one with
// the same name.
func (l *Ledger) SetAdmin(a Admin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admins = append(slices.DeleteFunc(l.admins, func(b Admin) bool { return a.Name == b.Name }), a)
}

// Admin returns the administrator credential with this value.
func (l *Ledger) Admin(secret string) (Admin, bool) {
	return l.admin(func(a Admin) bool { return a.Secret == secret && secret != "" })
}

// AdminByID returns the administrator credential with this id.
func (l *Ledger) AdminByID(id string) (Admin, bool) {
	return l.admin(func(a Admin) bool { return a.ID == id && id != "" })
}

func (l *Ledger) admin(is func(Admin) bool) (Admin, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.admins, is); i >= 0 {
		return l.admins[i], true
	}
	return Admin{}, false
}

func (l *Ledger) live(principal string) []*entry {
	var out []*entry
	for _, e := range l.keys {
		if !e.Revoked && (principal == "" || e.Principal == principal) {
			out = append(out, e)
		}
	}
	return out
}

func (l *Ledger) record(who, what string, e *entry) {
	l.log = append(l.log, Event{At: l.opts.Now(), Who: who, What: what, ID: e.ID, Principal: e.Principal, Label: e.Label})
}

func (e *entry) copy() Key {
	k := e.Key
	k.Permissions = slices.Clone(k.Permissions)
	return k
}

func public(entries []*entry) []Key {
	out := make([]Key, 0, len(entries))
	for _, e := range entries {
		k := e.copy()
		k.Secret = ""
		out = append(out, k)
	}
	return out
}
