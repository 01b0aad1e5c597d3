package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
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
	// Lag is how long after the end the vendor's log is read once more.
	Lag keyturn.Duration `json:"lag,omitempty"`
}

// TriageLeak finds out whose a leaked value is, whether it works and when it was used
// last, decides what comes first, and tells those concerned. It is safe to repeat.
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
		if l.Triaged.IsZero() {
			l.Triaged, l.LastUsed = a.Keys.Now().UTC(), look.lastUsed
		}
		l.Issuer, l.Alive = k.Scope.Issuer(), look.alive
		l.Plan = a.plan(&k, l)
		l.KillAt = a.killedAt(*l)
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

func (a *Leaks) view(l registry.Leak) LeakView {
	now := a.Keys.Now()
	v := LeakView{
		Closed: l.State != registry.LeakOpen, Dead: l.State == registry.LeakDead || !l.Dead.IsZero(),
		Key: l.Key, Issuer: l.Issuer, Plan: l.Plan, Killed: !l.Killed.IsZero(), Lag: keyturn.Duration(a.Rules.Lag),
		Late: a.Rules.SLA > 0 && l.Dead.IsZero() && now.Sub(l.At) >= a.Rules.SLA,
	}
	switch {
	case v.Closed || v.Dead || v.Killed || l.Word == registry.LeakHold:
	case l.Word == registry.LeakKill:
		v.Kill = true
	case l.Key == "" || l.Alive == string(leaks.Inactive):
	case l.Plan == keyturn.KillFirst:
		v.Kill = true
	case l.Plan == keyturn.ReplaceFirst:
		v.Kill = a.Rules.KillAfter > 0 && now.Sub(l.At) >= a.Rules.KillAfter
	}
	return v
}

// vendorSays is what a vendor said of a leaked value. What it did not say is empty.
type vendorSays struct {
	alive    string
	lastUsed time.Time
	note     string
}

// askVendor asks whether the leaked generation's value works and when it was used
// last. A vendor that does not answer keeps nothing from going on.
func (a *Leaks) askVendor(ctx context.Context, l registry.Leak, k *keyturn.Key) (says vendorSays) {
	i := k.Issue(l.Generation)
	if i == nil || !k.Retired.IsZero() {
		return vendorSays{alive: string(leaks.Inactive)}
	}
	short, cancel := context.WithTimeout(ctx, triageTime)
	defer cancel()
	p, err := providers.As[providers.Provider](a.Keys.Providers, k.Scope.Issuer())
	if err != nil {
		return vendorSays{note: "no account of its vendor is configured on the workers"}
	}
	if u, ok := p.(providers.UsageReader); ok {
		if last, err := u.LastUsed(short, k.Scope.Principal, i.RemoteID); err == nil {
			says.lastUsed = last.UTC()
		}
	}
	if alive, err := a.works(short, p, k, *i); err == nil {
		says.alive = string(alive)
	}
	return says
}

// triageTime bounds what is asked of a vendor before anything is done.
const triageTime = 15 * time.Second

// works tries the stored value of a generation once. Unknown is for what cannot be
// tried.
func (a *Leaks) works(ctx context.Context, p providers.Provider, k *keyturn.Key, i keyturn.Issued) (leaks.Validity, error) {
	v, ok := p.(providers.Verifier)
	if !ok || i.Version == "" {
		return leaks.Unknown, nil
	}
	value, err := a.stored(ctx, k, i)
	if err != nil {
		return leaks.Unknown, err
	}
	switch err := v.Verify(ctx, i.RemoteID, value); keyturn.KindOf(err) {
	case "":
		return leaks.Active, nil
	case keyturn.Denied:
		return leaks.Inactive, nil
	case keyturn.Unsupported:
		return leaks.Unknown, nil
	default:
		return leaks.Unknown, err
	}
}

func (a *Leaks) stored(ctx context.Context, k *keyturn.Key, i keyturn.Issued) (keyturn.Secret, error) {
	store, err := a.Keys.Secrets.Open(k.Storage.Secret.Store)
	if err != nil {
		return keyturn.Secret{}, err
	}
	v, err := store.Read(ctx, k.Storage.Secret, i.Version)
	return v.Secret, err
}

