package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

const batchID = "b-h4x2mzk7qa"

// batched has a batch with keys at two accounts, 10 minutes old.
func batched(t *testing.T) *desk {
	t.Helper()
	var keys []keyturn.Key
	var ids []keyturn.KeyID
	for i := range 30 {
		k := keyOf(keyturn.KeyID(fmt.Sprintf("k%02d", i)), "aws", "123456789012", 30)
		if i >= 25 {
			k.Scope.Provider, k.Scope.Account = "datadog", "eu"
		}
		keys, ids = append(keys, k), append(ids, k.ID)
	}
	d := newDesk(t, keys...)
	b := registry.Batch{ID: batchID, Selector: "team=payments", Reason: "leak", Note: "incident 4711", Actor: "carol@desk", At: noon.Add(-10 * time.Minute)}
	if err := d.store(t).AddBatch(t.Context(), b, ids); err != nil {
		t.Fatal(err)
	}
	return d
}

// mark sets what became of keys of the batch, the first to the last of them.
func (d *desk) mark(t *testing.T, first, last int, state registry.BatchState, why string) {
	t.Helper()
	var marks []registry.BatchKey
	for i := first; i <= last; i++ {
		marks = append(marks, registry.BatchKey{Key: keyturn.KeyID(fmt.Sprintf("k%02d", i)), State: state, Why: why, At: noon.Add(-time.Minute)})
	}
	if err := d.store(t).MarkBatch(t.Context(), batchID, marks); err != nil {
		t.Fatal(err)
	}
}

// halfway marks keys of the batch in every state.
func (d *desk) halfway(t *testing.T) {
	t.Helper()
	d.mark(t, 0, 1, registry.BatchDone, "")
	d.mark(t, 2, 23, registry.BatchFailed, "denied")
	d.mark(t, 24, 24, registry.BatchFailed, "aborted")
	d.mark(t, 25, 25, registry.BatchSkipped, activities.SkipBusy)
	d.mark(t, 26, 27, registry.BatchStarted, "")
}

func TestBatchesShow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *desk)
		args    string
	}{
		"halfway.txt":  {func(t *testing.T, d *desk) { d.halfway(t) }, ""},
		"halfway.json": {func(t *testing.T, d *desk) { d.halfway(t) }, "-o json"},
		"done.txt":     {func(t *testing.T, d *desk) { d.mark(t, 0, 29, registry.BatchDone, "") }, ""},
		"failed.txt": {func(t *testing.T, d *desk) {
			d.halfway(t)
			d.mark(t, 26, 29, registry.BatchWaiting, "")
			d.mark(t, 26, 29, registry.BatchSkipped, activities.SkipPaused)
		}, ""},
		"skipped.yaml": {func(t *testing.T, d *desk) {
			d.mark(t, 0, 27, registry.BatchDone, "")
			d.mark(t, 28, 29, registry.BatchSkipped, activities.SkipUnserved)
		}, "-o yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := batched(t)
			c.prepare(t, d)
			d.expect(t, exitOK, "", append([]string{"batches", "show", batchID}, strings.Fields(c.args)...)...)
			golden(t, "testdata/batches/"+name, d.stdout.String())
		})
	}
}

