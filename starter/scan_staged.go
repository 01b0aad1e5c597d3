package main

import (
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/scan"
)

func newScanStagedCmd(a *app) *cobra.Command {
	opts := &scanOptions{}
	cmd := &cobra.Command{
		Use:   "staged [PATH]",
		Short: "Find keys in what is about to be committed",
		Long: `Staged scans the lines that the next commit would add, and no others: of a file that
is staged in part, only that part. PATH is any folder of the repository, by default
the current one. As a pre-commit hook it stops a commit with a key in it:

    printf '#!/bin/sh\nexec keyturn scan staged\n' > .git/hooks/pre-commit
    chmod +x .git/hooks/pre-commit`,
		Example: `  keyturn scan staged
  keyturn scan staged services/payments`,
		Args:              onePath,
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.request.What, opts.request.Path = scan.Staged, pathOf(args)
			return runScan(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	return cmd
}
