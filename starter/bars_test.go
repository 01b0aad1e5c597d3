package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/registry"
)

func progressOf(provider, account string, done, failed, skipped, started, waiting int) registry.BatchProgress {
	return registry.BatchProgress{Issuer: keyturn.Issuer{Provider: provider, Account: account}, Done: done, Failed: failed, Skipped: skipped, Started: started, Waiting: waiting}
}

// aView is a batch in the middle, two minutes after it was first looked at.
func aView() *batchView {
	b := registry.Batch{ID: batchID, Selector: "stored-in=circleci", Reason: "leak", Now: true, At: noon.Add(-5 * time.Minute), Keys: 1270}
	v := newBatchView(b, []registry.AccountStatus{{Issuer: keyturn.Issuer{Provider: "github", Account: "acme"}, Rate: 2}})
	aws, gone := progressOf("aws", "123456789012", 500, 2, 3, 200, 495), progressOf("stripe", "鍵", 4, 0, 0, 0, 0)
	v.see([]registry.BatchProgress{aws, progressOf("github", "acme", 0, 0, 0, 0, 66), gone}, noon.Add(-2*time.Minute))
	aws.Done, aws.Started = 600, 100
	v.see([]registry.BatchProgress{aws, progressOf("github", "acme", 0, 0, 0, 0, 66), gone}, noon)
	return v
}

// TestBars draws one moment at several sizes. No line may be wider than the
// terminal, or the next drawing would begin in the wrong place.
func TestBars(t *testing.T) {
	t.Parallel()
	v := aView()
	colours := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{140, 100, 40, 10} {
		block := (&bars{}).block(v, noon, width, 24)
		for _, line := range block {
			if got := cells(line); got > width {
				t.Errorf("at width %d a line has %d cells: %q", width, got, line)
			}
		}
		if width != 10 {
			golden(t, fmt.Sprintf("testdata/batches/bars-%d.txt", width), strings.Join(block, "\n")+"\n")
		}
		painted := (&bars{paint: true}).block(v, noon, width, 24)
		if got := colours.ReplaceAllString(strings.Join(painted, "\n"), ""); got != strings.Join(block, "\n") {
			t.Errorf("colours change more than the colour:\n%s", got)
		}
	}
}

// TestBarsOfManyAccounts: where not all fit, those that are not at an end stay.
func TestBarsOfManyAccounts(t *testing.T) {
	t.Parallel()
	v := newBatchView(registry.Batch{ID: batchID, At: noon}, nil)
	var accounts []registry.BatchProgress
	for i := range 30 {
		accounts = append(accounts, progressOf("aws", fmt.Sprintf("a%02d", i), 10, 0, 0, 0, i%3))
	}
	v.see(accounts, noon)
	block := (&bars{}).block(v, noon, 80, 16)
	if len(block) > 15 || block[0] == "" || !strings.Contains(strings.Join(block, "\n"), "and 20 more") || strings.Contains(strings.Join(block, "\n"), "a00") {
		t.Errorf("%d lines:\n%s", len(block), strings.Join(block, "\n"))
	}
}

// TestPace: the vendor's limit says it first, then what has ended.
func TestPace(t *testing.T) {
	t.Parallel()
	a, b := keyturn.Issuer{Provider: "aws", Account: "a"}, keyturn.Issuer{Provider: "aws", Account: "b"}
	p := &pace{rates: map[keyturn.Issuer]float64{a: 5}}
	steps := []struct {
		at         time.Duration
		done, open int // of a; b has one that never ends
		want       map[keyturn.Issuer]time.Duration
	}{
		{0, 0, 100, map[keyturn.Issuer]time.Duration{a: 100 * time.Second}},
		{9 * time.Second, 1, 99, map[keyturn.Issuer]time.Duration{a: 99 * time.Second}},
		{20 * time.Second, 10, 90, map[keyturn.Issuer]time.Duration{a: 180 * time.Second}},
		{140 * time.Second, 70, 30, map[keyturn.Issuer]time.Duration{a: 60 * time.Second}}, // 60 in the last two minutes
		{150 * time.Second, 100, 0, map[keyturn.Issuer]time.Duration{}},
	}
	for _, s := range steps {
		got := p.left([]registry.BatchProgress{progressOf("aws", "a", s.done, 0, 0, 0, s.open), {Issuer: b, Started: 1}}, noon.Add(s.at))
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", s.at, diff)
		}
	}
}

func TestBatchHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		p     registry.BatchProgress
		still time.Duration
		says  string
	}{
		{"just begun", progressOf("aws", "a", 0, 0, 0, 0, 5), 0, ""},
		{"nobody works on it", progressOf("aws", "a", 0, 0, 0, 0, 5), 31 * time.Second, "nothing has changed for 31s; is keyturn-worker running? if so: keyturn batches resume " + batchID},
		{"all have begun", progressOf("aws", "a", 1, 0, 0, 4, 0), time.Hour, "all have been started"},
		{"all have ended", progressOf("aws", "a", 5, 0, 0, 0, 0), time.Hour, ""},
	} {
		v := newBatchView(registry.Batch{ID: batchID}, nil)
		v.see([]registry.BatchProgress{c.p}, noon)
		v.see([]registry.BatchProgress{c.p}, noon.Add(c.still))
		if got := v.hint(); (c.says == "") != (got == "") || !strings.HasPrefix(got, c.says) {
			t.Errorf("%s: %q, want %q", c.name, got, c.says)
		}
	}
}

// TestBatchIsWatched follows a batch from its start to its end, in lines.
func TestBatchIsWatched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last registry.BatchState
		args string
		code int
		says string // on either stream
	}{
		"done":    {registry.BatchDone, "", exitOK, "✓ 30 keys done in 9m"},
		"failed":  {registry.BatchFailed, "", exitRolledBack, "✗ 29 of 30 keys done in 9m, 1 rolled back, 0 skipped; when that is mended: keyturn batches resume " + batchID},
		"skipped": {registry.BatchSkipped, "", exitFailed, "✓ 29 of 30 keys done in 9m, 1 skipped; when that is mended: keyturn batches resume " + batchID},
		"as JSON": {registry.BatchFailed, "-o json", exitRolledBack, `"seconds": 540`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := batched(t)
			d.mark(t, 0, 28, registry.BatchDone, "")
			looks := 0
			d.betweenLooks(func() {
				if looks++; looks == 2 {
					d.mark(t, 29, 29, c.last, "denied")
				}
			})
			d.expect(t, c.code, "", append([]string{"batches", "show", batchID, "--watch", "--interval", "100ms"}, strings.Fields(c.args)...)...)
			all := d.stdout.String() + d.stderr.String()
			for _, want := range []string{"2027-03-01T12:00:00Z batch " + batchID + ": 29 of 30 keys done, 1 waiting\n", c.says} {
				if !strings.Contains(all, want) {
					t.Errorf("%q is not said:\n%s", want, all)
				}
			}
		})
	}
}

// betweenLooks runs f before every look at the progress of a batch.
func (d *desk) betweenLooks(f func()) {
	open := d.openRegistry
	d.openRegistry = func(ctx context.Context, c config.Registry) (registry.Store, error) {
		s, err := open(ctx, c)
		return &watchedRegistry{s, f}, err
	}
}

type watchedRegistry struct {
	registry.Store
	look func()
}

func (w *watchedRegistry) BatchProgress(ctx context.Context, id string) ([]registry.BatchProgress, error) {
	w.look()
	return w.Store.BatchProgress(ctx, id)
}

// endAtOnce has all keys of a batch end as soon as it is started, one of them badly.
func (d *desk) endAtOnce(t *testing.T) {
	s := d.store(t)
	d.temporal.begin = func(id string) error {
		var marks []registry.BatchKey
		for k, err := range s.BatchKeys(t.Context(), id, "", "") {
			if err != nil {
				return err
			}
			k.State, k.At = registry.BatchDone, noon
			if k.Key == "aws-00" {
				k.State, k.Why = registry.BatchFailed, "denied"
			}
			marks = append(marks, k)
		}
		return s.MarkBatch(t.Context(), id, marks)
	}
}