// TestBatchesWatchExits: the exit code tells what the batch left undone.
func TestBatchesWatchExits(t *testing.T) {
	t.Parallel()
	const over = activities.TakenOver + "b-2"
	for name, c := range map[string]struct {
		failed, skipped string // why one key is
		code            int
		verdict         string
	}{
		"done":             {"", "", exitOK, "✓ 30 keys done in 9m"},
		"skipped":          {"", activities.SkipPaused, exitFailed, "✓ 29 of 30 keys done in 9m, 1 skipped; when that is mended: keyturn batches resume " + batchID},
		"taken over":       {over, "", exitFailed, "✓ 29 of 30 keys done in 9m, 1 taken over\n"},
		"both":             {over, activities.SkipPaused, exitFailed, "✓ 28 of 30 keys done in 9m, 1 skipped, 1 taken over; when"},
		"rolled back":      {"denied", "", exitRolledBack, "✗ 29 of 30 keys done in 9m, 1 rolled back, 0 skipped; when"},
		"back and skipped": {"denied", activities.SkipPaused, exitRolledBack, "✗ 28 of 30 keys done in 9m, 1 rolled back, 1 skipped; when"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := batched(t)
			if c.failed != "" {
				d.mark(t, 0, 0, registry.BatchFailed, c.failed)
			}
			d.mark(t, 0, 28, registry.BatchDone, "") // one that failed stays so
			if c.skipped != "" {
				d.mark(t, 29, 29, registry.BatchSkipped, c.skipped)
			} else {
				d.mark(t, 29, 29, registry.BatchDone, "")
			}
			d.expect(t, c.code, "", "batches", "show", batchID, "--watch")
			if !strings.Contains(d.stdout.String(), c.verdict) {
				t.Errorf("stdout %s", d.stdout)
			}
		})
	}
}

// TestBatchesResumeLeavesWhatWasTaken: the batch that took a key over rotates it.
func TestBatchesResumeLeavesWhatWasTaken(t *testing.T) {
	t.Parallel()
	d := batched(t)
	d.mark(t, 0, 28, registry.BatchDone, "")
	d.mark(t, 29, 29, registry.BatchFailed, activities.TakenOver+"b-2")
	d.expect(t, exitRefused, "no key of it failed, was skipped or waits", "batches", "resume", batchID, "--yes")
	d.expect(t, exitOK, "", "batches", "show", batchID)
	if want := "1 failed: taken over by batch b-2\n  keys  k29\n  mend  nothing here; see: keyturn batches show b-2\n"; !strings.Contains(d.stdout.String(), want) {
		t.Errorf("stdout %s", d.stdout)
	}
}

// TestEverySkipHasAMend: whatever the worker may write has its own sentence.
func TestEverySkipHasAMend(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, why := range []string{
		activities.SkipEnded, activities.SkipUnissued, activities.SkipReplaced, activities.SkipBusy,
		activities.SkipPaused, activities.SkipUnserved, activities.SkipStopped, activities.SkipRefused, "its entry cannot be read (invalid)",
	} {
		mend := mendOf(registry.BatchKey{State: registry.BatchSkipped, Why: why})
		if mend == "" || seen[mend] != "" {
			t.Errorf("%q has the mend of %q: %q", why, seen[mend], mend)
		}
		seen[mend] = why
	}
}

func TestBatchesList(t *testing.T) {
	t.Parallel()
	d := batched(t)
	d.halfway(t)
	second := registry.Batch{ID: "b-2", Selector: "due=true", Reason: "requested", Actor: "bob@laptop", Now: true, At: noon}
	if err := d.store(t).AddBatch(t.Context(), second, []keyturn.KeyID{"k00"}); err != nil {
		t.Fatal(err)
	}
	d.expect(t, exitOK, "", "batches", "list")
	golden(t, "testdata/batches/list.txt", d.stdout.String())
	d.stdout.Reset()
	d.expect(t, exitOK, "", "batches", "list", "--limit", "1", "-o", "json")
	var got []batchHead
	want := []batchHead{{Batch: "b-2", Made: noon, Actor: "bob@laptop", Reason: "requested", Selector: "due=true", Now: true, Keys: 1, batchCounts: batchCounts{Waiting: 1}}}
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil || !cmp.Equal(want, got, cmp.AllowUnexported(batchHead{})) {
		t.Errorf("%v: %s", err, d.stdout)
	}
	newDesk(t).expect(t, exitOK, "no batch was made; see: keyturn rotate --help", "batches", "list")
}

