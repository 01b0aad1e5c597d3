package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/workflows"
)

// fills has fingerprints being made for two looks.
func (d *desk) fills() {
	d.temporal.leaks.details = func() (string, error) {
		return "1000 keys looked at; 3 lacked fingerprints; the value of 1 cannot be read", nil
	}
	d.temporal.leaks.result = func() (workflows.FillResult, error) {
		return workflows.FillResult{Keys: 1200, Filled: 4, Unread: 2, Some: []keyturn.KeyID{"a-1"}}, nil
	}
}

func TestLeaksBackfill(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.expect(t, exitOK, "", "leaks", "backfill", "--as", "carol")
	want := "making fingerprints has started (run run-fill); workers read the values from their stores\nfollow it with: keyturn leaks backfill --wait\n"
	if diff := cmp.Diff(want, d.stdout.String()); diff != "" {
		t.Errorf("stdout (-want +got)\n%s", diff)
	}
	call := d.temporal.leaks.fills[0]
	if call.workflow != "FillFingerprints" || call.in.Page.Actor != "carol" || call.in.Page.DryRun || call.options.ID != workflows.FillWorkflowID || call.options.TaskQueue != "keyturn" {
		t.Errorf("started %+v", call)
	}

	d.fills()
	d.stdout.Reset()
	d.expect(t, exitOK, "", "leaks", "backfill", "--wait")
	want = "making fingerprints has started (run run-fill); workers read the values from their stores\n" +
		"1200 keys looked at: 4 lacked some and have them now; the value of 2 cannot be read\n" +
		"not read: a-1 and 1 more; look whether the store has their value, and whether workers may read it\n"
	if diff := cmp.Diff(want, d.stdout.String()); diff != "" {
		t.Errorf("stdout (-want +got)\n%s", diff)
	}

	d.stdout.Reset()
	d.expect(t, exitOK, "making fingerprints has started", "leaks", "backfill", "--dry-run", "-o", "json")
	var got backfill
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	wantDoc := backfill{
		DryRun: true, Workflow: workflows.FillWorkflowID + "/dry-run", Run: "run-fill",
		Result: &workflows.FillResult{Keys: 1200, Filled: 4, Unread: 2, Some: []keyturn.KeyID{"a-1"}},
	}
	if diff := cmp.Diff(wantDoc, got); diff != "" || !d.temporal.leaks.fills[2].in.Page.DryRun {
		t.Errorf("document (-want +got)\n%s", diff)
	}
}

// TestLeaksBackfillIsFollowed: one that is under way is joined, and says how far it is.
func TestLeaksBackfillIsFollowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fills()
	d.temporal.leaks.looks = 2
	d.temporal.leaks.fills = []fillCall{{}} // it was started by somebody
	d.expect(t, exitOK, "", "leaks", "backfill", "--wait")
	want := "making fingerprints is under way already (run run-before); workers read the values from their stores\n" +
		"2027-03-01T12:00:00Z 1000 keys looked at; 3 lacked fingerprints; the value of 1 cannot be read\n1200 keys looked at: "
	if !strings.HasPrefix(d.stdout.String(), want) || len(d.temporal.leaks.fills) != 1 {
		t.Errorf("started %d, said:\n%s", len(d.temporal.leaks.fills), d.stdout)
	}
}

func TestLeaksBackfillTroubles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*fakeLeaks)
		says   string
	}{
		"it failed": {func(f *fakeLeaks) {
			f.result = func() (workflows.FillResult, error) {
				return workflows.FillResult{}, temporal.NewApplicationError("the store is sealed", "unavailable")
			}
		}, "leaks backfill: it failed: the store is sealed; mend that, then run it again"},
		"it was terminated": {func(f *fakeLeaks) {
			f.result = func() (workflows.FillResult, error) { return workflows.FillResult{}, errors.New("terminated") }
		}, "it did not end well: terminated; run it again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.fills()
			c.change(&d.temporal.leaks)
			d.expect(t, exitFailed, c.says, "leaks", "backfill", "--wait")
		})
	}
	d := newDesk(t)
	d.fills()
	d.temporal.leaks.looks = 3
	d.temporal.leaks.details = func() (string, error) { return "", serviceerror.NewUnavailable("nobody") }
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	code := run(ctx, d.app, []string{"leaks", "backfill", "--wait"})
	if code != exitInterrupted || !strings.Contains(d.stderr.String(), "Come back with: keyturn leaks backfill --wait") {
		t.Errorf("exit code %d: %s", code, d.stderr)
	}
	if want := `no worker answers on task queue "keyturn"; is keyturn-worker running?`; !strings.Contains(d.stdout.String(), want) {
		t.Errorf("%q is not said:\n%s", want, d.stdout)
	}
}
