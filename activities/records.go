package activities

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A note is one event in the making. The same name within a run is the same
// event, however often it is written.
type note struct {
	name   string // unique within the run; empty means what
	what   string
	detail string
	tell   []registry.Audience // who is told of it
	urgent bool
}

// save edits the entry as it is now, not as some workflow saw it days ago, so
// that edits made meanwhile survive, and appends the event with it. edit may
// run several times and must be safe to repeat. It refuses once another run
// holds the intent.
func (b *bench) save(ctx context.Context, n note, edit func(*keyturn.Key) error) error {
	name := n.name
	if name == "" {
		name = n.what
	}
	for again := 2; ; {
		n.name = name
		key, err := b.try(ctx, n, edit)
		if err == nil {
			b.key = key
			if done, err := applied(key, edit); done || err != nil {
				return err
			}
			// The event was there already, from the same thing happening
			// earlier in this run, so nothing was written. It has happened
			// again, and that is an event of its own.
			name = nth(n.what, again)
			again++
			continue
		}
		if keyturn.KindOf(err) != keyturn.Conflict {
			return err
		}
		now, getErr := b.Registry.Get(ctx, b.run.Key)
		if getErr != nil {
			return getErr
		}
		if now.Revision == b.key.Revision {
			return err // not a race: the registry refuses this change itself
		}
		b.key = now
		if now.Intent != nil && now.Intent.Run != b.run.ID {
			return b.takenOver()
		}
	}
}

// amend appends an event to a key's history, as edit leaves the key as it is now; nil
// leaves it. It is for whoever holds no intent. edit may run several times.
func amend(ctx context.Context, r registry.Store, e registry.Event, edit func(*keyturn.Key)) error {
	for {
		k, err := r.Get(ctx, e.Key)
		if err != nil {
			return err
		}
		edited := clone(k)
		if edit != nil {
			edit(&edited)
		}
		if _, err = r.Save(ctx, edited, e); keyturn.KindOf(err) != keyturn.Conflict {
			return err
		}
		now, getErr := r.Get(ctx, e.Key)
		if getErr != nil {
			return getErr
		}
		if now.Revision == k.Revision {
			return err // not a race: the registry refuses this change itself
		}
	}
}

// applied reports whether a key is as edit would leave it.
func applied(key keyturn.Key, edit func(*keyturn.Key) error) (bool, error) {
	edited := clone(key)
	if err := edit(&edited); err != nil {
		return false, err
	}
	was, err := json.Marshal(key)
	if err != nil {
		return false, err
	}
	is, err := json.Marshal(edited)
	return bytes.Equal(was, is), err
}

func (b *bench) try(ctx context.Context, n note, edit func(*keyturn.Key) error) (keyturn.Key, error) {
	key := clone(b.key)
	if err := edit(&key); err != nil {
		return key, err
	}
	return b.Registry.Save(ctx, key, b.event(n))
}

func (b *bench) event(n note) registry.Event {
	return registry.Event{
		ID: b.run.ID + "/" + n.name, Key: b.run.Key, What: n.what, Detail: n.detail,
		Actor: cmp.Or(b.by, b.run.Cause.Actor), Reason: b.run.Cause.reason(), At: b.Now().UTC(),
		Tell: n.tell, Urgent: n.urgent, Batch: b.run.Batch, Began: b.run.Began,
	}
}

func (c Cause) reason() string {
	if c.Note == "" {
		return c.Reason
	}
	return c.Reason + ": " + c.Note
}

// clone copies what edits may change in place.
func clone(k keyturn.Key) keyturn.Key {
	k.Ledger = append([]keyturn.Issued(nil), k.Ledger...)
	if k.Intent != nil {
		intent := *k.Intent
		if intent.Manual != nil {
			manual := *intent.Manual
			intent.Manual = &manual
		}
		k.Intent = &intent
	}
	return k
}

// strike removes a generation from the ledger. An orphan's generation is 0.
func strike(k *keyturn.Key, dead keyturn.Issued) {
	var left []keyturn.Issued
	for _, i := range k.Ledger {
		if i.RemoteID != dead.RemoteID || i.Generation != dead.Generation {
			left = append(left, i)
		}
	}
	k.Ledger = left
}
