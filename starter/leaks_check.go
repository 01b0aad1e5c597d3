package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

type leaksCheckOptions struct {
	file, where    string
	report, public bool
}

func newLeaksCheckCmd(a *app) *cobra.Command {
	opts := &leaksCheckOptions{}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say whose a value is that you came across",
		Long: `Check asks for a value at a prompt that shows nothing, or reads it from a file or from
standard input, and says whose it is: which key, which generation of it, whether that
is in use, and who answers for it. A text that holds the vendor's id of a key, or a
part of a value such as its private key, is recognised, too.

It records nothing. With --report the value is recorded as a leak and answered at
once, whosoever it is. The value is never printed, and goes to no vendor but one that
is asked about a leak of no key.

The exit code is 1 if it is no key's, as far as is known, and was not reported.`,
		Example: `  keyturn leaks check
  pbpaste | keyturn leaks check --output json
  keyturn leaks check --file key.json
  keyturn leaks check --report --where "channel #deploys, posted on Monday"`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runLeaksCheck(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.file, "file", "", "read the value from `FILE` instead; its last line end is left out")
	f.BoolVar(&opts.report, "report", false, "record it as a leak, and have it answered")
	f.StringVar(&opts.where, "where", "", "a `TEXT` that says where it was found, for --report; never the value")
	f.BoolVar(&opts.public, "public", false, "strangers can see it there, for --report")
	return cmd
}

// operatorSource is the source of what a person tells of.
const operatorSource = "operator"

func runLeaksCheck(ctx context.Context, a *app, opts *leaksCheckOptions) (err error) {
	const command = "leaks check"
	if !opts.report && (opts.where != "" || opts.public) {
		return usagef("%s: --where and --public say something about a leak; add --report to record it as one", command)
	}
	if err := plainText("--where", opts.where); err != nil {
		return err
	}
	s, err := a.load()
	if err != nil {
		return err
	}
	prints, err := s.prints()
	if err != nil {
		return err
	}
	store, err := a.registry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	value, err := a.value(ctx, opts.file, "Value")
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	if value.In(opts.where) {
		return usagef("%s: --where holds the value itself; say where it was found, and not what", command)
	}
	f := leaks.Finding{Source: operatorSource, Event: rand.Text(), Value: value, File: opts.where, Public: opts.public}
	matches, err := activities.Attribute(ctx, store, prints.Marks(f))
	if err != nil {
		return err
	}
	v := &checkedValue{Known: len(matches) > 0, Keys: []*checkedKey{}, weak: prints.Key.IsZero()}
	if opts.report {
		if err := v.report(ctx, a, store, prints, f); err != nil {
			return err
		}
	}
	for _, m := range matches {
		if err := v.add(ctx, store, m); err != nil {
			return err
		}
	}
	if err := a.print(v, v.write(a)); err != nil {
		return err
	}
	if !v.Known && !opts.report {
		return silent(exitFailed)
	}
	return nil
}

// report records the value, and has it answered.
func (v *checkedValue) report(ctx context.Context, a *app, store registry.Store, prints leaks.Fingerprinter, f leaks.Finding) (err error) {
	reporter, done, err := a.reporter(ctx, store, prints)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	out, err := reporter.Report(ctx, []leaks.Finding{f})
	told := newReportView(false, operatorSource)
	for _, one := range out {
		told.reported(one)
	}
	v.Reported = told.Leaks
	return err
}

// add takes in a generation whose value it is.
func (v *checkedValue) add(ctx context.Context, store registry.Store, m activities.Match) error {
	k, err := store.Get(ctx, m.Key)
	if err != nil {
		return err
	}
	c := &checkedKey{Key: k.ID, Generation: m.Generation, RemoteID: m.RemoteID, Match: m.How, State: deadState, Issuer: k.Scope.Issuer(), Owner: k.Owner}
	if i := k.Issue(m.Generation); i != nil && k.Retired.IsZero() {
		c.State, c.Killed = string(i.State), i.Killed
	} else if c.Since, err = diedAt(ctx, store, &k, m.RemoteID); err != nil {
		return err
	}
	l, err := leakOf(ctx, store, k.ID, m.Generation)
	if err != nil {
		return err
	}
	if l != nil {
		c.Leak, c.LeakState = l.ID, l.State
		if l.Stray {
			c.State, c.Since = strayState, time.Time{}
		}
	}
	v.Keys = append(v.Keys, c)
	return nil
}
