package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// A checkedValue says whose a value is. It does not hold it.
type checkedValue struct {
	Known    bool            `json:"known"`
	Keys     []*checkedKey   `json:"keys"`
	Reported []*reportedLeak `json:"reported,omitempty"` // the leaks it was recorded as

	weak bool // only whole values are recognised
}

// A checkedKey is a generation whose value it is.
type checkedKey struct {
	Key        keyturn.KeyID `json:"key"`
	Generation int           `json:"generation"`
	RemoteID   string        `json:"remote_id,omitempty"`
	Match      string        `json:"match"`
	State      string        `json:"state"`           // staged, current, retiring, disabled, revoking or dead
	Since      time.Time     `json:"since,omitzero"`  // when it died, as far as is known
	Killed     time.Time     `json:"killed,omitzero"` // when it was ended because it leaked
	keyturn.Issuer
	Owner     keyturn.Owner      `json:"owner"`
	Leak      string             `json:"leak,omitempty"` // that is known of it
	LeakState registry.LeakState `json:"leak_state,omitempty"`
}

// deadState is the state of a generation that is in no ledger any more.
const deadState = "dead"

// strayState is the state of one that is in no ledger and works all the same.
const strayState = "works although it was ended"

// diedAt finds in a key's history when a generation was ended; zero if it does not say.
func diedAt(ctx context.Context, store registry.Store, k *keyturn.Key, remoteID string) (time.Time, error) {
	died := k.Retired
	for e, err := range store.History(ctx, k.ID) {
		if err != nil {
			return died, err
		}
		if e.What != registry.Completed && e.What != registry.Revoked {
			continue
		}
		if ended, _ := endedIn(e.Detail); slices.Contains(ended, remoteID) {
			died = e.At
		}
	}
	return died, nil
}

// write prints it for people.
func (v *checkedValue) write(a *app) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, k := range v.Keys {
			if err := k.write(w, a.now()); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(w)
		}
		if !v.Known {
			_, _ = fmt.Fprintln(w, "it is no key's, as far as is known")
			if v.weak {
				_, _ = fmt.Fprintln(w, "without fingerprint_key_file in the configuration only whole values are recognised, and no parts of them")
			}
			_, _ = fmt.Fprintln(w, "keys that are older than their fingerprints get them with: keyturn leaks backfill")
		}
		for _, l := range v.Reported {
			_, _ = fmt.Fprintf(w, "recorded as leak %s (%s); follow it with: keyturn leaks show %[1]s\n", l.Leak, l.stands(false))
		}
		if len(v.Reported) == 0 {
			_, _ = fmt.Fprintln(w, "nothing was recorded; if it leaked: keyturn leaks check --report")
		}
		return nil
	}
}

func (k *checkedKey) write(w io.Writer, now time.Time) error {
	c := newColumns(w)
	c.row("key", string(k.Key))
	c.row("generation", strconv.Itoa(k.Generation))
	c.row("remote id", dash(k.RemoteID))
	c.row("provider", k.String())
	c.row("owner", dash(k.Owner.Team)+", "+dash(k.Owner.Person))
	c.row("matched", matchText(k.Match))
	c.row("state", k.stands(now))
	if k.Leak != "" {
		c.row("leak", fmt.Sprintf("%s, %s; see: keyturn leaks show %[1]s", k.Leak, k.LeakState))
	}
	return c.flush()
}

// stands says what can be done with the value.
func (k *checkedKey) stands(now time.Time) string {
	switch {
	case k.State == deadState && k.Since.IsZero():
		return "dead: it is in no ledger any more"
	case k.State == deadState:
		return "dead since " + stamp(k.Since, now)
	case !k.Killed.IsZero():
		return k.State + ", ended because it leaked " + stamp(k.Killed, now)
	}
	return k.State + map[string]string{
		string(keyturn.Staged):   ": it works, and nobody reads it yet",
		string(keyturn.Current):  ": the one in use",
		string(keyturn.Retiring): ": it is superseded and still works",
		string(keyturn.Disabled): ": it is superseded and switched off",
		string(keyturn.Revoking): ": it is being revoked",
	}[k.State]
}

// matchText says how a value was tied to a key.
func matchText(how string) string {
	return map[string]string{
		leaks.ByValue:  "the value is the key's",
		leaks.ByPart:   "a part of the key's value",
		leaks.ByID:     "only the vendor's id of the key; its value may be near",
		leaks.ByVendor: "the vendor said so",
	}[how]
}
