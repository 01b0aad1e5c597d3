package e2e

import (
	"fmt"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
)

// The fleet of BenchmarkSweep: all of it is due.
const (
	sweepKeys     = 100_000
	sweepAccounts = 40
)

// mostEvents is what a sweep may write into its own histories for each key.
const mostEvents = 0.02

// BenchmarkSweep plans and starts the rotation of 100,000 keys that are due, over
// a window of a quarter, so that next to none of them begins meanwhile. Run it
// with -benchtime 1x.
func BenchmarkSweep(b *testing.B) {
	for _, where := range []database{onSQLite, onPostgres} {
		b.Run(string(where), func(b *testing.B) {
			for b.Loop() {
				benchmarkSweep(b, where)
			}
		})
	}
}

func benchmarkSweep(b *testing.B, where database) {
	r := newRig(b, where, servertest.StartVaultInMemory(b))
	r.fill()
	r.start(1)
	config := activities.SweepConfig{Window: keyturn.Duration(90 * 24 * time.Hour)}
	began := time.Now()
	run := r.sweep("sweep-1", config)
	first := run.GetRunID()
	tally := r.swept(run)
	took := time.Since(began)
	if tally.Due != sweepKeys || tally.Started != sweepKeys {
		b.Fatalf("%+v, want all %d started", tally, sweepKeys)
	}
	events := float64(r.sweepEvents(run.GetID(), first)) / sweepKeys
	b.ReportMetric(took.Seconds(), "s")
	b.ReportMetric(sweepKeys/took.Seconds(), "keys/s")
	b.ReportMetric(events, "events/key")
	b.ReportMetric(peakMB(r.workers[0].pid()), "worker-MB")
	b.ReportMetric(peakMB(r.server.pid()), "server-MB")
	b.ReportMetric(r.databaseMB(), "database-MB")
	if events > mostEvents {
		b.Fatalf("%g events for each key, the budget is %g", events, mostEvents)
	}
}

// fill enters the fleet, and has a worker serve its accounts that can do a
// quarter's rotations in a quarter, with some to spare.
func (r *rig) fill() {
	r.t.Helper()
	now := time.Now().UTC()
	const perAccount, batch = sweepKeys / sweepAccounts, 5000
	var changes []registry.Change
	for i := range sweepKeys {
		k := r.entry(&rigAccount{Vendor: &simulate.Vendor{Provider: "datadog", Account: fmt.Sprintf("org-%02d", i/perAccount)}}, i)
		k.Owner.Team = fmt.Sprintf("team-%03d", i%200)
		k.Rotated, k.Generation = now.AddDate(0, 0, -91).Add(-time.Duration(i)*time.Second), 1
		k.Ledger = []keyturn.Issued{{Generation: 1, RemoteID: fmt.Sprint("remote-", i), Version: keyturn.SecretVersion(keyturn.Label(k.ID, 1)), State: keyturn.Current}}
		changes = append(changes, registry.Change{Key: k, Event: registry.Event{ID: "apply/" + string(k.ID), Key: k.ID, What: registry.Applied, At: now}})
		if len(changes) == batch {
			if err := r.registry.SaveAll(r.t.Context(), changes); err != nil {
				r.t.Fatal(err)
			}
			changes = changes[:0]
		}
	}
	for i := range sweepAccounts {
		issuer := keyturn.Issuer{Provider: "datadog", Account: fmt.Sprintf("org-%02d", i)}
		if err := r.registry.Serve(r.t.Context(), issuer, 0.002, now); err != nil {
			r.t.Fatal(err)
		}
	}
}

// sweepEvents is the length of a sweep's histories, those it continued as new in
// included.
func (r *rig) sweepEvents(id, run string) (events int64) {
	r.t.Helper()
	for run != "" {
		d, err := r.client.DescribeWorkflowExecution(r.t.Context(), id, run)
		if err != nil {
			r.t.Fatal(err)
		}
		events += d.WorkflowExecutionInfo.HistoryLength
		last, err := r.client.GetWorkflowHistory(r.t.Context(), id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT).Next()
		if err != nil {
			r.t.Fatal(err)
		}
		run = last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return events
}
