package main

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/activities"
)

// causeOptions say why something is asked for.
type causeOptions struct {
	reason, note string
}

// reasons are the words offered; any other plain word is taken, too.
func reasons() []string {
	return []string{"requested", "scheduled", "leak", "offboarding", "compromise"}
}

func (o *causeOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.reason, "reason", "requested", "one `WORD` for why: requested, scheduled, leak, offboarding, compromise or your own; it is searchable, so no names")
	cmd.Flags().StringVar(&o.note, "note", "", "a `SENTENCE` for the key's history")
	must(cmd.RegisterFlagCompletionFunc("reason", cobra.FixedCompletions(reasons(), cobra.ShellCompDirectiveNoFileComp)))
}

// cause checks the options. The reason becomes a search attribute, which is
// never encrypted, so it is a word and not a sentence.
func (o *causeOptions) cause(a *app) (activities.Cause, error) {
	if !regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`).MatchString(o.reason) {
		return activities.Cause{}, usagef("--reason %q: one word of lower-case letters, such as leak; sentences go in --note", o.reason)
	}
	if err := plainText("--note", o.note); err != nil {
		return activities.Cause{}, err
	}
	actor, err := a.actor()
	if err != nil {
		return activities.Cause{}, err
	}
	return activities.Cause{Reason: o.reason, Note: o.note, Actor: actor}, nil
}

func hintUrgent(a *app, reason string, now bool) {
	if !now && (reason == "leak" || reason == "compromise") {
		_, _ = fmt.Fprintln(a.err, "keyturn: hint: the old key stays alive during the overlap; add --now to end it as soon as the new one is in place")
	}
}
