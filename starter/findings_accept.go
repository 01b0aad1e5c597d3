package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

type findingsAcceptOptions struct{ id, note string }

func newFindingsAcceptCmd(a *app) *cobra.Command {
	opts := &findingsAcceptOptions{}
	cmd := &cobra.Command{
		Use:   "accept ID",
		Short: "Say that you know of a finding and live with it",
		Long: `Accept records who knows of a finding and why it may stay. It is then listed only
with --accepted, for as long as it is found. Accepting it again replaces the note.`,
		Example: `  keyturn findings accept 8c0f3f1a2b4d5e6f --note "break-glass key of the on-call team"
  keyturn findings accept 8c0f3f1a2b4d5e6f --note "the vendor is leaving us in May" --as alice@example.com`,
		Args:              needs("ID"),
		ValidArgsFunction: completeFinding(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runFindingsAccept(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().StringVar(&opts.note, "note", "", "a `SENTENCE` that says why it may stay")
	return cmd
}

func runFindingsAccept(ctx context.Context, a *app, opts *findingsAcceptOptions) (err error) {
	if opts.note == "" {
		return usagef(`findings accept %s: --note is missing; say why it may stay, such as --note "break-glass key of the on-call team"`, opts.id)
	}
	if err := plainText("--note", opts.note); err != nil {
		return err
	}
	actor, err := a.actor()
	if err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	f, err := getFinding(ctx, store, opts.id)
	if err != nil {
		return err
	}
	if !f.Settled.IsZero() {
		return refusedf("findings accept %s: it was settled on %s; there is nothing to accept", opts.id, stamp(f.Settled, a.now()))
	}
	if f, err = store.Accept(ctx, opts.id, actor, opts.note, second(a.now())); err != nil {
		return err
	}
	return a.print(viewFinding(f), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "finding %s is accepted by %s; it is listed only with --accepted from now on\n", f.ID, clean(actor))
		return err
	})
}
