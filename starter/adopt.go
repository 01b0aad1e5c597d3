package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

type adoptOptions struct {
	orderOptions
	remoteID   string
	unverified bool
}

func newAdoptCmd(a *app) *cobra.Command {
	opts := &adoptOptions{}
	cmd := &cobra.Command{
		Use:   "adopt KEY --remote-id ID",
		Short: "Take a key that exists already into the registry",
		Long: `Adopt enters a key that the vendor has already under an entry that was never issued.
Nothing is changed at the vendor or in the store. From then on it is rotated like
any other key; it counts as made when the vendor made it, so it may be due at once.

The vendor must list the key, and it must be switched on. The value that consumers
read must be there and, where the vendor can be asked, must work and be that key's.
What nothing can show is told, and recorded in the key's history. Where the vendor
cannot list its keys, look yourself and say --unverified.

Adopting a key again under its own entry takes note of the version that consumers
read now, where the same value was written again.`,
		Example: `  keyturn adopt search-datadog-001 --remote-id 7a1c4f0e --dry-run
  keyturn adopt search-datadog-001 --remote-id 7a1c4f0e --watch
  keyturn adopt partner-portal-001 --remote-id k-17 --unverified`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeKey(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runAdopt(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().StringVar(&opts.remoteID, "remote-id", "", "the vendor's `ID` of the key, never its value")
	cmd.Flags().BoolVar(&opts.unverified, "unverified", false, "take your word that the vendor has the key, where it cannot list them")
	return cmd
}

func runAdopt(ctx context.Context, a *app, opts *adoptOptions) error {
	o := order{op: workflows.Adopt, workflow: workflows.AdoptKey, opts: &opts.orderOptions, special: opts}
	if opts.remoteID == "" {
		return usagef("%s: --remote-id is missing; give the vendor's id of the key, such as AKIA…", o.command())
	}
	if err := plainText("--remote-id", opts.remoteID); err != nil {
		return err
	}
	return o.run(ctx, a)
}

func (o *adoptOptions) input(order workflows.Order) any {
	return workflows.Adoption{Order: order, RemoteID: o.remoteID, Unverified: o.unverified}
}

func (o *adoptOptions) blocks(key *keyturn.Key) string {
	cur := key.Current()
	if cur == nil || cur.RemoteID == o.remoteID {
		return ""
	}
	return fmt.Sprintf("the key is issued already, as %s; replace it with: keyturn rotate %s", cur.RemoteID, key.ID)
}

func (o *adoptOptions) steps(p *plan, key *keyturn.Key, now time.Time) {
	vendor, whose := key.Scope.Provider, ""
	if key.Scope.Principal != "" {
		whose = " of " + key.Scope.Principal
	}
	p.step(workflows.Adopting, now, "ask %s for key %s%s: it must be there and switched on, and no other entry may name it", key.Scope.Issuer(), o.remoteID, whose)
	p.step(workflows.Adopting, now, "read %s:%s: the value there must work and be this key's, as far as %s can tell", key.Storage.Secret.Store, key.Storage.Secret.Path, vendor)
	if key.Current() != nil {
		p.step(workflows.Done, now, "take note of the version consumers read now, if it is still the same value; nothing else is changed")
		return
	}
	p.step(workflows.Done, now, "enter it as generation %d, as old as %s says it is; nothing is changed at %[2]s or in the store", key.Generation+1, vendor)
}
