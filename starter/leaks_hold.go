package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func newLeaksHoldCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "hold LEAK",
		Short: "Never end a leaked value before it is replaced",
		Long: `Hold keeps a leaked value from being ended ahead of its replacement, however long that
takes: whoever has it can use it until then. It is for keys whose consumers must not
stand still. The replacement goes on, and security is told again when it takes too
long. "keyturn leaks kill" takes it back.`,
		Example:           `  keyturn leaks hold l-7hq2mzk4xw3a9bcd`,
		Args:              needs("LEAK"),
		ValidArgsFunction: completeLeak(a),
		RunE:              func(cmd *cobra.Command, args []string) error { return runLeaksHold(cmd.Context(), a, args[0]) },
	}
}

// A heldLeak is what hold prints.
type heldLeak struct {
	Leak string        `json:"leak"`
	Key  keyturn.KeyID `json:"key,omitempty"`
}

func runLeaksHold(ctx context.Context, a *app, id string) (err error) {
	command := "leaks hold " + id
	actor, err := a.actor()
	if err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	l, err := getLeak(ctx, store, id)
	if err != nil {
		return err
	}
	if err := mayHold(command, l); err != nil {
		return err
	}
	l, err = sayOfLeak(ctx, a, store, command, id, func(l *registry.Leak) error {
		if err := mayHold(command, *l); err != nil {
			return err
		}
		l.Word, l.Worder = registry.LeakHold, actor
		return nil
	})
	if err != nil {
		return err
	}
	return a.print(heldLeak{l.ID, l.Key}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "the value of leak %s is not ended before it is replaced; until then whoever has it can use it\n", l.ID)
		return err
	})
}

// mayHold refuses where nothing can be held back any more.
func mayHold(command string, l registry.Leak) error {
	if err := leakAlive(command, l); err != nil {
		return err
	}
	switch {
	case !l.Killed.IsZero():
		return refusedf("%s: it is ended already, nothing was changed; see: keyturn leaks show %s", command, l.ID)
	case l.Key == "":
		return refusedf("%s: it is no key's, so nothing replaces it and nothing ends it by itself; see: keyturn leaks show %s", command, l.ID)
	}
	return nil
}
