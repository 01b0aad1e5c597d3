package main

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A leakStory is all that is known of a leak, and what comes next.
type leakStory struct {
	leakHead
	Owner     *keyturn.Owner `json:"owner,omitempty"` // of the key
	Consumers []string       `json:"consumers"`
	Paused    *pauseView     `json:"account_paused,omitempty"`
	Timeline  []leakStep     `json:"timeline"`
	Places    []leakPlace    `json:"places"`
	Uses      []leakUse      `json:"uses"`
	Next      string         `json:"next"`
	Commands  []string       `json:"commands"`

	leak registry.Leak
	key  *keyturn.Key // nil for none
}

// A leakStep is something that was done about a leak.
type leakStep struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
	// After is how long after the leak was told of.
	After keyturn.Duration `json:"after"`
}

// A leakPlace is where the value was found.
type leakPlace struct {
	Source string    `json:"source"`
	Alert  string    `json:"alert,omitempty"`
	Rule   string    `json:"rule,omitempty"`
	Repo   string    `json:"repo,omitempty"`
	Place  string    `json:"place,omitempty"`
	URL    string    `json:"url,omitempty"`
	Public bool      `json:"public"`
	Since  time.Time `json:"since,omitzero"`
	Actor  string    `json:"actor"`
	At     time.Time `json:"at"`
}

// A leakUse is what the vendor's log says was done with a key.
type leakUse struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	From  string    `json:"from,omitempty"`
	What  string    `json:"what,omitempty"`
	Agent string    `json:"agent,omitempty"`
}

func readLeakStory(ctx context.Context, a *app, store registry.Store, l registry.Leak) (*leakStory, error) {
	s := &leakStory{
		leakHead: headOfLeak(l, a.now()), Consumers: []string{}, Timeline: leakSteps(l), Places: []leakPlace{}, Uses: []leakUse{}, leak: l,
	}
	for h, err := range store.LeakHits(ctx, l.ID) {
		if err != nil {
			return nil, err
		}
		s.Places = append(s.Places, leakPlace{h.Source, h.Alert, h.Rule, h.Repo, h.Place, h.URL, h.Public, h.Since, h.Actor, h.At})
	}
	for u, err := range store.LeakUses(ctx, l.ID) {
		if err != nil {
			return nil, err
		}
		s.Uses = append(s.Uses, leakUse(u))
	}
	if l.Key != "" {
		if err := s.readKey(ctx, a, store); err != nil {
			return nil, err
		}
	}
	s.Next, s.Commands = s.next(a.now()), s.commands()
	return s, nil
}

func (s *leakStory) readKey(ctx context.Context, a *app, store registry.Store) error {
	k, err := store.Get(ctx, s.leak.Key)
	if err != nil {
		return err
	}
	account, _, err := findAccount(ctx, a, store, k.Scope.Issuer())
	if err != nil {
		return err
	}
	s.key, s.Owner, s.Issuer, s.Paused = &k, &k.Owner, k.Scope.Issuer(), viewPause(account.Paused)
	for _, c := range k.Storage.Consumers {
		s.Consumers = append(s.Consumers, c.String())
	}
	return nil
}

// leakSteps are what was done about a leak, in the order it happens in.
func leakSteps(l registry.Leak) []leakStep {
	out := []leakStep{}
	for _, step := range []leakStep{
		{What: "told of", At: l.At},
		{What: "looked at", At: l.Triaged},
		{What: "ended ahead of its replacement", At: l.Killed},
		{What: "replaced", At: l.Replaced},
		{What: "dead", At: l.Dead},
		{What: "closed", At: l.Closed},
	} {
		if !step.At.IsZero() {
			step.After = keyturn.Duration(step.At.Sub(l.At))
			out = append(out, step)
		}
	}
	return out
}
