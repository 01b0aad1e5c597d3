package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

type pauseOptions struct {
	issuer      keyturn.Issuer
	reason      string
	yes, dryRun bool
}

func (o *pauseOptions) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print how many keys and operations it is about, change nothing")
}

func newProvidersPauseCmd(a *app) *cobra.Command {
	opts := &pauseOptions{}
	cmd := &cobra.Command{
		Use:   "pause PROVIDER/ACCOUNT",
		Short: "Stop everything Keyturn does at a provider account",
		Long: `Pause is for a vendor that has an incident, or an administrator credential that may
have leaked. Until "keyturn providers resume" nothing is done at the account any
more: no key is made, moved, ended or checked, and nothing is undone either.
Operations stop where they are. A step that a worker has begun is finished. Other
accounts go on.

A step that takes a day in all, the pause included, is given up, and its operation
undone once the account is resumed.

Who paused it and why is recorded first, and shown by "keyturn fleet status". The
reason is sent to Temporal in plain text, too. If this command fails half-way,
repeat it. Pausing again replaces the reason.

It asks you to type the account. A script says --yes.`,
		Example: `  keyturn providers pause aws/123456789012 --reason "incident 4711" --dry-run
  keyturn providers pause aws/123456789012 --reason "incident 4711"
  keyturn providers pause stripe/acct_1 --reason "API errors" --yes`,
		Args:              needs("PROVIDER/ACCOUNT"),
		ValidArgsFunction: completeAccount(a, func(s registry.AccountStatus) bool { return s.Paused == nil }),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.issuer, err = parseIssuer(args[0]); err != nil {
				return err
			}
			return runProvidersPause(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().StringVar(&opts.reason, "reason", "", "a `TEXT` that says why; whoever waits reads it")
	return cmd
}

func runProvidersPause(ctx context.Context, a *app, opts *pauseOptions) (err error) {
	ask := confirmation{command: "providers pause " + opts.issuer.String(), yes: opts.yes || opts.dryRun}
	if opts.reason == "" {
		return usagef(`%s: --reason is missing; say why, such as --reason "incident 4711"`, ask.command)
	}
	if err := plainText("--reason", opts.reason); err != nil {
		return err
	}
	p := registry.Pause{Issuer: opts.issuer, Reason: opts.reason, At: second(a.now())}
	if p.Actor, err = a.actor(); err != nil {
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
	s, ok, err := findAccount(ctx, a, store, opts.issuer)
	if err != nil {
		return err
	}
	if !ok {
		return refusedf("no key in service is of %s; check the spelling with: keyturn fleet status", opts.issuer)
	}
	c := newPauseChange(&s, opts.dryRun)
	c.Pause = viewPause(&p)
	if !opts.dryRun {
		ask.warning = fmt.Sprintf("Until it is resumed, nothing is done at %s any more, undoing included: %s under way will stop.",
			opts.issuer, plural(s.Running, "operation", "operations"))
		if err := pause(ctx, a, store, ask, p); err != nil {
			return err
		}
	}
	return a.print(c, func(w io.Writer) error {
		return c.write(w, a, "take it back with: keyturn providers resume "+opts.issuer.String())
	})
}

// pause records the pause before it takes hold: an account that stands still
// must not be a riddle to whoever comes next.
func pause(ctx context.Context, a *app, store registry.Store, ask confirmation, p registry.Pause) error {
	eng, err := a.engine(ctx, slog.LevelError)
	if err != nil {
		return err
	}
	defer eng.Close()
	if err := ask.account(ctx, a, p.Issuer); err != nil {
		return err
	}
	if err := store.SetPause(ctx, p); err != nil {
		return err
	}
	if err := eng.limitActivities(ctx, p.Issuer, &taskqueuepb.RateLimit{RequestsPerSecond: 0}, p.Reason); err != nil {
		return fmt.Errorf("%s: it is recorded, but Temporal did not stop the work, which goes on; repeat the command: %w", ask.command, err)
	}
	return nil
}

func pausedOrNot(p *pauseView, now time.Time) string {
	if p == nil {
		return "not paused"
	}
	return "paused " + p.sentence(now)
}

// findAccount looks an account up among those with keys or a pause.
func findAccount(ctx context.Context, a *app, store registry.Store, issuer keyturn.Issuer) (registry.AccountStatus, bool, error) {
	accounts, err := store.Accounts(ctx, a.now())
	if err != nil {
		return registry.AccountStatus{}, false, err
	}
	i := slices.IndexFunc(accounts, func(s registry.AccountStatus) bool { return s.Issuer == issuer })
	if i < 0 {
		return registry.AccountStatus{Issuer: issuer}, false, nil
	}
	return accounts[i], true, nil
}

// account has the person type the account.
func (c confirmation) account(ctx context.Context, a *app, issuer keyturn.Issuer) error {
	return c.typed(ctx, a, c.warning+"\nType the account as PROVIDER/ACCOUNT to go on: ", "account", issuer.String())
}

// A pauseChange is what pause and resume print.
type pauseChange struct {
	DryRun bool `json:"dry_run"`
	keyturn.Issuer
	Keys    int        `json:"keys"`            // in service
	Running int        `json:"running"`         // operations under way
	Was     *pauseView `json:"was,omitempty"`   // the pause that was recorded
	Pause   *pauseView `json:"pause,omitempty"` // the pause that is recorded now
}

func newPauseChange(s *registry.AccountStatus, dryRun bool) pauseChange {
	return pauseChange{DryRun: dryRun, Issuer: s.Issuer, Keys: s.Keys, Running: s.Running, Was: viewPause(s.Paused)}
}

func (c *pauseChange) write(w io.Writer, a *app, next string) error {
	cols := newColumns(w)
	cols.row("account", c.String())
	cols.row("keys", fmt.Sprintf("%d in service, %s under way", c.Keys, plural(c.Running, "operation", "operations")))
	cols.row("before", pausedOrNot(c.Was, a.now()))
	cols.row("then", pausedOrNot(c.Pause, a.now()))
	if err := cols.flush(); err != nil {
		return err
	}
	if c.DryRun {
		next = "nothing was changed"
	}
	_, err := fmt.Fprintln(w, "\n"+clean(next))
	return err
}
