package main

import (
	"github.com/spf13/cobra"
)

const rootHelp = `Keyturn issues, rotates and ends API keys, and keeps a registry of them.

Every change to a key runs as a workflow in Temporal, so it goes on when this
program ends; "keyturn watch KEY" follows it. What should exist is written in
entry files, which "keyturn registry apply" brings into the registry.

Configuration is read from --config, else $KEYTURN_CONFIG, else ./keyturn.yaml,
else $XDG_CONFIG_HOME/keyturn/config.yaml (by default under ~/.config):

    temporal:
      address: 127.0.0.1:7233
      namespace: keyturn
    registry:
      sqlite:
        path: keyturn.db
    stores:              # only for "keyturn manual supply" and "keyturn leaks"
      default:
        vault: {address: ..., auth: ...}

Colours appear on a terminal only, and never when NO_COLOR is set.

` + exitCodesHelp

// newRootCmd builds the whole tree of commands.
func newRootCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keyturn",
		Short: "Issue, rotate and revoke API keys",
		Long:  rootHelp,
		Example: `  keyturn keys list --due-before 7d
  keyturn rotate payments-stripe-live-001 --watch
  keyturn registry validate keys/`,
		Args:              group,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see: %s --help", err, cmd.CommandPath())
	})
	f := cmd.PersistentFlags()
	f.StringVar(&a.global.config, "config", "", "configuration `FILE`")
	f.StringVar(&a.global.address, "temporal-address", "", "`HOST:PORT` of Temporal, instead of the configured one")
	f.StringVar(&a.global.namespace, "namespace", "", "Temporal `NAMESPACE`, instead of the configured one")
	f.StringVar(&a.global.as, "as", "", "`NAME` recorded as the one who acts (default: your user@host)")
	f.VarP(&a.global.output, "output", "o", "print data as table, json or yaml")
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp)))
	cmd.AddGroup(
		&cobra.Group{ID: "operations", Title: "Change a key:"},
		&cobra.Group{ID: "words", Title: "Speak to an operation under way:"},
		&cobra.Group{ID: "look", Title: "Look and keep the registry:"},
	)
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			cmd.AddCommand(c)
		}
	}
	add("operations", newIssueCmd(a), newRotateCmd(a), newRevokeCmd(a), newAdoptCmd(a), newOffboardCmd(a), newLeaksCmd(a))
	add("words", newWatchCmd(a), newApproveCmd(a), newRejectCmd(a), newExpediteCmd(a), newExtendCmd(a), newAbortCmd(a), newManualCmd(a), newBatchesCmd(a))
	add("look", newKeysCmd(a), newRegistryCmd(a), newCalendarCmd(a), newFleetCmd(a), newFindingsCmd(a), newPeopleCmd(a), newSchedulesCmd(a), newProvidersCmd(a), newScanCmd(a))
	cmd.AddCommand(newCompletionCmd(a), newVersionCmd(a))
	return cmd
}

// must is for mistakes in the commands themselves, which the first test finds.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
