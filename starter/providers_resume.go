package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func newProvidersResumeCmd(a *app) *cobra.Command {
	opts := &pauseOptions{}
	cmd := &cobra.Command{
		Use:   "resume PROVIDER/ACCOUNT",
		Short: "Let work at a paused provider account go on",
		Long: `Resume takes a pause back. Operations go on where they stopped, at the rate the
worker's configuration allows, and new ones can begin.

If this command fails half-way, repeat it. It also takes away a limit that was set
on the account's task queue in another way.

It asks you to type the account. A script says --yes.`,
		Example: `  keyturn providers resume aws/123456789012 --dry-run
  keyturn providers resume aws/123456789012
  keyturn providers resume stripe/acct_1 --yes`,
		Args:              needs("PROVIDER/ACCOUNT"),
		ValidArgsFunction: completeAccount(a, func(s registry.AccountStatus) bool { return s.Paused != nil }),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.issuer, err = parseIssuer(args[0]); err != nil {
				return err
			}
			return runProvidersResume(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	return cmd
}

func runProvidersResume(ctx context.Context, a *app, opts *pauseOptions) (err error) {
	ask := confirmation{command: "providers resume " + opts.issuer.String(), yes: opts.yes || opts.dryRun}
	if err := ask.possible(a); err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s, _, err := findAccount(ctx, a, store, opts.issuer)
	if err != nil {
		return err
	}
	c := newPauseChange(&s, opts.dryRun)
	if s.Paused == nil {
		_, _ = fmt.Fprintf(a.err, "keyturn: hint: no pause of %s is recorded; see: keyturn fleet status\n", clean(opts.issuer.String()))
	}
	if !opts.dryRun {
		ask.warning = fmt.Sprintf("Work at %s goes on at once: %s under way.", opts.issuer, plural(s.Running, "operation is", "operations are"))
		if err := resume(ctx, a, store, ask, opts.issuer); err != nil {
			return err
		}
	}
	return a.print(c, func(w io.Writer) error {
		return c.write(w, a, "work goes on; see: keyturn fleet status --provider "+opts.issuer.Provider)
	})
}

// resume lets work go on before it clears the record: an account that stands
// still must not look as if it did not. It does both even where no pause is
// recorded, because a pause and a resume at the same time can leave a limit
// without a record.
func resume(ctx context.Context, a *app, store registry.Store, ask confirmation, issuer keyturn.Issuer) error {
	eng, err := a.engine(ctx, slog.LevelError)
	if err != nil {
		return err
	}
	defer eng.Close()
	if err := ask.account(ctx, a, issuer); err != nil {
		return err
	}
	if err := eng.limitActivities(ctx, issuer, nil, ""); err != nil {
		return fmt.Errorf("%s: Temporal did not let the work go on, so it stays paused; repeat the command: %w", ask.command, err)
	}
	if err := clearPause(ctx, store, issuer, second(a.now())); err != nil {
		return fmt.Errorf("%s: work goes on, but the pause is still recorded; repeat the command: %w", ask.command, err)
	}
	return nil
}

func clearPause(ctx context.Context, store registry.Store, issuer keyturn.Issuer, now time.Time) error {
	err := store.ClearPause(ctx, issuer, now)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil
	}
	return err
}