// attribute looks again whose a value is that nobody knew: entries come late, and so
// do fingerprints. Then the vendor is asked that the scanner's rule names, and no
// other: a value is shown to nobody it is not of.
func (a *Leaks) attribute(ctx context.Context, l registry.Leak) (registry.Leak, error) {
	marks := l.Marks
	if len(l.RemoteID) >= keyturn.LeastMark {
		marks = append(marks, keyturn.MarkOfID(l.RemoteID))
	}
	found, err := Attribute(ctx, a.Keys.Registry, marks)
	if err != nil {
		return l, err
	}
	how := ""
	if len(found) == 0 {
		if found, err = a.identify(ctx, &l); err != nil {
			return l, err
		}
		how = leaks.ByVendor
	}
	identified := l
	return a.change(ctx, l.ID, func(l *registry.Leak) {
		l.Issuer, l.RemoteID, l.Alive = identified.Issuer, identified.RemoteID, identified.Alive
		if len(found) == 0 {
			return
		}
		l.Key, l.Generation, l.RemoteID, l.Match = found[0].Key, found[0].Generation, found[0].RemoteID, found[0].How
		if how != "" {
			l.Match = how
		}
	})
}

// identify asks the accounts of the vendor that a value may be of. It fills in what
// they say in l, and returns the generation that has the id they give.
func (a *Leaks) identify(ctx context.Context, l *registry.Leak) ([]Match, error) {
	if l.Issuer.Provider == "" {
		return nil, nil
	}
	var value keyturn.Secret
	if l.Kept != "" && a.Keep != nil {
		var err error
		if value, err = a.Keep.get(ctx, l.ID, l.Kept); err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return nil, err
		}
	}
	for issuer, p := range a.Keys.Providers {
		if issuer.Provider != l.Issuer.Provider || l.Issuer.Account != "" && issuer != l.Issuer {
			continue
		}
		id, ok, err := a.whose(ctx, p, l, value)
		if err != nil {
			return nil, fmt.Errorf("ask %s whose it is: %w", issuer, err)
		}
		if !ok {
			continue
		}
		l.Issuer, l.RemoteID = issuer, id
		if len(id) >= keyturn.LeastMark {
			return Attribute(ctx, a.Keys.Registry, []keyturn.Mark{keyturn.MarkOfID(id)})
		}
		for k, err := range a.Keys.Registry.Find(ctx, registry.Filter{Provider: issuer.Provider, Account: issuer.Account}) {
			if err != nil {
				return nil, err
			}
			if i := k.Remote(id); i != nil {
				return []Match{{registry.Marked{Key: k.ID, Generation: i.Generation, RemoteID: id}, leaks.ByVendor}}, nil
			}
		}
		return nil, nil
	}
	return nil, nil
}

// whose asks one account. A value it refuses is none of its living ones.
func (a *Leaks) whose(ctx context.Context, p providers.Provider, l *registry.Leak, value keyturn.Secret) (id string, ok bool, err error) {
	if i, can := p.(providers.Identifier); can && !value.IsZero() {
		switch id, err := i.Identify(ctx, value); keyturn.KindOf(err) {
		case "":
			l.Alive = string(leaks.Active)
			return id, true, nil
		case keyturn.NotFound, keyturn.Denied, keyturn.Unsupported, keyturn.Invalid:
		default:
			return "", false, err
		}
	}
	if loc, can := p.(providers.Locator); can && l.RemoteID != "" {
		switch k, err := loc.Locate(ctx, l.RemoteID); keyturn.KindOf(err) {
		case "":
			return k.ID, true, nil
		case keyturn.NotFound, keyturn.Denied, keyturn.Unsupported, keyturn.Invalid:
		default:
			return "", false, err
		}
	}
	return "", false, nil
}

// named is how a leak is called where people read of it.
func named(l registry.Leak) string {
	switch {
	case l.Key != "":
		return fmt.Sprintf("key %s, generation %d", l.Key, l.Generation)
	case l.RemoteID != "" && l.Issuer.Account != "":
		return fmt.Sprintf("a key of %s that has no entry", l.Issuer)
	}
	return strings.TrimSpace("an unknown value " + l.Rule)
}
