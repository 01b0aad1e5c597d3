package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/entry"
)

type exportOptions struct {
	dir    string
	filter registry.Filter
}

func newExportCmd(a *app) *cobra.Command {
	opts := &exportOptions{}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the registry as entry files",
		Long: `Export writes the keys in service as entries: to standard output, one YAML
document after the other, or with --dir to one file for each key, KEY.yaml. The
dates in them are those the registry knows. Files of other names are left alone,
and a file that would not change is not written.`,
		Example: `  keyturn registry export > all.yaml
  keyturn registry export --dir keys/ --team payments`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runExport(cmd.Context(), a, opts) },
	}
	cmd.Flags().StringVar(&opts.dir, "dir", "", "write one file for each key into `DIR`")
	cmd.Flags().StringVar(&opts.filter.OwnerTeam, "team", "", "only keys this `TEAM` answers for")
	cmd.Flags().StringVar(&opts.filter.Provider, "provider", "", "only keys issued by this `PROVIDER`")
	return cmd
}

func runExport(ctx context.Context, a *app, opts *exportOptions) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if opts.dir != "" {
		return exportFiles(ctx, a, store, opts)
	}
	if a.global.output == jsonText {
		out := newLister[entry.Entry](a, nil, nil)
		for k, err := range store.Find(ctx, opts.filter) {
			if err != nil {
				return err
			}
			if err := out.add(entry.FromKey(k)); err != nil {
				return err
			}
		}
		return out.end("")
	}
	for k, err := range store.Find(ctx, opts.filter) {
		if err != nil {
			return err
		}
		b, err := entry.Marshal(entry.FromKey(k))
		if err != nil {
			return fmt.Errorf("export %s: %w", k.ID, err)
		}
		if _, err := fmt.Fprintf(a.out, "---\n%s", b); err != nil {
			return err
		}
	}
	return nil
}

// exported counts what export did to files.
type exported struct {
	Dir       string `json:"dir"`
	Written   int    `json:"written"`
	Unchanged int    `json:"unchanged"`
}

func exportFiles(ctx context.Context, a *app, store registry.Store, opts *exportOptions) error {
	if err := os.MkdirAll(opts.dir, 0o755); err != nil { //nolint:gosec // entries are shared in git
		return err
	}
	total, err := store.Count(ctx, opts.filter)
	if err != nil {
		return err
	}
	bar := a.bar(total, "exporting")
	done := exported{Dir: opts.dir}
	for k, err := range store.Find(ctx, opts.filter) {
		if err != nil {
			return err
		}
		changed, err := exportFile(opts.dir, k)
		if err != nil {
			return fmt.Errorf("export %s: %w", k.ID, err)
		}
		if changed {
			done.Written++
		} else {
			done.Unchanged++
		}
		_ = bar.Add(1)
	}
	_ = bar.Finish()
	return a.print(done, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s: %s written, %d unchanged\n", done.Dir, plural(done.Written, "file", "files"), done.Unchanged)
		return err
	})
}

// exportFile writes one entry and reports whether its file changed. A reader
// sees the old file or the new one, never half of one.
func exportFile(dir string, k keyturn.Key) (changed bool, err error) {
	name := string(k.ID) + ".yaml"
	if strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") {
		return false, fmt.Errorf("the id makes no file name; export it to standard output")
	}
	b, err := entry.Marshal(entry.FromKey(k))
	if err != nil {
		return false, err
	}
	path := filepath.Join(dir, name)
	if was, err := os.ReadFile(path); err == nil && bytes.Equal(was, b) { //nolint:gosec // the operator names the folder
		return false, nil
	}
	f, err := os.CreateTemp(dir, ".keyturn-*")
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), path)
}
