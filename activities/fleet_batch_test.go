package activities_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
)

// batchWorld is a fleetWorld whose Temporal knows of which batch an operation is.
type batchWorld struct {
	*fleetWorld
	of      map[keyturn.KeyID]string // the batch of the operation under way
	planned map[keyturn.KeyID]bool   // it is planned for later
	begun   func(*keyturn.Key)       // runs after each beginning
}

func newBatchWorld(t *testing.T) *batchWorld {
	t.Helper()
	w := &batchWorld{fleetWorld: newFleetWorld(t), of: map[keyturn.KeyID]string{}, planned: map[keyturn.KeyID]bool{}}
	var suite testsuite.WorkflowTestSuite
	w.TestActivityEnvironment = suite.NewTestActivityEnvironment()
	w.RegisterActivity(&activities.Fleet{Registry: w.registry, Engine: batchEngine{w.engine, w}, Now: func() time.Time { return w.now }})
	return w
}

type batchEngine struct {
	*engine
	w *batchWorld
}

func (e batchEngine) Begin(ctx context.Context, s activities.Start) (activities.Begun, error) {
	begun, err := e.engine.Begin(ctx, s)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case begun.What == activities.Started:
		e.w.of[s.Key.ID] = s.Batch
		if e.w.begun != nil {
			e.w.begun(s.Key)
		}
	case begun.What == activities.Busy && s.Hurry && e.w.of[s.Key.ID] == s.Batch:
		begun.What = activities.Started
	case begun.What == activities.Busy && s.Hurry && e.w.planned[s.Key.ID]:
		begun = activities.Begun{What: activities.Hurried, Former: e.w.of[s.Key.ID]}
		e.w.of[s.Key.ID] = s.Batch
	}
	return begun, err
}

// batch records a batch of keys.
func (w *batchWorld) batch(ids ...string) {
	w.t.Helper()
	var keys []keyturn.KeyID
	for _, id := range ids {
		keys = append(keys, keyturn.KeyID(id))
	}
	b := registry.Batch{ID: "b-1", Selector: "team=a", Reason: "leak", Note: "incident 4711", Actor: "bob", Now: true, At: w.now}
	if err := w.registry.AddBatch(w.t.Context(), b, keys); err != nil {
		w.t.Fatal(err)
	}
}

// start asks for one page.
func (w *batchWorld) start(in activities.StartBatchInput) (out activities.StartBatchResult, err error) {
	val, err := w.ExecuteActivity((*activities.Fleet)(nil).StartBatch, in)
	if err == nil {
		err = val.Get(&out)
	}
	return out, err
}

func (w *batchWorld) first() activities.StartBatchInput {
	return activities.StartBatchInput{Batch: "b-1", From: w.now}
}

// states are the keys of a batch and what became of them.
func (w *batchWorld) states(batch string) map[keyturn.KeyID]string {
	w.t.Helper()
	out := map[keyturn.KeyID]string{}
	for k, err := range w.registry.BatchKeys(w.t.Context(), batch, "", "") {
		if err != nil {
			w.t.Fatal(err)
		}
		out[k.Key] = string(k.State)
		if k.Why != "" {
			out[k.Key] += ": " + k.Why
		}
	}
	return out
}

