package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// FillFingerprintsInput asks for the fingerprints that are lacking.
type FillFingerprintsInput struct {
	After  keyturn.KeyID `json:"after,omitempty"` // begin behind this key
	Actor  string        `json:"actor"`
	DryRun bool          `json:"dry_run,omitempty"` // only count
}

// FillFingerprintsResult counts what was done.
type FillFingerprintsResult struct {
	Keys   int `json:"keys"`   // looked at
	Filled int `json:"filled"` // of them, those that lacked some, and have them now
	// Unread are those whose value cannot be read; some of them are named.
	Unread int             `json:"unread"`
	Some   []keyturn.KeyID `json:"some,omitempty"`
	Next   keyturn.KeyID   `json:"next,omitempty"` // where to go on; empty at the end
}

// fillPage is how many keys one call looks at.
const fillPage = 1000

// FillFingerprints makes the fingerprints that keys lack, from their values in the
// store: those that were issued before there was a fingerprint key, by an older
// version, or adopted. It looks at some keys and says where to go on. It is safe to
// repeat.
func (a *Leaks) FillFingerprints(ctx context.Context, in FillFingerprintsInput) (FillFingerprintsResult, error) {
	var res FillFingerprintsResult
	for k, err := range a.Keys.Registry.Find(ctx, registry.Filter{After: in.After, Limit: fillPage}) {
		if err != nil {
			return res, err
		}
		res.Keys++
		res.Next = k.ID
		made, unread := a.lacking(ctx, &k)
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		if unread {
			if res.Unread++; len(res.Some) < mostNamed {
				res.Some = append(res.Some, k.ID)
			}
		}
		if len(made) == 0 {
			continue
		}
		if res.Filled++; in.DryRun {
			continue
		}
		if err := a.fill(ctx, k, made, in.Actor); err != nil {
			return res, err
		}
	}
	if res.Keys < fillPage {
		res.Next = ""
	}
	return res, nil
}

// lacking makes what the generations of a key lack, and reports whether a value
// cannot be read.
func (a *Leaks) lacking(ctx context.Context, k *keyturn.Key) (made map[int]keyturn.Issued, unread bool) {
	made = map[int]keyturn.Issued{}
	for _, i := range k.Ledger {
		p := i.Fingerprints
		complete := p.HMSL != "" && (a.Keys.Fingerprints.Key.IsZero() || p.HMAC != "" && p.SHA1 != "" && p.SHA256 != "")
		if complete || i.Version == "" {
			continue
		}
		value, err := a.stored(ctx, k, i)
		if err != nil {
			unread = true
			continue
		}
		i.Fingerprints, i.Parts = a.Keys.Fingerprints.Of(value), a.Keys.Fingerprints.PartsOf(value)
		made[i.Generation] = i
	}
	return made, unread
}

// fill saves what was made, into the key as it is now.
func (a *Leaks) fill(ctx context.Context, k keyturn.Key, made map[int]keyturn.Issued, actor string) error {
	for {
		edited := clone(k)
		for n, i := range edited.Ledger {
			if m, ok := made[i.Generation]; ok && m.Version == i.Version {
				edited.Ledger[n].Fingerprints, edited.Ledger[n].Parts = m.Fingerprints, m.Parts
			}
		}
		if slices.EqualFunc(edited.Ledger, k.Ledger, func(x, y keyturn.Issued) bool { return x.Fingerprints == y.Fingerprints }) {
			return nil
		}
		_, err := a.Keys.Registry.Save(ctx, edited, registry.Event{
			ID: fmt.Sprintf("fingerprints/%s/%d", k.ID, k.Revision), Key: k.ID, What: registry.Noted, Actor: actor, At: a.Keys.Now().UTC(),
			Detail: "fingerprints of its value were made",
		})
		if keyturn.KindOf(err) != keyturn.Conflict {
			return err
		}
		if k, err = a.Keys.Registry.Get(ctx, k.ID); err != nil {
			return err
		}
	}
}
