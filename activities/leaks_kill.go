package activities

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// KillLeakedResult says what became of a leaked value.
type KillLeakedResult struct {
	// Cannot says why nobody but a person can end it; empty if it was ended.
	Cannot string `json:"cannot,omitempty"`
}

// KillLeaked ends a leaked value at its vendor, replaced or not: by the switch that
// can be thrown back where the vendor has one, else for good, else by the value
// itself. From the moment this is written down no rotation goes back to it. It ends
// nothing that is not in a ledger, unless a person has said so. It is safe to repeat.
func (a *Leaks) KillLeaked(ctx context.Context, in LeakRef) (KillLeakedResult, error) {
	l, err := a.Keys.Registry.Leak(ctx, in.ID)
	if err != nil || !a.view(l).Kill { // a person may have said otherwise meanwhile
		return KillLeakedResult{}, err
	}
	cannot, err := a.killLeaked(ctx, l)
	if kind := keyturn.KindOf(err); err != nil && ctx.Err() == nil && !kind.Retryable() {
		cannot, err = words(err), nil // trying again helps nothing; a person must know
	}
	if err != nil || cannot == "" {
		return KillLeakedResult{}, err
	}
	l, err = a.change(ctx, l.ID, func(l *registry.Leak) { l.Note = "it could not be ended ahead of its replacement: " + cannot })
	if err != nil {
		return KillLeakedResult{Cannot: cannot}, err
	}
	return KillLeakedResult{Cannot: cannot}, a.tellAlive(ctx, l, cannot)
}

func (a *Leaks) killLeaked(ctx context.Context, l registry.Leak) (cannot string, err error) {
	target, cannot, err := a.target(ctx, l)
	if err != nil || cannot != "" {
		return cannot, err
	}
	if l.Key != "" {
		if err := a.condemn(ctx, l); err != nil {
			return "", err
		}
	}
	if err := target.end(ctx); err != nil {
		return "", err
	}
	if err := a.seeDead(ctx, target); err != nil {
		return "", err
	}
	if l.Key != "" {
		if err := a.note(ctx, l, registry.Event{
			ID: "killed", What: registry.Killed, Detail: target.id + " was " + target.how + " because its value leaked",
			Tell: []registry.Audience{registry.ToOwner, registry.ToTeam}, Urgent: true,
		}, nil); err != nil {
			return "", err
		}
	}
	now := a.Keys.Now().UTC()
	_, err = a.change(ctx, l.ID, func(l *registry.Leak) {
		l.Killed = now
		if target.refused {
			l.Alive = string(leaks.Inactive)
			if l.Key == "" || l.Stray {
				l.Stray, l.Dead, l.Proof = false, now, "it was ended, and "+target.info.Title+" refuses the value"
			}
		}
	})
	return "", err
}

// condemn writes down that a generation is about to be ended, before it is.
func (a *Leaks) condemn(ctx context.Context, l registry.Leak) error {
	now := a.Keys.Now().UTC()
	return a.note(ctx, l, registry.Event{ID: "condemned", What: registry.Noted, Detail: "its value leaked: it is ended ahead of its replacement"}, func(k *keyturn.Key) {
		if i := k.Issue(l.Generation); i != nil && i.Killed.IsZero() {
			i.Killed = now
		}
	})
}

// doomed is a value about to be ended.
type doomed struct {
	provider  providers.Provider
	info      providers.Info
	principal string
	id        string // empty where only the value is known
	value     keyturn.Secret
	how       string // it was …
	act       func(context.Context) error
	refused   bool // the vendor was seen to refuse the value
}

