package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

type leaksDismissOptions struct {
	id, reason, note string
	yes              bool
}

func newLeaksDismissCmd(a *app) *cobra.Command {
	opts := &leaksDismissOptions{}
	cmd := &cobra.Command{
		Use:   "dismiss LEAK",
		Short: "Say that nothing is to be done about a leak",
		Long: `Dismiss closes a leak that needs no answer, or has had it elsewhere. The scanner's
alert is closed for the same reason, and so is the ticket. REASON is one of these:

    false-positive  it is no secret
    accepted        somebody knows of it and lives with it, or has ended it by hand

A rotation that has begun because of it goes on. What is found of the value later joins
the leak and changes nothing. It asks you to type the id of the leak; a script says
--yes. The note is kept as evidence of why.`,
		Example: `  keyturn leaks dismiss l-7hq2mzk4xw3a9bcd --reason false-positive --note "a test fixture"
  keyturn leaks dismiss l-7hq2mzk4xw3a9bcd --reason accepted --note "ended at the vendor" --yes`,
		Args:              needs("LEAK"),
		ValidArgsFunction: completeLeak(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runLeaksDismiss(cmd.Context(), a, opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.reason, "reason", "", "a `REASON`: false-positive or accepted")
	f.StringVar(&opts.note, "note", "", "a `SENTENCE` that says why")
	f.BoolVarP(&opts.yes, "yes", "y", false, "do not ask for confirmation")
	must(cmd.RegisterFlagCompletionFunc("reason", cobra.FixedCompletions(dismissals(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func dismissals() []string { return []string{string(leaks.FalsePositive), string(leaks.Accepted)} }

// A dismissedLeak is what dismiss prints.
type dismissedLeak struct {
	Leak   string        `json:"leak"`
	Key    keyturn.KeyID `json:"key,omitempty"`
	Reason string        `json:"reason"`
	Note   string        `json:"note"`
	// Alive says that the value works, as far as is known.
	Alive bool `json:"alive"`
}

func (o *leaksDismissOptions) check(command string) error {
	switch {
	case !slices.Contains(dismissals(), o.reason):
		return usagef("%s: --reason %q: write false-positive or accepted", command, o.reason)
	case o.note == "":
		return usagef(`%s: --note is missing; say why, such as --note "a test fixture"`, command)
	}
	return plainText("--note", o.note)
}

func runLeaksDismiss(ctx context.Context, a *app, opts *leaksDismissOptions) (err error) {
	ask := confirmation{command: "leaks dismiss " + opts.id, yes: opts.yes}
	if err := opts.check(ask.command); err != nil {
		return err
	}
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
	if err := mayDismiss(ask.command, l); err != nil {
		return err
	}
	warning := dismissWarning(l)
	if warning != "" {
		_, _ = fmt.Fprintln(a.err, "keyturn: warning: "+clean(warning))
	}
	if err := ask.typed(ctx, a, "Nothing more is done about it. Type the leak's id to go on: ", "id", l.ID); err != nil {
		return err
	}
	l, err = sayOfLeak(ctx, a, store, ask.command, l.ID, func(l *registry.Leak) error {
		if err := mayDismiss(ask.command, *l); err != nil {
			return err
		}
		l.State, l.Dismissal, l.Worder, l.Note = registry.LeakDismissed, opts.reason, actor, opts.note
		return nil
	})
	if err != nil {
		return err
	}
	return a.print(dismissedLeak{l.ID, l.Key, l.Dismissal, l.Note, warning != ""}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "leak %s is dismissed as %s\n", l.ID, l.Dismissal)
		return err
	})
}

// mayDismiss refuses where a leak has ended. One whose dismissal no worker has closed
// yet may be dismissed again, as when it could not be told.
func mayDismiss(command string, l registry.Leak) error {
	if l.State == registry.LeakDismissed && l.Closed.IsZero() {
		return nil
	}
	return leakAlive(command, l)
}

// dismissWarning says what is given up with a leak; empty for nothing.
func dismissWarning(l registry.Leak) string {
	alive := l.Works()
	switch {
	case l.Key != "" && l.Alive != string(leaks.Inactive) && l.Killed.IsZero() && l.Match != leaks.ByID:
		works := "it works, as far as is known"
		if alive {
			works = "it works"
		}
		return fmt.Sprintf("it is the value of generation %d of key %s, and %s: whoever has it can use it, and nothing more is done to end it; "+
			"if it is not to be ended before it is replaced, rather say: keyturn leaks hold %s", l.Generation, l.Key, works, l.ID)
	case l.Key == "" && alive:
		return fmt.Sprintf("it works at %s: whoever has it can use it; end it first with: keyturn leaks kill %s", cmp.Or(l.Issuer.Provider, "its vendor"), l.ID)
	}
	return ""
}