// TestBatchBeginsWhatCanBegin has one key for each reason to skip it.
func TestBatchBeginsWhatCanBegin(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	w.serve("1", 5)
	busyWith := func(op keyturn.Operation) func(*keyturn.Key) {
		return func(k *keyturn.Key) { k.Intent = &keyturn.Intent{Run: "r", Operation: op} }
	}
	w.add("1", "free", "a", 0)
	w.add("1", "cut-off", "a", 0, busyWith(keyturn.Rotate)) // its workflow is gone
	w.add("1", "revoked", "a", 0, busyWith(keyturn.Revoke))
	w.add("1", "locked", "a", 0)
	w.engine.open["locked"] = true
	w.add("1", "unissued", "a", 0, func(k *keyturn.Key) { k.Ledger = nil })
	w.add("1", "retired", "a", 0, func(k *keyturn.Key) { k.Retired = w.now })
	w.add("1", "replaced", "a", 0, func(k *keyturn.Key) { k.Ledger[0].Created = w.now.Add(11 * time.Minute) })
	w.add("1", "made-just-now", "a", 0, func(k *keyturn.Key) { k.Ledger[0].Created = w.now.Add(9 * time.Minute) }) // clocks differ
	w.add("2", "unserved", "a", 0)
	w.serve("3", 5)
	w.add("3", "paused", "a", 0)
	if err := w.registry.SetPause(t.Context(), registry.Pause{Issuer: of("3"), Reason: "incident", Actor: "a", At: w.now}); err != nil {
		t.Fatal(err)
	}
	w.add("4", "served-long-ago", "a", 0)
	if err := w.registry.Serve(t.Context(), of("4"), 5, w.now.Add(-61*time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.batch("free", "cut-off", "revoked", "locked", "unissued", "retired", "replaced", "made-just-now", "unserved", "paused", "served-long-ago")
	got, err := w.start(w.first())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(activities.BatchTally{Started: 3, Skipped: 8}, got.Tally); d != "" || got.More {
		t.Errorf("more %v: %s", got.More, d)
	}
	want := map[keyturn.KeyID]string{
		"free": "started", "cut-off": "started", "made-just-now": "started", "revoked": "skipped: another operation is under way", "locked": "skipped: another operation is under way",
		"unissued": "skipped: never issued", "retired": "skipped: ended for good", "replaced": "skipped: replaced since the batch was made",
		"unserved": "skipped: no worker serves its account", "served-long-ago": "skipped: no worker serves its account", "paused": "skipped: its account is paused",
	}
	if d := cmp.Diff(want, w.states("b-1")); d != "" {
		t.Error(d)
	}
	for _, s := range w.engine.started {
		cause := activities.Cause{Reason: "leak", Note: "incident 4711", Actor: "bob"}
		if s.Operation != keyturn.Rotate || s.Cause != cause || s.Batch != "b-1" || !s.Now || !s.Hurry || s.IfDue {
			t.Errorf("%s is started as %+v", s.Key.ID, s)
		}
	}
}

// TestBatchSpreads begins keys of an account as far apart as its rate asks for,
// over several pages, whatever those take.
func TestBatchSpreads(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	gaps := map[string]time.Duration{"1": fleet.Gap(1, fleet.Load), "2": fleet.Gap(10, fleet.Load)}
	w.serve("1", 1)
	w.serve("2", 10)
	var ids []string
	for i := range 510 {
		id := fmt.Sprintf("k%03d", i)
		w.add(fmt.Sprint(1+i%2), id, "a", 0)
		ids = append(ids, id)
	}
	w.batch(ids...)
	in, began, pages := w.first(), w.now, 0
	slots := map[string][]bool{"1": make([]bool, 255), "2": make([]bool, 255)}
	for more := true; more; pages++ {
		seen := len(w.engine.started)
		out, err := w.start(in)
		if err != nil {
			t.Fatal(err)
		}
		in, more = out.Next, out.More
		for _, s := range w.engine.started[seen:] {
			at, account := w.now.Add(s.After).Sub(began), s.Key.Scope.Account
			slot := int(at / gaps[account])
			if at%gaps[account] != 0 || slot >= 255 || slots[account][slot] {
				t.Errorf("%s begins after %s, which is no slot or taken", s.Key.ID, at)
				continue
			}
			slots[account][slot] = true
		}
		w.now = w.now.Add(gaps["2"]) // a page takes a while
	}
	if d := cmp.Diff(map[string]int{"aws/1": 255, "aws/2": 255}, in.Taken); d != "" || pages != 2 {
		t.Errorf("%d pages: %s", pages, d)
	}
}

// TestBatchIsSafeToRepeat cuts a page off in the middle, before what has begun
// could be marked. Each key begins once, at a time of its own.
func TestBatchIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	w.serve("1", 5)
	var ids []string
	for i := range 200 {
		id := fmt.Sprintf("k%03d", i)
		w.add("1", id, "a", 0)
		ids = append(ids, id)
	}
	w.batch(ids...)
	w.engine.fail = 120
	deaf := &deafRegistry{Store: w.registry, marks: 2}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(&activities.Fleet{Registry: deaf, Engine: batchEngine{w.engine, w}, Now: func() time.Time { return w.now }})
	first := w.first()
	if _, err := env.ExecuteActivity((*activities.Fleet)(nil).StartBatch, first); err == nil {
		t.Fatal("a lost connection is no error")
	}
	begun := len(w.engine.started) // those that were under way when one failed may be among them
	if n := w.progress().Started; n != 100 || begun < 120 || begun >= 150 {
		t.Fatalf("%d are marked and %d begun, want 100 and 120 or a few more", n, begun)
	}
	out, err := w.start(first)
	if err != nil {
		t.Fatal(err)
	}
	if p := w.progress(); p.Started != 200 || len(w.engine.started) != 200 || out.Tally.Started != 100 || out.Next.Taken["aws/1"] != 200 {
		t.Errorf("%+v, %d begun, result %+v", p, len(w.engine.started), out)
	}
	for _, s := range w.engine.started[begun:] {
		if s.After < 100*fleet.Gap(5, fleet.Load) {
			t.Errorf("%s begins after %s, which was given to another key", s.Key.ID, s.After)
		}
	}
}

// TestBatchWordsThatComeLate has operations end before their beginning is marked.
func TestBatchWordsThatComeLate(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	w.serve("1", 5)
	w.add("1", "quick", "a", 0)
	w.add("1", "broken", "a", 0)
	w.batch("quick", "broken")
	w.begun = func(k *keyturn.Key) {
		e := registry.Event{What: registry.Completed, Batch: "b-1"}
		if k.ID == "broken" {
			e.What, e.Detail = registry.RolledBack, "denied"
		}
		w.save(*k, e)
	}
	if _, err := w.start(w.first()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[keyturn.KeyID]string{"quick": "done", "broken": "failed: denied"}, w.states("b-1")); d != "" {
		t.Error(d)
	}
	again, err := w.start(w.first())
	if err != nil || len(w.engine.started) != 2 || again.Tally != (activities.BatchTally{}) {
		t.Errorf("what has ended begins again: %+v, %v", again, err)
	}
}

// TestBatchMarksWhatBegan: a call that is cancelled leaves no key begun and
// waiting.
func TestBatchMarksWhatBegan(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	w.serve("1", 5)
	for i := range 60 {
		w.add("1", fmt.Sprintf("k%02d", i), "a", 0)
	}
	var ids []string
	for i := range 60 {
		ids = append(ids, fmt.Sprintf("k%02d", i))
	}
	w.batch(ids...)
	ctx, cancel := context.WithCancel(t.Context())
	w.begun = func(*keyturn.Key) { cancel() }
	f := &activities.Fleet{Registry: w.registry, Engine: batchEngine{w.engine, w}, Now: func() time.Time { return w.now }}
	if _, err := f.StartBatch(ctx, w.first()); err == nil {
		t.Error("a call that was cancelled has no error")
	}
	if n := len(w.engine.started); n == 0 || n == 60 || w.progress().Started != n {
		t.Errorf("%d begun, progress %+v", n, w.progress())
	}
}

func (w *batchWorld) progress() registry.BatchProgress {
	w.t.Helper()
	p, err := w.registry.BatchProgress(w.t.Context(), "b-1")
	if err != nil || len(p) != 1 {
		w.t.Fatalf("%+v, %v", p, err)
	}
	return p[0]
}

// deafRegistry takes so many marks and then is lost.
type deafRegistry struct {
	registry.Store
	marks int
}

func (d *deafRegistry) MarkBatch(ctx context.Context, id string, keys []registry.BatchKey) error {
	if d.marks == 0 {
		return errGone
	}
	d.marks--
	return d.Store.MarkBatch(ctx, id, keys)
}

// TestBatchResumedBeginsAtOnce: what an earlier pass has begun takes no time of this
// one.
func TestBatchResumedBeginsAtOnce(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	w.serve("1", 5)
	w.add("1", "a-done", "a", 0)
	w.add("1", "b-soaking", "a", 0)
	w.add("1", "c-failed", "a", 0)
	w.batch("a-done", "b-soaking", "c-failed")
	before := w.now.Add(-time.Hour)
	err := w.registry.MarkBatch(t.Context(), "b-1", []registry.BatchKey{
		{Key: "a-done", State: registry.BatchDone, At: before}, {Key: "b-soaking", State: registry.BatchStarted, At: before},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.start(w.first()); err != nil {
		t.Fatal(err)
	}
	if got := w.engine.after("c-failed"); got != 0 {
		t.Errorf("it begins after %s", got)
	}
}

// TestBatchTakesOver: what another batch had planned begins for this one, and that
// batch waits for it no longer, whatever it marks late.
func TestBatchTakesOver(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	w.serve("1", 5)
	ids := []string{"lost", "of-the-sweep", "of-nobody-known"}
	for _, id := range ids {
		w.add("1", id, "a", 0)
		w.engine.open[keyturn.KeyID(id)], w.planned[keyturn.KeyID(id)] = true, true
	}
	w.of["lost"], w.of["of-nobody-known"] = "b-0", "b-of-an-old-backup"
	former := registry.Batch{ID: "b-0", Selector: "team=a", Reason: "requested", Actor: "carol", At: w.now}
	if err := w.registry.AddBatch(t.Context(), former, []keyturn.KeyID{"lost", "of-the-sweep"}); err != nil {
		t.Fatal(err)
	}
	started := registry.BatchKey{Key: "lost", State: registry.BatchStarted, At: w.now}
	if err := w.registry.MarkBatch(t.Context(), "b-0", []registry.BatchKey{started}); err != nil {
		t.Fatal(err)
	}
	w.batch(ids...)
	if _, err := w.start(w.first()); err != nil {
		t.Fatal(err)
	}
	if err := w.registry.MarkBatch(t.Context(), "b-0", []registry.BatchKey{started}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[keyturn.KeyID]string{"lost": "started", "of-the-sweep": "started", "of-nobody-known": "started"}, w.states("b-1")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[keyturn.KeyID]string{"lost": "failed: taken over by batch b-1", "of-the-sweep": "waiting"}, w.states("b-0")); d != "" {
		t.Error(d)
	}
}

// TestBatchSaysSinceWhenAKeyWaits: an operation of the batch that began before is
// one that failed. Nothing failed before a batch was made.
func TestBatchSaysSinceWhenAKeyWaits(t *testing.T) {
	t.Parallel()
	w := newBatchWorld(t)
	w.serve("1", 5)
	w.add("1", "first", "a", 0)
	w.add("1", "again", "a", 0)
	w.batch("first", "again")
	resumed := w.now.Add(time.Hour)
	if err := w.registry.MarkBatch(t.Context(), "b-1", []registry.BatchKey{{Key: "again", State: registry.BatchWaiting, At: resumed}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.start(w.first()); err != nil {
		t.Fatal(err)
	}
	got := map[keyturn.KeyID]time.Time{}
	for _, s := range w.engine.started {
		got[s.Key.ID] = s.Since
	}
	if d := cmp.Diff(map[keyturn.KeyID]time.Time{"first": {}, "again": resumed}, got); d != "" {
		t.Error(d)
	}
}
