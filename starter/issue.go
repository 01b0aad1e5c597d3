package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type issueOptions struct{ orderOptions }

func newIssueCmd(a *app) *cobra.Command {
	opts := &issueOptions{}
	cmd := &cobra.Command{
		Use:   "issue KEY",
		Short: "Issue a key for the first time",
		Long: `Issue has the provider make the first generation of a key, proves that it
works, and puts its value where consumers read it. KEY must be in the registry
("keyturn registry apply"). Where the entry's policy asks for approval, the
operation waits up to seven days for "keyturn approve KEY".`,
		Example: `  keyturn issue payments-stripe-live-001 --note "for the new checkout" --watch
  keyturn issue payments-stripe-live-001 --dry-run`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runIssue(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	return cmd
}

func runIssue(ctx context.Context, a *app, opts *issueOptions) error {
	o := order{op: keyturn.Issue, workflow: workflows.IssueKey, opts: &opts.orderOptions}
	return o.run(ctx, a)
}
