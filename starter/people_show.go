package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/roster"
	"github.com/keyturn/keyturn/registry"
)

type peopleShowOptions struct {
	email       string
	directories []string
}

func newPeopleShowCmd(a *app) *cobra.Command {
	opts := &peopleShowOptions{}
	cmd := &cobra.Command{
		Use:   "show EMAIL --directory NAME,...",
		Short: "Show what directories in the registry say of a person",
		Long: `Show prints what each of the named directories, which were pushed or imported, says
of the person with an address or alias, and in which directory the person was seen
as active last by the comparison of directories, of whatever kind it is.`,
		Example: `  keyturn people show alice@example.com --directory staff
  keyturn people show alice@example.com --directory staff,okta --output json`,
		Args:              needs("EMAIL"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.email = people.Address(args[0])
			return runPeopleShow(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().StringSliceVar(&opts.directories, "directory", nil, "`NAMES` of directories in the worker's configuration; may be repeated")
	must(cmd.RegisterFlagCompletionFunc("directory", cobra.NoFileCompletions))
	return cmd
}

// A standing is what the registry knows of a person.
type standing struct {
	Email       string       `json:"email"`
	Seen        *seenActive  `json:"seen,omitempty"`
	Directories []saidByView `json:"directories"`
}

// A seenActive says which directory had a person as active last.
type seenActive struct {
	Directory string    `json:"directory"`
	At        time.Time `json:"at"`
}

// A saidByView is what one directory says; Person is nil where it says nothing.
type saidByView struct {
	Directory string      `json:"directory"`
	Person    *personView `json:"person,omitempty"`
}

func runPeopleShow(ctx context.Context, a *app, opts *peopleShowOptions) (err error) {
	if len(opts.directories) == 0 {
		return usagef("people show: --directory is missing; name directories in the worker's configuration, such as --directory staff")
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s := standing{Email: opts.email}
	if s.Seen, err = lastSeen(ctx, store, opts.email); err != nil {
		return err
	}
	known := s.Seen != nil
	for _, name := range opts.directories {
		said := saidByView{Directory: name}
		if said.Person, err = saidBy(ctx, store, name, opts.email); err != nil {
			return err
		}
		known = known || said.Person != nil
		s.Directories = append(s.Directories, said)
	}
	if !known {
		return refusedf("no directory named with --directory has this person, and none was seen to; check the address")
	}
	return a.print(s, func(w io.Writer) error { return s.write(w, a.now()) })
}

func lastSeen(ctx context.Context, store registry.Departures, email string) (*seenActive, error) {
	directory, at, err := store.Seen(ctx, email)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &seenActive{directory, at}, nil
}

// saidBy is what a directory says of somebody, nil for nothing.
func saidBy(ctx context.Context, store registry.Roster, directory, email string) (*personView, error) {
	p, err := (&roster.Directory{Name: directory, Roster: store}).Person(ctx, email)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	teams, err := readTeams(ctx, store, directory)
	if err != nil {
		return nil, err
	}
	return teams.view(p), nil
}

func (s *standing) write(w io.Writer, now time.Time) error {
	c := newColumns(w)
	c.row("person", s.Email)
	seen := "-"
	if s.Seen != nil {
		seen = stamp(s.Seen.At, now) + " in " + s.Seen.Directory
	}
	c.row("seen active", seen)
	for _, said := range s.Directories {
		c.row("directory", said.Directory)
		p := said.Person
		if p == nil {
			c.row("status", "not in it")
			continue
		}
		c.row("status", p.status())
		c.row("email", dash(p.Email))
		c.row("aliases", dash(strings.Join(p.Aliases, ", ")))
		c.row("name", dash(p.Name))
		c.row("manager", dash(p.Manager))
		c.row("teams", dash(strings.Join(p.Teams, ", ")))
		c.row("leads", dash(strings.Join(p.LeadOf, ", ")))
	}
	return c.flush()
}
