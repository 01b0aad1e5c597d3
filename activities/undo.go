package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// UndoInput asks to take back part of what a run did.
type UndoInput struct {
	Run Run `json:"run"`
	// Generation is the one the run made; 0 if it made none.
	Generation int `json:"generation,omitempty"`
	// Why is the kind of error that made the run turn back.
	Why string `json:"why,omitempty"`
}

// EnableOld switches the old keys on again. Once a revocation was written
// down it is a Final error and nothing is touched.
func (a *Keys) EnableOld(ctx context.Context, in UndoInput) (struct{}, error) {
	b, err := a.open(ctx, in.Run)
	if err != nil {
		return struct{}{}, err
	}
	if !b.holds() {
		return struct{}{}, b.ended(in.Generation)
	}
	old := b.superseded()
	var off []string
	for _, i := range old {
		switch i.State {
		case keyturn.Revoking:
			if i.Generation > 0 { // an orphan's revocation takes nobody's key away
				return struct{}{}, b.errorf(keyturn.Final, "the revocation of %s has begun", i.RemoteID)
			}
		case keyturn.Disabled:
			off = append(off, i.RemoteID)
		}
	}
	suspender, ok := b.provider.(providers.Suspender)
	if !ok {
		return struct{}{}, nil
	}
	// An attempt may have switched a key off and not lived to record it, so
	// every old key is switched on.
	for _, i := range old {
		if i.State == keyturn.Revoking || !i.Killed.IsZero() {
			continue // what leaked is never switched on again
		}
		err := suspender.Enable(ctx, b.principal(), i.RemoteID)
		if keyturn.KindOf(err) == keyturn.Unsupported {
			return struct{}{}, nil // not for this kind of key, so none was switched off
		}
		if err != nil {
			return struct{}{}, err
		}
	}
	if err := b.offAgain(ctx, suspender); err != nil || len(off) == 0 {
		return struct{}{}, err
	}
	read, err := b.store.Current(ctx, b.ref())
	if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
		return struct{}{}, err
	}
	return struct{}{}, b.save(ctx, note{name: "enabled", what: registry.Noted, detail: "the old key is switched on again"}, func(k *keyturn.Key) error {
		for _, id := range off {
			if i := k.Remote(id); i != nil {
				i.State, i.Disabled = keyturn.Retiring, time.Time{}
				if i.Version == read.Name {
					i.State = keyturn.Current // a revocation was called off
				}
			}
		}
		return nil
	})
}

// offAgain switches off what somebody condemned while it was switched on.
func (b *bench) offAgain(ctx context.Context, s providers.Suspender) error {
	now, err := b.Registry.Get(ctx, b.run.Key)
	if err != nil {
		return err
	}
	for _, i := range now.Ledger {
		if i.Killed.IsZero() {
			continue
		}
		if err := s.Disable(ctx, b.principal(), i.RemoteID); err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return err
		}
	}
	return nil
}

// ended tells a run that never got hold of the key, or gave it back, from one
// that completed without Temporal hearing of it. Of the latter nothing can be
// taken back.
func (b *bench) ended(generation int) error {
	cur := b.key.Current()
	done := generation > 0 && cur != nil && cur.Generation == generation
	if b.run.Operation == keyturn.Revoke {
		done = !b.key.Retired.IsZero()
	}
	if b.key.Intent == nil && done {
		return b.errorf(keyturn.Final, "the operation has completed")
	}
	return nil
}

// RestoreSecret makes consumers read the value they read before. The former
// current generation is current again.
func (a *Keys) RestoreSecret(ctx context.Context, in UndoInput) (struct{}, error) {
	b, err := a.open(ctx, in.Run)
	if err != nil || !b.holds() {
		return struct{}{}, err
	}
	issued := b.key.Issue(b.key.Intent.Generation)
	former := b.former()
	if issued == nil || former == nil {
		return struct{}{}, nil // nothing was promoted
	}
	if !former.Killed.IsZero() {
		if issued.State == keyturn.Staged {
			return struct{}{}, nil // consumers were never moved
		}
		return struct{}{}, b.errorf(keyturn.Final, "the old key was ended because it leaked: the only way is forward")
	}
	if err := b.mayGoBack(ctx, *former, *issued); err != nil {
		return struct{}{}, err
	}
	from := issued.Version
	if b.key.Intent.ByHand && issued.State == keyturn.Staged {
		now, byHand, err := b.written(ctx)
		if err != nil {
			return struct{}{}, err
		}
		if byHand {
			from = now.Name // the value was written to where consumers read it, and not promoted yet
		}
	}
	if err := b.store.Promote(ctx, b.ref(), from, former.Version); err != nil {
		return struct{}{}, err
	}
	if former.State == keyturn.Current {
		return struct{}{}, nil
	}
	n := note{name: "restored", what: registry.Noted, detail: "consumers read the old value again"}
	return struct{}{}, b.save(ctx, n, func(k *keyturn.Key) error {
		if i := k.Remote(former.RemoteID); i != nil {
			i.State = keyturn.Current
		}
		if i := k.Issue(issued.Generation); i != nil && i.State == keyturn.Current {
			i.State = keyturn.Staged
		}
		return nil
	})
}

