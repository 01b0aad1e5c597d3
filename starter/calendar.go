package main

import (
	"context"
	"time"
	_ "time/tzdata" // windows name zones, and not every machine knows them

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func newCalendarCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calendar",
		Short: "Say when keys may be changed: freezes and maintenance windows",
		Long: `The calendar holds freezes, in which nothing is changed, and windows, outside of
which nothing is. An operation waits for them before it begins, before consumers
are moved to a new key, and before the old key is ended. Undoing is never held
back. "rotate --now", "revoke --now" and "expedite --override" pass it, for a key
that has leaked, and the key's history says so.

Windows of one key belong in its entry, under rotation.windows. Each of these
must have a window open, where it has any: the key, its team, its provider, its
provider's account, the team at the provider, and all keys.`,
		Example: `  keyturn calendar freeze --all --until 2027-01-04 --reason "end of the year"
  keyturn calendar window --team payments --open "Sat-Sun 02:00-06:00 Europe/Berlin"
  keyturn calendar list
  keyturn calendar show payments-stripe-live-001`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCalendarListCmd(a), newCalendarFreezeCmd(a), newCalendarWindowCmd(a), newCalendarRemoveCmd(a), newCalendarShowCmd(a))
	return cmd
}

// whomOptions say which keys a rule is about.
type whomOptions struct {
	key, team, provider, account string
	all                          bool
}

func (o *whomOptions) flags(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	f.StringVar(&o.team, "team", "", "the keys this `TEAM` answers for")
	f.StringVar(&o.provider, "provider", "", "the keys issued by this `PROVIDER`, such as aws")
	f.StringVar(&o.account, "account", "", "the keys of this `ACCOUNT` of the provider")
	f.StringVar(&o.key, "key", "", "only this `KEY`")
	f.BoolVar(&o.all, "all", false, "every key")
	must(cmd.RegisterFlagCompletionFunc("key", completeKey(a)))
	must(cmd.RegisterFlagCompletionFunc("provider", completeProvider))
	for _, name := range []string{"team", "account"} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions))
	}
}

// completeProvider offers the providers this program knows.
func completeProvider(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	pages, _, err := readProviders()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make([]cobra.Completion, len(pages))
	for i, p := range pages {
		names[i] = p.Name
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// check refuses what names no keys or contradicts itself.
func (o *whomOptions) check(command string) error {
	for _, f := range []struct{ name, value string }{{"--team", o.team}, {"--provider", o.provider}, {"--account", o.account}, {"--key", o.key}} {
		if err := plainText(f.name, f.value); err != nil {
			return err
		}
	}
	narrow := o.team+o.provider+o.account != ""
	switch {
	case o.account != "" && o.provider == "":
		return usagef("%s: --account goes with --provider; add the provider it is an account of", command)
	case o.all && (narrow || o.key != ""):
		return usagef("%s: --all is every key; leave out either it or the other flags that say which keys", command)
	case o.key != "" && narrow:
		return usagef("%s: --key says which key it is; leave out --team, --provider and --account", command)
	case !o.all && !narrow && o.key == "":
		return usagef("%s: say which keys it is for: --team, --provider, --key, or --all for every key", command)
	}
	return nil
}

// apply writes the flags into a rule.
func (o *whomOptions) apply(r *keyturn.CalendarRule) {
	r.Key, r.Team, r.Provider, r.Account = keyturn.KeyID(o.key), o.team, o.provider, o.account
}

// concerned counts the keys in service a rule is about. A key it names must be
// one of them.
func concerned(ctx context.Context, store registry.Store, r *keyturn.CalendarRule) (int, error) {
	if r.Key == "" {
		return store.Count(ctx, registry.Filter{OwnerTeam: r.Team, Provider: r.Provider, Account: r.Account})
	}
	k, err := getKey(ctx, store, r.Key)
	if err == nil && !k.Retired.IsZero() {
		err = refusedf("the key %q was ended on %s, and is not changed any more; see: keyturn keys list", r.Key, k.Retired.UTC().Format(time.DateOnly))
	}
	return 1, err
}

// ruleTimes says in words when a rule applies.
func ruleTimes(r *keyturn.CalendarRule, now time.Time) string {
	if r.Kind == keyturn.MaintenanceWindow {
		return "only " + r.Window.String()
	}
	from, until := "", "until it is removed"
	if !r.From.IsZero() {
		from = "from " + stamp(r.From, now) + " "
	}
	if !r.Until.IsZero() {
		until = "until " + stamp(r.Until, now)
	}
	return "not " + from + until
}
