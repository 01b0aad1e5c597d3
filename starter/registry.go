package main

import (
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry/entry"
)

func newRegistryCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "registry",
		Short: "Check entry files and bring them into the registry",
		Long: `Entry files say which keys should exist, who answers for them and how they are
rotated. They are reviewed in git. The registry holds them together with what
was observed: generations, operations, events.`,
		Example: `  keyturn registry validate keys/
  keyturn registry apply keys/ --dry-run
  keyturn registry diff keys/`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newValidateCmd(a), newApplyCmd(a), newExportCmd(a), newDiffCmd(a), newSchemaCmd(a))
	return cmd
}

// ruleOptions adapt the rules for entries to an estate.
type ruleOptions struct {
	providers []string
	belongs   map[string]string
}

func (o *ruleOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.providers, "providers", nil, "`NAMES` of the providers there are; without it any name is taken")
	cmd.Flags().StringToStringVar(&o.belongs, "belongs", nil, "`NAME=TEAM`: a Kubernetes namespace or a service belongs to a team; may be repeated")
}

func (o *ruleOptions) rules(now time.Time, overdue bool) entry.Rules {
	r := entry.DefaultRules(now)
	r.Providers, r.Teams, r.AllowOverdue = o.providers, o.belongs, overdue
	return r
}

// tooMany is from how many steps on a progress bar is worth its place.
const tooMany = 1000

// bar shows progress on standard error when that is a terminal. most is -1
// where nobody knows how much there is.
func (a *app) bar(most int, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions(most,
		progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionSetSpinnerChangeInterval(0), // or it draws from a goroutine of its own, after the end
		progressbar.OptionSetWidth(30), progressbar.OptionSetRenderBlankState(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetVisibility(a.term.Err && !a.env.Plain && (most < 0 || most >= tooMany)))
}

// fieldList names the fields of changes.
func fieldList(changes []entry.Change) string {
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Field
	}
	return strings.Join(names, ", ")
}
