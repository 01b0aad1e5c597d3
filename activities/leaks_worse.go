package activities

import (
	"context"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// worsen notes what findings make of a leak: that strangers see it, that it was exposed
// earlier than was known, and that a scanner saw it work.
func worsen(l *registry.Leak, g *sameValue) {
	for _, f := range g.found {
		l.Public = l.Public || f.Public
		if !f.Since.IsZero() && (l.Since.IsZero() || f.Since.Before(l.Since)) {
			l.Since = f.Since.UTC()
		}
		if f.Validity == leaks.Active || l.Said == "" {
			l.Said = string(f.Validity)
		}
	}
}

// worse notes what later findings make of an open leak. It keeps a value that is in no
// store, or in none for long: nobody's, or that of a generation that has ended.
func (r Reporter) worse(ctx context.Context, l registry.Leak, g *sameValue) (registry.Leak, error) {
	for {
		next := l
		worsen(&next, g)
		value := g.found[0].Value
		if next.Kept == "" && r.Keep != nil && !value.IsZero() && next.Match != leaks.ByID {
			there, err := r.stored(ctx, next)
			if err != nil {
				return l, err
			}
			if !there {
				if next.Kept, err = r.Keep.put(ctx, l.ID, value, r.Now()); err != nil {
					return l, err
				}
			}
		}
		if next.Public == l.Public && next.Since.Equal(l.Since) && next.Kept == l.Kept && next.Said == l.Said {
			return l, nil
		}
		saved, err := r.Registry.SaveLeak(ctx, next)
		if keyturn.KindOf(err) != keyturn.Conflict {
			return saved, err
		}
		if l, err = r.Registry.Leak(ctx, l.ID); err != nil {
			return l, err
		}
		if l.State != registry.LeakOpen {
			return l, r.Keep.drop(ctx, l.ID)
		}
	}
}

// stored reports whether the leaked value is in the store that an entry names.
func (r Reporter) stored(ctx context.Context, l registry.Leak) (bool, error) {
	if l.Key == "" {
		return false, nil
	}
	k, err := r.Registry.Get(ctx, l.Key)
	if err != nil {
		return false, err
	}
	i := k.Issue(l.Generation)
	return i != nil && i.Version != "", nil
}