func TestBatchesResume(t *testing.T) {
	t.Parallel()
	d := batched(t)
	d.halfway(t)
	d.underWay("RotateKey")
	d.in, d.term.In = strings.NewReader("26\n"), true
	d.expect(t, exitOK, "26 keys of batch "+batchID+" (team=payments) failed, were skipped or wait.\nType that number", "batches", "resume", batchID)
	if len(d.temporal.batches) != 1 || d.temporal.batches[0].in.Page.Batch != batchID || d.temporal.batches[0].signal != "resume" {
		t.Fatalf("started %+v", d.temporal.batches)
	}
	p, err := d.store(t).BatchProgress(t.Context(), batchID)
	want := []registry.BatchProgress{
		{Issuer: keyturn.Issuer{Provider: "aws", Account: "123456789012"}, Waiting: 23, Done: 2},
		{Issuer: keyturn.Issuer{Provider: "datadog", Account: "eu"}, Waiting: 3, Started: 2},
	}
	if diff := cmp.Diff(want, p); diff != "" || err != nil {
		t.Errorf("%v, progress (-want +got)\n%s", err, diff)
	}
	if !strings.Contains(d.stdout.String(), "batch "+batchID+" has started: 26 keys") {
		t.Errorf("stdout %s", d.stdout)
	}
}

func TestBatchesResumeInVain(t *testing.T) {
	t.Parallel()
	d := batched(t)
	d.mark(t, 0, 28, registry.BatchDone, "")
	d.mark(t, 29, 29, registry.BatchStarted, "")
	d.underWay("RotateKey")
	d.expect(t, exitRefused, "no key of it failed, was skipped or waits; see: keyturn batches show "+batchID, "batches", "resume", batchID, "--yes")
	d.expect(t, exitUsage, "add --yes", "batches", "resume", batchID)
	d.expect(t, exitRefused, `no batch "b-x" in the registry; see: keyturn batches list`, "batches", "resume", "b-x", "--yes")
	d.expect(t, exitUsage, "contradict each other", "batches", "resume", batchID, "--yes", "--watch", "--no-watch")
	d.mark(t, 29, 29, registry.BatchFailed, "denied")
	d.in, d.term.In = strings.NewReader("2\n"), true
	d.expect(t, exitRefused, "not confirmed", "batches", "resume", batchID)
	if len(d.temporal.batches) != 0 {
		t.Error("it was started all the same")
	}
	d.temporal.begin = func(string) error { return serviceerror.NewUnavailable("down") }
	d.expect(t, exitFailed, "nothing has begun: the Temporal server", "batches", "resume", batchID, "--yes")
	d.temporal.begin = nil
	d.expect(t, exitOK, "", "batches", "resume", batchID, "--yes") // as the message says
}

// TestBatchesResumeWhatWasLost begins a key again whose workflow is gone.
func TestBatchesResumeWhatWasLost(t *testing.T) {
	t.Parallel()
	d := batched(t)
	d.mark(t, 0, 27, registry.BatchDone, "")
	d.mark(t, 28, 29, registry.BatchStarted, "") // and Temporal knows of no operation on them
	d.expect(t, exitOK, "", "batches", "resume", batchID, "--yes")
	for k, err := range d.store(t).BatchKeys(t.Context(), batchID, "", "k27") {
		if err != nil || k.State != registry.BatchWaiting {
			t.Errorf("%+v, %v", k, err)
		}
	}
}

