package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

func newOffboardSuccessorCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "successor DEPARTURE EMAIL",
		Short: "Name who gets the keys of a leaver",
		Long: `Successor names who gets every key that the leaver still answers for. Keys that
somebody else was given already stay theirs. The worker hands them over within minutes;
where nobody was found to answer for some, that is what keeps a departure open.`,
		Example: `  keyturn offboard successor d-7hq2mzk4xw3a9bcd ben@example.com
  keyturn offboard successor ana@example.com ben@example.com`,
		Args:              needs("DEPARTURE", "EMAIL"),
		ValidArgsFunction: completeDeparture(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runOffboardSuccessor(cmd.Context(), a, args[0], args[1])
		},
	}
}

// A namedSuccessor is what successor prints.
type namedSuccessor struct {
	Departure string `json:"departure"`
	Successor string `json:"successor"`
}

func runOffboardSuccessor(ctx context.Context, a *app, name, email string) (err error) {
	command := "offboard successor " + name
	if err := isAddress(command, email); err != nil {
		return err
	}
	email = people.Address(email)
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d, err := getDeparture(ctx, store, name)
	if err != nil {
		return err
	}
	if err := isHeir(command, email, d.Email); err != nil {
		return err
	}
	if err := mayGetKeys(ctx, store, command, email); err != nil {
		return err
	}
	d, err = editDeparture(ctx, store, command, d.ID, func(d *registry.Departure) { d.Successor = email })
	if err != nil {
		return err
	}
	return a.print(namedSuccessor{d.ID, d.Successor}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s gets the keys that %s still answers for; see: keyturn offboard show %s\n", clean(d.Successor), clean(d.Email), d.ID)
		return err
	})
}
