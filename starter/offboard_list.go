package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry"
)

type offboardListOptions struct {
	state string
	limit int
}

func newOffboardListCmd(a *app) *cobra.Command {
	opts := &offboardListOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List who left, and how far their keys are",
		Long: `List shows the last departures, the newest first. STATE is one of these:

    open    keys are being replaced, or something is in the way
    done    every key has another owner and is replaced, or a person let the rest go
    stayed  the directory has them as active: they have not left

BY is what said so first: a directory, operator or comparison.`,
		Example: `  keyturn offboard list
  keyturn offboard list --state open
  keyturn offboard list --limit 5 --output json`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runOffboardList(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.state, "state", "", "only departures in this `STATE`: open, done or stayed")
	f.IntVar(&opts.limit, "limit", 20, "at most `N` departures")
	must(cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(departureStates(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func departureStates() []string {
	return []string{string(registry.DepartureOpen), string(registry.DepartureDone), string(registry.DepartureStayed)}
}

// A departureHead is a departure as it is printed.
type departureHead struct {
	Departure string                  `json:"departure"`
	Email     string                  `json:"email"`
	State     registry.DepartureState `json:"state"`
	At        time.Time               `json:"at"` // when it was recorded
	Origin    string                  `json:"origin"`
	Actor     string                  `json:"actor"`
	Reason    string                  `json:"reason,omitempty"`
	Sure      bool                    `json:"sure,omitempty"`      // a person gave their word
	Directory string                  `json:"directory,omitempty"` // that has them as not active
	Successor string                  `json:"successor,omitempty"`
	Sessions  time.Time               `json:"sessions,omitzero"` // when they were ended
	Ended     []string                `json:"ended,omitempty"`
	Handed    time.Time               `json:"handed_over,omitzero"`
	Replaced  time.Time               `json:"replaced,omitzero"` // when the last key was
	Closed    time.Time               `json:"closed,omitzero"`
	Note      string                  `json:"note,omitempty"`
	Keys      int                     `json:"keys"`
	batchCounts
}

func headOfDeparture(d registry.Departure, progress []registry.BatchProgress) departureHead {
	h := departureHead{
		Departure: d.ID, Email: d.Email, State: d.State, At: d.At, Origin: d.Origin, Actor: d.Actor, Reason: d.Reason, Sure: d.Sure,
		Directory: d.Directory, Successor: d.Successor, Sessions: d.Sessions, Ended: d.Ended, Handed: d.Handed, Replaced: d.Replaced,
		Closed: d.Closed, Note: d.Note,
	}
	for _, p := range progress {
		h.Keys += p.Keys()
		h.add(p)
	}
	return h
}

func runOffboardList(ctx context.Context, a *app, opts *offboardListOptions) (err error) {
	switch {
	case opts.limit < 1:
		return usagef("offboard list: --limit must be at least 1")
	case opts.state != "" && !slices.Contains(departureStates(), opts.state):
		return usagef("offboard list: --state %q: write open, done or stayed", opts.state)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	head := []string{"DEPARTURE", "ADDRESS", "STATE", "HEARD", "BY", "KEYS", "DONE", "FAILED", "SKIPPED", "STARTED", "WAITING", "HANDED OVER", "CLOSED"}
	out := newLister(a, head, func(h departureHead) []string {
		row := []string{h.Departure, h.Email, string(h.State), stamp(h.At, a.now()), dash(h.Origin), strconv.Itoa(h.Keys)}
		return append(append(row, h.row()...), since(h.Handed, a.now()), since(h.Closed, a.now()))
	})
	for d, err := range store.Departures(ctx, registry.DepartureFilter{State: registry.DepartureState(opts.state), Limit: opts.limit}) {
		if err != nil {
			return err
		}
		_, progress, err := departureProgress(ctx, store, d.ID)
		if err != nil {
			return err
		}
		if err := out.add(headOfDeparture(d, progress)); err != nil {
			return err
		}
	}
	return out.end("nobody has left; see: keyturn offboard --help")
}

// since is how long ago something was; "-" for never.
func since(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return distance(t, now)
}
