package main

import (
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/scan"
)

func newScanGitCmd(a *app) *cobra.Command {
	opts := &scanOptions{}
	cmd := &cobra.Command{
		Use:   "git [PATH]",
		Short: "Find keys in the history of a git repository",
		Long: `Git scans what the commits of a repository added, also what was taken out again:
whoever has a clone has it. Without --range it is every commit of every branch and
tag. PATH is any folder of the repository, by default the current one.

Continuous integration gives it what a branch adds, with enough history fetched:
--range origin/main..HEAD. What is known already is kept out by a baseline.`,
		Example: `  keyturn scan git
  keyturn scan git --range origin/main..HEAD
  keyturn scan git ~/src/payments --output json > baseline.json
  keyturn scan git ~/src/payments --baseline baseline.json
  keyturn scan git --report - | keyturn leaks report -`,
		Args:              onePath,
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.request.What, opts.request.Path = scan.History, pathOf(args)
			return runScan(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().StringVar(&opts.request.Range, "range", "", "only these `REVISIONS`, as git rev-list takes them")
	must(cmd.RegisterFlagCompletionFunc("range", cobra.NoFileCompletions))
	return cmd
}
