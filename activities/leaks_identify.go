package activities

import (
	"context"
	"fmt"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// attribute looks again whose a value is that nobody knew: entries come late, and so
// do fingerprints. Then the vendor is asked that the scanner's rule names, and no
// other: a value is shown to nobody it is not of. A value that several keys have
// becomes a leak of each.
func (a *Leaks) attribute(ctx context.Context, l registry.Leak) (registry.Leak, error) {
	marks := l.Marks
	if len(l.RemoteID) >= keyturn.LeastMark {
		marks = append(marks, keyturn.MarkOfID(l.RemoteID))
	}
	found, err := Attribute(ctx, a.Keys.Registry, marks)
	if err != nil {
		return l, err
	}
	asked := l
	if len(found) == 0 {
		if found, err = a.identify(ctx, &asked); err != nil {
			return l, err
		}
		for i := range found {
			found[i].How = leaks.ByVendor
		}
	}
	for i, m := range found {
		if i == 0 {
			continue
		}
		if err := a.another(ctx, l, m); err != nil {
			return l, err
		}
	}
	if len(found) == 0 && asked.Issuer == l.Issuer && asked.RemoteID == l.RemoteID && asked.Alive == l.Alive && asked.Note == l.Note {
		return l, nil
	}
	return a.change(ctx, l.ID, func(l *registry.Leak) {
		l.Issuer, l.RemoteID, l.Alive, l.Note = asked.Issuer, asked.RemoteID, asked.Alive, asked.Note
		if len(found) > 0 {
			l.Key, l.Generation, l.RemoteID, l.Match = found[0].Key, found[0].Generation, found[0].RemoteID, found[0].How
		}
	})
}

// another opens a leak for one more key that has a leaked value.
func (a *Leaks) another(ctx context.Context, l registry.Leak, m Match) error {
	now := a.Keys.Now().UTC()
	n := registry.Leak{
		ID: NewLeakID(), Subject: registry.KeySubject(m.Key, m.Generation), Marks: l.Marks, Source: l.Source, Rule: l.Rule, Actor: LeakActor(l.ID), At: now,
		Public: l.Public, Since: l.Since, Said: l.Said, Key: m.Key, Generation: m.Generation, Match: m.How, RemoteID: m.RemoteID,
	}
	hit := registry.LeakHit{Source: "keyturn", Event: l.ID + " of " + string(m.Key), Place: "see leak " + l.ID, Public: l.Public, Since: l.Since, Actor: LeakActor(l.ID), At: now}
	n, _, _, err := a.Keys.Registry.Leaked(ctx, n, []registry.LeakHit{hit})
	if err != nil {
		return err
	}
	return a.Engine.Respond(ctx, n.ID)
}

// identify asks the accounts of the vendor that a value may be of. It fills in what
// they say in l, and returns the generation that has the id they give. An account that
// does not answer is noted, and asked again the next time.
func (a *Leaks) identify(ctx context.Context, l *registry.Leak) ([]Match, error) {
	if l.Issuer.Provider == "" || l.Issuer.Account != "" && l.RemoteID != "" {
		return a.entered(ctx, *l)
	}
	value, err := a.Keep.get(ctx, *l)
	if err != nil {
		return nil, err
	}
	short, cancel := context.WithTimeout(ctx, triageTime)
	defer cancel()
	for issuer, p := range a.Keys.Providers {
		if issuer.Provider != l.Issuer.Provider || l.Issuer.Account != "" && issuer != l.Issuer {
			continue
		}
		id, ok, err := a.whose(short, p, l, value)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			l.Note = fmt.Sprintf("%s could not be asked whose it is; it is asked again", issuer)
			continue
		}
		if ok {
			l.Issuer, l.RemoteID, l.Note = issuer, id, ""
			return a.entered(ctx, *l)
		}
	}
	return nil, nil
}

// entered finds the generation that has the vendor's id of a leak.
func (a *Leaks) entered(ctx context.Context, l registry.Leak) ([]Match, error) {
	if l.RemoteID == "" || l.Issuer.Account == "" {
		return nil, nil
	}
	if len(l.RemoteID) >= keyturn.LeastMark {
		return Attribute(ctx, a.Keys.Registry, []keyturn.Mark{keyturn.MarkOfID(l.RemoteID)})
	}
	for k, err := range a.Keys.Registry.Find(ctx, registry.Filter{Provider: l.Issuer.Provider, Account: l.Issuer.Account}) {
		if err != nil {
			return nil, err
		}
		if i := k.Remote(l.RemoteID); i != nil {
			return []Match{{registry.Marked{Key: k.ID, Generation: i.Generation, RemoteID: l.RemoteID}, leaks.ByVendor}}, nil
		}
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
	case l.Rule != "":
		return "an unknown value (" + l.Rule + ")"
	}
	return "an unknown value"
}
