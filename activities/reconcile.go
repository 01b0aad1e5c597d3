package activities

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
)

// reconcileCheck is the name of the check in findings.
const reconcileCheck = "reconcile"

// What reconcile finds. These words are stored: added to, never renamed.
const (
	UnknownKey       = "unknown-key"        // the vendor has a key that no entry names
	OrphanKey        = "orphan"             // the vendor has a key that Keyturn made and no entry names
	MissingKey       = "missing-key"        // an entry names a key that the vendor does not have
	DisabledKey      = "disabled-key"       // consumers read a key that is switched off
	SharedKey        = "shared-key"         // two entries name one key
	EntryWithoutPath = "entry-without-path" // consumers of an entry read nothing
	ForeignValue     = "foreign-value"      // they read another version than the entry names
	UnreadablePath   = "unreadable-path"    // nobody knows what they read
	PathWithoutEntry = "path-without-entry" // a value in a store belongs to no entry
	UnservedAccount  = "unserved-account"   // no worker looks after an account that has keys
	UncheckedAccount = "unchecked-account"  // an account could not be looked at
	UncheckedStore   = "unchecked-store"    // a store could not be looked at
)

// AccountsPlace is the place of findings about whole accounts.
const AccountsPlace = "accounts"

// A ReconcileTally counts what was compared and what came of it.
type ReconcileTally struct {
	Accounts  int `json:"accounts"`            // that were compared
	Unlisted  int `json:"unlisted,omitempty"`  // of those, at vendors that cannot list keys
	Paused    int `json:"paused,omitempty"`    // left out
	Unserved  int `json:"unserved,omitempty"`  // left out; each is a finding
	Unchecked int `json:"unchecked,omitempty"` // accounts and stores that failed; each is a finding
	Entries   int `json:"entries"`             // keys in service, as the registry has them
	Keys      int `json:"keys"`                // as vendors list them
	Paths     int `json:"paths"`               // as stores list them
	Findings  int `json:"findings"`            // what is wrong now
	Opened    int `json:"opened"`              // of those, what was not known before
	Settled   int `json:"settled"`             // what was wrong before and is not any more
}

// Add adds up two tallies.
func (t *ReconcileTally) Add(o ReconcileTally) {
	t.Accounts += o.Accounts
	t.Unlisted += o.Unlisted
	t.Paused += o.Paused
	t.Unserved += o.Unserved
	t.Unchecked += o.Unchecked
	t.Entries += o.Entries
	t.Keys += o.Keys
	t.Paths += o.Paths
	t.Findings += o.Findings
	t.Opened += o.Opened
	t.Settled += o.Settled
}

// ReconcileAccountInput names the provider account to compare.
type ReconcileAccountInput struct {
	Issuer keyturn.Issuer `json:"issuer"`
}

// ReconcileAccount compares the keys of an account as its vendor lists them, as
// the registry has them, and the values consumers read. What differs becomes a
// finding; what was found before and is not found any more is settled. It changes
// nothing else, and leaves out what is being changed just now. If it cannot look
// at all of the account it settles nothing. It is safe to repeat.
func (a *Keys) ReconcileAccount(ctx context.Context, in ReconcileAccountInput) (ReconcileTally, error) {
	p, err := providers.As[providers.Provider](a.Providers, in.Issuer)
	if err != nil {
		return ReconcileTally{}, err
	}
	r := &reconciliation{
		Keys: a, issuer: in.Issuer, provider: p,
		survey: newSurvey(a.Registry, in.Issuer.String(), a.Now),
		named:  map[string]keyturn.KeyID{}, busy: map[string]time.Time{},
	}
	r.young = r.began.Add(-tooYoung - cmp.Or(a.Timing[in.Issuer].Settle, p.Info().Settle))
	r.tally.Accounts = 1
	for _, step := range []func(context.Context) error{r.list, r.compare, r.confirm, r.end} {
		if err := step(ctx); err != nil {
			return ReconcileTally{}, err
		}
	}
	return r.tally, nil
}

// tooYoung is how old a key must be to be compared, besides the vendor's settling
// time: whoever made it may still be writing it down.
const tooYoung = 15 * time.Minute

// A survey is one look at one place. What it finds is reported page by page; only
// at the end, when it has seen all of the place, is anything settled.
type survey struct {
	findings registry.Findings
	place    string
	began    time.Time
	now      func() time.Time
	page     []registry.Finding
	seen     map[string]bool
	tally    ReconcileTally
}

func newSurvey(f registry.Findings, place string, now func() time.Time) *survey {
	// Stores keep no more than microseconds, and what is found is never seen
	// before the beginning.
	return &survey{findings: f, place: place, began: now().UTC().Truncate(time.Microsecond), now: now, seen: map[string]bool{}}
}

// found takes note of a finding. Of the same one only the first counts.
func (s *survey) found(ctx context.Context, f registry.Finding) error {
	const most = 500
	f.Check, f.Place = reconcileCheck, s.place
	for _, text := range []*string{&f.Subject, &f.Detail, &f.Mend} { // a stranger may have made them up
		*text = strings.ReplaceAll(strings.ToValidUTF8(*text, "?"), "\x00", "?")
	}
	f.ID = registry.FindingID(f.Check, f.Kind, f.Place, f.Subject)
	if s.seen[f.ID] {
		return nil
	}
	s.seen[f.ID] = true
	f.Seen = s.now().UTC()
	f.Found = f.Seen
	s.tally.Findings++
	if s.page = append(s.page, f); len(s.page) < most {
		return nil
	}
	return s.report(ctx)
}

func (s *survey) report(ctx context.Context) error {
	if len(s.page) == 0 {
		return nil
	}
	opened, err := s.findings.Report(ctx, s.page)
	s.tally.Opened += opened
	s.page = s.page[:0]
	return err
}

// end reports what is left and settles what was not found.
func (s *survey) end(ctx context.Context) error {
	if err := s.report(ctx); err != nil {
		return err
	}
	settled, err := s.findings.Settle(ctx, reconcileCheck, s.place, s.began, s.now().UTC())
	s.tally.Settled += settled
	return err
}