// target finds out how a leaked value can be ended. cannot says why it cannot.
func (a *Leaks) target(ctx context.Context, l registry.Leak) (d *doomed, cannot string, err error) {
	d = &doomed{}
	switch {
	case l.Key != "":
		k, err := a.Keys.Registry.Get(ctx, l.Key)
		if err != nil {
			return nil, "", err
		}
		d.principal = k.Scope.Principal
		i := k.Issue(l.Generation)
		if i == nil {
			if l.Word != registry.LeakKill {
				return nil, "it is in no ledger any more, and nobody has said that it is to be ended", nil
			}
			i = &keyturn.Issued{Generation: l.Generation, RemoteID: l.RemoteID}
			if d.value, err = a.Keep.get(ctx, l); err != nil {
				return nil, "", err
			}
		}
		if i.RemoteID != HandID(&k, i.Generation) {
			d.id = i.RemoteID
		}
		if i.Version != "" {
			// With the id it can be ended although the store does not answer.
			if d.value, err = a.stored(ctx, &k, *i); err != nil && d.id == "" && keyturn.KindOf(err) != keyturn.NotFound {
				return nil, "", err
			}
		}
		l.Issuer = k.Scope.Issuer()
	case l.Word != registry.LeakKill:
		return nil, "it has no entry, and nobody has said that it is to be ended", nil
	default:
		if d.value, err = a.Keep.get(ctx, l); err != nil {
			return nil, "", err
		}
	}
	if d.provider = a.accountOf(l.Issuer); d.provider == nil {
		return nil, "no account of its vendor is configured on the workers: end it at the vendor", nil
	}
	d.info = d.provider.Info()
	if l.Key == "" && l.Issuer.Account != "" && l.RemoteID != "" {
		d.id = l.RemoteID
		if loc, can := d.provider.(providers.Locator); can {
			k, err := loc.Locate(ctx, l.RemoteID)
			if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
				return nil, "", err
			}
			d.principal = k.Principal
		}
	}
	if d.choose(); d.act == nil {
		return nil, d.info.Title + " offers no way to end it by program: end it there by hand", nil
	}
	return d, "", nil
}

// accountOf is the account, or, where only the vendor is known, its only one: of
// several, the wrong one's refusal would be taken for the value's death.
func (a *Leaks) accountOf(i keyturn.Issuer) (only providers.Provider) {
	if p, ok := a.Keys.Providers[i]; ok || i.Account != "" {
		return p
	}
	for issuer, p := range a.Keys.Providers {
		if issuer.Provider != i.Provider {
			continue
		}
		if only != nil {
			return nil
		}
		only = p
	}
	return only
}

// choose picks the mildest way there is.
func (d *doomed) choose() {
	byValue := func() {
		if v, ok := d.provider.(providers.ValueRevoker); ok && !d.value.IsZero() {
			d.how, d.act = "revoked by its value", func(ctx context.Context) error { return v.RevokeValue(ctx, d.value) }
		}
	}
	if d.id == "" {
		byValue()
		return
	}
	if s, ok := d.provider.(providers.Suspender); ok {
		d.how, d.act = "switched off", func(ctx context.Context) error { return s.Disable(ctx, d.principal, d.id) }
	} else if r, ok := d.provider.(providers.Revoker); ok {
		d.how, d.act = "revoked", func(ctx context.Context) error { return r.Revoke(ctx, d.principal, d.id) }
	} else {
		byValue()
	}
}

// end ends the value. What is gone already is ended. A kind of key the mild way is
// not for is ended the hard way.
func (d *doomed) end(ctx context.Context) error {
	err := d.act(ctx)
	switch keyturn.KindOf(err) {
	case keyturn.NotFound:
		return nil
	case keyturn.Unsupported:
		if r, ok := d.provider.(providers.Revoker); ok && d.id != "" && d.how == "switched off" {
			d.how = "revoked"
			return r.Revoke(ctx, d.principal, d.id)
		}
		if v, ok := d.provider.(providers.ValueRevoker); ok && !d.value.IsZero() {
			d.how = "revoked by its value"
			return v.RevokeValue(ctx, d.value)
		}
	}
	return err
}

// seeDead tries the value until it is refused, for as long as the vendor may take to
// settle. Where it cannot be tried nothing is known.
func (a *Leaks) seeDead(ctx context.Context, d *doomed) error {
	try := d.try()
	if try == nil || d.value.IsZero() {
		return nil
	}
	b := &bench{Keys: a.Keys, info: d.info}
	for pause := range b.pauses() {
		switch err := try(ctx); keyturn.KindOf(err) {
		case keyturn.Denied, keyturn.NotFound:
			d.refused = true
			return nil
		case "":
		case keyturn.Unsupported:
			return nil
		default:
			return err
		}
		if pause == 0 {
			break
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
	e := keyturn.Errorf(keyturn.NotYet, "end what leaked", "%s still accepts it although it was %s", d.info.Title, d.how)
	e.RetryAfter = max(time.Second, d.info.Settle/4)
	return e
}

// try is how the vendor shows whether the value works; nil if it does not.
func (d *doomed) try() func(context.Context) error {
	if v, ok := d.provider.(providers.Verifier); ok && d.id != "" {
		return func(ctx context.Context) error { return v.Verify(ctx, d.id, d.value) }
	}
	if i, ok := d.provider.(providers.Identifier); ok {
		return func(ctx context.Context) error { _, err := i.Identify(ctx, d.value); return err }
	}
	return nil
}
