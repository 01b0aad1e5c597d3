package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

type checkOptions struct {
	issuer    keyturn.Issuer
	principal string
}

func newProvidersCheckCmd(a *app) *cobra.Command {
	opts := &checkOptions{}
	cmd := &cobra.Command{
		Use:   "check PROVIDER/ACCOUNT",
		Short: "Ask what the administrator credential of an account may do",
		Long: `Check asks the worker that is configured for an account to make the vendor's
harmless calls with the administrator credential, and lists each permission
Keyturn needs: granted or missing, and what cannot be done without it. It
changes nothing. Where the vendor offers no way to ask, one key is listed
instead, which shows at least that the credential works.

The exit code is 1 if a permission is missing.`,
		Example: `  keyturn providers check aws/123456789012 --principal svc-payments
  keyturn providers check datadog/acme --output json`,
		Args: needs("PROVIDER/ACCOUNT"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.issuer, err = parseIssuer(args[0]); err != nil {
				return err
			}
			return runProvidersCheck(cmd.Context(), a, opts)
		},
	}
	cmd.Flags().StringVar(&opts.principal, "principal", "", "whose keys it must be able to manage, such as an IAM user's `NAME`")
	return cmd
}

func runProvidersCheck(ctx context.Context, a *app, opts *checkOptions) error {
	e, err := a.engine(ctx, slog.LevelError)
	if err != nil {
		return err
	}
	defer e.Close()
	run, err := e.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.CheckWorkflowID(opts.issuer), TaskQueue: e.config.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, workflows.CheckAccount, activities.CheckAccountInput{Issuer: opts.issuer, Principal: opts.principal})
	if err != nil {
		return e.explain(err)
	}
	var res activities.CheckAccountResult
	if err := run.Get(ctx, &res); err != nil {
		return checkFailed(opts.issuer, err)
	}
	if err := a.print(res, func(w io.Writer) error { return writeCheck(w, opts.issuer, res) }); err != nil {
		return err
	}
	for _, p := range res.Permissions {
		if !p.Granted {
			return silent(exitFailed)
		}
	}
	return nil
}

// checkFailed says what the failure of a check means.
func checkFailed(i keyturn.Issuer, err error) error {
	var timeout *temporal.TimeoutError
	var app *temporal.ApplicationError
	switch {
	case errors.As(err, &timeout) && timeout.TimeoutType() == enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START:
		return fmt.Errorf("no worker answers for %s; is it among the providers of a worker's configuration, and does that worker run?", i)
	case errors.As(err, &app) && app.Type() == string(keyturn.Denied):
		return fmt.Errorf("the administrator credential of %s is refused (%s); replace it in its store", i, app.Message())
	case errors.As(err, &app):
		return fmt.Errorf("%s: %s", i, app.Message())
	}
	return fmt.Errorf("%s: the check did not end well: %w", i, err)
}

func writeCheck(w io.Writer, i keyturn.Issuer, res activities.CheckAccountResult) error {
	if _, err := fmt.Fprintf(w, "%s: %s\ncan: %s\n", i, res.Title, strings.Join(res.Capabilities, ", ")); err != nil {
		return err
	}
	switch {
	case !res.Checked:
		_, err := fmt.Fprintln(w, "nothing was asked: this provider has no administrator credential")
		return err
	case len(res.Permissions) == 0:
		_, err := fmt.Fprintln(w, "the credential works; the vendor offers no way to ask for its permissions")
		return err
	}
	c := newColumns(w, "", "PERMISSION", "WHAT FOR")
	for _, p := range res.Permissions {
		c.row(grantMark(p.Granted), p.Name, p.Need)
	}
	return c.flush()
}

func grantMark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗ missing"
}
