package activities

import (
	"context"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

// MintKeyInput asks for the next generation of a key.
type MintKeyInput struct {
	Run Run `json:"run"`
	// IfDue claims the key only if it is due now.
	IfDue bool `json:"if_due,omitempty"`
}

// MintKeyResult is the new generation and what the workflow must know about
// the key to carry on. It is recorded, so later edits of the entry do not
// change a rotation under way.
type MintKeyResult struct {
	New    keyturn.Issued   `json:"new"`
	Old    []keyturn.Issued `json:"old,omitempty"`
	Policy keyturn.Policy   `json:"policy"`
	// Held says that the calendar does not allow it now, and nothing was done.
	Held *Hold `json:"held,omitempty"`
	// NotDue says that the key is not due, as IfDue asked, and nothing was done.
	NotDue bool `json:"not_due,omitempty"`
	// ByHand says that the key is claimed, and that a person must make the new
	// key and store its value. Of New only the generation is known then.
	ByHand bool `json:"by_hand,omitempty"`
	// Replaces says that the issuer ends the old key when it makes a new one,
	// so that there is no overlap and no way back once that is done.
	Replaces bool `json:"replaces,omitempty"`
}

// MintKey claims the key for this run, makes one new key and stages its value
// where no consumer looks, leaving exactly one of each however often it is
// retried. Minting and staging are one activity because the value between
// them must not touch a workflow's history. Where the provider cannot make
// this key it only claims it, and says that a person must make one.
func (a *Keys) MintKey(ctx context.Context, in MintKeyInput) (MintKeyResult, error) {
	b, err := a.open(ctx, in.Run)
	if err != nil {
		return MintKeyResult{}, err
	}
	minter, err := providers.As[providers.Minter](a.Providers, in.Run.Issuer)
	if err != nil && keyturn.KindOf(err) != keyturn.Unsupported {
		return MintKeyResult{}, err
	}
	if !b.holds() {
		if due := b.key.Due(); in.IfDue && (due.IsZero() || due.After(a.Now())) {
			return MintKeyResult{NotDue: true}, nil
		}
		if err := b.mayBegin(); err != nil {
			return MintKeyResult{}, err
		}
		if b.key.Intent == nil { // what was begun already goes on
			if held, err := b.heldBack(ctx); err != nil || held != nil {
				return MintKeyResult{Held: held}, err
			}
		}
	}
	if b.holds() {
		err = b.resume(ctx, minter)
	} else {
		err = b.begin(ctx, minter)
	}
	if err != nil {
		return MintKeyResult{}, err
	}
	return b.minted(), nil
}

func (b *bench) minted() MintKeyResult {
	res := MintKeyResult{Policy: b.key.Policy.WithDefaults()}
	if _, ok := b.provider.(providers.UsageReader); ok && b.info.UsageLag > 0 {
		// A shorter overlap would end before the vendor can know whether the
		// old key is quiet.
		res.Policy.Overlap = max(res.Policy.Overlap, keyturn.Duration(b.info.UsageLag+b.quietFor()))
	}
	for _, i := range b.key.Ledger {
		if i.Generation == b.key.Intent.Generation {
			res.New = i
		} else {
			res.Old = append(res.Old, i)
		}
	}
	if b.key.Intent.ByHand {
		res.ByHand = res.New.Generation == 0
		res.New.Generation = b.key.Intent.Generation
		res.Replaces = b.info.MaxLive == 1 && len(res.Old) > 0
	}
	return res
}

// begin is the first attempt: claim, write the intent down, then ask. minter is
// nil where the provider has no API for it.
func (b *bench) begin(ctx context.Context, minter providers.Minter) error {
	if b.key.Intent != nil {
		if taken, err := b.takeOver(ctx); err != nil {
			return err
		} else if taken {
			return b.resume(ctx, minter)
		}
	}
	intent := keyturn.Intent{
		Run: b.run.ID, Operation: b.run.Operation, Began: b.Now().UTC(), ByHand: minter == nil,
		Reason: b.run.Cause.Reason, Now: b.run.Now, Batch: b.run.Batch,
	}
	if err := b.checkStore(ctx, intent.ByHand); err != nil {
		return err
	}
	if minter != nil {
		before, err := b.freeSlot(ctx)
		if err != nil {
			return err
		}
		intent.Before, intent.Minting, intent.Asked, intent.Exclusive = before, intent.Began, 1, !b.info.Labels
	}
	err := b.save(ctx, note{what: registry.Began, detail: b.overrode}, func(k *keyturn.Key) error {
		if k.Intent != nil && k.Intent.Run == b.run.ID {
			return nil
		}
		k.Generation++
		claim := intent
		claim.Generation = k.Generation
		k.Intent = &claim
		return nil
	})
	if keyturn.KindOf(err) == keyturn.Conflict {
		return b.notYet(30*time.Second, "another key of %s is being changed", b.principal())
	}
	if err != nil || minter == nil {
		return err
	}
	return b.mintAndStage(ctx, minter)
}

func (b *bench) mayBegin() error {
	switch intent := b.key.Intent; {
	case !b.key.Retired.IsZero():
		return b.errorf(keyturn.Invalid, "the key was ended on %s", b.key.Retired.Format(time.DateOnly))
	case intent != nil && intent.Operation != b.run.Operation:
		return b.errorf(keyturn.Invalid, "a %s was cut off half-way; finish it first with: keyturn %[1]s %s", intent.Operation, b.key.ID)
	case intent != nil:
		return nil
	case b.run.Operation == keyturn.Issue && b.key.Policy.Approval && b.run.ApprovedBy == "":
		return b.errorf(keyturn.Invalid, "the entry asks for a second person's approval; start it with: keyturn issue %s", b.key.ID)
	case b.run.Operation == keyturn.Issue && b.key.Current() != nil:
		return b.errorf(keyturn.Invalid, "the key is already issued; rotate it with: keyturn rotate %s", b.key.ID)
	case b.run.Operation == keyturn.Rotate && b.key.Current() == nil:
		return b.errorf(keyturn.Invalid, "the key was never issued; issue it with: keyturn issue %s", b.key.ID)
	}
	return nil
}

// takeOver adopts the intent of a run that was ended from outside, such as by
// a terminate, and reports whether there is one to carry on with. The workflow
// id is the lock, so that run is over; only an activity of its may still be
// finishing its last call.
func (b *bench) takeOver(ctx context.Context) (bool, error) {
	intent := b.key.Intent
	if wait := attempt + b.info.Settle - b.Now().Sub(intent.Minting); wait > 0 {
		return false, b.notYet(wait, "waiting for the last call of an operation that was cut off")
	}
	undone := false // it was being rolled back
	if i := b.key.Issue(intent.Generation); i != nil && i.State == keyturn.Revoking {
		if undone = intent.ByHand; !undone {
			return false, b.discard(ctx, intent.Generation)
		}
	}
	n := note{what: registry.Began, detail: "took over from an operation that was cut off"}
	err := b.save(ctx, n, func(k *keyturn.Key) error {
		if k.Intent == nil {
			return b.errorf(keyturn.Conflict, "the operation that was cut off has ended")
		}
		k.Intent.Run = b.run.ID
		return nil
	})
	if err == nil && undone {
		return false, b.errorf(keyturn.Conflict, "an earlier operation was being undone; a person has to end its key first")
	}
	return err == nil, err
}

// checkStore makes sure that consumers read what the ledger says they read,
// before anything is made that would be promoted over it. It also finds a
// store that is down before a key is minted in vain. Where a person makes the
// key, the value may be there already, and is looked at when it is supplied.
func (b *bench) checkStore(ctx context.Context, byHand bool) error {
	now, err := b.store.Current(ctx, b.ref())
	if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
		return err
	}
	if byHand {
		return nil
	}
	var want keyturn.SecretVersion
	if cur := b.key.Current(); cur != nil {
		want = cur.Version
	}
	if now.Name != want {
		return b.errorf(keyturn.Conflict, "%s holds version %q, not %q which the registry knows; somebody wrote it by hand",
			b.ref().Path, now.Name, want)
	}
	return nil
}

