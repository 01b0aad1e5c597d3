package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry"
)

type offboardCloseOptions struct {
	name, note string
	yes        bool
}

func newOffboardCloseCmd(a *app) *cobra.Command {
	opts := &offboardCloseOptions{}
	cmd := &cobra.Command{
		Use:   "close DEPARTURE",
		Short: "Let the keys of a departure go that are not replaced",
		Long: `Close ends a departure although keys of it are open: nothing of it is tried again.
Rotations that have begun go on, and "keyturn batches stop" keeps others from
beginning. It is for keys that nobody can replace any more, such as those of a vendor
whose account is closed.

It lists what is open and asks you to type the id of the departure. A script says
--yes. The note is kept as evidence of why.`,
		Example: `  keyturn offboard close d-7hq2mzk4xw3a9bcd --note "the vendor closed the account"
  keyturn offboard close ana@example.com --note "keys ended by hand, ticket SEC-311" --yes`,
		Args:              needs("DEPARTURE"),
		ValidArgsFunction: completeDeparture(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			return runOffboardClose(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().StringVar(&opts.note, "note", "", "a `SENTENCE` that says why the rest is let go")
	cmd.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask for confirmation")
	return cmd
}

// A closedDeparture is what close prints.
type closedDeparture struct {
	Departure string    `json:"departure"`
	Note      string    `json:"note"`
	Open      []openKey `json:"open"` // what is let go
}

func runOffboardClose(ctx context.Context, a *app, opts *offboardCloseOptions) (err error) {
	ask := confirmation{command: "offboard close " + opts.name, yes: opts.yes}
	if opts.note == "" {
		return usagef(`%s: --note is missing; say why the rest is let go, such as --note "the vendor closed the account"`, ask.command)
	}
	if err := plainText("--note", opts.note); err != nil {
		return err
	}
	actor, err := a.actor()
	if err != nil {
		return err
	}
	if err := ask.possible(a); err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d, err := getDeparture(ctx, store, opts.name)
	if err != nil {
		return err
	}
	if err := stillOpen(ask.command, d); err != nil {
		return err
	}
	r, err := readDepartureReport(ctx, store, d)
	if err != nil {
		return err
	}
	if err := r.write(a.err, a.now(), painter(false)); err != nil {
		return err
	}
	prompt := fmt.Sprintf("\n%s not replaced although %s could have seen what is in use, and nothing more is tried.%s\nType %s to go on: ",
		plural(len(r.Open), "key is", "keys are"), clean(d.Email), r.unsigned(), d.ID)
	if err := ask.typed(ctx, a, prompt, "id", d.ID); err != nil {
		return err
	}
	d, err = editDeparture(ctx, store, ask.command, d.ID, func(d *registry.Departure) {
		d.State, d.Closed, d.Note = registry.DepartureDone, a.now().UTC(), "closed by "+actor+": "+opts.note
	})
	if err != nil {
		return err
	}
	return a.print(closedDeparture{d.ID, d.Note, r.Open}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "departure %s is closed with %s not replaced; evidence: keyturn offboard report %[1]s\n", d.ID, plural(len(r.Open), "key", "keys"))
		return err
	})
}

// unsigned says that sessions go on, if they do.
func (r *departureReport) unsigned() string {
	if r.Sessions.IsZero() {
		return " Their sessions were not ended."
	}
	return ""
}
