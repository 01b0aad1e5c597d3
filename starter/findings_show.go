package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
)

func newFindingsShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show a finding, and how to mend it",
		Long:  "Show prints all that is known of a finding: what was seen, who is to mend it and how.",
		Example: `  keyturn findings show 8c0f3f1a2b4d5e6f
  keyturn findings show 8c0f3f1a2b4d5e6f --output json | jq -r .mend`,
		Args:              needs("ID"),
		ValidArgsFunction: completeFinding(a),
		RunE:              func(cmd *cobra.Command, args []string) error { return runFindingsShow(cmd.Context(), a, args[0]) },
	}
}

func runFindingsShow(ctx context.Context, a *app, id string) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	f, err := getFinding(ctx, store, id)
	if err != nil {
		return err
	}
	v := viewFinding(f)
	return a.print(v, func(w io.Writer) error { return v.write(w, a.now()) })
}

func (v *findingView) write(w io.Writer, now time.Time) error {
	c := newColumns(w)
	c.row("finding", v.ID)
	c.row("severity", string(v.Severity))
	c.row("kind", v.Kind)
	c.row("place", dash(v.Place))
	c.row("subject", v.Subject)
	c.row("key", dash(string(v.Key)))
	c.row("owner", dash(v.Owner.Team)+", "+dash(v.Owner.Person))
	c.row("what", v.Detail)
	c.row("mend", v.Mend)
	c.row("found", stamp(v.Found, now)+" by "+v.Check)
	c.row("seen", stamp(v.Seen, now))
	if !v.Settled.IsZero() {
		c.row("settled", stamp(v.Settled, now))
	}
	if v.Accepted != nil {
		c.row("accepted", stamp(v.Accepted.At, now)+" by "+v.Accepted.By+": "+v.Accepted.Note)
	}
	return c.flush()
}
