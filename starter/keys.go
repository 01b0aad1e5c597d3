package main

import "github.com/spf13/cobra"

func newKeysCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Look at the keys in the registry",
		Long:  "Keys shows what the registry knows. It never shows a key's value: the registry has none.",
		Example: `  keyturn keys list --team payments
  keyturn keys show payments-stripe-live-001
  keyturn keys history payments-stripe-live-001`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeysListCmd(a), newKeysShowCmd(a), newKeysHistoryCmd(a))
	return cmd
}
