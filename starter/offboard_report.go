package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

type offboardReportOptions struct{ name, format, file string }

func newOffboardReportCmd(a *app) *cobra.Command {
	opts := &offboardReportOptions{}
	cmd := &cobra.Command{
		Use:   "report DEPARTURE",
		Short: "Write the evidence of what was done when somebody left",
		Long: `Report writes what an auditor asks for: when the departure was heard of and how, when
sessions were ended, keys handed over and old values dead, and for every key why it was
replaced, who answers for it now, its old and new ids at the provider, and whether the
death of the old value was tried. It holds no values, but names and addresses.

The page is one file: it can be printed, and needs no network. All of it is read from
the registry, so it can be written again at any time.`,
		Example: `  keyturn offboard report d-7hq2mzk4xw3a9bcd --file ana.html
  keyturn offboard report ana@example.com --format json | jq '.every_key[] | select(.unproven)'`,
		Args:              needs("DEPARTURE"),
		ValidArgsFunction: completeDeparture(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			if a.global.output == jsonText && !cmd.Flags().Changed("format") {
				opts.format = "json"
			}
			return runOffboardReport(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().StringVar(&opts.format, "format", "html", "write `FORMAT`: html or json")
	cmd.Flags().StringVar(&opts.file, "file", "", "write to `FILE`, instead of standard output")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"html", "json"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func runOffboardReport(ctx context.Context, a *app, opts *offboardReportOptions) (err error) {
	if opts.format != "html" && opts.format != "json" {
		return usagef("offboard report: --format %q: write html or json", opts.format)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d, err := getDeparture(ctx, store, opts.name)
	if err != nil {
		return err
	}
	e, err := readEvidence(ctx, a, store, d)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := e.render(&page, opts.format); err != nil {
		return err
	}
	if opts.file == "" {
		_, err := a.out.Write(page.Bytes())
		return err
	}
	if err := os.WriteFile(opts.file, page.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err = fmt.Fprintf(a.progress(), "%s is written: %s, %d not replaced\n", clean(opts.file), plural(len(e.Keys), "key", "keys"), len(e.Open))
	return err
}
