package activities

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// SelectKeysResult counts the keys a leaver could have seen.
type SelectKeysResult struct {
	Keys int `json:"keys"`
	// Partial says that a directory did not answer, which may know another address
	// of theirs.
	Partial bool `json:"partial,omitempty"`
}

// SelectKeys finds every key a leaver could have seen, and records a batch that
// replaces them: those they own, those whose value they made, and those in a path
// of the store that is theirs. It has them begun. It is safe to repeat; keys that were
// found before are not found again.
func (a *Leavers) SelectKeys(ctx context.Context, in Departure) (SelectKeysResult, error) {
	d, err := a.Registry.Departure(ctx, in.ID)
	if err != nil {
		return SelectKeysResult{}, err
	}
	known, err := a.selected(ctx, d)
	if err != nil {
		return SelectKeysResult{}, err
	}
	addresses, complete := a.addresses(ctx, d)
	seen, err := a.seenBy(ctx, addresses)
	if err != nil {
		return SelectKeysResult{}, err
	}
	fresh := map[keyturn.KeyID]bool{}
	for id := range seen {
		if !known.keys[id] {
			fresh[id] = true
		}
	}
	res := SelectKeysResult{Keys: len(known.keys) + len(fresh), Partial: !complete}
	if len(fresh) == 0 || d.State != registry.DepartureOpen {
		return res, nil
	}
	b := registry.Batch{
		ID: DepartureBatch(d.ID, known.batches+1), Selector: "what a leaver could have seen", Reason: "offboarding", Note: "departure " + d.ID,
		Actor: DepartureActor(d.ID), Now: a.Rules.Now, Overlap: a.Rules.Overlap, Urgent: true, At: a.Now().UTC(),
	}
	if err := a.Registry.AddBatch(ctx, b, slices.Sorted(maps.Keys(fresh))); err != nil {
		return res, err
	}
	if err := a.Engine.RunBatch(ctx, b); err != nil {
		return res, err
	}
	_, err = a.change(ctx, d.ID, func(d *registry.Departure) { d.Batch = b.ID })
	return res, err
}

// DepartureBatch names the nth batch of a departure: most have one, and another comes
// where an entry gave the leaver one more key meanwhile.
func DepartureBatch(departure string, n int) string {
	if n == 1 {
		return departure
	}
	return departure + "-" + strconv.Itoa(n)
}

// selection is what was selected for a departure so far.
type selection struct {
	batches int
	keys    map[keyturn.KeyID]bool
}

func (a *Leavers) selected(ctx context.Context, d registry.Departure) (selection, error) {
	out := selection{keys: map[keyturn.KeyID]bool{}}
	for {
		id := DepartureBatch(d.ID, out.batches+1)
		_, err := a.Registry.Batch(ctx, id)
		if keyturn.KindOf(err) == keyturn.NotFound {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out.batches++
		for k, err := range a.Registry.BatchKeys(ctx, id, "", "") {
			if err != nil {
				return out, err
			}
			out.keys[k.Key] = true
		}
	}
}

// seenBy finds the keys in service that whoever has these addresses could have seen.
func (a *Leavers) seenBy(ctx context.Context, addresses []string) (map[keyturn.KeyID]bool, error) {
	out := map[keyturn.KeyID]bool{}
	find := func(f registry.Filter) error {
		for k, err := range a.Registry.Find(ctx, f) {
			if err != nil {
				return err
			}
			if k.Current() != nil {
				out[k.ID] = true
			}
		}
		return nil
	}
	owners, err := a.owners(ctx, addresses)
	if err != nil {
		return nil, err
	}
	for _, owner := range owners {
		if err := find(registry.Filter{OwnerPerson: owner}); err != nil {
			return nil, err
		}
	}
	for _, address := range addresses {
		for _, path := range a.Rules.PersonalPaths {
			user, _, _ := strings.Cut(address, "@")
			prefix := strings.NewReplacer("{email}", address, "{user}", user).Replace(path)
			if err := find(registry.Filter{PathPrefix: prefix}); err != nil {
				return nil, err
			}
		}
	}
	for made, err := range a.Registry.MadeBy(ctx, addresses) {
		if err != nil {
			return nil, err
		}
		k, err := a.Registry.Get(ctx, made.Key)
		if err != nil {
			return nil, err
		}
		if cur := k.Current(); k.Retired.IsZero() && cur != nil && StillMade(cur.Created, made.At) {
			out[k.ID] = true
		}
	}
	return out, nil
}

// StillMade reports whether a value that was minted at a moment is the one somebody
// made at another. What replaced it later was made by nobody they could watch.
func StillMade(minted, made time.Time) bool { return !minted.After(made.Add(clockSkew)) }

// addresses are all a person is known by. complete is false where a directory does
// not answer, which may know more.
func (a *Leavers) addresses(ctx context.Context, d registry.Departure) (out []string, complete bool) {
	out = append([]string{people.Address(d.Email)}, d.Aliases...)
	persons, complete := a.whoever(ctx, d.Email)
	for _, p := range persons {
		out = append(append(out, p.Email), p.Aliases...)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" }), complete
}

// owners are the ways in which entries write one of these addresses.
func (a *Leavers) owners(ctx context.Context, addresses []string) ([]string, error) {
	var out []string
	for owner, err := range a.Registry.Owners(ctx) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(addresses, people.Address(owner)) {
			out = append(out, owner)
		}
	}
	return out, nil
}
