package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

type findingsListOptions struct {
	filter                  registry.FindingFilter
	provider, key, severity string
}

// severities are all there are, the most urgent first.
func severities() []registry.Severity {
	return []registry.Severity{registry.Critical, registry.Warning, registry.Info}
}

func newFindingsListCmd(a *app) *cobra.Command {
	opts := &findingsListOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what the checks found",
		Long: `List shows the open findings that match every given flag, the most urgent first.
PLACE is where the check looked: a provider account, a folder of a store, or all
accounts. SUBJECT is what it is about, such as the vendor's id of a key. Those that
somebody accepts are left out unless --accepted is given. What each means and how it
is mended is shown by "keyturn findings show ID".`,
		Example: `  keyturn findings list
  keyturn findings list --kind unknown-key --provider aws
  keyturn findings list --team payments --severity critical
  keyturn findings list --place vault:secret/payments --output json
  keyturn findings list --settled --check reconcile`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runFindingsList(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.filter.Kind, "kind", "", "only findings of this `KIND`, such as unknown-key")
	f.StringVar(&opts.provider, "provider", "", "only findings about accounts of this `PROVIDER`")
	f.StringVar(&opts.filter.Place, "place", "", "only findings at this `PLACE`, such as aws/123456789012")
	f.StringVar(&opts.filter.Team, "team", "", "only findings this `TEAM` is to mend")
	f.StringVar(&opts.key, "key", "", "only findings about this `KEY`")
	f.StringVar(&opts.severity, "severity", "", "only findings of this `SEVERITY`: critical, warning or info")
	f.StringVar(&opts.filter.Check, "check", "", "only findings of this `CHECK`: reconcile, stuck-watch, offboarding or leak")
	f.BoolVar(&opts.filter.Settled, "settled", false, "only findings that have ended, instead of those that are open")
	f.BoolVar(&opts.filter.Accepted, "accepted", false, "those that somebody accepts, too")
	must(cmd.RegisterFlagCompletionFunc("severity", cobra.FixedCompletions([]string{"critical", "warning", "info"}, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("key", completeKey(a)))
	return cmd
}

func runFindingsList(ctx context.Context, a *app, opts *findingsListOptions) (err error) {
	of := severities()
	if opts.severity != "" {
		if of = []registry.Severity{registry.Severity(opts.severity)}; !slices.Contains(severities(), of[0]) {
			return usagef("findings list: --severity %q: write critical, warning or info", opts.severity)
		}
	}
	opts.filter.Key = keyturn.KeyID(opts.key)
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	out := newFindingsLister(a, opts.filter)
	for _, severity := range of {
		f := opts.filter
		f.Severity = severity
		for found, err := range store.Findings(ctx, f) {
			if err != nil {
				return err
			}
			if opts.provider != "" && !aboutProvider(&found, opts.provider) {
				continue
			}
			if err := out.add(viewFinding(found)); err != nil {
				return err
			}
		}
	}
	return out.end("no finding matches")
}

// newFindingsLister makes the table that fits what was asked for.
func newFindingsLister(a *app, f registry.FindingFilter) *lister[*findingView] {
	head := []string{"ID", "SEVERITY", "KIND", "PLACE", "SUBJECT", "KEY", "TEAM", "SEEN"}
	if f.Settled {
		head[7] = "SETTLED"
	}
	if f.Accepted {
		head = append(head, "ACCEPTED BY")
	}
	return newLister(a, head, func(v *findingView) []string {
		at := v.Seen
		if f.Settled {
			at = v.Settled
		}
		row := []string{v.ID, string(v.Severity), v.Kind, dash(v.Place), v.Subject, dash(string(v.Key)), dash(v.Owner.Team), stamp(at, a.now())}
		switch {
		case f.Accepted && v.Accepted != nil:
			row = append(row, v.Accepted.By)
		case f.Accepted:
			row = append(row, "-")
		}
		return row
	})
}

// aboutProvider reports whether a finding is about an account of a provider.
func aboutProvider(f *registry.Finding, provider string) bool {
	account := f.Place
	if f.Place == activities.AccountsPlace {
		account = f.Subject
	}
	return strings.HasPrefix(account, provider+"/")
}
