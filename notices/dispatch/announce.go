package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// An Announcer has owners told that a key is due soon. It is safe for concurrent
// use, and several processes may each have one on the same registry.
type Announcer struct {
	store registry.Store
	ahead []time.Duration // the longest first

	mu sync.Mutex
	// said is the last announcement of each key that is due soon, so that an
	// hourly pass over thousands of them writes only what is new. After a restart
	// each is written once more, which the registry knows for the same.
	said map[keyturn.KeyID]string
}

// NewAnnouncer makes an Announcer of checked configuration.
func NewAnnouncer(c Config, store registry.Store) *Announcer {
	a := &Announcer{store: store, said: map[keyturn.KeyID]string{}}
	for _, d := range c.WithDefaults().Ahead {
		a.ahead = append(a.ahead, time.Duration(d))
	}
	return a
}

// announcePage is how many keys are read before any is written.
const announcePage = 500

// Announce announces the keys that are due soon at now, each once for its date
// and for each time ahead, and returns how many it announced. Keys with an
// operation under way are left out, and so are those that are due already: they
// are told of as they are rotated. Run it about every hour.
func (a *Announcer) Announce(ctx context.Context, now time.Time) (int, error) {
	if len(a.ahead) == 0 {
		return 0, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p := pass{now: now, due: map[keyturn.KeyID]string{}}
	f := registry.Filter{DueBefore: now.Add(a.ahead[0]), Limit: announcePage}
	for {
		page, err := a.page(ctx, f)
		if err == nil {
			err = a.announce(ctx, &p, page)
		}
		if err != nil {
			maps.Copy(a.said, p.due) // the rest is found again
			return p.wrote, errors.Join(append(p.errs, err)...)
		}
		if len(page) < announcePage {
			a.said = p.due
			return p.wrote, errors.Join(p.errs...)
		}
		f.After = page[len(page)-1].ID
	}
}

// A pass is one Announce.
type pass struct {
	now   time.Time
	due   map[keyturn.KeyID]string // what is announced of each key that is due soon
	wrote int
	errs  []error // of single keys, which are no reason to leave the others out
}

func (a *Announcer) announce(ctx context.Context, p *pass, page []keyturn.Key) error {
	for _, k := range page {
		event, ok := a.event(&k, p.now)
		if !ok {
			continue
		}
		if a.said[k.ID] != event.ID {
			known, wrote, err := a.save(ctx, k, event, p.now)
			if ctx.Err() != nil || keyturn.KindOf(err) == keyturn.Unavailable {
				return err
			}
			if err != nil {
				p.errs = append(p.errs, err)
			}
			if wrote {
				p.wrote++
			}
			if !known {
				continue
			}
		}
		p.due[k.ID] = event.ID
	}
	return nil
}

func (a *Announcer) page(ctx context.Context, f registry.Filter) ([]keyturn.Key, error) {
	var page []keyturn.Key
	for k, err := range a.store.Find(ctx, f) {
		if err != nil {
			return nil, err
		}
		page = append(page, k)
	}
	return page, nil
}

// event is what is to be announced of a key at now, if anything.
func (a *Announcer) event(k *keyturn.Key, now time.Time) (registry.Event, bool) {
	due := k.Due()
	left := due.Sub(now)
	if due.IsZero() || left <= 0 || left > a.ahead[0] || k.Intent != nil || !k.Retired.IsZero() {
		return registry.Event{}, false
	}
	lead := a.ahead[0]
	for _, d := range a.ahead {
		if left <= d {
			lead = d
		}
	}
	date := due.UTC().Format(time.DateOnly)
	event := registry.Event{
		ID:  fmt.Sprintf("announced/%s/%s/%s", k.ID, date, keyturn.Duration(lead)),
		Key: k.ID, What: registry.Announced, Actor: "keyturn", At: now.UTC(), Detail: "due on " + date,
		Tell: []registry.Audience{registry.ToOwner},
	}
	if lead == a.ahead[len(a.ahead)-1] {
		event.Tell = append(event.Tell, registry.ToTeam)
	}
	return event, true
}

// save writes an announcement, and reports whether it is in the registry and
// whether it was not before. A key that somebody changed meanwhile is read again
// once, and left for the next time if that is not enough.
func (a *Announcer) save(ctx context.Context, k keyturn.Key, event registry.Event, now time.Time) (known, wrote bool, err error) {
	for range 2 {
		saved, err := a.store.Save(ctx, k, event)
		if err == nil {
			return true, saved.Revision != k.Revision, nil
		}
		if keyturn.KindOf(err) != keyturn.Conflict {
			return false, false, err
		}
		if k, err = a.store.Get(ctx, k.ID); err != nil {
			return false, false, err
		}
		if again, ok := a.event(&k, now); !ok || again.ID != event.ID {
			return false, false, nil
		}
	}
	return false, false, nil
}
