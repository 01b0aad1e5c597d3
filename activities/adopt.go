package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// AdoptKeyInput says which of the vendor's keys an entry is about.
type AdoptKeyInput struct {
	Run      Run    `json:"run"`
	RemoteID string `json:"remote_id"`
	// Unverified takes the word of whoever asks that the vendor has the key, where
	// the vendor cannot list its keys. Elsewhere it changes nothing.
	Unverified bool `json:"unverified,omitempty"`
}

// AdoptKeyResult is the key as the registry has it now.
type AdoptKeyResult struct {
	New     keyturn.Issued `json:"new"`
	Expires time.Time      `json:"expires,omitzero"`
	// Unproven says what nothing could show; empty if all of it is shown.
	Unproven string `json:"unproven,omitempty"`
}

// AdoptKey enters a key that exists already in the ledger of an entry that was
// never issued. The vendor must have it, and the value consumers read must work
// and, as far as the vendor can tell, be its. Neither is touched.
//
// For an entry that names the key already it only takes note of the version
// consumers read now, if the value is still the same. It is safe to repeat.
func (a *Keys) AdoptKey(ctx context.Context, in AdoptKeyInput) (AdoptKeyResult, error) {
	b, err := a.open(ctx, in.Run)
	if err != nil {
		return AdoptKeyResult{}, err
	}
	if err := b.mayAdopt(in.RemoteID); err != nil {
		return AdoptKeyResult{}, err
	}
	c := &candidate{bench: b, id: in.RemoteID, unverified: in.Unverified}
	for _, step := range []func(context.Context) error{c.readValue, c.ask, c.unclaimed, c.try} {
		if err := step(ctx); err != nil {
			return AdoptKeyResult{}, err
		}
	}
	if err := c.enter(ctx); err != nil {
		return AdoptKeyResult{}, err
	}
	return AdoptKeyResult{New: *b.key.Current(), Expires: b.key.Expires, Unproven: c.unproven()}, nil
}

func (b *bench) mayAdopt(id string) error {
	cur := b.key.Current()
	switch k := &b.key; {
	case id == "":
		return b.errorf(keyturn.Invalid, "say which key it is: the vendor's id is missing")
	case !k.Retired.IsZero():
		return b.errorf(keyturn.Invalid, "the key was ended on %s", k.Retired.Format(time.DateOnly))
	case k.Intent != nil:
		return b.errorf(keyturn.Invalid, "a %s was cut off half-way; finish it first with: keyturn %[1]s %s", k.Intent.Operation, k.ID)
	case cur != nil && cur.RemoteID != id:
		return b.errorf(keyturn.Invalid, "the key is already issued; rotate it with: keyturn rotate %s", k.ID)
	case cur == nil && len(k.Ledger) > 0:
		return b.errorf(keyturn.Conflict, "the entry still names a key; see: keyturn keys show %s", k.ID)
	}
	return nil
}

// enter writes the key into the ledger as the one consumers read. Its age counts
// from when the vendor made it, so that it is due when it should be.
func (c *candidate) enter(ctx context.Context) error {
	if cur := c.key.Current(); cur != nil && cur.Version == c.stored.Name {
		return nil // an earlier attempt did
	}
	now := c.Now().UTC()
	detail := fmt.Sprintf("%s, at version %s", c.id, c.stored.Name)
	if why := c.unproven(); why != "" {
		detail += "; " + why
	}
	return c.save(ctx, note{name: registry.Adopted + "/" + string(c.stored.Name), what: registry.Adopted, detail: detail}, func(k *keyturn.Key) error {
		if cur := k.Current(); k.Intent == nil && cur != nil && cur.RemoteID == c.id {
			cur.Version = c.stored.Name
			return nil
		}
		if k.Intent != nil || len(k.Ledger) > 0 || !k.Retired.IsZero() {
			return c.errorf(keyturn.Conflict, "the entry was changed meanwhile; begin again")
		}
		k.Generation = c.generation(k)
		k.Ledger = []keyturn.Issued{{
			Generation: k.Generation, RemoteID: c.id, Version: c.stored.Name, State: keyturn.Current,
			Created: c.remote.Created.UTC(), Promoted: now, Fingerprints: c.prints, Parts: c.Fingerprints.PartsOf(c.value.Secret),
		}}
		if !c.remote.Created.IsZero() {
			k.Rotated = c.remote.Created.UTC()
		}
		return nil
	})
}

// generation is the next one, and none that has been before: a value or key of
// ours may be older than the registry.
func (c *candidate) generation(k *keyturn.Key) int {
	next := k.Generation + 1
	for _, label := range []string{string(c.stored.Name), c.remote.Label} {
		if id, n, ours := parseLabel(label); ours && id == k.ID {
			next = max(next, n)
		}
	}
	return next
}
