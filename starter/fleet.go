package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func newFleetCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "See how all keys do, by provider account",
		Long: `The fleet is all keys together. They are looked at by provider account, because
an account has one administrator credential, one rate limit, and its own bad days.`,
		Example: `  keyturn fleet status
  keyturn fleet status --provider aws --output json`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFleetStatusCmd(a))
	return cmd
}

// parseIssuer reads an account as people write it.
func parseIssuer(s string) (keyturn.Issuer, error) {
	provider, account, ok := strings.Cut(s, "/")
	if !ok || provider == "" || account == "" {
		return keyturn.Issuer{}, usagef("%q is not an account; write PROVIDER/ACCOUNT as in the worker's configuration, such as aws/123456789012", s)
	}
	return keyturn.Issuer{Provider: provider, Account: account}, nil
}

// completeAccount offers the accounts in the registry that want takes.
func completeAccount(a *app, want func(registry.AccountStatus) bool) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		accounts, err := store.Accounts(ctx, a.now())
		if err != nil {
			return nil
		}
		var out []cobra.Completion
		for _, s := range accounts {
			if name := s.Issuer.String(); strings.HasPrefix(name, typed) && want(s) {
				out = append(out, cobra.CompletionWithDesc(clean(name), plural(s.Keys, "key", "keys")))
			}
		}
		return out
	})
}
