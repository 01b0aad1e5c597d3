package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

func newOffboardReturnedCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "returned EMAIL",
		Short: "Say that somebody who left is back",
		Long: `Returned records that somebody who left is back, so that they may own keys again.
Directories say so by themselves; this is for people whom none of them knows. Keys that
others were given stay theirs. It is refused while the departure is open: let the rest
of it go first, with "keyturn offboard close".`,
		Example: `  keyturn offboard returned ana@example.com`,
		Args:    needs("EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runOffboardReturned(cmd.Context(), a, args[0])
		},
	}
}

// A returnedPerson is what returned prints.
type returnedPerson struct {
	Email string    `json:"email"`
	Left  time.Time `json:"left"`
}

func runOffboardReturned(ctx context.Context, a *app, email string) (err error) {
	command := "offboard returned " + email
	if err := isAddress(command, email); err != nil {
		return err
	}
	email = people.Address(email)
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d, err := store.Gone(ctx, email)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return refusedf("%s: nobody of this address has left; see: keyturn offboard list", command)
	case err != nil:
		return err
	case d.State == registry.DepartureOpen:
		return refusedf("%s: their departure is open; let the rest of it go first with: keyturn offboard close %s", command, d.ID)
	}
	if err := store.Returned(ctx, email, a.now().UTC()); err != nil {
		return err
	}
	return a.print(returnedPerson{email, d.At}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s, who left on %s, is back and may own keys again\n", clean(email), d.At.UTC().Format(time.DateOnly))
		return err
	})
}
