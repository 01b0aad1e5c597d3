package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry"
)

type leaksKillOptions struct {
	id          string
	dryRun, yes bool
}

func newLeaksKillCmd(a *app) *cobra.Command {
	opts := &leaksKillOptions{}
	cmd := &cobra.Command{
		Use:   "kill LEAK",
		Short: "End a leaked value now, replaced or not",
		Long: `Kill has a leaked value ended at its vendor at once, whoever uses it. A key is
replaced all the same: its consumers stand still until they have the new value. A
value that is no key's is ended only by this word: for that the vendor's id of it must
be known, or the value kept.

It says who would stand still, and asks you to type the id of the leak. A script says
--yes. It is what to do when somebody uses the value; otherwise consumers are moved
first, which takes a minute or so.`,
		Example: `  keyturn leaks kill l-7hq2mzk4xw3a9bcd --dry-run
  keyturn leaks kill l-7hq2mzk4xw3a9bcd
  keyturn leaks kill l-7hq2mzk4xw3a9bcd --yes`,
		Args:              needs("LEAK"),
		ValidArgsFunction: completeLeak(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runLeaksKill(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "print what would be ended, change nothing; exits 5 if it would be refused")
	cmd.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask for confirmation")
	return cmd
}

// A leakKill is what kill does, or would.
type leakKill struct {
	DryRun bool `json:"dry_run"`
	leakTarget
}

func runLeaksKill(ctx context.Context, a *app, opts *leaksKillOptions) (err error) {
	ask := confirmation{command: "leaks kill " + opts.id, yes: opts.yes || opts.dryRun}
	actor, err := a.actor()
	if err != nil {
		return err
	}
	if err := ask.possible(a); err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	l, err := getLeak(ctx, store, opts.id)
	if err != nil {
		return err
	}
	if err := mayKill(ask.command, l); err != nil {
		return err
	}
	t, err := readLeakTarget(ctx, store, l)
	if err != nil {
		return err
	}
	done := leakKill{opts.dryRun, *t}
	if opts.dryRun {
		return a.print(done, t.write)
	}
	if !ask.yes {
		if err := t.write(a.err); err != nil {
			return err
		}
		if err := ask.typed(ctx, a, "\nType the leak's id to go on: ", "id", l.ID); err != nil {
			return err
		}
	}
	if _, err := sayOfLeak(ctx, a, store, ask.command, l.ID, func(l *registry.Leak) error {
		if err := mayKill(ask.command, *l); err != nil {
			return err
		}
		l.Word, l.Worder = registry.LeakKill, actor
		return nil
	}); err != nil {
		return err
	}
	return a.print(done, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "a worker ends the value of leak %s now; follow it with: keyturn leaks show %[1]s --watch\n", l.ID)
		return err
	})
}

// mayKill refuses where there is nothing to end, or no way to.
func mayKill(command string, l registry.Leak) error {
	if err := leakAlive(command, l); err != nil {
		return err
	}
	switch {
	case !l.Killed.IsZero():
		return refusedf("%s: it is ended already, nothing was changed; see: keyturn leaks show %s", command, l.ID)
	case l.Key != "":
		return nil
	case l.Issuer.Provider == "":
		return refusedf("%s: nobody knows which vendor the value is of; find out, end it there, then: keyturn leaks dismiss %s", command, l.ID)
	case l.Kept == "" && (l.RemoteID == "" || l.Issuer.Account == ""):
		return refusedf("%s: neither is the value kept nor is it known what %s calls it; end it there, then: keyturn leaks dismiss %s", command, l.Issuer.Provider, l.ID)
	}
	return nil
}

// sayOfLeak saves what a person says of a leak, and has it looked at. From the save on
// nothing is lost: a leak that is open is looked at sooner or later.
func sayOfLeak(ctx context.Context, a *app, store registry.Store, command, id string, edit func(*registry.Leak) error) (registry.Leak, error) {
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return registry.Leak{}, err
	}
	defer eng.Close()
	l, err := editLeak(ctx, store, id, edit)
	if err != nil {
		return l, err
	}
	if err := eng.lookAt(ctx, id); err != nil {
		return l, fmt.Errorf("%s: it is recorded, but no worker could be told: %w; when that is mended, repeat the command", command, err)
	}
	return l, nil
}
