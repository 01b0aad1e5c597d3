package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

type leaksListOptions struct {
	state, key string
	unowned    bool
	limit      int
}

func newLeaksListCmd(a *app) *cobra.Command {
	opts := &leaksListOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what leaked, and how far it is",
		Long: `List shows leaks, the newest first: those that are open, unless --state says
otherwise. HITS is in how many places a value was found. PUBLIC says that strangers
can see it. HOW FAR is what was done last; "keyturn leaks show LEAK" tells all of it.`,
		Example: `  keyturn leaks list
  keyturn leaks list --unowned
  keyturn leaks list --state all --key payments-stripe-live-001
  keyturn leaks list --state dead --limit 5 --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runLeaksList(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.state, "state", string(registry.LeakOpen), "only leaks in this `STATE`: open, dead or dismissed, or all of them: all")
	f.StringVar(&opts.key, "key", "", "only leaks of this `KEY`")
	f.BoolVar(&opts.unowned, "unowned", false, "only values that are no key's, as far as is known")
	f.IntVar(&opts.limit, "limit", 100, "at most `N` leaks")
	must(cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(leakStates(), cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("key", completeAnyKey(a)))
	return cmd
}

func leakStates() []string {
	return []string{string(registry.LeakOpen), string(registry.LeakDead), string(registry.LeakDismissed), "all"}
}

// A leakHead is a leak as it is printed. None of it is a value, or a fingerprint of
// one.
type leakHead struct {
	Leak       string             `json:"leak"`
	State      registry.LeakState `json:"state"`
	Key        keyturn.KeyID      `json:"key,omitempty"`
	Generation int                `json:"generation,omitempty"`
	Match      string             `json:"match,omitempty"` // how the key is known: value, part, id or vendor
	keyturn.Issuer
	RemoteID  string            `json:"remote_id,omitempty"`
	Source    string            `json:"source"`
	Rule      string            `json:"rule,omitempty"`
	Actor     string            `json:"actor"`
	At        time.Time         `json:"at"` // when it was told of
	Since     time.Time         `json:"since,omitzero"`
	Public    bool              `json:"public"`
	Hits      int               `json:"hits"`
	Kept      bool              `json:"kept,omitempty"` // in the store, because it is no key's
	Alive     string            `json:"alive,omitempty"`
	LastUsed  time.Time         `json:"last_used,omitzero"`
	Plan      keyturn.OnLeak    `json:"plan,omitempty"`
	Word      registry.LeakWord `json:"word,omitempty"`
	Worder    string            `json:"said_by,omitempty"`
	Dismissal string            `json:"dismissal,omitempty"`
	Triaged   time.Time         `json:"triaged,omitzero"`
	Killed    time.Time         `json:"killed,omitzero"`
	Replaced  time.Time         `json:"replaced,omitzero"`
	Dead      time.Time         `json:"dead,omitzero"`
	Closed    time.Time         `json:"closed,omitzero"`
	Proof     string            `json:"proof,omitempty"`
	Used      string            `json:"used,omitempty"`
	Ticket    keyturn.TicketRef `json:"ticket,omitzero"`
	Told      string            `json:"told,omitempty"` // the loudest that was told of it: found, late
	Note      string            `json:"note,omitempty"`
	HowFar    string            `json:"how_far"` // in words
}

func headOfLeak(l registry.Leak, now time.Time) leakHead {
	return leakHead{
		Leak: l.ID, State: l.State, Key: l.Key, Generation: l.Generation, Match: l.Match, Issuer: l.Issuer, RemoteID: l.RemoteID, Source: l.Source,
		Rule: l.Rule, Actor: l.Actor, At: l.At, Since: l.Since, Public: l.Public, Hits: l.Hits, Kept: l.Kept != "", Alive: l.Alive, LastUsed: l.LastUsed,
		Plan: l.Plan, Word: l.Word, Worder: l.Worder, Dismissal: l.Dismissal, Triaged: l.Triaged, Killed: l.Killed, Replaced: l.Replaced, Dead: l.Dead,
		Closed: l.Closed, Proof: l.Proof, Used: l.Used, Ticket: l.Ticket, Told: l.Told, Note: l.Note, HowFar: leakStage(l, now),
	}
}

// leakOwner says whose a leaked value is.
func leakOwner(l registry.Leak) string { return cmp.Or(string(l.Key), nobodys) }

const nobodys = "nobody's, as far as is known"

// leakStage says what was done about a leak last.
func leakStage(l registry.Leak, now time.Time) string {
	switch {
	case l.State == registry.LeakDismissed:
		return "dismissed by " + l.Worder
	case !l.Dead.IsZero():
		return "dead, " + rough(l.Dead.Sub(l.At)) + " after it was told of"
	case l.State == registry.LeakDead:
		return "dead"
	case l.Stray && l.Killed.IsZero():
		return "works although it was ended; waits for a person"
	case !l.Killed.IsZero() && l.Replaced.IsZero() && l.Key != "":
		return "ended " + distance(l.Killed, now) + ", not replaced yet"
	case !l.Killed.IsZero():
		return "ended " + distance(l.Killed, now)
	case !l.Replaced.IsZero():
		return "replaced " + distance(l.Replaced, now) + ", not dead yet"
	case l.Word == registry.LeakKill:
		return "to be ended now, says " + l.Worder
	case l.Key == "":
		return "waits for a person"
	case !l.Triaged.IsZero():
		return "being replaced"
	}
	return "told of"
}

func runLeaksList(ctx context.Context, a *app, opts *leaksListOptions) (err error) {
	f := registry.LeakFilter{Key: keyturn.KeyID(opts.key), Unowned: opts.unowned, Limit: opts.limit + 1}
	switch {
	case opts.limit < 1:
		return usagef("leaks list: --limit must be at least 1")
	case !slices.Contains(leakStates(), opts.state):
		return usagef("leaks list: --state %q: write open, dead, dismissed or all", opts.state)
	case opts.unowned && opts.key != "":
		return usagef("leaks list: --unowned and --key contradict each other; leave one out")
	case opts.state != "all":
		f.State = registry.LeakState(opts.state)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	head := []string{"LEAK", "STATE", "KEY", "GEN", "TOLD", "BY", "RULE", "HITS", "PUBLIC", "HOW FAR"}
	out := newLister(a, head, func(h leakHead) []string {
		gen, public := "-", "-"
		if h.Generation > 0 {
			gen = strconv.Itoa(h.Generation)
		}
		if h.Public {
			public = "yes"
		}
		return []string{h.Leak, string(h.State), cmp.Or(string(h.Key), nobodys), gen, distance(h.At, a.now()), h.Source, dash(h.Rule), strconv.Itoa(h.Hits), public, h.HowFar}
	})
	for l, err := range store.Leaks(ctx, f) {
		if err != nil {
			return err
		}
		if out.n == opts.limit {
			_, _ = fmt.Fprintf(a.err, "keyturn: there are more; for those, add: --limit %d\n", 10*opts.limit)
			break
		}
		if err := out.add(headOfLeak(l, a.now())); err != nil {
			return err
		}
	}
	return out.end("no leak matches")
}
