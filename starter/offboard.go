package main

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

const offboardHelp = `Offboard records, on your word, that somebody left. No directory is asked. A worker
then does all of this:

    sessions  they are signed out at every directory the workers have, and what
              applications were granted in their name is taken back
    owners    somebody who is there answers for each of their keys: the successor
              you name, else the team's lead, who is on call, their manager or the
              fallback, the first who is active
    keys      every key they could have seen is rotated: those they own, those
              whose value they made, and those in a path of the store that is theirs

What cannot be rotated now is tried again until it is done, or until you let the
rest go with "keyturn offboard close".

Before anything begins it shows what the registry knows of them, and asks you to
type the address. A script says --yes. If the same departure is open already, because
a directory announced it, this joins it. All of it is kept in the registry, and goes
on without anybody watching.

DEPARTURE is an id that "keyturn offboard list" shows, or the address of a person:
then it is the last time they left.`

type offboardOptions struct {
	successor, reason           string
	dryRun, yes, watch, noWatch bool
}

func newOffboardCmd(a *app) *cobra.Command {
	opts := &offboardOptions{}
	cmd := &cobra.Command{
		Use:   "offboard EMAIL",
		Short: "Replace every key that a person who left could have seen",
		Long:  offboardHelp,
		Example: `  keyturn offboard ana@example.com --dry-run
  keyturn offboard ana@example.com --successor ben@example.com
  keyturn offboard ana@example.com --reason "end of contract" --yes --no-watch
  keyturn offboard show ana@example.com --watch
  keyturn offboard report ana@example.com --file ana.html`,
		Args:              func(cmd *cobra.Command, args []string) error { return opts.check(cmd, args) },
		ValidArgsFunction: completeOwner(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runOffboard(cmd.Context(), a, people.Address(args[0]), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.successor, "successor", "", "`EMAIL` of who gets all of their keys; without it the worker finds somebody for each team")
	f.StringVar(&opts.reason, "reason", "left", "a `WORD` or two for the evidence")
	f.BoolVar(&opts.dryRun, "dry-run", false, "print what would be done, change nothing")
	f.BoolVarP(&opts.yes, "yes", "y", false, "do not ask for confirmation")
	f.BoolVarP(&opts.watch, "watch", "w", false, "follow the departure until it ends")
	f.BoolVar(&opts.noWatch, "no-watch", false, "do not follow the departure on a terminal")
	must(cmd.RegisterFlagCompletionFunc("successor", cobra.NoFileCompletions))
	cmd.AddCommand(newOffboardListCmd(a), newOffboardShowCmd(a), newOffboardSuccessorCmd(a), newOffboardCloseCmd(a),
		newOffboardReturnedCmd(a), newOffboardReportCmd(a))
	return cmd
}

// check wants one address. A word without an @ is most likely a command misspelt.
func (o *offboardOptions) check(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && !strings.Contains(args[0], "@") {
		cmd.SuggestionsMinimumDistance = 2
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf("did you mean %q? ", near[0])
		}
		return usagef("offboard: %q is neither a command nor an address; %swrite the address as name@example.com, or see: %s --help", args[0], hint, cmd.CommandPath())
	}
	if err := needs("EMAIL")(cmd, args); err != nil {
		return err
	}
	if o.watch && o.noWatch {
		return usagef("offboard: --watch and --no-watch contradict each other; leave one out")
	}
	return isAddress("offboard", args[0])
}

// isAddress refuses what is no address.
func isAddress(command, text string) error {
	email := people.Address(text)
	if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
		return usagef("%s: %q is no address; write it as name@example.com", command, text)
	}
	return nil
}

// getDeparture reads a departure by its id, or the last one of a person by their
// address, and says where to look when there is none.
func getDeparture(ctx context.Context, store registry.Store, name string) (registry.Departure, error) {
	if strings.Contains(name, "@") {
		var last registry.Departure
		for d, err := range store.Departures(ctx, registry.DepartureFilter{Email: people.Address(name), Limit: 1}) {
			if err != nil {
				return d, err
			}
			last = d
		}
		if last.ID != "" {
			return last, nil
		}
		return last, refusedf("nobody with the address %q has left; see: keyturn offboard list", name)
	}
	d, err := store.Departure(ctx, name)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return d, refusedf("no departure %q in the registry; see: keyturn offboard list", name)
	}
	return d, err
}

// editDeparture saves an open departure as edit leaves it, as it is now and not as
// somebody saw it before. edit may run several times.
func editDeparture(ctx context.Context, store registry.Store, command, id string, edit func(*registry.Departure)) (registry.Departure, error) {
	for {
		d, err := store.Departure(ctx, id)
		if err != nil {
			return d, err
		}
		if err := stillOpen(command, d); err != nil {
			return d, err
		}
		edit(&d)
		saved, err := store.SaveDeparture(ctx, d)
		if keyturn.KindOf(err) != keyturn.Conflict {
			return saved, err
		}
	}
}

// stillOpen refuses to change a departure that has ended.
func stillOpen(command string, d registry.Departure) error {
	if d.State == registry.DepartureOpen {
		return nil
	}
	return refusedf("%s: it has ended (%s), nothing was changed; see: keyturn offboard show %s", command, d.State, d.ID)
}

// completeDeparture offers the ids of the last departures.
func completeDeparture(a *app) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		const most = 100
		var out []cobra.Completion
		for d, err := range store.Departures(ctx, registry.DepartureFilter{Limit: most}) {
			if err != nil {
				break
			}
			if strings.HasPrefix(d.ID, typed) {
				out = append(out, cobra.CompletionWithDesc(d.ID, clean(fmt.Sprintf("%s, %s, %s", d.Email, d.State, distance(d.At, a.now())))))
			}
		}
		return out
	})
}

// completeOwner offers the addresses of those who own keys.
func completeOwner(a *app) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		const most = 100
		var out []cobra.Completion
		if typed == "" {
			return out // the commands are offered, and they are few
		}
		for owner, err := range store.Owners(ctx) {
			if err != nil || len(out) == most {
				break
			}
			if strings.HasPrefix(owner, typed) {
				out = append(out, clean(owner))
			}
		}
		return out
	})
}
