package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A batchReport tells how a batch stands.
type batchReport struct {
	batchHead
	// Ended is when the last key ended; zero while one has not.
	Ended    time.Time      `json:"ended,omitzero"`
	Seconds  int            `json:"seconds"` // until then, or until now
	Accounts []batchAccount `json:"accounts"`
	Troubles []batchTrouble `json:"troubles"`
}

type batchAccount struct {
	keyturn.Issuer
	Keys int `json:"keys"`
	batchCounts
}

// A batchTrouble is why some keys failed or were skipped.
type batchTrouble struct {
	State registry.BatchState `json:"state"`
	Why   string              `json:"why"`
	Count int                 `json:"count"`
	Keys  []keyturn.KeyID     `json:"keys"` // the first of them
	Mend  string              `json:"mend"`
}

// listed is how many keys of a trouble are named.
const listed = 20

// readBatchReport reads what became of every key.
func readBatchReport(ctx context.Context, store registry.Store, b registry.Batch, now time.Time) (*batchReport, error) {
	r := &batchReport{batchHead: headOf(b), Accounts: []batchAccount{}, Troubles: []batchTrouble{}}
	progress, err := store.BatchProgress(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range progress {
		at := batchAccount{Issuer: p.Issuer, Keys: p.Keys()}
		at.add(p)
		r.Accounts = append(r.Accounts, at)
		r.add(p)
	}
	troubles := map[batchTroubleKey]*batchTrouble{}
	for k, err := range store.BatchKeys(ctx, b.ID, "", "") {
		if err != nil {
			return nil, err
		}
		if k.At.After(r.Ended) {
			r.Ended = k.At
		}
		if k.State == registry.BatchFailed || k.State == registry.BatchSkipped {
			note(troubles, k)
		}
	}
	if r.open() > 0 {
		r.Ended = time.Time{}
	}
	until := r.Ended
	if until.IsZero() {
		until = now
	}
	r.Seconds = int(until.Sub(b.At).Seconds())
	for _, t := range troubles {
		r.Troubles = append(r.Troubles, *t)
	}
	slices.SortFunc(r.Troubles, func(x, y batchTrouble) int {
		return cmp.Or(cmp.Compare(x.State, y.State), y.Count-x.Count, cmp.Compare(x.Why, y.Why))
	})
	return r, nil
}

type batchTroubleKey struct {
	state registry.BatchState
	why   string
}

// note counts a key among those of its trouble.
func note(troubles map[batchTroubleKey]*batchTrouble, k registry.BatchKey) {
	key := batchTroubleKey{k.State, k.Why}
	t := troubles[key]
	if t == nil {
		t = &batchTrouble{State: k.State, Why: k.Why, Mend: mendOf(k)}
		troubles[key] = t
	}
	t.Count++
	if len(t.Keys) < listed {
		t.Keys = append(t.Keys, k.Key)
	}
}

// takenOver is how many keys failed only because another batch took them.
func (r *batchReport) takenOver() (n int) {
	for _, t := range r.Troubles {
		if takenOver(t.State, t.Why) {
			n += t.Count
		}
	}
	return n
}

// code is the exit code for a batch that has ended.
func (r *batchReport) code() int {
	switch {
	case r.Failed > r.takenOver():
		return exitRolledBack
	case r.Failed+r.Skipped > 0:
		return exitFailed
	}
	return exitOK
}

// print prints the report in the format asked for.
func (r *batchReport) print(a *app) error {
	return a.print(r, func(w io.Writer) error { return r.write(w, a.now(), painter(a.live())) })
}

func (r *batchReport) write(w io.Writer, now time.Time, paint painter) error {
	head := newColumns(w)
	head.row("batch", r.Batch)
	head.row("selector", r.Selector)
	head.row("made", stamp(r.Made, now)+" by "+r.Actor)
	reason := r.Reason
	if r.Note != "" {
		reason += ": " + r.Note
	}
	if r.Now {
		reason += " (--now: old keys are ended at once)"
	}
	head.row("reason", reason)
	if err := head.flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w)
	t := newColumns(w, "PROVIDER", "ACCOUNT", "KEYS", "DONE", "FAILED", "SKIPPED", "STARTED", "WAITING")
	for _, at := range r.Accounts {
		t.row(append([]string{dash(at.Provider), dash(at.Account), strconv.Itoa(at.Keys)}, at.row()...)...)
	}
	t.row(append([]string{"total", plural(len(r.Accounts), "account", "accounts"), strconv.Itoa(r.Keys)}, r.row()...)...)
	if err := t.flush(); err != nil {
		return err
	}
	for _, t := range r.Troubles {
		t.write(w, paint)
	}
	_, err := fmt.Fprintln(w, "\n"+r.verdict(paint))
	return err
}

func (t *batchTrouble) write(w io.Writer, paint painter) {
	names := make([]string, len(t.Keys))
	for i, k := range t.Keys {
		names[i] = string(k)
	}
	if more := t.Count - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	head := fmt.Sprintf("%d %s", t.Count, t.State)
	if t.State == registry.BatchFailed {
		head = paint.red(head)
	} else {
		head = paint.yellow(head)
	}
	_, _ = fmt.Fprintf(w, "\n%s: %s\n  keys  %s\n  mend  %s\n", head, dash(t.Why), clean(strings.Join(names, ", ")), t.Mend)
}

// verdict is the last line.
func (r *batchReport) verdict(paint painter) string {
	took := rough(time.Duration(r.Seconds) * time.Second)
	resume := "; when that is mended: keyturn batches resume " + r.Batch
	taken := r.takenOver()
	switch open := r.open(); {
	case open > 0:
		return fmt.Sprintf("%d of %s done after %s; follow the rest with: keyturn batches show %s --watch", r.Done, plural(r.Keys, "key", "keys"), took, r.Batch)
	case r.Failed > taken:
		return paint.red("✗") + fmt.Sprintf(" %d of %s done in %s, %d rolled back, %d skipped", r.Done, plural(r.Keys, "key", "keys"), took, r.Failed-taken, r.Skipped) + also(taken, "taken over") + resume
	case r.Skipped > 0:
		return paint.yellow("✓") + fmt.Sprintf(" %d of %s done in %s, %d skipped", r.Done, plural(r.Keys, "key", "keys"), took, r.Skipped) + also(taken, "taken over") + resume
	case taken > 0:
		return paint.yellow("✓") + fmt.Sprintf(" %d of %s done in %s", r.Done, plural(r.Keys, "key", "keys"), took) + also(taken, "taken over")
	}
	return paint.green("✓") + fmt.Sprintf(" %s done in %s", plural(r.Keys, "key", "keys"), took)
}
