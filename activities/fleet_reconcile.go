package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

// A StorePath is a place in a secret store.
type StorePath struct {
	Store  string `json:"store"`
	Prefix string `json:"prefix"`
}

// String is how findings name the place.
func (p StorePath) String() string { return p.Store + ":" + p.folder() }

// folder is the prefix as stores want it.
func (p StorePath) folder() string { return strings.TrimSuffix(p.Prefix, "/") }

// ListReconciledInput asks which accounts to reconcile.
type ListReconciledInput struct{}

// ListReconciledResult names the accounts and counts those that are left out.
type ListReconciledResult struct {
	Accounts []keyturn.Issuer `json:"accounts,omitempty"`
	Tally    ReconcileTally   `json:"tally"`
}

// ListReconciled lists the accounts that have keys in service. One that is paused
// is left out; so is one that no worker serves, which is a finding.
func (a *Fleet) ListReconciled(ctx context.Context, _ ListReconciledInput) (ListReconciledResult, error) {
	now := a.Now()
	accounts, err := a.Registry.Accounts(ctx, now)
	if err != nil {
		return ListReconciledResult{}, err
	}
	s := newSurvey(a.Registry, AccountsPlace, a.Now)
	var res ListReconciledResult
	for _, account := range accounts {
		switch {
		case account.Keys == 0:
		case account.Paused != nil:
			s.tally.Paused++
		case !Served(account, now):
			s.tally.Unserved++
			if err := s.found(ctx, unserved(account)); err != nil {
				return ListReconciledResult{}, err
			}
		default:
			res.Accounts = append(res.Accounts, account.Issuer)
		}
	}
	err = s.report(ctx)
	res.Tally = s.tally
	return res, err
}

func unserved(account registry.AccountStatus) registry.Finding {
	f := registry.Finding{
		Kind: UnservedAccount, Subject: account.Issuer.String(), Severity: registry.Warning,
		Detail: fmt.Sprintf("%d keys in service are of this account, and no worker has ever served it", account.Keys),
		Mend:   "configure the account on a worker, under providers",
	}
	if !account.Served.IsZero() {
		f.Detail = fmt.Sprintf("%d keys in service are of this account, and no worker has served it since %s", account.Keys, account.Served.UTC().Format(time.RFC3339))
		f.Mend = "start the worker that has this account in its configuration"
	}
	return f
}

// ReconcileStore compares a folder of a store with the entries whose values are to
// be there. A value without an entry becomes a finding; what was found before and
// is not found any more is settled. It changes nothing else. It is safe to repeat.
func (a *Fleet) ReconcileStore(ctx context.Context, in StorePath) (ReconcileTally, error) {
	op := "reconcile " + in.String()
	store, err := a.Secrets.Open(in.Store)
	if err != nil {
		return ReconcileTally{}, err
	}
	lister, ok := store.(secrets.Lister)
	if !ok {
		return ReconcileTally{}, keyturn.Errorf(keyturn.Unsupported, op, "this kind of store cannot list what it holds; take it out of the configuration of reconcile")
	}
	s := newSurvey(a.Registry, in.String(), a.Now)
	known := map[string]bool{}
	for k, err := range a.Registry.Find(ctx, registry.Filter{PathPrefix: in.folder() + "/", StoredIn: in.Store}) {
		if err != nil {
			return ReconcileTally{}, err
		}
		if k.Storage.Secret.Store == in.Store {
			known[k.Storage.Secret.Path] = true
		}
	}
	for path, err := range lister.List(ctx, in.folder()) {
		if err != nil {
			return ReconcileTally{}, err
		}
		s.tally.Paths++
		if known[path] {
			continue
		}
		if err := a.stray(ctx, s, store, keyturn.SecretRef{Store: in.Store, Path: path}); err != nil {
			return ReconcileTally{}, err
		}
	}
	err = s.end(ctx)
	return s.tally, err
}

// stray reports a path of no entry, if a value can be read there and no entry has
// been written for it meanwhile.
func (a *Fleet) stray(ctx context.Context, s *survey, store secrets.Store, ref keyturn.SecretRef) error {
	_, err := store.Current(ctx, ref)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	if keyturn.KindOf(err).Retryable() { // one that may not be read is there
		return err
	}
	f := registry.Finding{
		Kind: PathWithoutEntry, Subject: ref.Path, Severity: registry.Warning,
		Detail: "a value is stored here, and no entry has this path",
		Mend:   "write an entry for it, and then: keyturn adopt KEY --remote-id ID; or delete it from the store, if nobody reads it",
	}
	for _, retired := range []bool{false, true} {
		for k, err := range a.Registry.Find(ctx, registry.Filter{Path: ref.Path, Retired: retired}) {
			switch {
			case err != nil:
				return err
			case k.Storage.Secret != ref:
				continue
			case !retired:
				return nil
			}
			f.Severity, f.Owner = registry.Info, k.Owner
			f.Detail = fmt.Sprintf("a value is stored here that was the one of %s, which was ended on %s", k.ID, k.Retired.UTC().Format(time.DateOnly))
			f.Mend = "delete it from the store: it opens nothing any more"
		}
	}
	return s.found(ctx, f)
}

// Unchecked is an account or a store that could not be looked at.
type Unchecked struct {
	Kind    string       `json:"kind"` // UncheckedAccount or UncheckedStore
	Subject string       `json:"subject"`
	Error   keyturn.Kind `json:"error"`
	Why     string       `json:"why"`
}

// CloseReconcileInput says what could not be looked at, and since when the others
// have been.
type CloseReconcileInput struct {
	Began     time.Time   `json:"began"`
	Unchecked []Unchecked `json:"unchecked,omitempty"`
}

// CloseReconcile reports what could not be looked at, and settles what could not
// be before, and could be now.
func (a *Fleet) CloseReconcile(ctx context.Context, in CloseReconcileInput) (ReconcileTally, error) {
	s := newSurvey(a.Registry, AccountsPlace, a.Now)
	// The clocks of workers differ. What was reported in the pass itself stays.
	s.began = in.Began.Add(-time.Minute)
	slices.SortFunc(in.Unchecked, func(x, y Unchecked) int { return strings.Compare(x.Subject, y.Subject) })
	for _, u := range in.Unchecked {
		s.tally.Unchecked++
		f := registry.Finding{
			Kind: u.Kind, Subject: u.Subject, Severity: registry.Warning,
			Detail: fmt.Sprintf("it could not be looked at (%s): %s", u.Error, u.Why),
			Mend:   "mend what it says; the next pass looks again",
		}
		if u.Kind == UncheckedAccount {
			f.Mend += "; what the account's credential may do: keyturn providers check " + u.Subject
		}
		if err := s.found(ctx, f); err != nil {
			return ReconcileTally{}, err
		}
	}
	err := s.end(ctx)
	return s.tally, err
}
