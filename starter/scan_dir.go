package main

import (
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/scan"
)

func newScanDirCmd(a *app) *cobra.Command {
	opts := &scanOptions{}
	tracked := false
	cmd := &cobra.Command{
		Use:   "dir [PATH]",
		Short: "Find keys in files as they lie there now",
		Long: `Dir scans the files below PATH, or below the current folder. Files that git ignores
are among them, such as .env, unless --tracked is given; what git itself keeps in
.git is not. It sees nothing of the history: for that there is "keyturn scan git".

Files are named from the root of the repository, if there is one, so that the rules
of its .gitleaks.toml hold wherever in it you are. Binary files and archives are left
out; so are links, because what they lead to is scanned where it lies.`,
		Example: `  keyturn scan dir
  keyturn scan dir services/billing --tracked
  keyturn scan dir /srv/share --max-size 50 --report findings.json`,
		Args:              onePath,
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.request.What, opts.request.Path = scan.Directory, pathOf(args)
			if tracked {
				opts.request.What = scan.Tracked
			}
			return runScan(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().BoolVar(&tracked, "tracked", false, "only files that git tracks")
	return cmd
}
