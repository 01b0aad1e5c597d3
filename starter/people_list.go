package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/people/roster"
)

type peopleListOptions struct {
	directory string
	inactive  bool
}

func newPeopleListCmd(a *app) *cobra.Command {
	opts := &peopleListOptions{}
	cmd := &cobra.Command{
		Use:   "list --directory NAME",
		Short: "List the people of a directory in the registry",
		Long: `List shows the persons of a directory that was pushed or imported, in no order of
meaning: those who are active or, with --inactive, those who are not. LEADS are the
teams a person leads.`,
		Example: `  keyturn people list --directory staff
  keyturn people list --directory staff --inactive
  keyturn people list --directory okta --output json | jq -r '.[].email'`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runPeopleList(cmd.Context(), a, opts) },
	}
	cmd.Flags().StringVar(&opts.directory, "directory", "", "`NAME` of the directory in the worker's configuration")
	cmd.Flags().BoolVar(&opts.inactive, "inactive", false, "those who are not active, instead of those who are")
	must(cmd.RegisterFlagCompletionFunc("directory", cobra.NoFileCompletions))
	return cmd
}

func runPeopleList(ctx context.Context, a *app, opts *peopleListOptions) (err error) {
	if opts.directory == "" {
		return usagef("people list: --directory is missing; name the directory in the worker's configuration, such as --directory staff")
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	teams, err := readTeams(ctx, store, opts.directory)
	if err != nil {
		return err
	}
	out := newLister(a, []string{"EMAIL", "NAME", "MANAGER", "TEAMS", "LEADS"}, func(v *personView) []string {
		return []string{dash(v.Email), dash(v.Name), dash(v.Manager), dash(strings.Join(v.Teams, ", ")), dash(strings.Join(v.LeadOf, ", "))}
	})
	for p, err := range (&roster.Directory{Name: opts.directory, Roster: store}).Everyone(ctx) {
		if err != nil {
			return err
		}
		if p.Active == opts.inactive {
			continue
		}
		if err := out.add(teams.view(p)); err != nil {
			return err
		}
	}
	return out.end("nobody of the directory " + clean(opts.directory) + " matches")
}
