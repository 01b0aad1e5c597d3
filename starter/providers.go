package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// providersFile is written by a test of providers/all, which asks every
// provider's type what it can do. This program links no provider itself.
//
//go:embed providers.json
var providersFile []byte

// A providerPage is what there is to say about one provider.
type providerPage struct {
	Name   string         `json:"name"`
	Page   string         `json:"page"`
	Cases  []providerCase `json:"cases"`
	Readme string         `json:"readme"`
}

// A providerCase is one way a provider can be opened; most have only one.
type providerCase struct {
	When     string   `json:"when,omitempty"`
	Title    string   `json:"title"`
	Docs     string   `json:"docs"`
	Can      []string `json:"can"`
	Cannot   []string `json:"cannot"`
	MaxLive  int      `json:"max_live"`
	Labels   bool     `json:"labels"`
	Settle   string   `json:"settle"`
	UsageLag string   `json:"usage_lag,omitempty"`
}

// readProviders returns the providers and, by capability, what happens without.
func readProviders() ([]providerPage, map[string]string, error) {
	var file struct {
		Without   map[string]string `json:"without"`
		Providers []providerPage    `json:"providers"`
	}
	if err := json.Unmarshal(providersFile, &file); err != nil {
		return nil, nil, fmt.Errorf("the list of providers in this program is broken: %w", err)
	}
	return file.Providers, file.Without, nil
}

func newProvidersCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "providers",
		Short: "What each provider can do, and whether its credential may",
		Long: `A provider is a vendor Keyturn knows. What each can do was found by asking its
code, not declared; "show" prints its page, with permissions to grant.`,
		Example: `  keyturn providers list
  keyturn providers show aws
  keyturn providers check aws/123456789012`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProvidersListCmd(a), newProvidersShowCmd(a), newProvidersCheckCmd(a), newProvidersPauseCmd(a), newProvidersResumeCmd(a))
	return cmd
}

func newProvidersListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the providers and what each can do",
		Long: `List shows every provider this version knows. "by hand" means that the vendor has
no API for its keys: Keyturn tracks them and refuses to rotate them by workflow.`,
		Example: "  keyturn providers list\n  keyturn providers list --output json",
		Args:    needs(),
		RunE: func(*cobra.Command, []string) error {
			pages, _, err := readProviders()
			if err != nil {
				return err
			}
			for i := range pages {
				pages[i].Readme = "" // "show" has it
			}
			return a.print(pages, func(w io.Writer) error { return writeProviders(w, pages) })
		},
	}
}

func writeProviders(w io.Writer, pages []providerPage) error {
	c := newColumns(w, "PROVIDER", "TITLE", "ROTATES", "SWITCHES OFF", "LAST USED", "SLOTS", "SETTLES")
	for _, p := range pages {
		for _, k := range p.Cases {
			name := p.Name
			if k.When != "" {
				name += " (" + k.When + ")"
			}
			slots := "-"
			if k.MaxLive > 0 {
				slots = strconv.Itoa(k.MaxLive)
			}
			rotates := "by hand"
			if slices.Contains(k.Can, "mint") && slices.Contains(k.Can, "revoke") {
				rotates = "yes"
			}
			c.row(name, k.Title, rotates, yesNo(k.Can, "suspend"), yesNo(k.Can, "last-used"), slots, k.Settle)
		}
	}
	return c.flush()
}

func yesNo(can []string, capability string) string {
	if slices.Contains(can, capability) {
		return "yes"
	}
	return "no"
}

func newProvidersShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Print a provider's page: permissions, limits, what it cannot do",
		Long: `Show prints the page of a provider: the permissions to grant, with a policy to
paste, its settings and limits, and for everything it cannot do what happens
instead.`,
		Example: "  keyturn providers show aws\n  keyturn providers show datadog --output json",
		Args:    needs("NAME"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			pages, _, _ := readProviders()
			names := make([]string, len(pages))
			for i, p := range pages {
				names[i] = p.Name
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return runProvidersShow(a, args[0]) },
	}
}

func runProvidersShow(a *app, name string) error {
	pages, without, err := readProviders()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pages, func(p providerPage) bool { return p.Name == name })
	if i < 0 {
		return usagef("there is no provider %q; see: keyturn providers list", name)
	}
	return a.print(pages[i], func(w io.Writer) error {
		if _, err := fmt.Fprintln(w, strings.TrimSpace(pages[i].Readme)); err != nil {
			return err
		}
		for _, k := range pages[i].Cases {
			if err := writeCase(w, k, without); err != nil {
				return err
			}
		}
		return nil
	})
}

func writeCase(w io.Writer, k providerCase, without map[string]string) error {
	title := k.Title
	if k.When != "" {
		title += ", " + k.When
	}
	if _, err := fmt.Fprintf(w, "\n%s\n  can: %s\n", title, orNothing(k.Can)); err != nil {
		return err
	}
	for _, c := range k.Cannot {
		if _, err := fmt.Fprintf(w, "  cannot %s: %s\n", c, without[c]); err != nil {
			return err
		}
	}
	return nil
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
