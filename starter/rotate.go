package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type rotateOptions struct {
	orderOptions
	selectors []string
	noWatch   bool
}

func newRotateCmd(a *app) *cobra.Command {
	opts := &rotateOptions{}
	cmd := &cobra.Command{
		Use:               "rotate KEY | --selector FIELD=VALUE,...",
		Short:             "Replace a key, or many, while old and new both work",
		Long:              rotateHelp(),
		Example:           rotateExamples,
		ValidArgsFunction: completeKey(a),
		Args:              func(cmd *cobra.Command, args []string) error { return opts.check(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(opts.selectors) > 0 {
				return runRotateMany(cmd.Context(), a, opts)
			}
			opts.key = keyturn.KeyID(args[0])
			return runRotate(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	opts.urgentFlags(cmd, "no overlap: end the old key as soon as the new one is in place; asks first")
	f := cmd.Flags()
	f.StringArrayVar(&opts.selectors, "selector", nil, "every key that matches `FIELD=VALUE,...`; asks first")
	f.BoolVar(&opts.dryRun, "plan", false, "the same as --dry-run")
	f.BoolVar(&opts.noWatch, "no-watch", false, "with --selector: do not follow the batch on a terminal")
	must(cmd.RegisterFlagCompletionFunc("selector", completeSelector))
	return cmd
}

const rotateExamples = `  keyturn rotate payments-stripe-live-001 --dry-run
  keyturn rotate payments-stripe-live-001 --watch
  keyturn rotate payments-stripe-live-001 --reason leak --now --yes
  keyturn rotate --selector stored-in=circleci --reason leak --plan
  keyturn rotate --selector team=payments,provider=aws --reason leak --now`

func rotateHelp() string {
	var fields strings.Builder
	for _, f := range selectorFields() {
		fmt.Fprintf(&fields, "    %-14s %s\n", f.name, f.help)
	}
	return `Rotate makes a new generation of a key, proves it, moves consumers to it, lets
old and new work side by side for the policy's overlap, and then ends the old
one. Any failure before the old key's revocation puts everything back.

If the key's rotation is planned for later already, by a sweep or in a batch, it
begins now, as this command says.

With --now there is no overlap: the old key is ended as soon as the new one is
in place, even if something still uses it. That is for leaks; it asks first.

With --selector all keys in service are rotated that match every given field:

` + fields.String() + `
A plan tells how many keys that is at which provider accounts, how long it takes
at each account's rate, and which of them cannot begin and why. Then you type the
number of keys, and they begin as a batch, at each account one after the other. On
a terminal it is followed; Ctrl-C ends only that. See "keyturn batches".

The exit code of a batch that is followed to its end is 3 if a key was rolled back,
and else 1 if one was skipped or taken over by another batch.`
}

// check wants a key or a selector, and not both.
func (o *rotateOptions) check(cmd *cobra.Command, args []string) error {
	switch {
	case o.watch && o.noWatch:
		return usagef("rotate: --watch and --no-watch contradict each other; leave one out")
	case len(o.selectors) > 1:
		return usagef("rotate: give --selector once; join fields with commas, and a key must match all of them")
	case len(o.selectors) == 1 && len(args) > 0:
		return usagef("rotate: %q and --selector both say which keys; leave one out", args[0])
	case len(o.selectors) == 1:
		return nil
	case len(args) == 0:
		return usagef("rotate: KEY or --selector is missing; see: %s --help", cmd.CommandPath())
	}
	return needs("KEY")(cmd, args)
}

func runRotate(ctx context.Context, a *app, opts *rotateOptions) error {
	o := order{op: keyturn.Rotate, workflow: workflows.RotateKey, opts: &opts.orderOptions}
	if opts.now {
		o.warning = func(k keyturn.Key) string {
			return fmt.Sprintf("The old key of %s at %s is ended as soon as the new one is in place, whoever still uses it (%s).",
				k.ID, k.Scope.Issuer(), plural(len(k.Storage.Consumers), "known consumer", "known consumers"))
		}
	}
	hintUrgent(a, opts.cause.reason, opts.now)
	return o.run(ctx, a)
}
