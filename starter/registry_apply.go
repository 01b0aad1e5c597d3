package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry/entry"
)

type applyOptions struct {
	paths  []string
	rules  ruleOptions
	note   string
	dryRun bool
}

func newApplyCmd(a *app) *cobra.Command {
	opts := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply PATH...",
		Short: "Bring entry files into the registry",
		Long: `Apply checks entry files as "registry validate" does, compares them with the
registry, and creates and updates keys there. With any finding nothing is
changed. It touches no provider: a new key is issued by "keyturn issue KEY".

Applying never deletes. A key whose file was removed stays in the registry and
in service; end it with "keyturn revoke KEY". Dates in a file count until
Keyturn has issued the key; from then on the registry knows better.

An old file gives no key back to somebody who left: whoever answers for the key
now stays its owner, and apply says which files to correct. A new key of somebody
who left is a finding. "keyturn registry export --dir" writes the files as the
registry has them.

Keys are written a thousand at a time. When it is interrupted, run it again:
what was applied already is then unchanged.`,
		Example: `  keyturn registry apply keys/ --dry-run
  keyturn registry apply keys/ --note "commit 3f2a91c"`,
		Args: needsSome("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.paths = args
			return runApply(cmd.Context(), a, opts)
		},
	}
	opts.rules.flags(cmd)
	cmd.Flags().StringVar(&opts.note, "note", "", "a `SENTENCE` for the history of the keys that change")
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "print the plan, change nothing")
	return cmd
}

// An applyPlan counts what applying does, or did.
type applyPlan struct {
	DryRun    bool `json:"dry_run"`
	Entries   int  `json:"entries"`
	Create    int  `json:"create"`
	Update    int  `json:"update"`
	Unchanged int  `json:"unchanged"`
	// Kept are entries whose owner left: the registry's owner of the key stays.
	Kept     []entry.Finding `json:"kept,omitempty"`
	Findings []entry.Finding `json:"findings,omitempty"`
}

func (p *applyPlan) String() string {
	return fmt.Sprintf("%s: %d to create, %d to update, %d unchanged", plural(p.Entries, "entry", "entries"), p.Create, p.Update, p.Unchanged)
}

func runApply(ctx context.Context, a *app, opts *applyOptions) (err error) {
	if err := plainText("--note", opts.note); err != nil {
		return err
	}
	actor, err := a.actor()
	if err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	ap := &applier{a: a, store: store, opts: opts, actor: actor, id: rand.Text()}
	plan, err := ap.plan(ctx)
	if err != nil {
		return err
	}
	if len(plan.Findings) > 0 {
		v := verdict{plan.Entries, plan.Findings}
		if err := a.print(plan, func(w io.Writer) error { return writeVerdict(w, v) }); err != nil {
			return err
		}
		return found(v)
	}
	for _, k := range plan.Kept {
		if _, err := fmt.Fprintln(a.progress(), clean(k.String())); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(a.progress(), plan); err != nil {
		return err
	}
	if changes := plan.Create + plan.Update; !opts.dryRun && changes > 0 {
		if err := ap.apply(ctx, changes); err != nil {
			return fmt.Errorf("%d of %d changes were applied, then: %w; run it again once that is mended", ap.done, changes, err)
		}
	}
	return a.print(plan, func(w io.Writer) error {
		if opts.dryRun {
			_, err := fmt.Fprintln(w, "nothing was changed; see each difference with: keyturn registry diff PATH")
			return err
		}
		_, err := fmt.Fprintln(w, "applied")
		return err
	})
}
