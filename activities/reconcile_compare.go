package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// reconciliation is one call of ReconcileAccount. The vendor is listed before the
// registry is read: whatever Keyturn does meanwhile is in the registry by then.
type reconciliation struct {
	*Keys
	*survey
	issuer   keyturn.Issuer
	provider providers.Provider
	young    time.Time // keys made after this are left out

	listed map[string]listedKey     // by the vendor's id; nil where it cannot list
	whole  bool                     // the vendor lists the account as a whole
	all    map[string]bool          // what its second list says is switched on; nil before that
	named  map[string]keyturn.KeyID // the entry that names each of the vendor's ids
	busy   map[string]time.Time     // since when a key may have been in the making, by principal

	suspects []suspect
}

// A listedKey is what is kept of a key that the vendor lists.
type listedKey struct {
	principal string
	label     string // only if it looks like one of ours
	created   time.Time
	enabled   bool
}

// list reads the vendor's keys, of the whole account or, where the vendor does not
// offer that, of each principal that entries name.
func (r *reconciliation) list(ctx context.Context) error {
	lister, ok := r.provider.(providers.Lister)
	if !ok {
		r.tally.Unlisted++
		return nil
	}
	r.listed = map[string]listedKey{}
	err := r.add(ctx, lister, "")
	if r.whole = err == nil; keyturn.KindOf(err) != keyturn.Unsupported {
		return err
	}
	principals := map[string]bool{}
	for k, err := range r.Registry.Find(ctx, r.entries("")) {
		if err != nil {
			return err
		}
		principals[k.Scope.Principal] = true
	}
	delete(principals, "")
	some := false
	for _, principal := range slices.Sorted(maps.Keys(principals)) {
		err := r.add(ctx, lister, principal)
		switch kind := keyturn.KindOf(err); {
		case kind == keyturn.Unsupported:
			continue
		case err != nil && kind != keyturn.NotFound: // one that does not exist has no keys
			return err
		}
		some = true
	}
	if !some {
		r.listed = nil
		r.tally.Unlisted++
	}
	return nil
}

// entries is what the account's entries are found by, or those of one principal.
func (r *reconciliation) entries(principal string) registry.Filter {
	return registry.Filter{Provider: r.issuer.Provider, Account: r.issuer.Account, Principal: principal}
}

func (r *reconciliation) add(ctx context.Context, lister providers.Lister, principal string) error {
	for k, err := range lister.List(ctx, principal) {
		if err != nil {
			return err
		}
		kept := listedKey{principal: k.Principal, created: k.Created, enabled: k.Enabled}
		if _, _, ours := parseLabel(k.Label); ours {
			kept.label = k.Label
		}
		r.listed[k.ID] = kept
	}
	r.tally.Keys = len(r.listed)
	return nil
}

// compare reads the account's entries and collects what does not fit.
func (r *reconciliation) compare(ctx context.Context) error {
	const atOnce = 100
	var waiting []keyturn.Key // for a look at their paths
	for k, err := range r.Registry.Find(ctx, r.entries("")) {
		if err != nil {
			return err
		}
		r.tally.Entries++
		for _, i := range k.Ledger {
			if err := r.name(ctx, &k, i); err != nil {
				return err
			}
		}
		if k.Intent != nil {
			r.underway(&k)
			continue
		}
		for _, i := range k.Ledger {
			r.expect(&k, i)
		}
		if k.Current() == nil {
			continue // it was never issued
		}
		if waiting = append(waiting, k); len(waiting) == atOnce {
			if err := r.lookAtPaths(ctx, waiting); err != nil {
				return err
			}
			waiting = waiting[:0]
		}
	}
	if err := r.lookAtPaths(ctx, waiting); err != nil {
		return err
	}
	for id, k := range r.listed {
		if _, named := r.named[id]; !named && !r.explained(k) {
			r.suspects = append(r.suspects, suspect{kind: UnknownKey, remoteID: id, principal: k.principal})
		}
	}
	return nil
}

// name takes note of which entry names a key, and finds a second one that does.
func (r *reconciliation) name(ctx context.Context, k *keyturn.Key, i keyturn.Issued) error {
	if i.RemoteID == "" || i.RemoteID == HandID(k, i.Generation) {
		return nil // not the vendor's
	}
	first, taken := r.named[i.RemoteID]
	if !taken || first == k.ID {
		r.named[i.RemoteID] = k.ID
		return nil
	}
	return r.found(ctx, registry.Finding{
		Kind: SharedKey, Subject: i.RemoteID, Key: k.ID, Owner: k.Owner, Severity: registry.Critical,
		Detail: fmt.Sprintf("%s and %s both name this key: rotating one ends the key of the other", first, k.ID),
		Mend:   fmt.Sprintf("give each a key of its own, the second before the overlap of the first is over: keyturn rotate %s, and keyturn rotate %s", first, k.ID),
	})
}

// underway takes note of an operation that may be making a key without a label:
// by Keyturn where the vendor keeps none, or by a person.
func (r *reconciliation) underway(k *keyturn.Key) {
	if k.Intent.Operation == keyturn.Revoke || r.provider.Info().Labels && !k.Intent.ByHand {
		return
	}
	if since, ok := r.busy[k.Scope.Principal]; !ok || k.Intent.Began.Before(since) {
		r.busy[k.Scope.Principal] = k.Intent.Began
	}
}

// expect compares one generation with the vendor's list.
func (r *reconciliation) expect(k *keyturn.Key, i keyturn.Issued) {
	if r.listed == nil || i.RemoteID == "" || i.RemoteID == HandID(k, i.Generation) || i.Created.After(r.young) || i.Promoted.After(r.young) {
		return
	}
	s := suspect{remoteID: i.RemoteID, principal: k.Scope.Principal, key: k.ID}
	switch there, ok := r.listed[i.RemoteID]; {
	case !ok:
		s.kind = MissingKey
	case !there.enabled && i.State == keyturn.Current:
		s.kind = DisabledKey
	default:
		return
	}
	r.suspects = append(r.suspects, s)
}

// explained reports whether a key that no entry names may be one in the making.
// That of a key with a label is known by its entry, later.
func (r *reconciliation) explained(k listedKey) bool {
	if k.created.After(r.young) {
		return true
	}
	const skew = time.Minute // between the vendor's clock and ours
	since, busy := r.busy[k.principal]
	return busy && k.label == "" && (k.created.IsZero() || k.created.After(since.Add(-skew)))
}
