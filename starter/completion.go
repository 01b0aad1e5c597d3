package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func newCompletionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a script that completes commands and key ids in your shell",
		Long: `Completion prints a script for your shell. With it, the tab key completes
commands, flags, and the ids of the keys in the registry.`,
		Example: `  source <(keyturn completion bash)
  keyturn completion zsh > "${fpath[1]}/_keyturn"
  keyturn completion fish > ~/.config/fish/completions/keyturn.fish`,
		Args:      needs("SHELL"),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE:      func(cmd *cobra.Command, args []string) error { return runCompletion(cmd, a, args[0]) },
	}
}

func runCompletion(cmd *cobra.Command, a *app, shell string) error {
	switch root := cmd.Root(); shell {
	case "bash":
		return root.GenBashCompletionV2(a.out, true)
	case "zsh":
		return root.GenZshCompletion(a.out)
	case "fish":
		return root.GenFishCompletion(a.out, true)
	}
	return usagef("completion: no script for %q; there is one for bash, zsh and fish", shell)
}

// completeKey offers the ids of keys in service that begin with what is typed.
func completeKey(a *app) cobra.CompletionFunc {
	return completeIDs(a, registry.Filter{})
}

// completeAnyKey offers those ended for good, too.
func completeAnyKey(a *app) cobra.CompletionFunc {
	return completeIDs(a, registry.Filter{}, registry.Filter{Retired: true})
}

func completeIDs(a *app, filters ...registry.Filter) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		var out []cobra.Completion
		for _, f := range filters {
			out = append(out, idsFrom(ctx, store, f, typed)...)
		}
		return out
	})
}

// completeFrom offers for the first argument what offers finds in the registry.
func completeFrom(a *app, offers func(ctx context.Context, store registry.Store, typed string) []cobra.Completion) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const none = cobra.ShellCompDirectiveNoFileComp
		if len(args) > 0 {
			return nil, none
		}
		// A person waits at the keyboard: late is worse than nothing.
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
		defer cancel()
		store, err := a.registry(ctx)
		if err != nil {
			return nil, none
		}
		defer func() { _ = store.Close() }()
		return offers(ctx, store, typed), none
	}
}

// idsFrom lists ids that begin with prefix, a screenful of them.
func idsFrom(ctx context.Context, store registry.Store, f registry.Filter, prefix string) []cobra.Completion {
	const most = 100
	f.Limit = most
	var out []cobra.Completion
	add := func(k keyturn.Key) {
		out = append(out, cobra.CompletionWithDesc(string(k.ID), clean(k.Owner.Team+", "+k.Scope.Provider)))
	}
	if k, err := store.Get(ctx, keyturn.KeyID(prefix)); err == nil && k.Retired.IsZero() != f.Retired {
		add(k) // After below leaves out the id itself
	}
	f.After = keyturn.KeyID(prefix)
	for k, err := range store.Find(ctx, f) {
		if err != nil || !strings.HasPrefix(string(k.ID), prefix) {
			break
		}
		add(k)
	}
	return out
}
