package activities

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// A suspect is something that did not fit when it was compared. Much may have
// happened since, so it is looked at again before it becomes a finding.
type suspect struct {
	kind      string // UnknownKey, MissingKey or DisabledKey
	remoteID  string
	principal string        // as the entry has it or, of an unknown key, the vendor
	key       keyturn.KeyID // the entry; of an unknown key empty
}

// confirm looks at every suspect again, principal by principal.
func (r *reconciliation) confirm(ctx context.Context) error {
	slices.SortFunc(r.suspects, func(a, b suspect) int {
		return cmp.Or(strings.Compare(a.principal, b.principal), strings.Compare(a.remoteID, b.remoteID), strings.Compare(string(a.key), string(b.key)))
	})
	for from := 0; from < len(r.suspects); {
		principal := r.suspects[from].principal
		to := from
		for to < len(r.suspects) && r.suspects[to].principal == principal {
			to++
		}
		if err := r.confirmOf(ctx, principal, r.suspects[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (r *reconciliation) confirmOf(ctx context.Context, principal string, suspects []suspect) error {
	enabled, err := r.lookAgain(ctx, principal)
	if err != nil {
		return err
	}
	var kin *relatives
	for _, s := range suspects {
		on, there := enabled[s.remoteID]
		switch {
		case s.kind == UnknownKey:
			if there, err = r.stillThere(ctx, s, there); err == nil && there {
				kin, err = r.reportUnnamed(ctx, s, kin)
			}
		case s.kind == MissingKey && enabled != nil && !there, s.kind == DisabledKey && there && !on:
			err = r.reportNamed(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookAgain lists one principal's keys and returns for each whether it is switched
// on. It returns nil where the vendor does not list that principal's, so that
// nothing can be said about them.
func (r *reconciliation) lookAgain(ctx context.Context, principal string) (map[string]bool, error) {
	if principal == "" && r.whole {
		return r.lookAtAll(ctx)
	}
	enabled, err := r.look(ctx, principal)
	switch keyturn.KindOf(err) {
	case keyturn.NotFound: // no such principal, no keys
		return map[string]bool{}, nil
	case keyturn.Unsupported, keyturn.Invalid:
		return nil, nil
	}
	return enabled, err
}

// stillThere reports whether a key that nobody names is still at the vendor. The
// vendor may know its principal only in the list of the whole account: a person,
// for example, where principals are service accounts.
func (r *reconciliation) stillThere(ctx context.Context, s suspect, shown bool) (bool, error) {
	if shown || !r.whole {
		return shown, nil
	}
	all, err := r.lookAtAll(ctx)
	_, there := all[s.remoteID]
	return there, err
}

// lookAtAll lists the account a second time, once.
func (r *reconciliation) lookAtAll(ctx context.Context) (_ map[string]bool, err error) {
	if r.all == nil {
		r.all, err = r.look(ctx, "")
	}
	return r.all, err
}

func (r *reconciliation) look(ctx context.Context, principal string) (map[string]bool, error) {
	enabled := map[string]bool{}
	for k, err := range r.provider.(providers.Lister).List(ctx, principal) {
		if err != nil {
			return nil, err
		}
		enabled[k.ID] = k.Enabled
	}
	return enabled, nil
}

// relatives are the entries of one principal: whose a key may be that none of
// them names.
type relatives struct {
	named    map[string]bool // the vendor's ids they name
	owner    keyturn.Owner   // of the first of them
	unissued keyturn.KeyID   // one that was never issued
	nameless keyturn.KeyID   // one with a key by hand whose id nobody gave
}

func (r *reconciliation) relatives(ctx context.Context, principal string) (*relatives, error) {
	kin := &relatives{named: map[string]bool{}}
	for k, err := range r.Registry.Find(ctx, r.entries(principal)) {
		if err != nil {
			return nil, err
		}
		if k.Scope.Principal != principal {
			continue
		}
		if kin.owner == (keyturn.Owner{}) && principal != "" {
			kin.owner = k.Owner // where all keys belong to nobody, that says nothing
		}
		if len(k.Ledger) == 0 && k.Intent == nil && kin.unissued == "" {
			kin.unissued = k.ID
		}
		for _, i := range k.Ledger {
			kin.named[i.RemoteID] = true
			if i.RemoteID == HandID(&k, i.Generation) && kin.nameless == "" {
				kin.nameless = k.ID
			}
		}
	}
	return kin, nil
}

// parseLabel takes apart what [keyturn.Label] made.
func parseLabel(label string) (id keyturn.KeyID, generation int, ok bool) {
	at := strings.LastIndex(label, "/g")
	if at <= 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(label[at+2:])
	id = keyturn.KeyID(label[:at])
	return id, n, err == nil && n > 0 && keyturn.Label(id, n) == label
}
