package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/scan"
)

// scanOptions are the flags of everything that scans.
type scanOptions struct {
	request   scan.Request
	megabytes int64
	report    string
}

func (o *scanOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.request.RulesFile, "rules", "", "rules from `FILE` instead of .gitleaks.toml at the root of what is scanned")
	f.StringVar(&o.request.Baseline, "baseline", "", "leave out what `FILE` knows already: what --output json printed, or a report")
	f.Int64Var(&o.megabytes, "max-size", 0, "leave out files larger than so many `MEGABYTES` (default no limit)")
	f.StringVar(&o.report, "report", "", "write a gitleaks report, WITH THE VALUES, into `FILE`, or - for standard output: for \"keyturn leaks report\"")
}

func runScan(ctx context.Context, a *app, opts *scanOptions) (err error) {
	if opts.megabytes < 0 {
		return usagef("--max-size %d: write a size in megabytes, or 0 for no limit", opts.megabytes)
	}
	if opts.report == "-" && a.term.Out {
		return usagef("--report -: values do not belong on a screen; name a file, or pipe it into: keyturn leaks report -")
	}
	if opts.request.Custom, err = a.customRules(); err != nil {
		return err
	}
	opts.request.MaxBytes = opts.megabytes * 1_000_000
	var bar *progressbar.ProgressBar
	opts.request.Progress = func(done, of int) {
		if bar == nil {
			bar = a.bar(of, "scanning")
		}
		_ = bar.Set(done)
	}
	result, err := scan.Scan(ctx, opts.request)
	if bar != nil {
		_ = bar.Finish()
	}
	if keyturn.KindOf(err) == keyturn.Invalid {
		return usagef("%w", err)
	}
	if err != nil {
		return err
	}
	warnOfScan(a, opts.request, result)
	if err := writeReport(a, opts.report, result.Findings); err != nil {
		return err
	}
	if opts.report != "-" {
		if err := a.print(viewScan(result), func(w io.Writer) error { return writeScan(w, opts.request.What, result) }); err != nil {
			return err
		}
	}
	return leaked(opts.request.What, result)
}

// warnOfScan says what the scan did not see, except for what is no text.
func warnOfScan(a *app, r scan.Request, result scan.Result) {
	log := a.logger(slog.LevelWarn)
	if result.Shallow {
		log.Warn("this clone has only the end of the history; for all of it: git fetch --unshallow")
	}
	const most = 10
	n := 0
	for _, l := range result.LeftOut {
		if l.Why == scan.NoText {
			continue
		}
		if n++; n <= most {
			log.Warn(l.File + " was not scanned: " + l.Why)
		}
	}
	if n > most {
		log.Warn(fmt.Sprintf("%d more files were not scanned; --output json lists them", n-most))
	}
	switch {
	case result.Scanned > 0:
	case r.What == scan.History:
		log.Warn("there is no commit in this range")
	case r.What == scan.Directory || r.What == scan.Tracked:
		log.Warn("no file was scanned: there is none, or the rules allow all of them")
	}
}

// writeReport writes a report that nobody else may read, all of it or nothing.
func writeReport(a *app, path string, findings []scan.Finding) (err error) {
	switch path {
	case "":
		return nil
	case "-":
		return scan.WriteReport(a.out, findings)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keyturn-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("--report %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = scan.WriteReport(f, findings)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("--report %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// leaked is the error for findings, nil for none.
func leaked(what scan.What, result scan.Result) error {
	n := len(result.Findings)
	switch {
	case n == 0:
		return nil
	case what == scan.Staged:
		return fmt.Errorf("%s; take the values out, stage the files again and commit; what is no secret gets gitleaks:allow on its line", plural(n, "finding", "findings"))
	}
	return fmt.Errorf("%s; have the keys replaced with --report FILE and \"keyturn leaks report\"; fingerprints of what is no secret go into .gitleaksignore", plural(n, "finding", "findings"))
}
