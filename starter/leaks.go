package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

const leaksHelp = `A leak is one value that was found where it should not be, however often and by
whomever. Its key is found by fingerprints, the value itself is stored nowhere. A
worker then has the key replaced without any soak, ends the leaked value, sees it
refused, and keeps the evidence. A value that is no key's is recorded, too: it is
ended only if you say so. STATE is one of these:

    open       the value is alive, as far as is known
    dead       it opens nothing any more
    dismissed  a person said that nothing is to be done

These settings belong in the configuration; both are the same as the workers':

    fingerprint_key_file: fingerprint-key   # for detect-secrets, and parts of values
    leaks:
      keep: {store: default, path: secret/keyturn/leaks}   # for values of no key

Without the first, a value is matched by its HasMySecretLeaked hash. Without the
second, a value that is no key's is not kept, and no vendor is asked whose it is.`

func newLeaksCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "leaks",
		Short: "Have leaked keys replaced and see them dead",
		Long:  leaksHelp,
		Example: `  gitleaks git --report-format json --report-path - . | keyturn leaks report -
  keyturn leaks check
  keyturn leaks list
  keyturn leaks show l-7hq2mzk4xw3a9bcd`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLeaksReportCmd(a), newLeaksCheckCmd(a), newLeaksListCmd(a), newLeaksShowCmd(a), newLeaksKillCmd(a),
		newLeaksHoldCmd(a), newLeaksDismissCmd(a), newLeaksBackfillCmd(a))
	return cmd
}

// getLeak reads a leak and says where to look when there is none.
func getLeak(ctx context.Context, store registry.Store, id string) (registry.Leak, error) {
	l, err := store.Leak(ctx, id)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return l, refusedf("no leak %q in the registry; see: keyturn leaks list --state all", id)
	}
	return l, err
}

// editLeak saves a leak as edit leaves it, as it is now and not as somebody saw it
// before. edit may run several times, and may refuse.
func editLeak(ctx context.Context, store registry.Store, id string, edit func(*registry.Leak) error) (registry.Leak, error) {
	for {
		l, err := store.Leak(ctx, id)
		if err != nil {
			return l, err
		}
		if err := edit(&l); err != nil {
			return l, err
		}
		saved, err := store.SaveLeak(ctx, l)
		if keyturn.KindOf(err) != keyturn.Conflict {
			return saved, err
		}
	}
}

// endedLeak reports whether nothing is left to be done about a leak's value.
func endedLeak(l registry.Leak) bool { return l.State != registry.LeakOpen || !l.Dead.IsZero() }

// leakAlive refuses to say anything about a leak whose value is dead, or that was
// dismissed.
func leakAlive(command string, l registry.Leak) error {
	switch {
	case l.State == registry.LeakDismissed:
		return refusedf("%s: it was dismissed by %s, nothing was changed; see: keyturn leaks show %s", command, l.Worder, l.ID)
	case endedLeak(l):
		return refusedf("%s: the value is dead, nothing was changed; see: keyturn leaks show %s", command, l.ID)
	}
	return nil
}

// respond has a leak answered. One that is answered already is left alone.
func (e *engine) respond(ctx context.Context, leak string) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	opts, in := workflows.LeakOptions(leak, e.config.TaskQueue)
	_, err := e.ExecuteWorkflow(ctx, opts, workflows.RespondToLeak, in)
	return e.explain(err)
}

// lookAt has a leak looked at on which a person said what is to be done.
func (e *engine) lookAt(ctx context.Context, leak string) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	opts, in := workflows.LeakOptions(leak, e.config.TaskQueue)
	_, err := e.SignalWithStartWorkflow(ctx, opts.ID, workflows.SignalLook, nil, opts, workflows.RespondToLeak, in)
	return e.explain(err)
}

// completeLeak offers the ids of open leaks that begin with what is typed.
func completeLeak(a *app) cobra.CompletionFunc {
	return completeFrom(a, func(ctx context.Context, store registry.Store, typed string) []cobra.Completion {
		const most = 100
		var out []cobra.Completion
		for l, err := range store.Leaks(ctx, registry.LeakFilter{State: registry.LeakOpen}) {
			if err != nil || len(out) == most {
				break
			}
			if strings.HasPrefix(l.ID, typed) {
				out = append(out, cobra.CompletionWithDesc(l.ID, clean(fmt.Sprintf("%s, %s", leakOwner(l), distance(l.At, a.now())))))
			}
		}
		return out
	})
}
