package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// checkTimeout is how long a check of what a person did may take: vendors have
// settling times.
const checkTimeout = 2 * time.Minute

type confirmOptions struct {
	wordOptions
	step string
}

func newManualConfirmCmd(a *app) *cobra.Command {
	opts := &confirmOptions{}
	cmd := &cobra.Command{
		Use:   "confirm KEY",
		Short: "Say that a step was taken, and have it checked",
		Long: `Confirm says that the step asked for was taken: that the new value is stored at
the key's path, or that a key was ended at its issuer. It is checked while you
wait. Where it does not stand up, the reason is printed and the step stays open.`,
		Example: `  keyturn manual confirm partner-portal-001
  keyturn manual confirm partner-portal-001 --step end --note "ended in the portal, 14:05"`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeWaiting(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runManualConfirm(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().Lookup("timeout").DefValue = checkTimeout.String()
	opts.timeout = checkTimeout
	cmd.Flags().StringVar(&opts.step, "step", "", "refuse unless this `STEP` is the one asked for: supply, end or end_new")
	must(cmd.RegisterFlagCompletionFunc("step", cobra.FixedCompletions([]string{"supply", "end", "end_new"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func runManualConfirm(ctx context.Context, a *app, opts *confirmOptions) error {
	switch keyturn.ManualStep(opts.step) {
	case "", keyturn.SupplyValue, keyturn.EndOld, keyturn.EndNew:
	default:
		return usagef("manual confirm %s: --step is supply, end or end_new, not %q", opts.key, opts.step)
	}
	return claim(ctx, a, "manual confirm", &opts.wordOptions, keyturn.ManualStep(opts.step))
}

// A claimed is what a checked claim prints.
type claimed struct {
	Key keyturn.KeyID `json:"key"`
	Run string        `json:"run,omitempty"`
	workflows.Verdict
}

// claim says that a step was taken and waits until it was checked.
func claim(ctx context.Context, a *app, command string, o *wordOptions, step keyturn.ManualStep) error {
	command += " " + string(o.key)
	var v workflows.Verdict
	run, err := a.tell(ctx, command, workflows.UpdateConfirm, o, func(w workflows.Word) any { return workflows.Claim{Word: w, Step: step} }, &v)
	if err != nil {
		return err
	}
	err = a.print(claimed{o.key, run, v}, func(w io.Writer) error {
		if !v.Accepted {
			return nil
		}
		_, err := fmt.Fprintf(w, "%s: checked and accepted; follow the operation with: keyturn watch %s\n", command, o.key)
		return err
	})
	if err == nil && !v.Accepted {
		return refusedf("%s: not accepted: %s", command, v.Why)
	}
	return err
}
