package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// ReadUses asks the vendor's audit log what was done with a leaked key since it was
// exposed, and attaches that to the leak. A vendor that keeps no such log, or does
// not show it, is noted. It is safe to repeat: each use is attached once.
func (a *Leaks) ReadUses(ctx context.Context, in LeakRef) (LeakView, error) {
	l, err := a.Keys.Registry.Leak(ctx, in.ID)
	if err != nil || l.Issuer.Account == "" || l.RemoteID == "" {
		return a.view(l), err
	}
	said, err := a.readUses(ctx, l)
	if err != nil {
		return a.view(l), err
	}
	l, err = a.change(ctx, l.ID, func(l *registry.Leak) { l.Used = said })
	return a.view(l), err
}

// mostUses is how many uses of a leaked key are attached.
const mostUses = 1000

func (a *Leaks) readUses(ctx context.Context, l registry.Leak) (string, error) {
	reader, query, why, err := a.useReader(ctx, l)
	if err != nil || why != "" {
		return why, err
	}
	var uses []registry.LeakUse
	more := false
	for u, err := range reader.Uses(ctx, query) {
		switch keyturn.KindOf(err) {
		case "":
		case keyturn.Denied, keyturn.Unsupported, keyturn.Invalid, keyturn.NotFound:
			return "its use is not known: " + words(err), nil
		default:
			return "", err
		}
		if more = len(uses) == mostUses; more {
			break
		}
		uses = append(uses, useOf(u, query.Secret))
	}
	if err := a.Keys.Registry.AddLeakUses(ctx, l.ID, uses); err != nil {
		return "", err
	}
	return a.countUses(ctx, l, query.Since, more)
}

// useReader finds who can be asked, and what to ask. why says why nobody can be.
func (a *Leaks) useReader(ctx context.Context, l registry.Leak) (r providers.UseReader, q providers.UseQuery, why string, err error) {
	r, err = providers.As[providers.UseReader](a.Keys.Providers, l.Issuer)
	if err != nil {
		return nil, q, "its use is not known: " + l.Issuer.Provider + " offers no log of what single keys do", nil
	}
	q = providers.UseQuery{ID: l.RemoteID, Since: l.Since}
	if q.Since.IsZero() { // nobody knows since when; a leak is found late more often than not
		q.Since = l.At.Add(-usesBack)
	}
	if l.Key == "" {
		return r, q, "", nil
	}
	k, err := a.Keys.Registry.Get(ctx, l.Key)
	if err != nil {
		return nil, q, "", err
	}
	q.Principal = k.Scope.Principal
	if i := k.Issue(l.Generation); i != nil && i.Version != "" {
		if q.Secret, err = a.stored(ctx, &k, *i); err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return nil, q, "", err
		}
	}
	return r, q, "", nil
}

// usesBack is how far uses are read back where nobody knows since when a value was
// exposed.
const usesBack = 30 * 24 * time.Hour

// useOf is a use as it is kept: strangers choose what their client calls itself.
func useOf(u providers.Use, value keyturn.Secret) registry.LeakUse {
	short := func(s string) string {
		if value.In(s) {
			return "[left out: it shows the value]"
		}
		if runes := []rune(s); len(runes) > 200 {
			return string(runes[:200])
		}
		return s
	}
	return registry.LeakUse{ID: short(u.ID), At: u.At.UTC(), From: short(u.From), What: short(u.What), Agent: short(u.Agent)}
}

// countUses says in a sentence what is attached.
func (a *Leaks) countUses(ctx context.Context, l registry.Leak, since time.Time, more bool) (string, error) {
	n, from := 0, map[string]bool{}
	var last time.Time
	for u, err := range a.Keys.Registry.LeakUses(ctx, l.ID) {
		if err != nil {
			return "", err
		}
		n++
		if u.From != "" {
			from[u.From] = true
		}
		if u.At.After(last) {
			last = u.At
		}
	}
	if n == 0 {
		return "the vendor's log shows no use since " + since.UTC().Format(time.RFC3339), nil
	}
	atLeast := ""
	if more {
		atLeast = "at least "
	}
	return fmt.Sprintf("the vendor's log shows %s%d uses since %s, from %d addresses, the last at %s",
		atLeast, n, since.UTC().Format(time.RFC3339), len(from), last.UTC().Format(time.RFC3339)), nil
}

// words is the message of an error without its operation, which is for logs.
func words(err error) string {
	if e := (*keyturn.Error)(nil); errors.As(err, &e) {
		return cmp.Or(e.Message, string(e.Kind))
	}
	return "the vendor failed"
}