// TestRotateManyLive: on a terminal the batch that was just started is followed,
// as bars that are redrawn in place.
func TestRotateManyLive(t *testing.T) {
	t.Parallel()
	d := breached(t)
	d.term.Out, d.term.Tick = true, time.Second
	d.term.Size = func() (int, int) { return 100, 24 }
	d.endAtOnce(t)
	d.expect(t, exitRolledBack, "", "rotate", "--selector", everywhere, "--yes")
	for _, want := range []string{"\x1b[32m█", "\x1b[31m█", "15 of 16 keys done, 1 failed", "\x1b[31m✗\x1b[0m 15 of 16 keys done in 0s, 1 rolled back"} {
		if !strings.Contains(d.stdout.String(), want) {
			t.Errorf("%q is not drawn:\n%s", want, d.stdout)
		}
	}
}

func TestRotateManyIsFollowed(t *testing.T) {
	t.Parallel()
	d := breached(t)
	d.endAtOnce(t)
	d.expect(t, exitRolledBack, "", "rotate", "--selector", everywhere, "--yes", "--watch")
	if out := d.stdout.String(); strings.Contains(out, "\x1b") || !strings.Contains(out, "1 rolled back, 0 skipped") {
		t.Errorf("with --watch: %s", out)
	}
	d = breached(t)
	d.term.Out, d.term.Tick, d.term.Size = true, time.Second, func() (int, int) { return 100, 24 }
	d.expect(t, exitOK, "", "rotate", "--selector", everywhere, "--yes", "--no-watch")
	if out := d.stdout.String(); strings.Contains(out, "░") || !strings.Contains(out, "follow it with") {
		t.Errorf("with --no-watch: %s", out)
	}
}

func TestBatchWatchIsLeft(t *testing.T) {
	t.Parallel()
	d := batched(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.betweenLooks(cancel)
	if code := run(ctx, d.app, []string{"batches", "show", batchID, "--watch"}); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	want := "keyturn: stopped watching; the batch goes on. Come back with: keyturn batches show " + batchID + " --watch; call the rest off with: keyturn batches stop " + batchID + "\n"
	if diff := cmp.Diff(want, d.stderr.String()); diff != "" {
		t.Errorf("standard error (-want +got)\n%s", diff)
	}
	d.expect(t, exitUsage, "--interval must be at least 100ms", "batches", "show", batchID, "--watch", "--interval", "1ms")
}

// blindRegistry loses the batch while it is watched.
type blindRegistry struct{ registry.Store }

func (blindRegistry) BatchProgress(context.Context, string) ([]registry.BatchProgress, error) {
	return nil, errors.New("connection lost")
}

func TestBatchWatchIsCutOff(t *testing.T) {
	t.Parallel()
	d := batched(t)
	open := d.openRegistry
	d.openRegistry = func(ctx context.Context, c config.Registry) (registry.Store, error) {
		s, err := open(ctx, c)
		return blindRegistry{s}, err
	}
	d.expect(t, exitFailed, "connection lost; the batch goes on; come back with: keyturn batches show "+batchID+" --watch", "batches", "show", batchID, "--watch")
}

// TestBatchLines: what stays the same is not told again.
func TestBatchLines(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	l, v := &batchLines{w: &b}, newBatchView(registry.Batch{ID: batchID}, nil)
	for _, c := range []struct {
		at            time.Duration
		done, started int
		told          string
	}{
		{0, 0, 4, "12:00:00Z batch " + batchID + ": 0 of 4 keys done, 4 started; all have been started"},
		{time.Second, 1, 3, ""},
		{11 * time.Second, 2, 2, "12:00:11Z batch " + batchID + ": 2 of 4 keys done, 2 started, about 11s left\n"},
		{30 * time.Second, 2, 2, ""},
		{31 * time.Second, 3, 1, "12:00:31Z batch " + batchID + ": 3 of 4 keys done, 1 started, about 10s left\n"},
		{32 * time.Second, 4, 0, "12:00:32Z batch " + batchID + ": 4 of 4 keys done\n"},
	} {
		b.Reset()
		v.see([]registry.BatchProgress{progressOf("aws", "a", c.done, 0, 0, c.started, 0)}, noon.Add(c.at))
		l.show(v, noon.Add(c.at))
		if got := b.String(); (c.told == "") != (got == "") || !strings.Contains(got, c.told) {
			t.Errorf("after %s: %q, want %q", c.at, got, c.told)
		}
	}
}