// TestBatchesStopCallsOffWhatIsPlanned leaves alone what has begun, and what is of
// another batch.
func TestBatchesStopCallsOffWhatIsPlanned(t *testing.T) {
	t.Parallel()
	for batch, off := range map[string]int{"b-1": 10, "b-2": 0} {
		d := newDesk(t)
		var ids []keyturn.KeyID
		for i := range 10 {
			k := aKey()
			k.ID = keyturn.KeyID(fmt.Sprintf("k%02d", i))
			k.Storage.Secret.Path += string(k.ID)
			ids = append(ids, k.ID)
			if _, err := d.store(t).Save(t.Context(), k, registry.Event{ID: "e" + string(k.ID), Key: k.ID, What: registry.Applied, At: noon}); err != nil {
				t.Fatal(err)
			}
		}
		b := registry.Batch{ID: batch, Selector: "team=payments", Reason: "leak", Actor: "bob@laptop", At: noon}
		if err := d.store(t).AddBatch(t.Context(), b, ids); err != nil {
			t.Fatal(err)
		}
		var marks []registry.BatchKey
		for _, id := range ids {
			marks = append(marks, registry.BatchKey{Key: id, State: registry.BatchStarted, At: noon})
		}
		if err := d.store(t).MarkBatch(t.Context(), batch, marks); err != nil {
			t.Fatal(err)
		}
		d.planned(t, "RotateKey") // of b-1
		d.expect(t, exitOK, "", "batches", "stop", batch)
		if got := len(d.temporal.stopped) - 1; got != off || !strings.Contains(d.stdout.String(), fmt.Sprintf("%d planned and called off, %d begun and going on", off, 10-off)) {
			t.Errorf("%s: %d cancelled, want %d; %s", batch, got, off, d.stdout)
		}
	}
}

func TestBatchesStop(t *testing.T) {
	t.Parallel()
	d := batched(t)
	d.mark(t, 0, 9, registry.BatchStarted, "")
	d.expect(t, exitOK, "", "batches", "stop", batchID)
	want := "batch " + batchID + " is stopped: 20 keys not started, 0 planned and called off, 10 begun and going on\n" +
		"call one of those off with: keyturn abort KEY\nbegin the rest after all with: keyturn batches resume " + batchID + "\n"
	if diff := cmp.Diff(want, d.stdout.String()); diff != "" || !cmp.Equal(d.temporal.stopped, []string{"batch/" + batchID}) {
		t.Errorf("cancelled %v, stdout (-want +got)\n%s", d.temporal.stopped, diff)
	}
	d.temporal.stop = func() error { return serviceerror.NewNotFound("it has ended") }
	d.stdout.Reset()
	d.expect(t, exitOK, "", "batches", "stop", batchID, "-o", "json")
	if got := d.stdout.String(); !strings.Contains(got, `"stopped": 0`) || !strings.Contains(got, `"started": 10`) {
		t.Errorf("stopping again says %s", got)
	}
	d.expect(t, exitRefused, `no batch "b-x"`, "batches", "stop", "b-x")
}

// TestBatchesStopWithoutTemporal: the keys are skipped all the same.
func TestBatchesStopWithoutTemporal(t *testing.T) {
	t.Parallel()
	d := batched(t)
	d.temporal.stop = func() error { return errors.New("connection lost") }
	d.expect(t, exitFailed, "30 keys are skipped, but Temporal could not be told: connection lost; repeat the command", "batches", "stop", batchID)
	d.temporal.stop = nil
	d.expect(t, exitOK, "", "batches", "stop", batchID)
	for k, err := range d.store(t).BatchKeys(t.Context(), batchID, "", "") {
		if err != nil || k.State != registry.BatchSkipped || k.Why != activities.SkipStopped {
			t.Fatalf("%+v, %v", k, err)
		}
	}
}

func TestBatchesAreCompleted(t *testing.T) {
	t.Parallel()
	d := batched(t)
	for _, verb := range []string{"show", "resume", "stop"} {
		for typed, want := range map[string]string{"": batchID + "\t10m ago, team=payments\n:4\n", "b-h": batchID + "\t10m ago, team=payments\n:4\n", "x": ":4\n"} {
			d.stdout.Reset()
			d.expect(t, exitOK, "", "__complete", "batches", verb, typed)
			if diff := cmp.Diff(want, d.stdout.String()); diff != "" {
				t.Errorf("%s %q (-want +got):\n%s", verb, typed, diff)
			}
		}
	}
}
