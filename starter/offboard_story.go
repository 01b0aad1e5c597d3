package main

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// A keyStory is what became of one key because of a departure, as the registry and
// the key's history tell it.
type keyStory struct {
	Key keyturn.KeyID `json:"key"`
	keyturn.Issuer
	Team    string              `json:"team"`
	Why     []string            `json:"why,omitempty"`     // it was selected
	State   registry.BatchState `json:"state,omitempty"`   // in its batch; empty where it is in none
	Trouble string              `json:"trouble,omitempty"` // why it failed or was skipped
	Since   time.Time           `json:"since,omitzero"`    // of the state
	Batch   string              `json:"batch,omitempty"`
	From    string              `json:"from,omitempty"` // who answered for it
	Owner   string              `json:"owner"`          // who does now
	// Handed is when it was given to somebody else because of this departure.
	Handed   time.Time `json:"handed_over,omitzero"`
	New      string    `json:"new_remote_id,omitempty"`
	Replaced time.Time `json:"replaced,omitzero"` // when consumers read the new value
	Old      []string  `json:"old_remote_ids,omitempty"`
	Died     time.Time `json:"died,omitzero"`      // when the old values were dead
	Unproven []string  `json:"unproven,omitempty"` // of the old ones: the death was not tried

	minted time.Time // when the value was made that was in use at the departure
	own    bool      // a rotation of the departure itself was heard of
}

// needless reports whether it needs no replacement: the leaver cannot know its value.
func (s *keyStory) needless() bool {
	return activities.Needless(s.State, s.Trouble)
}

// open reports whether it is yet to be replaced.
func (s *keyStory) open() bool {
	return s.State != "" && s.State != registry.BatchDone && !s.needless()
}

// mend says what to do about a key that is open, in a departure that is so or not.
func (s *keyStory) mend(again bool) string {
	switch s.State {
	case registry.BatchStarted:
		return "see what it waits for: keyturn watch " + string(s.Key)
	case registry.BatchWaiting:
		return "nothing: it is about to begin"
	}
	mend := mendOf(registry.BatchKey{State: s.State, Why: s.Trouble})
	if again {
		mend = "tried again every few minutes; " + mend
	}
	return strings.NewReplacer("KEY", string(s.Key), "PROVIDER/ACCOUNT", s.Issuer.String()).Replace(mend)
}

// readStories reads what became of every key in the batches of a departure.
func readStories(ctx context.Context, store registry.Store, d registry.Departure, batches []registry.Batch) ([]*keyStory, error) {
	var out []*keyStory
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, b := range batches {
		for k, err := range store.BatchKeys(ctx, b.ID, "", "") {
			if err != nil {
				_ = g.Wait()
				return nil, err
			}
			s := &keyStory{Key: k.Key, Issuer: k.Issuer, State: k.State, Trouble: k.Why, Since: k.At, Batch: b.ID}
			out = append(out, s)
			g.Go(func() error { return s.read(ctx, store, d) })
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// read fills a story from the key and its history.
func (s *keyStory) read(ctx context.Context, store registry.Store, d registry.Departure) error {
	k, err := store.Get(ctx, s.Key)
	if err != nil {
		return err
	}
	s.Issuer, s.Team, s.Owner = k.Scope.Issuer(), k.Owner.Team, k.Owner.Person
	for e, err := range store.History(ctx, s.Key) {
		if err != nil {
			return err
		}
		if e.At.Before(d.At) {
			s.before(e)
		} else {
			s.hear(e, d)
		}
	}
	if s.From != "" || people.Address(s.Owner) == d.Email {
		s.Why = append(s.Why, "owned")
	}
	return nil
}

// before takes in an event from before the departure.
func (s *keyStory) before(e registry.Event) {
	if e.What == registry.StagedKey || e.What == registry.Supplied {
		s.minted = e.At
	}
}

// hear takes in an event since the departure. The rotation of the departure itself
// counts, and where there is none, the first that ended the old values.
func (s *keyStory) hear(e registry.Event, d registry.Departure) {
	if e.What == registry.HandedOver && strings.HasPrefix(e.ID, d.ID+"/") {
		s.From, _, _ = strings.Cut(strings.TrimPrefix(e.Detail, "from "), " to ")
		s.Handed = e.At
		return
	}
	if own := e.Actor == activities.DepartureActor(d.ID) || strings.HasSuffix(e.Reason, d.ID); own != s.own {
		if !own || e.What != registry.Promoted && e.What != registry.Completed {
			return
		}
		s.forget()
		s.own = true
	}
	switch {
	case !s.Died.IsZero():
	case e.What == registry.Promoted:
		s.New, _, _ = strings.Cut(e.Detail, " ")
		s.Replaced = e.At
	case e.What == registry.RolledBack:
		s.forget()
	case e.What == registry.Completed:
		if s.Old, s.Unproven = endedIn(e.Detail); len(s.Old) > 0 {
			s.Died = e.At
		}
	}
}

// forget takes back what was heard of a rotation.
func (s *keyStory) forget() {
	s.own, s.New, s.Replaced, s.Old, s.Died, s.Unproven = false, "", time.Time{}, nil, time.Time{}, nil
}

// endedIn reads which keys an operation ended from the evidence in the history.
func endedIn(detail string) (ended, unproven []string) {
	for _, part := range strings.Split(detail, "; ") {
		id, how, ok := strings.Cut(part, " revoked, ")
		if !ok {
			continue
		}
		ended = append(ended, id)
		if strings.Contains(how, "not tried") {
			unproven = append(unproven, id)
		}
	}
	return ended, unproven
}
