package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// BenchmarkRotations measures rotations per second through the whole stack with
// vendors that answer at once, so many of them at once, beside the floor: a
// workflow with as many activities that do nothing and as many timers, on the same
// server, in the same run. The floor runs before and after them, so that a machine
// that changes its speed changes it for both. Run it with -benchtime 1x. The
// largest takes some quarter of an hour and runs only when it is named:
// -bench Rotations/10000.
func BenchmarkRotations(b *testing.B) {
	for _, c := range []struct {
		keys, rounds int
		where        database
	}{
		{100, 4, onSQLite},
		{1000, 2, onSQLite},
		{1000, 2, onPostgres},
		{10_000, 1, onSQLite},
	} {
		if c.keys > 1000 && !strings.Contains(flag.Lookup("test.bench").Value.String(), strconv.Itoa(c.keys)) {
			continue
		}
		b.Run(fmt.Sprintf("%d/%s", c.keys, c.where), func(b *testing.B) {
			for b.Loop() {
				benchmarkRotations(b, c.where, c.keys, c.rounds)
			}
		})
	}
}

// mostFloor is how many workflows of the floor run at once, at most: ten times as
// many would take as long as the rotations themselves.
const mostFloor = 1000

func benchmarkRotations(b *testing.B, where database, keys, rounds int) {
	a := account("datadog", 0, 100_000)
	r := newRig(b, where, servertest.StartVaultInMemory(b), a)
	r.start(1)
	ids := r.inService(a, keys)
	stopFloor, floor := r.floor()
	defer stopFloor()
	var rotating, idle time.Duration
	spent := map[string]float64{}
	for range rounds {
		idle += floor(min(keys, mostFloor))
		before := r.spent(a)
		rotating += r.rotate(a, ids)
		for what, n := range r.spent(a) {
			spent[what] += n - before[what]
		}
		idle += floor(min(keys, mostFloor))
	}
	n := float64(keys * rounds)
	perSecond, floorPerSecond := n/rotating.Seconds(), float64(2*rounds*min(keys, mostFloor))/idle.Seconds()
	b.ReportMetric(perSecond, "rotations/s")
	b.ReportMetric(floorPerSecond, "floor/s")
	b.ReportMetric(perSecond/floorPerSecond, "of-floor")
	for what, of := range spent {
		b.ReportMetric(of/n, what+"/rotation")
	}
	b.ReportMetric(r.historyBytes(ids), "history-B/rotation")
	b.ReportMetric(peakMB(r.workers[0].pid()), "worker-MB")
	b.ReportMetric(peakMB(r.server.pid()), "server-MB")
	for _, id := range ids {
		if k := r.key(id); k.Generation != 1+rounds || k.Intent != nil || len(k.Ledger) != 1 {
			b.Fatalf("%s is of generation %d, want %d, with %d in its ledger", id, k.Generation, 1+rounds, len(k.Ledger))
		}
	}
}

// spent is what was used so far of what rotations use.
func (r *rig) spent(a *rigAccount) map[string]float64 {
	r.t.Helper()
	out := map[string]float64{
		"worker-cpu-ms": cpu(r.workers[0].pid()) * 1000,
		"server-cpu-ms": cpu(r.server.pid()) * 1000,
		"database-kB":   r.databaseMB() * 1024,
		"vendor-calls":  float64(a.requests.Load()),
	}
	if r.server.options.PostgresURL != "" {
		out["database-commits"] = r.ask("SELECT sum(xact_commit) FROM pg_stat_database WHERE datname LIKE 'temporal%'")
		out["database-writes"] = r.ask("SELECT sum(tup_inserted + tup_updated + tup_deleted) FROM pg_stat_database WHERE datname LIKE 'temporal%'")
	}
	return out
}

// rotate rotates keys, all at once.
func (r *rig) rotate(a *rigAccount, ids []keyturn.KeyID) time.Duration {
	return r.each(len(ids), func(ctx context.Context, i int) (client.WorkflowRun, error) {
		order := r.order(a, ids[i])
		order.Cause = activities.Cause{Reason: "scheduled", Actor: "bench"}
		return r.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: workflows.KeyWorkflowID(ids[i]), TaskQueue: r.queue}, workflows.RotateKey, order)
	})
}

// historyBytes is the size of the last history of a key, on average over some.
func (r *rig) historyBytes(ids []keyturn.KeyID) float64 {
	r.t.Helper()
	some := ids[:100]
	sum := int64(0)
	for _, id := range some {
		d, err := r.client.DescribeWorkflowExecution(r.t.Context(), workflows.KeyWorkflowID(id), "")
		if err != nil {
			r.t.Fatal(err)
		}
		sum += d.WorkflowExecutionInfo.HistorySizeBytes
	}
	return float64(sum) / float64(len(some))
}

// noop is what an activity of the floor does.
func noop(context.Context, activities.MintKeyInput) (activities.MintKeyResult, error) {
	return activities.MintKeyResult{}, nil
}

// floorFlow has the shape of RotateKey at a provider that cannot switch keys
// off: three activities, one timer, one upsert.
func floorFlow(ctx workflow.Context, queue string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: queue, StartToCloseTimeout: time.Minute})
	for n := range 3 {
		if n == 2 {
			if err := workflow.UpsertTypedSearchAttributes(ctx, workflows.PhaseAttribute.ValueSet("soaking")); err != nil {
				return err
			}
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
		if err := workflow.ExecuteActivity(ctx, noop, activities.MintKeyInput{}).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// floor starts the workers of the empty workflow. It returns what ends them,
// and what runs the workflow n times, all at once.
func (r *rig) floor() (stop func(), run func(n int) time.Duration) {
	queue := r.queue + "-floor"
	flows := worker.New(r.client, queue, worker.Options{
		LocalActivityWorkerOnly: true, MaxConcurrentWorkflowTaskPollers: 4, MaxConcurrentWorkflowTaskExecutionSize: 200,
	})
	flows.RegisterWorkflow(floorFlow)
	acts := worker.New(r.client, queue+".acts", worker.Options{DisableWorkflowWorker: true, MaxConcurrentActivityTaskPollers: 4})
	acts.RegisterActivity(noop)
	for _, w := range []worker.Worker{flows, acts} {
		if err := w.Start(); err != nil {
			r.t.Fatal(err)
		}
	}
	run = func(n int) time.Duration {
		return r.each(n, func(ctx context.Context, i int) (client.WorkflowRun, error) {
			o := client.StartWorkflowOptions{ID: fmt.Sprintf("floor/%d/%d", time.Now().UnixNano(), i), TaskQueue: queue}
			return r.client.ExecuteWorkflow(ctx, o, floorFlow, queue+".acts")
		})
	}
	return func() { flows.Stop(); acts.Stop() }, run
}

// cpu is the processor time a process has used, in seconds.
func cpu(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100 // the kernel's clock ticks, 100 a second on Linux
}
