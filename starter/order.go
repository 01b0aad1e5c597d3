package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// orderOptions are what the commands that start an operation have in common.
type orderOptions struct {
	key    keyturn.KeyID
	cause  causeOptions
	now    bool
	watch  bool
	dryRun bool
	yes    bool
}

func (o *orderOptions) flags(cmd *cobra.Command) {
	o.cause.flags(cmd)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "follow the operation until it ends")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would happen, change nothing; exits 5 if it would be refused")
}

func (o *orderOptions) urgentFlags(cmd *cobra.Command, now string) {
	cmd.Flags().BoolVar(&o.now, "now", false, now)
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask for confirmation")
}

// An order is one operation about to be started.
type order struct {
	op       keyturn.Operation
	workflow any
	opts     *orderOptions
	cause    activities.Cause
	// warning is what the person must confirm, from the key as it is; nil
	// where there is nothing to confirm.
	warning func(keyturn.Key) string
	// special is what an operation has that others do not; nil for most.
	special special
}

// special is an operation that is about more than a key.
type special interface {
	// input is what its workflow is started with.
	input(workflows.Order) any
	// blocks says why it would be refused, where the key allows it; "" for not.
	blocks(*keyturn.Key) string
	// steps adds its steps to a plan.
	steps(p *plan, key *keyturn.Key, now time.Time)
}

func (o *order) command() string { return string(o.op) + " " + string(o.opts.key) }

// run tells the plan, or confirms and starts the operation.
func (o *order) run(ctx context.Context, a *app) (err error) {
	if o.cause, err = o.opts.cause.cause(a); err != nil {
		return err
	}
	ask := confirmation{command: o.command(), key: o.opts.key, yes: o.opts.yes || o.opts.dryRun || o.warning == nil}
	if err := ask.possible(a); err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	key, err := getKey(ctx, store, o.opts.key)
	if err != nil {
		return err
	}
	if o.opts.dryRun {
		rules, err := store.Rules(ctx, a.now())
		if err != nil {
			return err
		}
		account, _, err := findAccount(ctx, a, store, key.Scope.Issuer())
		if err != nil {
			return err
		}
		return o.tell(ctx, a, &key, rules, account.Paused)
	}
	// What the registry alone forbids is refused before anybody is asked.
	if why := o.blocks(withoutIntent(key), nil, true); key.Intent == nil && len(why) > 0 {
		return refusedf("%s: %s", o.command(), strings.Join(why, "; "))
	}
	if o.warning != nil {
		ask.warning = o.warning(key)
	}
	if err := ask.ask(ctx, a); err != nil {
		return err
	}
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	defer eng.Close()
	s, err := o.start(ctx, a, eng, &key)
	if err != nil {
		return err
	}
	return o.follow(ctx, a, eng, s)
}

func withoutIntent(k keyturn.Key) *keyturn.Key {
	k.Intent = nil
	return &k
}

// tell prints the plan. Temporal is asked whether an operation is open, but a
// plan can be told without it.
func (o *order) tell(ctx context.Context, a *app, key *keyturn.Key, rules []keyturn.CalendarRule, pause *registry.Pause) error {
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var open *opened
	eng, err := a.engine(short, slog.LevelError+1)
	if err == nil {
		defer eng.Close()
		open, err = eng.open(short, key.ID, "")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p := newPlan(o.op, key, o.opts.now, a.now(), open, err == nil)
	if p.Blocks = o.blocks(key, open, err == nil); o.special != nil {
		o.special.steps(&p, key, a.now())
	} else {
		p.calendar(keyturn.MayChange(key, rules, a.now()), o.opts.now)
	}
	p.pause(pause, a.now())
	if err := a.print(p, func(w io.Writer) error { return p.write(w, a.now()) }); err != nil {
		return err
	}
	if len(p.Blocks) > 0 {
		return silent(exitRefused)
	}
	return nil
}

// blocks lists why the operation would be refused.
func (o *order) blocks(key *keyturn.Key, open *opened, asked bool) []string {
	why := blocks(o.op, key, open, asked)
	if len(why) == 0 && o.special != nil {
		if more := o.special.blocks(key); more != "" {
			why = append(why, more)
		}
	}
	return why
}

// started is what the start of an operation prints.
type started struct {
	Operation keyturn.Operation `json:"operation"`
	Key       keyturn.KeyID     `json:"key"`
	Workflow  string            `json:"workflow"`
	Run       string            `json:"run"`
	Approval  bool              `json:"awaits_approval,omitempty"`
	// Planned is what a rotation that begins now was planned for.
	Planned time.Time `json:"planned_for,omitzero"`
}

// follow says that it has started, and watches it if that was asked for.
func (o *order) follow(ctx context.Context, a *app, eng *engine, s started) error {
	human := func(w io.Writer) error {
		if s.Planned.IsZero() {
			_, _ = fmt.Fprintf(w, "%s has started (run %s)\n", o.command(), s.Run)
		} else {
			_, _ = fmt.Fprintf(w, "%s: the rotation that was planned for %s begins now (run %s)\n", o.command(), stamp(s.Planned, a.now()), s.Run)
		}
		if s.Approval {
			_, _ = fmt.Fprintf(w, "it waits for a second person's word: keyturn approve %s\n", s.Key)
		}
		if !o.opts.watch {
			_, _ = fmt.Fprintf(w, "follow it with: keyturn watch %s\n", s.Key)
		}
		return nil
	}
	if !o.opts.watch {
		return a.print(s, human)
	}
	if err := human(a.progress()); err != nil {
		return err
	}
	return newFollower(a, eng, s.Key, s.Run).follow(ctx)
}
