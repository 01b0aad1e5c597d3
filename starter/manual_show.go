package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

func newManualShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show KEY",
		Short: "Show what is asked of a person, and how to go on",
		Long: `Show prints the step a key waits for, until when, where its ticket is, and the
commands that take it.`,
		Example:           `  keyturn manual show partner-portal-001`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeWaiting(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runManualShow(cmd.Context(), a, keyturn.KeyID(args[0]))
		},
	}
}

func runManualShow(ctx context.Context, a *app, id keyturn.KeyID) error {
	_, h, err := a.waiting(ctx, "manual show", id)
	if err != nil {
		return err
	}
	return a.print(h, func(w io.Writer) error { return writeHandStep(w, a, h) })
}

func writeHandStep(w io.Writer, a *app, h *handStep) error {
	c := newColumns(w)
	c.row("key", string(h.Key))
	c.row("operation", string(h.Operation))
	c.row("to do", h.What)
	if len(h.Ends) > 0 {
		c.row("keys to end", strings.Join(h.Ends, ", "))
	}
	c.row("provider", h.Provider+"/"+h.Account)
	c.row("owner", dash(h.Team)+", "+dash(h.Person))
	if h.Step == keyturn.SupplyValue {
		c.row("value belongs at", h.Secret.Store+":"+h.Secret.Path)
	}
	c.row("asked", stamp(h.Asked, a.now()))
	c.row("due", dueText(h, a.now()))
	c.row("ticket", dash(h.Ticket.URL))
	if err := c.flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w)
	next := newColumns(w)
	if h.Step == keyturn.SupplyValue {
		next.row("When the key is made:", "keyturn manual supply "+string(h.Key))
		next.row("If you stored it yourself:", "keyturn manual confirm "+string(h.Key))
	} else {
		next.row("When it is done:", "keyturn manual confirm "+string(h.Key))
	}
	next.row("For more time:", "keyturn manual extend "+string(h.Key)+" --for 3d")
	if h.Step == keyturn.SupplyValue {
		next.row("To call it off:", "keyturn manual cancel "+string(h.Key))
	}
	return next.flush()
}
