package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/scan"
)

type scanRulesOptions struct {
	out   string
	force bool
}

func newScanRulesCmd(a *app) *cobra.Command {
	opts := &scanRulesOptions{}
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Write a .gitleaks.toml that fits the keys in the registry",
		Long: `Rules writes a .gitleaks.toml for repositories: gitleaks' own rules, rules for the
keys of those providers in the registry that gitleaks has none for, the formats in
the section "scan" of the configuration, and an allowlist for test fixtures. Its
first lines say which rules find the keys of which provider, and whose keys none
does. gitleaks understands the file, too. The same registry and configuration make
the same file.`,
		Example: `  keyturn scan rules
  keyturn scan rules --out .gitleaks.toml
  keyturn scan rules --out .gitleaks.toml --force`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runScanRules(cmd.Context(), a, opts) },
	}
	cmd.Flags().StringVar(&opts.out, "out", "", "write `FILE` instead of printing")
	cmd.Flags().BoolVar(&opts.force, "force", false, "replace the file if there is one")
	return cmd
}

func runScanRules(ctx context.Context, a *app, opts *scanRulesOptions) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	custom, err := a.customRules()
	if err != nil {
		return err
	}
	accounts, err := store.Accounts(ctx, a.now())
	if err != nil {
		return err
	}
	var providers []string
	for _, account := range accounts {
		if account.Keys > 0 {
			providers = append(providers, account.Issuer.Provider)
		}
	}
	var text bytes.Buffer
	if err := scan.WriteRules(&text, providers, custom); err != nil {
		return err
	}
	if opts.out == "" {
		_, err = a.out.Write(text.Bytes())
		return err
	}
	return writeRules(a, opts, text.Bytes())
}

func writeRules(a *app, opts *scanRulesOptions, text []byte) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if opts.force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(opts.out, how, 0o644) //nolint:gosec // rules are shared in git, at a place the operator names
	if errors.Is(err, fs.ErrExist) {
		return refusedf("%s is there already; look at what would be written without --out, then replace it with --force", opts.out)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s written\n", opts.out)
	return err
}