// resume carries on after an attempt that did not live to tell.
func (b *bench) resume(ctx context.Context, minter providers.Minter) error {
	if b.key.Issue(b.key.Intent.Generation) != nil {
		return nil // minted, staged and recorded
	}
	if b.key.Intent.ByHand {
		return nil // a person is asked for it
	}
	if minter == nil {
		return b.errorf(keyturn.Unsupported, "%s cannot make keys any more; was its configuration changed?", b.info.Title)
	}
	staged, err := b.store.Find(ctx, b.ref(), b.label())
	if err == nil {
		v, err := b.store.Read(ctx, b.ref(), staged.Name)
		if err != nil {
			return err
		}
		return b.recordStaged(ctx, staged, v.Secret)
	}
	if keyturn.KindOf(err) != keyturn.NotFound {
		return err
	}
	if err := b.revokeOrphans(ctx); err != nil {
		return err
	}
	before, err := b.freeSlot(ctx)
	if err != nil {
		return err
	}
	asked := b.key.Intent.Asked + 1
	now := b.Now().UTC()
	n := note{name: nth(registry.Minting, asked), what: registry.Minting}
	err = b.save(ctx, n, func(k *keyturn.Key) error {
		k.Intent.Before, k.Intent.Minting, k.Intent.Asked = before, now, asked
		return nil
	})
	if err != nil {
		return err
	}
	return b.mintAndStage(ctx, minter)
}

