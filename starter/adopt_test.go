package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/workflows"
)

// adoptingTemporal takes adoptions, which are started with more than an order.
type adoptingTemporal struct {
	*fakeTemporal
	adoptions []workflows.Adoption
	options   client.StartWorkflowOptions
}

func (f *adoptingTemporal) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, w any, args ...any) (client.WorkflowRun, error) {
	in := args[0].(workflows.Adoption)
	f.adoptions, f.options = append(f.adoptions, in), o
	return f.fakeTemporal.ExecuteWorkflow(ctx, o, w, in.Order)
}

// unissued is a key that was never issued.
func unissued() keyturn.Key {
	k := aKey()
	k.Ledger, k.Generation, k.Rotated = nil, 0, time.Time{}
	return k
}

func newAdoptDesk(t *testing.T, k keyturn.Key) (*desk, *adoptingTemporal) {
	t.Helper()
	d := newDesk(t, k)
	f := &adoptingTemporal{fakeTemporal: d.temporal}
	d.dialTemporal = func(context.Context, dial.Config, *slog.Logger) (temporalClient, error) { return f, nil }
	return d, f
}

func TestAdoptStarts(t *testing.T) {
	t.Parallel()
	d, f := newAdoptDesk(t, unissued())
	d.expect(t, exitOK, "", "adopt", keyID, "--remote-id", "rk_legacy", "--note", "made by hand", "--unverified")
	want := []workflows.Adoption{{
		Order: workflows.Order{
			Key: keyID, Issuer: keyturn.Issuer{Provider: "stripe", Account: "acct_1"},
			Cause: activities.Cause{Reason: "requested", Note: "made by hand", Actor: "bob@laptop"},
		},
		RemoteID: "rk_legacy", Unverified: true,
	}}
	if diff := cmp.Diff(want, f.adoptions); diff != "" {
		t.Errorf("adoption (-want +got):\n%s", diff)
	}
	if f.started[0].workflow != "AdoptKey" || f.options.ID != "key/"+keyID {
		t.Errorf("started %s as %s", f.started[0].workflow, f.options.ID)
	}
	if !strings.Contains(d.stdout.String(), "follow it with: keyturn watch "+keyID) {
		t.Errorf("printed %s", d.stdout)
	}
}

func TestAdoptRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key  keyturn.Key
		args []string
		code int
		says string
	}{
		"no id":            {unissued(), []string{"adopt", keyID}, exitUsage, "adopt " + keyID + ": --remote-id is missing"},
		"no plain text":    {unissued(), []string{"adopt", keyID, "--remote-id", "a\x1b[2J"}, exitUsage, "--remote-id: one line of plain text"},
		"no such key":      {unissued(), []string{"adopt", "nope", "--remote-id", "x"}, exitRefused, "keyturn keys list"},
		"issued":           {aKey(), []string{"adopt", keyID, "--remote-id", "rk_9"}, exitRefused, "issued already, as rk_1; replace it with: keyturn rotate " + keyID},
		"again, its own":   {aKey(), []string{"adopt", keyID, "--remote-id", "rk_1"}, exitOK, ""},
		"it has no --now":  {unissued(), []string{"adopt", keyID, "--remote-id", "x", "--now"}, exitUsage, "unknown flag: --now"},
		"a sentence":       {unissued(), []string{"adopt", keyID, "--remote-id", "x", "--reason", "two words"}, exitUsage, "sentences go in --note"},
		"retired":          {func() keyturn.Key { k := unissued(); k.Retired = noon; return k }(), []string{"adopt", keyID, "--remote-id", "x"}, exitRefused, "was ended on"},
		"half-way through": {handKey(keyturn.SupplyValue), []string{"adopt", keyID, "--remote-id", "rk_1"}, exitRefused, "finish it first with: keyturn rotate " + keyID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, f := newAdoptDesk(t, c.key)
			d.expect(t, c.code, c.says, c.args...)
			if started := len(f.adoptions) == 1; started != (c.code == exitOK) {
				t.Errorf("started: %v", started)
			}
		})
	}
}

func TestAdoptPlans(t *testing.T) {
	t.Parallel()
	named := unissued()
	named.Scope.Principal = "svc"
	for name, c := range map[string]struct {
		key  keyturn.Key
		id   string
		code int
	}{
		"adopt.txt":        {named, "rk_legacy", exitOK},
		"adopt-again.txt":  {aKey(), "rk_1", exitOK},
		"adopt-issued.txt": {aKey(), "rk_9", exitRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, f := newAdoptDesk(t, c.key)
			d.expect(t, c.code, "", "adopt", keyID, "--remote-id", c.id, "--dry-run")
			golden(t, "testdata/plans/"+name, d.stdout.String())
			if len(f.adoptions) != 0 {
				t.Error("it was started")
			}
		})
	}
}

func TestAdoptAndWatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		result workflows.Result
		code   int
		says   []string
	}{
		"adopted": {
			workflows.Result{Outcome: workflows.Adopted, Generation: 1, New: &keyturn.Issued{Generation: 1, RemoteID: "rk_legacy"}, Expires: noon.AddDate(0, 6, 0), Detail: "nothing shows that the value is this key's"},
			exitOK,
			[]string{"adopt " + keyID + ": adopted in 1m", "  key       rk_legacy, generation 1, expires 2027-09-01", "  unproven  nothing shows that the value is this key's"},
		},
		"rejected": {
			workflows.Result{Outcome: workflows.Rejected, Why: "not_found", Detail: "stripe has no key rk_legacy in this account"},
			exitRejected,
			[]string{"adopt " + keyID + " was rejected (not_found): stripe has no key rk_legacy in this account"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, f := newAdoptDesk(t, unissued())
			done := status(workflows.Adopting, workflows.Done)
			done.Operation = workflows.Adopt
			play(d, scene{describe: described("AdoptKey", completedStatus, 9), status: done})
			f.result = func() (workflows.Result, error) { return c.result, nil }
			f.describe = func(n int) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
				return described("AdoptKey", completedStatus, 9), nil
			}
			d.expect(t, c.code, "", "adopt", keyID, "--remote-id", "rk_legacy", "--watch")
			for _, s := range c.says {
				if !strings.Contains(d.stdout.String(), s) {
					t.Errorf("no %q in\n%s", s, d.stdout)
				}
			}
		})
	}
}
