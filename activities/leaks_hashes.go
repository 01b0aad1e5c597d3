package activities

import (
	"context"
	"strconv"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// HashSource is the source of what is known to have leaked by its fingerprint.
const HashSource = "hasmysecretleaked"

// AskHashesInput asks about the fingerprints of keys behind one.
type AskHashesInput struct {
	After keyturn.KeyID `json:"after,omitempty"` // empty is from the beginning
}

// AskHashesResult counts what was found.
type AskHashesResult struct {
	Asked int `json:"asked"`
	Known int `json:"known"` // of them, known to have leaked; each is a leak
	// Next is the key the next look goes on behind, because a quota is used up; empty if
	// all were asked about.
	Next keyturn.KeyID `json:"next,omitempty"`
}

// AskHashes asks which fingerprints of values in service are known to have leaked.
// Only the beginning of each is shown to anybody. It is safe to repeat.
func (a *Leaks) AskHashes(ctx context.Context, in AskHashesInput) (AskHashesResult, error) {
	res := AskHashesResult{Next: in.After}
	if a.Hashes == nil {
		return AskHashesResult{}, nil
	}
	_, next, err := a.Hashes.Known(ctx, nil)
	if err != nil {
		return res, unlessUsedUp(err)
	}
	var waiting []fingerprint
	ask := func(n int) error {
		hashes := make([]string, n)
		for i, w := range waiting[:n] {
			hashes[i] = w.hash
		}
		if next, err = a.ask(ctx, hashes, &res); err != nil {
			return err
		}
		for _, w := range waiting[:n] {
			if w.last { // the next look may go on behind this key
				res.Next = w.of
			}
		}
		waiting = waiting[n:]
		return nil
	}
	for k, err := range a.Keys.Registry.Find(ctx, registry.Filter{After: in.After}) {
		if err != nil {
			return res, err
		}
		waiting = append(waiting, fingerprintsOf(&k)...)
		for next > 0 && len(waiting) >= next {
			if err := ask(next); err != nil {
				return res, unlessUsedUp(err)
			}
		}
		if next == 0 {
			return res, nil
		}
	}
	if len(waiting) > 0 {
		if err := ask(len(waiting)); err != nil {
			return res, unlessUsedUp(err)
		}
	}
	res.Next = ""
	return res, nil
}

// A fingerprint is one to be asked about.
type fingerprint struct {
	hash string
	of   keyturn.KeyID
	last bool // of its key
}

func fingerprintsOf(k *keyturn.Key) (out []fingerprint) {
	for _, i := range k.Ledger {
		if i.Fingerprints.HMSL != "" {
			out = append(out, fingerprint{hash: i.Fingerprints.HMSL, of: k.ID})
		}
	}
	if len(out) > 0 {
		out[len(out)-1].last = true
	}
	return out
}

// unlessUsedUp is err, unless it says that a quota is used up: then the next look goes
// on.
func unlessUsedUp(err error) error {
	if keyturn.KindOf(err) == keyturn.RateLimited {
		return nil
	}
	return err
}

// ask asks about some, and reports those that are known.
func (a *Leaks) ask(ctx context.Context, hashes []string, res *AskHashesResult) (next int, err error) {
	found, next, err := a.Hashes.Known(ctx, hashes)
	if err != nil {
		return next, err
	}
	res.Asked += len(hashes)
	for _, known := range found {
		res.Known++
		_, err := NewReporter(a, HashSource).Report(ctx, []leaks.Finding{{
			Source: HashSource, Event: known.Hash, Rule: "seen in " + strconv.Itoa(known.Count) + " places", HMSL: known.Hash, URL: known.URL, Public: true,
		}})
		if err != nil {
			return next, err
		}
	}
	return next, nil
}
