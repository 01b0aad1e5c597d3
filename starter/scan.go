package main

import (
	"github.com/spf13/cobra"
)

func newScanCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Find keys in files and in git, before others do",
		Long: `Scan looks for credentials with the rules and the engine of gitleaks: in what is
about to be committed, in what was committed ever, or in files. It honours
.gitleaks.toml and .gitleaksignore at the root of a repository, and gitleaks:allow
on a line. The section "scan" of the configuration adds formats of your own:

    scan:
      rules:
        - id: acme-api-key
          description: Acme API key
          regex: 'acme_(?:live|test)_[a-z0-9]{32}'
          keywords: [acme_]
          provider: acme
      allow: {paths: ['^tests/fixtures/'], regexes: [], stopwords: []}

It needs no configuration otherwise. Values are never printed. The exit code is 1 if
anything is found.`,
		Example: `  keyturn scan staged
  keyturn scan git --range origin/main..HEAD
  keyturn scan dir --tracked
  keyturn scan rules --out .gitleaks.toml`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newScanDirCmd(a), newScanGitCmd(a), newScanStagedCmd(a), newScanRulesCmd(a))
	return cmd
}

// onePath takes a path, or none, which is here.
func onePath(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%s: takes only PATH, got %q besides; see: %s --help", cmd.Name(), args[1], cmd.CommandPath())
	}
	return nil
}

// pathOf is the argument that onePath takes.
func pathOf(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// completeFolder leaves the first argument to the shell.
func completeFolder(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}
