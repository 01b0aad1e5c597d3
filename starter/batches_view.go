package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A batchView is how far a batch is at one moment.
type batchView struct {
	Batch    registry.Batch
	Accounts []registry.BatchProgress
	Total    registry.BatchProgress

	pace    pace
	left    map[keyturn.Issuer]time.Duration // for accounts of which it can be told
	still   time.Duration                    // for how long nothing has changed
	changed time.Time
}

func newBatchView(b registry.Batch, accounts []registry.AccountStatus) *batchView {
	v := &batchView{Batch: b, pace: pace{rates: map[keyturn.Issuer]float64{}}}
	if b.Now { // otherwise the overlap takes longer than the vendor
		for _, s := range accounts {
			v.pace.rates[s.Issuer] = s.Rate
		}
	}
	return v
}

// see takes in how far each account is now.
func (v *batchView) see(accounts []registry.BatchProgress, now time.Time) {
	var total registry.BatchProgress
	for _, p := range accounts {
		total.Waiting += p.Waiting
		total.Started += p.Started
		total.Skipped += p.Skipped
		total.Done += p.Done
		total.Failed += p.Failed
	}
	if total != v.Total || v.changed.IsZero() {
		v.changed = now
	}
	v.Accounts, v.Total, v.still = accounts, total, now.Sub(v.changed)
	v.left = v.pace.left(accounts, now)
}

// fitting are the accounts that fit on so many lines, and how many more there are.
func (v *batchView) fitting(lines int) (shown []registry.BatchProgress, more int) {
	if len(v.Accounts) <= lines {
		return v.Accounts, 0
	}
	for _, p := range v.Accounts {
		if p.Open() > 0 && len(shown) < lines {
			shown = append(shown, p)
		}
	}
	return shown, len(v.Accounts) - len(shown)
}

// short says how far an account is, beside its bar.
func (v *batchView) short(p registry.BatchProgress) string {
	out := fmt.Sprintf("%d/%d", p.Done, p.Keys())
	out += also(p.Failed, "failed") + also(p.Skipped, "skipped")
	if d, ok := v.left[p.Issuer]; ok {
		out += ", " + rough(max(d, time.Second)) + " left"
	}
	return out
}

// counts says how many keys of all accounts are in which state.
func (v *batchView) counts() string {
	p := v.Total
	out := fmt.Sprintf("%d of %s done", p.Done, plural(p.Keys(), "key", "keys"))
	return out + also(p.Failed, "failed") + also(p.Skipped, "skipped") + also(p.Started, "started") + also(p.Waiting, "waiting")
}

// longest says how long the slowest account takes; empty where that cannot be told.
func (v *batchView) longest() string {
	if len(v.left) == 0 {
		return ""
	}
	return ", about " + rough(max(slices.Max(slices.Collect(maps.Values(v.left))), time.Second)) + " left"
}

func also(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d %s", n, what)
}

// hint says what a person should know who waits; empty for nothing.
func (v *batchView) hint() string {
	switch {
	case v.Total.Waiting > 0 && v.still > 30*time.Second:
		return fmt.Sprintf("nothing has changed for %s; is keyturn-worker running? if so: keyturn batches resume %s", rough(v.still), v.Batch.ID)
	case v.Total.Waiting == 0 && v.Total.Started > 0:
		return "all have been started; those not done yet wait for their turn, for consumers or for their overlap"
	}
	return ""
}
