package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// Exit codes. They are relied on by scripts and never change.
const (
	exitOK          = 0
	exitFailed      = 1 // it did not work; for validate, diff and scan: something was found
	exitUsage       = 2 // the command line or the configuration is wrong
	exitRolledBack  = 3 // the operation was undone
	exitRejected    = 4 // the operation was rejected, or nobody approved it
	exitRefused     = 5 // the key or its operation does not allow it now; nothing was changed
	exitInterrupted = 130
)

const exitCodesHelp = `Exit codes:
  0    done
  1    it did not work; or "registry validate", "registry diff" or "scan" found something
  2    the command line or the configuration is wrong
  3    the operation was rolled back: everything is as it was before
  4    the operation was rejected, or nobody approved it in time
  5    refused: the key or its operation does not allow it now; nothing was changed
  130  interrupted; an operation under way goes on`

// A codedError ends the program with its own exit code.
type codedError struct {
	code int
	err  error // nil where everything was already said
}

func (e *codedError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *codedError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &codedError{exitUsage, fmt.Errorf(format, args...)}
}

func refusedf(format string, args ...any) error {
	return &codedError{exitRefused, fmt.Errorf(format, args...)}
}

// silent ends the program with a code and no further word.
func silent(code int) error { return &codedError{code: code} }

// outcomeCode is the exit code for how an operation ended.
func outcomeCode(o workflows.Outcome) int {
	switch o {
	case workflows.Issued, workflows.Rotated, workflows.Revoked, workflows.Adopted:
		return exitOK
	case workflows.RolledBack:
		return exitRolledBack
	case workflows.Rejected:
		return exitRejected
	}
	return exitFailed
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, a *app, args []string) int {
	root := newRootCmd(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	return report(ctx, a.err, root.ExecuteContext(ctx))
}

// report prints err as one line and returns the exit code for it.
func report(ctx context.Context, w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	code := exitFailed
	var coded *codedError
	var e *keyturn.Error
	switch {
	case errors.As(err, &coded):
		code = coded.code
		if coded.err == nil {
			return code
		}
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		code, err = exitInterrupted, errors.New("interrupted")
	case errors.As(err, &e) && e.Kind == keyturn.NotFound:
		code = exitRefused
	}
	line := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	_, _ = fmt.Fprintln(w, "keyturn: "+clean(line))
	return code
}

// needs checks that exactly the named arguments are given.
func needs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		want := strings.Join(names, " ")
		switch {
		case len(args) < len(names):
			return usagef("%s: %s is missing; see: %s --help", cmd.Name(), strings.Join(names[len(args):], " "), cmd.CommandPath())
		case len(args) > len(names) && want == "":
			return usagef("%s: takes no argument, got %q; see: %s --help", cmd.Name(), args[0], cmd.CommandPath())
		case len(args) > len(names):
			return usagef("%s: takes only %s, got %q besides; see: %s --help", cmd.Name(), want, args[len(names)], cmd.CommandPath())
		}
		return nil
	}
}

// needsSome checks that at least one argument is given.
func needsSome(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s: %s is missing; see: %s --help", cmd.Name(), name, cmd.CommandPath())
		}
		return nil
	}
}

// group refuses words that are no command of a group.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("did you mean %q? ", near[0])
	}
	return usagef("unknown command %q; %ssee: %s --help", args[0], hint, cmd.CommandPath())
}
