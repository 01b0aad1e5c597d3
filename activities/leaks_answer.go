package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// AnswerLeakInput asks to see to a leak until a time.
type AnswerLeakInput struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until"`
	// Killing says that the value is being ended already.
	Killing bool `json:"killing,omitempty"`
}

// AnswerLeak has a leaked key replaced and watches until its value is dead, the time
// is over, or something else is to be done first: it is to be ended ahead of its
// replacement, or it has become known whose it is. A rotation under way is hurried,
// and one that was undone begun again. It is safe to repeat.
func (a *Leaks) AnswerLeak(ctx context.Context, in AnswerLeakInput) (LeakView, error) {
	stopping := activity.GetWorkerStopChannel(ctx)
	var before LeakView
	var began time.Time // when a rotation was last begun or hurried
	pause := a.Poll
	for first := true; ; first = false {
		v, err := a.look(ctx, in.ID, &began)
		if first {
			before = v
		}
		if err != nil || v.Closed || v.Dead || v.Kill && !in.Killing || v.Key != before.Key || !a.Keys.Now().Before(in.Until) {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-stopping:
			return v, nil // another worker goes on
		case <-time.After(pause):
			pause = min(pause*5/4, 25*a.Poll) // most are answered in a second or two
		}
	}
}

// look looks once, and does what is to be done.
func (a *Leaks) look(ctx context.Context, id string, began *time.Time) (LeakView, error) {
	l, err := a.Keys.Registry.Leak(ctx, id)
	if err != nil || l.State != registry.LeakOpen {
		return a.view(l), err
	}
	if v := a.view(l); v.Late && l.Key != "" && l.Told != toldLate {
		if l, err = a.tellLate(ctx, l); err != nil {
			return v, err
		}
	}
	if l.Key == "" {
		l, err = a.attribute(ctx, l)
		return a.view(l), err
	}
	k, err := a.Keys.Registry.Get(ctx, l.Key)
	if err != nil {
		return a.view(l), err
	}
	if l, err = a.progress(ctx, l, &k); err != nil || !l.Dead.IsZero() {
		return a.view(l), err
	}
	if l.Stray {
		return a.view(l), nil // replacing the key ends nothing; a person is told
	}
	if now := a.Keys.Now(); now.Sub(*began) >= a.Retry && now.Sub(l.BegunAt) >= patience(a.Retry, l.Begun) {
		if l, err = a.replace(ctx, l, &k); err != nil {
			return a.view(l), err
		}
		*began = now
	}
	return a.view(l), nil
}

// progress notes how far the leaked generation is: consumers have another, and it is
// dead. It is dead once the ledger has dropped it, which happens after its value was
// tried and refused.
func (a *Leaks) progress(ctx context.Context, l registry.Leak, k *keyturn.Key) (registry.Leak, error) {
	i := k.Issue(l.Generation)
	cur := k.Current()
	replaced := cur != nil && cur.Generation > l.Generation
	dead := (i == nil || !k.Retired.IsZero()) && !l.Stray
	if (!replaced || !l.Replaced.IsZero()) && !dead {
		return l, nil
	}
	proof := ""
	if dead {
		var err error
		if proof, err = a.proof(ctx, l); err != nil {
			return l, err
		}
	}
	now := a.Keys.Now().UTC()
	return a.change(ctx, l.ID, func(l *registry.Leak) {
		if replaced && l.Replaced.IsZero() {
			l.Replaced = now
		}
		if dead && l.Dead.IsZero() {
			l.Dead, l.Proof = now, proof
		}
	})
}

// proof finds in the key's history how the leaked generation was seen dead.
func (a *Leaks) proof(ctx context.Context, l registry.Leak) (string, error) {
	proof := "its generation is in no ledger any more"
	for e, err := range a.Keys.Registry.History(ctx, l.Key) {
		if err != nil {
			return "", err
		}
		if (e.What == registry.Completed || e.What == registry.Revoked) && l.RemoteID != "" && mentions(e.Detail, l.RemoteID) {
			proof = e.At.UTC().Format(time.RFC3339) + ": " + e.Detail
		}
	}
	return proof, nil
}

// patience is how long a rotation that was begun for a leak is left alone, so that one
// that fails at once does not stop its whole account.
func patience(retry time.Duration, begun int) time.Duration {
	if begun == 0 {
		return 0
	}
	return min(retry<<min(begun-1, 10), 15*time.Minute)
}

// replace has a rotation begin that skips every soak. One that is planned for later
// begins now, and one under way waits no longer. Where the value is not to be ended
// before consumers are seen to have moved, it keeps its soak.
func (a *Leaks) replace(ctx context.Context, l registry.Leak, k *keyturn.Key) (registry.Leak, error) {
	careful := l.Plan == keyturn.ReplaceOnly || l.Word == registry.LeakHold
	begun, err := a.Engine.Begin(ctx, Start{
		Operation: keyturn.Rotate, Key: k, Cause: Cause{Reason: "leak", Note: "leak " + l.ID, Actor: LeakActor(l.ID)}, Now: !careful, Urgent: true, Hurry: true,
	})
	switch {
	case err != nil:
		return l, err
	case begun.What != Busy:
		now := a.Keys.Now().UTC()
		return a.change(ctx, l.ID, func(l *registry.Leak) { l.Begun, l.BegunAt = l.Begun+1, now })
	case careful:
		return l, nil
	}
	return l, a.Engine.Expedite(ctx, l.Key, Hurry{Actor: LeakActor(l.ID), Note: "its value leaked"})
}
