package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func newFindingsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "See what is wrong with keys, and how to mend it",
		Long: `Findings are what the checks of the fleet found: keys at vendors that no entry
names, entries whose key is gone, values that belong to nobody, operations that do
not get on. Each has an owner and a mend. A finding ends by itself when a later
check no longer finds it. Everything is read from the registry.`,
		Example: `  keyturn findings list --severity critical
  keyturn findings show 8c0f3f1a2b4d5e6f
  keyturn findings accept 8c0f3f1a2b4d5e6f --note "break-glass key of the on-call team"`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFindingsListCmd(a), newFindingsShowCmd(a), newFindingsAcceptCmd(a))
	return cmd
}

// A findingView is how a finding is printed.
type findingView struct {
	ID       string            `json:"id"`
	Severity registry.Severity `json:"severity"`
	Check    string            `json:"check"`
	Kind     string            `json:"kind"`
	Place    string            `json:"place"`
	Subject  string            `json:"subject"`
	Key      keyturn.KeyID     `json:"key,omitempty"`
	Owner    keyturn.Owner     `json:"owner,omitzero"`
	Detail   string            `json:"detail"`
	Mend     string            `json:"mend"`
	Found    time.Time         `json:"found"`
	Seen     time.Time         `json:"seen"`
	Settled  time.Time         `json:"settled,omitzero"`
	Accepted *acceptance       `json:"accepted,omitempty"`
}

// An acceptance says who lives with a finding, and why.
type acceptance struct {
	By   string    `json:"by"`
	Note string    `json:"note"`
	At   time.Time `json:"at"`
}

func viewFinding(f registry.Finding) *findingView {
	v := &findingView{
		ID: f.ID, Severity: f.Severity, Check: f.Check, Kind: f.Kind, Place: f.Place, Subject: f.Subject, Key: f.Key, Owner: f.Owner,
		Detail: f.Detail, Mend: f.Mend, Found: f.Found, Seen: f.Seen, Settled: f.Settled,
	}
	if f.AcceptedBy != "" {
		v.Accepted = &acceptance{f.AcceptedBy, f.Note, f.Accepted}
	}
	return v
}

// getFinding reads a finding and says where to look when there is none.
func getFinding(ctx context.Context, store registry.Store, id string) (registry.Finding, error) {
	f, err := store.Finding(ctx, id)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return f, refusedf("no finding %q; see: keyturn findings list", id)
	}
	return f, err
}

// completeFinding offers the ids of open findings that begin with what is typed.
func completeFinding(a *app) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		const most = 100
		var out []cobra.Completion
		for f, err := range store.Findings(ctx, registry.FindingFilter{After: typed, Limit: most, Accepted: true}) {
			if err != nil || !strings.HasPrefix(f.ID, typed) {
				break
			}
			out = append(out, cobra.CompletionWithDesc(f.ID, clean(fmt.Sprintf("%s, %s", f.Kind, f.Subject))))
		}
		return out
	})
}
