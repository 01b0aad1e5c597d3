package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry/entry"
)

type validateOptions struct {
	paths   []string
	rules   ruleOptions
	overdue bool
}

func newValidateCmd(a *app) *cobra.Command {
	opts := &validateOptions{}
	cmd := &cobra.Command{
		Use:   "validate PATH...",
		Short: "Check entry files against the rules",
		Long: `Validate reads entry files, and every *.yaml and *.yml below the folders among
PATH, and checks them: owner, purpose, scope, dates, ids and store paths. It
needs neither registry nor configuration, so it fits into CI.

Every finding is a line "file:line:column: field: problem; mend". The exit code
is 1 if there is any. Whether a store path exists is for the worker to say: this
program reaches no secret store.`,
		Example: `  keyturn registry validate keys/
  keyturn registry validate keys/ --providers aws,stripe --belongs checkout=payments
  keyturn registry validate keys/ --output json | jq '.findings | length'`,
		Args: needsSome("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.paths = args
			return runValidate(cmd.Context(), a, opts)
		},
	}
	opts.rules.flags(cmd)
	cmd.Flags().BoolVar(&opts.overdue, "allow-overdue", false, "take entries whose dates in the file are past: the registry knows newer ones")
	return cmd
}

// A verdict is what validate prints as a document.
type verdict struct {
	Entries  int             `json:"entries"` // documents read, good and bad
	Findings []entry.Finding `json:"findings"`
}

func runValidate(ctx context.Context, a *app, opts *validateOptions) error {
	checker := entry.NewChecker(opts.rules.rules(a.now(), opts.overdue))
	v := verdict{Findings: []entry.Finding{}}
	bar := a.bar(-1, "checking")
	for e, findings := range entry.Read(opts.paths...) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(findings) == 0 {
			findings = checker.Check(e)
		}
		v.Entries++
		v.Findings = append(v.Findings, findings...)
		_ = bar.Add(1)
	}
	_ = bar.Finish()
	if err := a.print(v, func(w io.Writer) error { return writeVerdict(w, v) }); err != nil {
		return err
	}
	return found(v)
}

func writeVerdict(w io.Writer, v verdict) error {
	for _, f := range v.Findings {
		if _, err := fmt.Fprintln(w, clean(f.String())); err != nil {
			return err
		}
	}
	if len(v.Findings) > 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s, nothing to mend\n", plural(v.Entries, "entry", "entries"))
	return err
}

// found is the error for findings, nil for none.
func found(v verdict) error {
	if len(v.Findings) == 0 {
		return nil
	}
	return fmt.Errorf("%s in %s; mend them and validate again", plural(len(v.Findings), "finding", "findings"), plural(v.Entries, "entry", "entries"))
}
