package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/registry"
)

// paused is the pause of the desk's account as the registry has it.
func (d *desk) paused(t *testing.T) *registry.Pause {
	t.Helper()
	accounts, err := d.store(t).Accounts(t.Context(), noon)
	if err != nil || len(accounts) != 1 {
		t.Fatalf("accounts are %+v, error %v; want one", accounts, err)
	}
	return accounts[0].Paused
}

// rates are what Temporal was told about the desk's account: 0 is a pause, nil
// the end of one.
func (d *desk) rates(t *testing.T) []*float32 {
	t.Helper()
	var out []*float32
	for _, r := range d.temporal.limits {
		if r.Namespace != "keyturn" || r.TaskQueue != "keyturn.stripe.acct_1" || r.TaskQueueType != enumspb.TASK_QUEUE_TYPE_ACTIVITY {
			t.Errorf("a limit was set on %s of type %s in %s", r.TaskQueue, r.TaskQueueType, r.Namespace)
		}
		switch limit := r.GetUpdateQueueRateLimit(); {
		case limit == nil:
			t.Error("nothing was said about the rate limit")
		case limit.RateLimit == nil:
			out = append(out, nil)
		default:
			out = append(out, &limit.RateLimit.RequestsPerSecond)
		}
	}
	return out
}

func zero() *float32 { return new(float32) }

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.temporal.limit = func() error { // the record comes first, and goes last
		if d.paused(t) == nil {
			t.Error("Temporal is told while no pause is recorded")
		}
		return nil
	}
	d.expect(t, exitOK, "", "providers", "pause", "stripe/acct_1", "--reason", "incident 4711", "--yes", "-o", "json")
	want := &registry.Pause{Issuer: keyturn.Issuer{Provider: "stripe", Account: "acct_1"}, Reason: "incident 4711", Actor: "bob@laptop", At: noon}
	if diff := cmp.Diff(want, d.paused(t)); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	var made pauseChange
	if err := json.Unmarshal(d.stdout.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pauseChange{Issuer: want.Issuer, Keys: 1, Pause: viewPause(want)}, made); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	if got := d.temporal.limits[0].UpdateQueueRateLimit.Reason; got != want.Reason {
		t.Errorf("Temporal was given the reason %q", got)
	}

	d.stdout.Reset()
	d.expect(t, exitOK, "", "providers", "resume", "stripe/acct_1", "--yes", "-o", "table")
	if got := d.paused(t); got != nil {
		t.Errorf("still recorded: %+v", got)
	}
	if want := "before   paused now by bob@laptop: incident 4711\nthen     not paused\n"; !strings.Contains(d.stdout.String(), want) {
		t.Errorf("no %q in\n%s", want, d.stdout)
	}
	if diff := cmp.Diff([]*float32{zero(), nil}, d.rates(t)); diff != "" {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
}

// TestPauseIsRepeated lets each half of each command fail once.
func TestPauseIsRepeated(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	down := func() error { return serviceerror.NewUnavailable("down") }
	pause := []string{"providers", "pause", "stripe/acct_1", "--reason", "incident", "--yes"}
	resume := []string{"providers", "resume", "stripe/acct_1", "--yes"}

	d.temporal.limit = down
	d.expect(t, exitFailed, "it is recorded, but Temporal did not stop the work, which goes on; repeat the command: the Temporal server at 127.0.0.1:7233 does not answer", pause...)
	if d.paused(t) == nil {
		t.Error("the pause is not recorded")
	}
	d.temporal.limit = nil
	d.expect(t, exitOK, "", pause...)
	d.temporal.limit = down
	d.expect(t, exitFailed, "so it stays paused; repeat the command", resume...)
	if d.paused(t) == nil {
		t.Error("the record is gone, and the account stands still")
	}
	d.temporal.limit = nil
	c := &unclear{clear: func() error { return errors.New("the registry is down") }}
	open := d.openRegistry
	d.openRegistry = func(ctx context.Context, settings config.Registry) (registry.Store, error) {
		store, err := open(ctx, settings)
		c.Store = store
		return c, err
	}
	d.expect(t, exitFailed, "work goes on, but the pause is still recorded; repeat the command: the registry is down", resume...)
	d.openRegistry = open
	d.expect(t, exitOK, "", resume...)
	if d.paused(t) != nil {
		t.Error("the pause is still recorded")
	}
	// One more changes nothing, but would take a limit away that has no record.
	d.expect(t, exitOK, "hint: no pause of stripe/acct_1 is recorded", resume...)
	if diff := cmp.Diff([]*float32{zero(), nil, nil, nil}, d.rates(t)); diff != "" {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
}

// An unclear registry does not clear pauses.
type unclear struct {
	registry.Store
	clear func() error
}

func (u *unclear) ClearPause(context.Context, keyturn.Issuer, time.Time) error { return u.clear() }

func TestPauseAsksFirst(t *testing.T) {
	t.Parallel()
	k := aKey()
	k.Intent = &keyturn.Intent{Run: "run-1", Operation: keyturn.Rotate, Began: noon}
	d := newDesk(t, k)
	pause := []string{"providers", "pause", "stripe/acct_1", "--reason", "incident"}
	resume := []string{"providers", "resume", "stripe/acct_1"}
	d.expect(t, exitUsage, "there is no terminal to ask on; add --yes", pause...)
	d.expect(t, exitUsage, "there is no terminal to ask on; add --yes", resume...)
	d.term.In = true
	d.in = strings.NewReader("stripe\n")
	d.expect(t, exitRefused, "not confirmed, nothing was changed", pause...)
	d.in = strings.NewReader("yes\n")
	d.expect(t, exitRefused, "Work at stripe/acct_1 goes on at once: 1 operation is under way.", resume...)
	if d.paused(t) != nil || len(d.temporal.limits) > 0 {
		t.Fatal("something was changed without a confirmation")
	}
	d.expect(t, exitOK, "", append(pause, "--dry-run")...)
	d.expect(t, exitOK, "", append(resume, "--dry-run")...)
	if d.paused(t) != nil || len(d.temporal.limits) > 0 {
		t.Fatal("something was changed by a dry run")
	}
	d.in = strings.NewReader("stripe/acct_1\n")
	d.expect(t, exitOK, "nothing is done at stripe/acct_1 any more, undoing included: 1 operation under way will stop.", pause...)
	d.in = strings.NewReader("stripe/acct_1\n")
	d.expect(t, exitOK, "Type the account as PROVIDER/ACCOUNT to go on: ", resume...)
	if diff := cmp.Diff([]*float32{zero(), nil}, d.rates(t)); diff != "" {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
}

func TestPauseOfNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	d.expect(t, exitRefused, "no key in service is of stripe/acct_2", "providers", "pause", "stripe/acct_2", "--reason", "x", "--yes")
	if len(d.temporal.limits) > 0 {
		t.Error("Temporal was told to pause an account that there is not")
	}
	// An old server says so in our words.
	d.temporal.limit = func() error { return serviceerror.NewUnimplemented("unknown method UpdateTaskQueueConfig") }
	d.expect(t, exitFailed, "the Temporal server at 127.0.0.1:7233 cannot limit a task queue; upgrade it", "providers", "pause", "stripe/acct_1", "--reason", "x", "--yes")
}
