package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// TriageLeakResult is what is to be done about a leak.
type TriageLeakResult struct {
	Leak LeakView `json:"leak"`
}

// A LeakView is what a workflow knows of a leak.
type LeakView struct {
	Closed bool           `json:"closed,omitempty"` // it is dead, or a person dismissed it
	Dead   bool           `json:"dead,omitempty"`
	Key    keyturn.KeyID  `json:"key,omitempty"` // empty while nobody knows whose it is
	Issuer keyturn.Issuer `json:"issuer,omitzero"`
	Plan   keyturn.OnLeak `json:"plan,omitempty"`
	// Kill says that the value is to be ended now, ahead of its replacement.
	Kill   bool `json:"kill,omitempty"`
	Killed bool `json:"killed,omitempty"`
	Late   bool `json:"late,omitempty"` // it lives longer than it may
	// Loud says that somebody is to be woken for it.
	Loud bool `json:"loud,omitempty"`
	// Lag is how long after the end the vendor's log is read once more.
	Lag keyturn.Duration `json:"lag,omitempty"`
}

// TriageLeak finds out whose a leaked value is, whether it works and when it was used
// last, decides what comes first, and tells those concerned. A vendor that does not
// answer keeps nothing from going on. It is safe to repeat.
func (a *Leaks) TriageLeak(ctx context.Context, in LeakRef) (TriageLeakResult, error) {
	l, err := a.Keys.Registry.Leak(ctx, in.ID)
	if err != nil || l.State != registry.LeakOpen {
		return TriageLeakResult{Leak: a.view(l)}, err
	}
	if l.Key == "" {
		if l, err = a.attribute(ctx, l); err != nil {
			return TriageLeakResult{}, err
		}
	}
	if l.Key == "" {
		return TriageLeakResult{Leak: a.view(l)}, a.tellUnowned(ctx, l)
	}
	k, err := a.Keys.Registry.Get(ctx, l.Key)
	if err != nil {
		return TriageLeakResult{}, err
	}
	look := a.askVendor(ctx, l, &k)
	l, err = a.change(ctx, l.ID, func(l *registry.Leak) {
		l.Issuer, l.Alive, l.Stray = k.Scope.Issuer(), look.alive, look.stray
		l.Plan = a.plan(&k, l)
		if l.Triaged.IsZero() {
			l.Triaged, l.LastUsed = a.Keys.Now().UTC(), look.lastUsed
			l.KillAt = a.killAt(*l) // the time to replace it counts from here
		}
		if l.Note == "" {
			l.Note = look.note
		}
	})
	if err != nil {
		return TriageLeakResult{}, err
	}
	return TriageLeakResult{Leak: a.view(l)}, a.tellFound(ctx, l)
}

// plan decides what comes first. Where only the id was found, or the value is dead
// already, there is nothing to end ahead.
func (a *Leaks) plan(k *keyturn.Key, l *registry.Leak) keyturn.OnLeak {
	plan := k.Policy.OnLeak
	if plan == "" {
		plan = a.Rules.OnLeak
	}
	if plan == "" || plan == keyturn.KillFirst && (l.Match == leaks.ByID || l.Alive == string(leaks.Inactive)) {
		plan = keyturn.ReplaceFirst
	}
	return plan
}

// killAt is when a leaked key is ended if it is not replaced by then; zero if never. An
// id is no secret: whoever merely knows it must not be able to have its key ended.
func (a *Leaks) killAt(l registry.Leak) time.Time {
	if l.Key == "" || l.Stray || l.Match == leaks.ByID || l.Plan != keyturn.ReplaceFirst || a.Rules.KillAfter == 0 {
		return time.Time{}
	}
	return l.Triaged.Add(a.Rules.KillAfter)
}

func (a *Leaks) view(l registry.Leak) LeakView {
	now := a.Keys.Now()
	v := LeakView{
		Closed: l.State != registry.LeakOpen, Dead: l.State == registry.LeakDead || !l.Dead.IsZero(),
		Key: l.Key, Issuer: l.Issuer, Plan: l.Plan, Killed: !l.Killed.IsZero(), Lag: keyturn.Duration(a.Rules.Lag), Loud: loud(l),
		Late: a.Rules.SLA > 0 && l.Dead.IsZero() && now.Sub(l.At) >= a.Rules.SLA,
	}
	switch {
	case v.Closed || v.Dead || v.Killed || l.Word == registry.LeakHold:
	case l.Word == registry.LeakKill:
		v.Kill = true
	case l.Key == "" || l.Stray || l.Match == leaks.ByID || l.Alive == string(leaks.Inactive):
	case l.Plan == keyturn.KillFirst:
		v.Kill = true
	case l.Plan == keyturn.ReplaceFirst:
		v.Kill = !l.KillAt.IsZero() && !now.Before(l.KillAt)
	}
	return v
}
