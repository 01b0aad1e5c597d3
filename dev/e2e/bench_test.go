package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// fleet is how many keys one round rotates, all at once, and rounds how often
// rotations and the floor take turns, so that a machine that changes its speed
// changes it for both.
const (
	fleet  = 150
	rounds = 4
)

// BenchmarkRotations measures rotations per second through the whole stack
// with vendors that answer at once, beside the floor: a workflow with as many
// activities that do nothing and as many timers, on the same server, in the
// same run. Run it with -benchtime 1x.
func BenchmarkRotations(b *testing.B) {
	s := newStackOn(b, servertest.StartVaultInMemory(b))
	sc := newScenario(b, s, "datadog", instantly)
	sc.enrol(fleet)
	for b.Loop() {
		sc.all(workflows.IssueKey)
		stopFloor, floor := sc.floor()
		var rotating, idle time.Duration
		cpu := sc.cpu()
		for range rounds {
			rotating += sc.all(workflows.RotateKey)
			idle += floor()
		}
		stopFloor()
		n := float64(fleet * rounds)
		b.ReportMetric(n/rotating.Seconds(), "rotations/s")
		b.ReportMetric(n/idle.Seconds(), "floor/s")
		b.ReportMetric(idle.Seconds()/rotating.Seconds(), "of-floor")
		b.ReportMetric((sc.cpu()-cpu)/n*1000, "worker-cpu-ms/rotation")
		b.ReportMetric(sc.rss(), "worker-MB")
	}
}

// instantly takes away what would slow the vendor down, and the proxies.
func instantly(sc *scenario) { sc.rate, sc.direct = 100_000, true }

// enrol registers n more keys.
func (sc *scenario) enrol(n int) {
	var changes []registry.Change
	template := sc.key()
	for i := range n {
		k := *template
		k.ID, k.Revision = keyturn.KeyID(fmt.Sprintf("%s-%d", sc.id, i)), 0
		k.Storage.Secret.Path = fmt.Sprintf("secret/bench/%s", k.ID)
		changes = append(changes, registry.Change{Key: k, Event: registry.Event{ID: "apply/" + string(k.ID), Key: k.ID, What: registry.Applied, At: time.Now()}})
	}
	if err := sc.registry.SaveAll(sc.t.Context(), changes); err != nil {
		sc.t.Fatal(err)
	}
}

// all runs an operation on every key of the fleet and returns how long it took.
func (sc *scenario) all(flow any) time.Duration {
	return sc.measure(func(ctx context.Context, i int) (client.WorkflowRun, error) {
		id := keyturn.KeyID(fmt.Sprintf("%s-%d", sc.id, i))
		return sc.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: workflows.KeyWorkflowID(id), TaskQueue: sc.queue}, flow,
			workflows.Order{
				Key: id, Issuer: keyturn.Issuer{Provider: sc.vendor.Provider, Account: sc.vendor.Account},
				Cause: activities.Cause{Reason: "scheduled", Actor: "bench"},
			})
	})
}

func (sc *scenario) measure(start func(context.Context, int) (client.WorkflowRun, error)) time.Duration {
	began := time.Now()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range fleet {
		wg.Go(func() {
			slots <- struct{}{}
			run, err := start(sc.t.Context(), i)
			<-slots
			if err == nil {
				err = run.Get(sc.t.Context(), nil)
			}
			if err != nil {
				sc.t.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(began)
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
// and what runs the workflow as often as there are keys.
func (sc *scenario) floor() (stop func(), run func() time.Duration) {
	queue := sc.queue + "-floor"
	flows := worker.New(sc.client, queue, worker.Options{
		LocalActivityWorkerOnly: true, MaxConcurrentWorkflowTaskPollers: 4, MaxConcurrentWorkflowTaskExecutionSize: 200,
	})
	flows.RegisterWorkflow(floorFlow)
	acts := worker.New(sc.client, queue+".acts", worker.Options{DisableWorkflowWorker: true, MaxConcurrentActivityTaskPollers: 4})
	acts.RegisterActivity(noop)
	for _, w := range []worker.Worker{flows, acts} {
		if err := w.Start(); err != nil {
			sc.t.Fatal(err)
		}
	}
	run = func() time.Duration {
		return sc.measure(func(ctx context.Context, i int) (client.WorkflowRun, error) {
			o := client.StartWorkflowOptions{ID: fmt.Sprintf("floor/%d/%d", time.Now().UnixNano(), i), TaskQueue: queue}
			return sc.client.ExecuteWorkflow(ctx, o, floorFlow, queue+".acts")
		})
	}
	return func() { flows.Stop(); acts.Stop() }, run
}

// cpu is the processor time the worker has used, in seconds.
func (sc *scenario) cpu() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", sc.process.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100 // the kernel's clock ticks, 100 a second on Linux
}

// rss is the memory of the worker in MB, as the kernel counts it.
func (sc *scenario) rss() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", sc.process.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20)
}
