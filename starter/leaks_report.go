package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	reports "github.com/keyturn/keyturn/leaks/report"
	"github.com/keyturn/keyturn/registry"
)

type leaksReportOptions struct {
	path, format, repo             string
	public, dryRun, onlyOurs, wait bool
	timeout                        time.Duration
}

const autoFormat = "auto"

func newLeaksReportCmd(a *app) *cobra.Command {
	opts := &leaksReportOptions{}
	formats := append([]string{autoFormat}, reports.Formats()...)
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Have what a scanner found answered",
		Long: `Report reads the report of a scanner, records each value it holds as a leak, and has
it answered. FILE is - for standard input: a report that is piped is never on a disk.
It understands what these write:

    gitleaks        --report-format json
    sarif           --report-format sarif, and SARIF of other scanners with values
    trufflehog      --json
    detect-secrets  its baseline; it has hashes only, so the configuration must have
                    fingerprint_key_file

For each value it prints its leak, whose it is, how that was matched (by value, part or
id), in how many places it was found so far, and how many of those are new. What is
reported again joins its leak, and nothing is done twice. A report that is cut short has
what came before recorded. Values are never printed.

With --wait it follows until every leaked key is dead. The exit code is then 1 if one
is alive after --timeout.`,
		Example: `  gitleaks git --report-format json --report-path - . | keyturn leaks report -
  trufflehog git https://github.com/acme/site --json | keyturn leaks report - --public
  keyturn leaks report .secrets.baseline --repo acme/payments --dry-run
  keyturn leaks report findings.sarif --only-ours --wait --timeout 10m`,
		Args: needs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.path = args[0]
			return runLeaksReport(cmd.Context(), a, opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.format, "format", autoFormat, "`FORMAT` of the report: "+strings.Join(formats, ", "))
	f.StringVar(&opts.repo, "repo", "", "`NAME` of the repository, where the report does not say")
	f.BoolVar(&opts.public, "public", false, "strangers can see what was scanned")
	f.BoolVar(&opts.dryRun, "dry-run", false, "only say whose the values are, record nothing")
	f.BoolVar(&opts.onlyOurs, "only-ours", false, "leave out values that are no key's; they are counted")
	f.BoolVar(&opts.wait, "wait", false, "follow until every leaked key is dead")
	f.DurationVar(&opts.timeout, "timeout", time.Hour, "how long to --wait")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("repo", cobra.NoFileCompletions))
	return cmd
}

func (o *leaksReportOptions) check(command string) error {
	switch {
	case o.format != autoFormat && !slices.Contains(reports.Formats(), o.format):
		return usagef("%s: --format %q: write %s or %s", command, o.format, autoFormat, strings.Join(reports.Formats(), ", "))
	case o.wait && o.dryRun:
		return usagef("%s: --wait and --dry-run contradict each other; leave one out", command)
	case o.timeout <= 0:
		return usagef("%s: --timeout must be more than nothing, such as 10m", command)
	}
	return plainText("--repo", o.repo)
}

func runLeaksReport(ctx context.Context, a *app, opts *leaksReportOptions) (err error) {
	command := "leaks report " + opts.path
	if err := opts.check(command); err != nil {
		return err
	}
	s, err := a.load()
	if err != nil {
		return err
	}
	prints, err := s.prints()
	if err != nil {
		return err
	}
	in, bar, closeIn, err := opts.open(a)
	if err != nil {
		return err
	}
	defer closeIn()
	format, findings, err := reports.Read(in, strings.TrimPrefix(opts.format, autoFormat))
	if err != nil {
		return err
	}
	if format == reports.DetectSecrets && prints.Key.IsZero() {
		return usagef("%s: detect-secrets keeps hashes of values, and without the workers' key none can be compared; set fingerprint_key_file in the configuration", command)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	r := newReportReading(opts, store, prints, format)
	if !opts.dryRun {
		reporter, done, err := a.reporter(ctx, store, prints)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, done()) }()
		r.reporter = reporter
	}
	failed := r.read(ctx, findings)
	_ = bar.Finish()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return r.tell(ctx, a, store, command, failed)
}

// open opens the report. The bar shows how far it is read.
func (o *leaksReportOptions) open(a *app) (io.Reader, *progressbar.ProgressBar, func(), error) {
	const what = "reading the report"
	if o.path == "-" {
		bar := a.bar(-1, what)
		r := progressbar.NewReader(a.in, bar)
		return &r, bar, func() {}, nil
	}
	f, err := os.Open(o.path)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reading the report: %w; check the path and its permissions", err)
	}
	size := -1
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = int(info.Size())
	}
	bar := a.bar(size, what)
	r := progressbar.NewReader(f, bar)
	return &r, bar, func() { _ = f.Close() }, nil
}

// reporter records values that were found, and has them answered. The caller calls done
// when it has reported everything.
func (a *app) reporter(ctx context.Context, store registry.Store, prints leaks.Fingerprinter) (*activities.Reporter, func() error, error) {
	actor, err := a.actor()
	if err != nil {
		return nil, nil, err
	}
	s, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	keep, closeKeep, err := s.keeper(ctx)
	if err != nil {
		return nil, nil, err
	}
	eng, err := a.engine(ctx, slog.LevelWarn)
	if err != nil {
		return nil, nil, errors.Join(err, closeKeep())
	}
	done := func() error {
		eng.Close()
		return closeKeep()
	}
	return &activities.Reporter{Registry: store, Respond: eng.respond, Prints: prints, Keep: keep, Actor: actor, Now: a.now}, done, nil
}
