package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people/hr"
	"github.com/keyturn/keyturn/registry"
)

type peopleImportOptions struct {
	path, directory, format string
	options                 hr.Options
	yes                     bool
}

func newPeopleImportCmd(a *app) *cobra.Command {
	opts := &peopleImportOptions{}
	cmd := &cobra.Command{
		Use:   "import FILE --directory NAME",
		Short: "Bring a list of staff into the registry",
		Long: `Import reads a list of staff, as CSV or JSON, and brings a directory of the
registry in line with it. FILE is - for standard input. These are its columns, or
the fields of each object of a JSON list; only email is needed:

    email     address
    name
    team      one or several, separated by ";"
    manager   the manager's address
    lead_of   teams the person leads, separated by ";"
    status    active (the default), inactive or left
    last_day  a date such as 2027-01-31; once it is over the person is inactive
    id        the employee's id, by which a new address is known to be theirs

What is wrong with a list is printed as "file:line:column: field: problem; mend",
all of it together, and nothing is changed. Columns a list does not have stay as
they are, and so do persons it does not name, unless it is --complete.

When more than 10 persons and more than a tenth of all would leave, it is refused
unless --most-leavers allows as many. If anybody leaves, it asks you to type the
directory's name; a script says --yes. It offboards nobody itself: the next
comparison of directories does.`,
		Example: `  keyturn people import staff.csv --directory staff --complete --dry-run
  keyturn people import staff.csv --directory staff --complete
  hr-export | keyturn people import - --format json --directory staff --complete --yes
  keyturn people import leavers.csv --directory staff --most-leavers 40`,
		Args: needs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.path = args[0]
			return runPeopleImport(cmd.Context(), a, opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.directory, "directory", "", "`NAME` of the directory in the worker's configuration")
	f.StringVar(&opts.format, "format", "", "`FORMAT` of the list, csv or json, where the name of FILE does not say")
	f.BoolVar(&opts.options.Complete, "complete", false, "the list names everybody: who is not in it any more becomes inactive")
	f.IntVar(&opts.options.MostLeavers, "most-leavers", 0, "let up to `N` persons leave")
	f.BoolVar(&opts.options.PlanOnly, "dry-run", false, "print what would change, change nothing")
	f.BoolVarP(&opts.yes, "yes", "y", false, "do not ask for confirmation")
	must(cmd.RegisterFlagCompletionFunc("directory", cobra.NoFileCompletions))
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"csv", "json"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func runPeopleImport(ctx context.Context, a *app, opts *peopleImportOptions) (err error) {
	const command = "people import"
	format, err := opts.check(command)
	if err != nil {
		return err
	}
	ask := confirmation{command: command, yes: opts.yes || opts.options.PlanOnly}
	if opts.path == "-" && !ask.yes {
		return usagef("%s: it asks before anybody leaves, and cannot while it reads the list from standard input; add --yes if you mean it", command)
	}
	if err := ask.possible(a); err != nil {
		return err
	}
	records, findings, err := opts.read(a, format)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return badList(a, findings)
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	diff, err := opts.plan(ctx, a, store, records)
	if err != nil || opts.options.PlanOnly {
		return err
	}
	if len(diff.Left) > 0 && !ask.yes {
		if err := viewImport(opts, diff).write(a.err); err != nil {
			return err
		}
		const prompt = "The keys of those who leave will be ended or handed over. Type the directory's name to go on: "
		if err := ask.typed(ctx, a, prompt, "name", opts.directory); err != nil {
			return err
		}
	}
	opts.options.MostLeavers = cmp.Or(len(diff.Left), opts.options.MostLeavers) // what was agreed to, and no more
	if diff, err = hr.Import(ctx, store, opts.directory, records, a.now(), opts.options); err != nil {
		return fmt.Errorf("%w; run it again once that is mended, what was imported already is then unchanged", err)
	}
	v := viewImport(opts, diff)
	return a.print(v, v.end)
}

// plan finds out what the import would change. A plan that is all there is to do,
// or that goes too far, is printed.
func (o *peopleImportOptions) plan(ctx context.Context, a *app, store registry.Store, records []hr.Record) (hr.Diff, error) {
	only := o.options
	only.PlanOnly = true
	diff, err := hr.Import(ctx, store, o.directory, records, a.now(), only)
	tooMany := err != nil && len(diff.Left) > 0
	if o.options.PlanOnly && err == nil || tooMany {
		v := viewImport(o, diff)
		v.DryRun = true
		if err := a.print(v, v.end); err != nil {
			return diff, err
		}
	}
	switch {
	case tooMany:
		return diff, refusedf("%w: --most-leavers %d", err, len(diff.Left))
	case keyturn.KindOf(err) == keyturn.Invalid:
		return diff, refusedf("%w", err)
	}
	return diff, err
}

// check refuses flags that are wrong and returns the list's format.
func (o *peopleImportOptions) check(command string) (hr.Format, error) {
	if o.directory == "" {
		return "", usagef("%s: --directory is missing; name the directory in the worker's configuration, such as --directory staff", command)
	}
	if err := plainText("--directory", o.directory); err != nil {
		return "", err
	}
	if o.options.MostLeavers < 0 {
		return "", usagef("%s: --most-leavers %d: write how many persons may leave", command, o.options.MostLeavers)
	}
	written := cmp.Or(o.format, strings.ToLower(strings.TrimPrefix(filepath.Ext(o.path), ".")))
	switch f := hr.Format(written); {
	case f == hr.CSV || f == hr.JSON:
		return f, nil
	case o.format != "":
		return "", usagef("%s: --format %q: write csv or json", command, o.format)
	}
	return "", usagef("%s: the name of the file does not say how the list is written; add --format csv or --format json", command)
}

func (o *peopleImportOptions) read(a *app, format hr.Format) ([]hr.Record, []hr.Finding, error) {
	if o.path == "-" {
		return hr.Read("-", a.in, format)
	}
	file, err := os.Open(o.path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the list: %w; check the path and its permissions", err)
	}
	defer func() { _ = file.Close() }()
	return hr.Read(o.path, file, format)
}

// badList prints what is wrong with a list.
func badList(a *app, findings []hr.Finding) error {
	err := a.print(map[string][]hr.Finding{"findings": findings}, func(w io.Writer) error {
		for _, f := range findings {
			if _, err := fmt.Fprintln(w, clean(f.String())); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return fmt.Errorf("%s in the list, and nothing was imported; mend the list and import it again", plural(len(findings), "finding", "findings"))
}
