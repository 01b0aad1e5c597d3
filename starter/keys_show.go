package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
)

type keysShowOptions struct{ key keyturn.KeyID }

func newKeysShowCmd(a *app) *cobra.Command {
	opts := &keysShowOptions{}
	cmd := &cobra.Command{
		Use:   "show KEY",
		Short: "Show all that is known of a key",
		Long: `Show prints a key's purpose, owner, scope, storage, policy, and every generation
of it that may still exist at the provider. It also says whether the provider
account is paused.`,
		Example: `  keyturn keys show payments-stripe-live-001
  keyturn keys show payments-stripe-live-001 --output yaml`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeAnyKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runKeysShow(cmd.Context(), a, opts)
		},
	}
	return cmd
}

func runKeysShow(ctx context.Context, a *app, opts *keysShowOptions) (err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	k, err := getKey(ctx, store, opts.key)
	if err != nil {
		return err
	}
	account, _, err := findAccount(ctx, a, store, k.Scope.Issuer())
	if err != nil {
		return err
	}
	v := keyView{k, viewPause(account.Paused)}
	return a.print(v, func(w io.Writer) error { return writeKey(w, &v, a.now()) })
}

// A keyView is a key as it is printed.
type keyView struct {
	keyturn.Key
	Paused *pauseView `json:"account_paused,omitempty"`
}

// writeKey prints a key for people.
func writeKey(w io.Writer, v *keyView, now time.Time) error {
	k := &v.Key
	c := newColumns(w)
	c.row("key", string(k.ID))
	c.row("state", keyState(k))
	c.row("purpose", dash(k.Purpose))
	c.row("owner", dash(k.Owner.Team)+", "+dash(k.Owner.Person))
	c.row("provider", dash(k.Scope.Issuer().String()))
	writeScope(c, &k.Scope)
	c.row("secret", k.Storage.Secret.Store+":"+k.Storage.Secret.Path)
	for _, x := range k.Storage.Consumers {
		c.row("consumer", x.String())
	}
	writePolicy(c, k)
	c.row("created", stamp(k.Created, now))
	c.row("rotated", stamp(k.Rotated, now))
	c.row("expires", stamp(k.Expires, now))
	c.row("due", stamp(k.Due(), now))
	c.row("reviewed", stamp(k.Audit.LastReviewed, now))
	if !k.Retired.IsZero() {
		c.row("retired", stamp(k.Retired, now))
	}
	if i := k.Intent; i != nil {
		c.row("under way", fmt.Sprintf("%s of generation %d since %s (run %s)", i.Operation, i.Generation, stamp(i.Began, now), i.Run))
	}
	if v.Paused != nil {
		c.row("paused", fmt.Sprintf("%s, %s; see: keyturn providers pause --help", k.Scope.Issuer(), v.Paused.sentence(now)))
	}
	if h := asksFor(k, now); h != nil {
		c.row("waits for a person", fmt.Sprintf("to %s, due %s; see: keyturn manual show %s", h.What, dueText(h, now), k.ID))
	}
	c.row("revision", strconv.FormatInt(k.Revision, 10))
	if err := c.flush(); err != nil || len(k.Ledger) == 0 {
		return err
	}
	_, _ = fmt.Fprintln(w)
	t := newColumns(w, "GEN", "STATE", "REMOTE ID", "VERSION", "CREATED", "PROMOTED", "DISABLED")
	for _, i := range k.Ledger {
		t.row(strconv.Itoa(i.Generation), string(i.State), dash(i.RemoteID), dash(string(i.Version)),
			stamp(i.Created, now), stamp(i.Promoted, now), stamp(i.Disabled, now))
	}
	return t.flush()
}

func writeScope(c *columns, s *keyturn.Scope) {
	if s.Principal != "" {
		c.row("principal", s.Principal)
	}
	if len(s.Permissions) > 0 {
		c.row("permissions", strings.Join(s.Permissions, ", "))
	}
	if len(s.Endpoints) > 0 {
		c.row("endpoints", strings.Join(s.Endpoints, ", "))
	}
	if s.Justification != "" {
		c.row("justification", s.Justification)
	}
}

func writePolicy(c *columns, k *keyturn.Key) {
	p := k.Policy.WithDefaults()
	if k.Audit.EveryDays > 0 {
		c.row("rotated every", plural(k.Audit.EveryDays, "day", "days"))
	}
	if k.Audit.Team != "" {
		c.row("rotated by", k.Audit.Team)
	}
	quiet := ""
	if p.QuietFor > 0 {
		quiet = ", quiet for " + span(p.QuietFor)
	}
	c.row("policy", fmt.Sprintf("overlap %s, consumers move within %s, switched off for %s%s, up to %s",
		span(p.Overlap), span(p.ConsumerDeadline), span(p.DisabledSoak), quiet, plural(p.MaxExtensions, "extension", "extensions")))
	if p.Approval {
		c.row("approval", "asked for on issue")
	}
}