func (b *bench) mintAndStage(ctx context.Context, minter providers.Minter) error {
	m, err := minter.Mint(ctx, providers.MintRequest{
		Principal: b.principal(), Label: b.label(), Permissions: b.key.Scope.Permissions, Expires: b.nextExpiry(),
	})
	if keyturn.KindOf(err) == keyturn.Unsupported { // not for this kind of key, so nothing was made
		return b.leaveToAPerson(ctx)
	}
	if err != nil {
		return err
	}
	staged, err := b.store.Stage(ctx, b.ref(), secrets.Draft{
		Label: b.label(), RemoteID: m.Key.ID, Value: m.Secret, Created: m.Key.Created,
	})
	if err != nil {
		return err // the next attempt finds the orphan and ends it
	}
	return b.recordStaged(ctx, staged, m.Secret)
}

// recordStaged enters the new generation in the ledger.
func (b *bench) recordStaged(ctx context.Context, v secrets.Version, value keyturn.Secret) error {
	prints := b.Fingerprints.Of(value)
	return b.save(ctx, note{name: nth(registry.StagedKey, b.key.Intent.Generation), what: registry.StagedKey, detail: v.RemoteID}, func(k *keyturn.Key) error {
		if k.Issue(k.Intent.Generation) != nil {
			return nil
		}
		k.Ledger = append(k.Ledger, keyturn.Issued{
			Generation: k.Intent.Generation, RemoteID: v.RemoteID, Version: v.Name,
			State: keyturn.Staged, Created: v.Created, Fingerprints: prints, Parts: b.Fingerprints.PartsOf(value),
		})
		return nil
	})
}

// freeSlot lists the principal's keys and, where the provider allows only so
// many, makes room for one more by ending a key of ours that is already
// retired. It never ends a key that is not in the ledger. It returns the ids
// that exist; none where they are not needed to recognise an orphan.
func (b *bench) freeSlot(ctx context.Context) ([]string, error) {
	if b.info.Labels && b.info.MaxLive == 0 {
		return nil, nil
	}
	ids, err := b.list(ctx)
	if err != nil || b.info.MaxLive == 0 || len(ids) < b.info.MaxLive {
		return ids, err
	}
	for _, id := range ids {
		i := b.key.Remote(id)
		if i == nil || (i.State != keyturn.Disabled && i.State != keyturn.Revoking) {
			continue
		}
		if err := b.end(ctx, *i); err != nil {
			return nil, err
		}
		return slices.DeleteFunc(ids, func(x string) bool { return x == id }), nil
	}
	strangers := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return b.key.Remote(id) != nil })
	return nil, b.errorf(keyturn.Exhausted, "%s already holds %d of %d keys, and %d of them (%v) are not in the registry; remove or adopt one",
		b.principal(), len(ids), b.info.MaxLive, len(strangers), strangers)
}

func (b *bench) list(ctx context.Context) ([]string, error) {
	lister, err := providers.As[providers.Lister](b.Providers, b.run.Issuer)
	if err != nil {
		return nil, err
	}
	var ids []string
	for k, err := range lister.List(ctx, b.principal()) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, k.ID)
	}
	return ids, nil
}

// nextExpiry gives a new generation the lifetime the last one had, a year at
// the most.
func (b *bench) nextExpiry() time.Time {
	const year = 365 * 24 * time.Hour
	from := b.key.Rotated
	if from.IsZero() {
		from = b.key.Created
	}
	life := b.key.Expires.Sub(from)
	if b.key.Expires.IsZero() || from.IsZero() || life <= 0 || life > year {
		life = year
	}
	return b.Now().UTC().Add(life)
}
