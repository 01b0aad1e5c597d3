package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/entry"
)

type diffOptions struct {
	paths []string
	all   bool
}

func newDiffCmd(a *app) *cobra.Command {
	opts := &diffOptions{}
	cmd := &cobra.Command{
		Use:   "diff PATH...",
		Short: "Show where entry files and the registry differ",
		Long: `Diff shows, field by field, what "registry apply" would change, and what it would
refuse. The exit code is 1 if there is any difference. With --all it also lists
keys in service that no file names; applying leaves those alone.`,
		Example: `  keyturn registry diff keys/
  keyturn registry diff keys/ --all --output json`,
		Args: needsSome("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.paths = args
			return runDiff(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.all, "all", false, "PATH holds all entries there should be: also list keys without one")
	return cmd
}

// A difference is one key whose entry and registry differ.
type difference struct {
	Key keyturn.KeyID `json:"key"`
	// Status is new (not in the registry), changed, refused, or only_registry.
	Status   string          `json:"status"`
	Changes  []entry.Change  `json:"changes,omitempty"`
	Findings []entry.Finding `json:"findings,omitempty"`
}

func runDiff(ctx context.Context, a *app, opts *diffOptions) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d := &differ{a: a, named: map[keyturn.KeyID]bool{}}
	d.out = newLister[difference](a, []string{"KEY", "STATUS", "FIELD", "REGISTRY", "FILE"}, nil)
	for batch := range batches(d.read(opts.paths), batchSize) {
		matches, err := lookUp(ctx, store, batch)
		if err != nil {
			return err
		}
		for _, m := range matches {
			d.compare(&m)
		}
		if d.err != nil {
			return d.err
		}
	}
	if opts.all {
		d.unnamed(ctx, store)
	}
	if d.err != nil {
		return d.err
	}
	if err := d.out.end("files and registry agree"); err != nil {
		return err
	}
	switch {
	case d.unreadable > 0:
		return fmt.Errorf("%s; see: keyturn registry validate", plural(d.unreadable, "document is no entry", "documents are no entries"))
	case d.out.n > 0:
		return silent(exitFailed)
	}
	return nil
}

// A differ prints differences as it finds them.
type differ struct {
	a          *app
	out        *lister[difference]
	named      map[keyturn.KeyID]bool // by a file
	unreadable int
	err        error
}

// read yields the entries of the files. What is none goes to standard error.
func (d *differ) read(paths []string) iter.Seq[entry.Entry] {
	return func(yield func(entry.Entry) bool) {
		for e, findings := range entry.Read(paths...) {
			if len(findings) == 0 && e.KeyID == "" {
				findings = []entry.Finding{{File: e.File(), Line: 1, Column: 1, Field: "key_id", Problem: "is missing", Mend: "give the key an id"}}
			}
			if len(findings) > 0 {
				d.unreadable++
				for _, f := range findings {
					_, _ = fmt.Fprintln(d.a.err, clean(f.String()))
				}
				continue
			}
			d.named[keyturn.KeyID(e.KeyID)] = true
			if !yield(e) {
				return
			}
		}
	}
}

func (d *differ) compare(m *match) {
	if m.kept != nil {
		_, _ = fmt.Fprintln(d.a.err, clean(m.kept.String()))
	}
	diff := difference{Key: keyturn.KeyID(m.entry.KeyID), Findings: m.findings()}
	if !m.isNew() {
		diff.Changes = m.changes()
	}
	switch {
	case len(diff.Findings) > 0:
		diff.Status = "refused"
	case m.isNew():
		diff.Status = "new"
	case len(diff.Changes) > 0:
		diff.Status = "changed"
	default:
		return
	}
	d.add(diff)
}

// unnamed lists the keys in service that no file names.
func (d *differ) unnamed(ctx context.Context, store registry.Store) {
	for k, err := range store.Find(ctx, registry.Filter{}) {
		if err != nil {
			d.err = err
			return
		}
		if !d.named[k.ID] {
			d.add(difference{Key: k.ID, Status: "only_registry"})
		}
	}
}

// add prints a difference: in a table, one row for each field.
func (d *differ) add(diff difference) {
	if d.err != nil {
		return
	}
	if d.a.global.output != table {
		d.err = d.out.add(diff)
		return
	}
	d.out.n++
	for _, f := range diff.Findings {
		d.out.cols.row(string(diff.Key), diff.Status, dash(f.Field), "-", f.Problem+"; "+f.Mend)
	}
	for _, c := range diff.Changes {
		d.out.cols.row(string(diff.Key), diff.Status, c.Field, dash(c.Have), dash(c.Want))
	}
	if len(diff.Findings)+len(diff.Changes) == 0 {
		d.out.cols.row(string(diff.Key), diff.Status, "-", "-", "-")
	}
}