// former is the generation consumers read before this run: the current one,
// or the youngest that was superseded.
func (b *bench) former() *keyturn.Issued {
	var out *keyturn.Issued
	for n := range b.key.Ledger {
		i := &b.key.Ledger[n]
		if i.Generation == b.key.Intent.Generation || i.State == keyturn.Revoking {
			continue
		}
		if out == nil || i.Generation > out.Generation {
			out = i
		}
	}
	return out
}

// DiscardResult says whether a person has to end the new key first.
type DiscardResult struct {
	ByHand bool `json:"by_hand,omitempty"`
	// Ticket is the one the operation had opened, if it had.
	Ticket keyturn.TicketRef `json:"ticket,omitzero"`
}

// DiscardKey ends the run's new generation wherever it got to and closes the
// intent. A generation that consumers read is a Final error and is left alone.
// Where only a person can end it, it says so and leaves the intent open.
func (a *Keys) DiscardKey(ctx context.Context, in UndoInput) (DiscardResult, error) {
	b, err := a.open(ctx, in.Run)
	if err != nil {
		return DiscardResult{}, err
	}
	var res DiscardResult
	if b.holds() {
		if m := b.key.Intent.Manual; m != nil {
			res.Ticket = m.Ticket
		}
		if res.ByHand, err = b.discardable(ctx); err != nil || res.ByHand {
			return res, err
		}
		if err := b.discard(ctx, b.key.Intent.Generation); err != nil {
			return res, err
		}
	}
	if b.key.Intent != nil {
		return res, nil // another run's; its story is not ours to tell
	}
	n := note{what: registry.RolledBack, detail: in.Why, tell: []registry.Audience{registry.ToOwner}}
	err = b.save(ctx, n, func(*keyturn.Key) error { return nil })
	if err == nil && a.failed != nil {
		a.failed(ctx, in.Run.Issuer)
	}
	return res, err
}

// discard ends every key the intent's requests made and closes the intent.
func (b *bench) discard(ctx context.Context, generation int) error {
	label := keyturn.SecretVersion(keyturn.Label(b.key.ID, generation))
	cur, err := b.store.Current(ctx, b.ref())
	switch {
	case err == nil && cur.Name == label:
		// Only an issuance has nothing to put back in its place.
		return b.errorf(keyturn.Final, "consumers already read generation %d", generation)
	case err != nil && keyturn.KindOf(err) != keyturn.NotFound:
		return err
	}
	if i := b.key.Issue(generation); i != nil {
		ended := *i
		if err := b.markRevoking(ctx, []keyturn.Issued{ended}); err != nil {
			return err
		}
		if b.key.Intent.ByHand {
			err = b.struck(ctx, ended) // it was ended; see discardable
		} else {
			err = b.end(ctx, ended)
		}
		if err != nil {
			return err
		}
		if err := b.store.Destroy(ctx, b.ref(), ended.Version); err != nil {
			return err
		}
	}
	if err := b.adoptLeftovers(ctx); err != nil {
		return err
	}
	n := note{name: nth("closed", generation), what: registry.Noted, detail: "nothing is left of what was begun"}
	return b.save(ctx, n, func(k *keyturn.Key) error {
		k.Intent = nil
		return nil
	})
}

// adoptLeftovers ends what the intent's requests made and nobody recorded: a
// value that was staged, or a key whose value was lost.
func (b *bench) adoptLeftovers(ctx context.Context) error {
	intent := b.key.Intent
	if intent == nil || intent.Asked == 0 {
		return nil
	}
	staged, err := b.store.Find(ctx, b.ref(), b.label())
	if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
		return err
	}
	if err == nil && b.key.Remote(staged.RemoteID) == nil && b.key.Issue(intent.Generation) == nil {
		if err := b.endOrphan(ctx, providers.RemoteKey{ID: staged.RemoteID, Created: staged.Created}); err != nil {
			return err
		}
	}
	if err := b.revokeOrphans(ctx); err != nil {
		return err
	}
	if err == nil {
		return b.store.Destroy(ctx, b.ref(), staged.Name)
	}
	return nil
}
