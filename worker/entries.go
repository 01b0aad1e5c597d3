package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/entry"
	"github.com/keyturn/keyturn/secrets"
)

// checkEntries compares the store paths of entry files with what the stores
// hold, and their owners with who is in the directories. The worker does it, and not
// the command line, because only the worker may reach either. It reads names of
// versions, never a value.
func checkEntries(ctx context.Context, c Config, path string, out, errOut io.Writer) error {
	log, err := c.Log.logger(errOut)
	if err != nil {
		return err
	}
	m, err := newMetrics()
	if err != nil {
		return err
	}
	w, err := wire(ctx, c, log, m)
	if err != nil {
		return err
	}
	defer func() { _ = w.close() }()
	owners := newOwners(w.leavers.Directories, c.People)
	total, wrong := 0, 0
	for e, findings := range entry.Read(path) {
		if len(findings) == 0 {
			total++
			if findings, err = checkPath(ctx, e, w.registry, w.keys.Secrets); err != nil {
				return fmt.Errorf("%s: %w", e.File(), err)
			}
			more, err := owners.check(ctx, e)
			if err != nil {
				return fmt.Errorf("%s: %w", e.File(), err)
			}
			findings = append(findings, more...)
		}
		for _, f := range findings {
			_, _ = fmt.Fprintln(out, f)
			wrong++
		}
	}
	log.Debug("entries were compared with stores and directories", slog.Int("entries", total))
	if wrong > 0 {
		return fmt.Errorf("%d findings in %d entries", wrong, total)
	}
	fmt.Fprintf(out, "%d entries: every store path and owner is as it should be\n", total)
	return nil
}

// checkPath looks at one entry. Only what keeps it from looking is an error.
func checkPath(ctx context.Context, e entry.Entry, keys registry.Store, stores secrets.Catalog) ([]entry.Finding, error) {
	want := e.Key()
	ref := want.Storage.Secret
	store, err := stores.Open(ref.Store)
	if err != nil {
		return []entry.Finding{e.Finding("storage.store", fmt.Sprintf("no store named %q is configured on this worker", ref.Store), "name one that is, or configure it")}, nil
	}
	known, err := keys.Get(ctx, want.ID)
	if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
		return nil, err
	}
	now, err := store.Current(ctx, ref)
	missing := keyturn.KindOf(err) == keyturn.NotFound
	if err != nil && !missing {
		return nil, err
	}
	const field = "storage.vault_path"
	cur := known.Current()
	switch {
	case cur == nil && !want.Rotated.IsZero() && missing:
		return []entry.Finding{e.Finding(field, "the key was rotated before, but nothing is stored at this path", "correct the path, or store the value there")}, nil
	case cur == nil && want.Rotated.IsZero() && !missing:
		return []entry.Finding{e.Finding(field, "something is stored at this path already, and the key was never issued", "choose another path; issuing refuses to write over it")}, nil
	case cur != nil && missing:
		return []entry.Finding{e.Finding(field, "the key is in service, but consumers find nothing at this path", "correct the path, or rotate the key")}, nil
	case cur != nil && now.Name != cur.Version:
		return []entry.Finding{e.Finding(field, fmt.Sprintf("consumers read version %q here, the registry knows %q", now.Name, cur.Version), "find out who wrote the path by hand")}, nil
	}
	return nil, nil
}
