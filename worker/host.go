package main

import (
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

// host is the Temporal workers of this process: one for the workflows, one for
// the activities about many keys, one for those about people, one for those about
// leaks, and one for each provider account, on that account's queue and at its rate.
type host struct{ workers []worker.Worker }

func newHost(cl client.Client, c Config, keys *activities.Keys, people *activities.People, fleet *activities.Fleet, leavers *activities.Leavers, leaks *activities.Leaks) *host {
	h := &host{}
	flows := worker.New(cl, c.Temporal.TaskQueue, worker.Options{
		MaxConcurrentWorkflowTaskExecutionSize: c.Concurrency.Workflows,
		MaxConcurrentWorkflowTaskPollers:       max(2, c.Concurrency.Pollers),
		LocalActivityWorkerOnly:                true, // activities run on their account's queue
		WorkerStopTimeout:                      time.Duration(c.Drain),
	})
	register(flows)
	many := worker.New(cl, workflows.FleetQueue(c.Temporal.TaskQueue), worker.Options{
		DisableWorkflowWorker: true,
		// One of them keeps a database busy for minutes.
		MaxConcurrentActivityExecutionSize: 4,
		MaxConcurrentActivityTaskPollers:   2,
		WorkerStopTimeout:                  time.Duration(c.Drain),
		Interceptors:                       interceptors(),
	})
	many.RegisterActivity(fleet)
	staff := worker.New(cl, workflows.PeopleQueue(c.Temporal.TaskQueue), worker.Options{
		DisableWorkflowWorker: true,
		// Each person who leaves keeps one of them for as long as it takes.
		MaxConcurrentActivityExecutionSize: 500,
		MaxConcurrentActivityTaskPollers:   2,
		WorkerStopTimeout:                  time.Duration(c.Drain),
		Interceptors:                       interceptors(),
	})
	staff.RegisterActivity(leavers)
	h.workers = append(h.workers, flows, many, staff)
	// Each leak keeps one of the second queue until it is answered, for some minutes
	// at most.
	for queue, most := range map[string]int{workflows.LeaksQueue(c.Temporal.TaskQueue): 100, workflows.WatchQueue(c.Temporal.TaskQueue): 500} {
		answers := worker.New(cl, queue, worker.Options{
			DisableWorkflowWorker:              true,
			MaxConcurrentActivityExecutionSize: most,
			MaxConcurrentActivityTaskPollers:   4,
			WorkerStopTimeout:                  time.Duration(c.Drain),
			Interceptors:                       interceptors(),
		})
		answers.RegisterActivity(leaks)
		h.workers = append(h.workers, answers)
	}
	for _, a := range c.Providers {
		w := worker.New(cl, workflows.IssuerQueue(c.Temporal.TaskQueue, keyturn.Issuer{Provider: a.Provider, Account: a.Account}), worker.Options{
			DisableWorkflowWorker:              true,
			TaskQueueActivitiesPerSecond:       a.Rate,
			MaxConcurrentActivityExecutionSize: c.Concurrency.Activities,
			MaxConcurrentActivityTaskPollers:   c.Concurrency.Pollers,
			WorkerStopTimeout:                  time.Duration(c.Drain),
			Interceptors:                       interceptors(),
		})
		w.RegisterActivity(keys)
		w.RegisterActivity(people)
		h.workers = append(h.workers, w)
	}
	return h
}

// interceptors go around every activity. The last is the innermost: errors are
// translated before anything else sees them.
func interceptors() []interceptor.WorkerInterceptor {
	return []interceptor.WorkerInterceptor{new(activities.Alive), new(activities.Errors)}
}

func register(w worker.WorkflowRegistry) {
	w.RegisterWorkflow(workflows.IssueKey)
	w.RegisterWorkflow(workflows.RotateKey)
	w.RegisterWorkflow(workflows.RevokeKey)
	w.RegisterWorkflow(workflows.CheckAccount)
	w.RegisterWorkflow(workflows.Sweep)
	w.RegisterWorkflow(workflows.StuckWatch)
	w.RegisterWorkflow(workflows.Reconcile)
	w.RegisterWorkflow(workflows.RotateBatch)
	w.RegisterWorkflow(workflows.AdoptKey)
	w.RegisterWorkflow(workflows.OffboardPerson)
	w.RegisterWorkflow(workflows.HearDirectory)
	w.RegisterWorkflow(workflows.CompareDirectories)
	w.RegisterWorkflow(workflows.RespondToLeak)
	w.RegisterWorkflow(workflows.HearScanner)
	w.RegisterWorkflow(workflows.LookForLeaks)
	w.RegisterWorkflow(workflows.FillFingerprints)
}

func (h *host) start() error {
	for i, w := range h.workers {
		if err := w.Start(); err != nil {
			for _, started := range h.workers[:i] {
				started.Stop()
			}
			return err
		}
	}
	return nil
}

// stop waits until what runs has ended or the drain time is over. All stop at
// once, so that the time is spent once.
func (h *host) stop() {
	done := make(chan struct{})
	for _, w := range h.workers {
		go func() { w.Stop(); done <- struct{}{} }()
	}
	for range h.workers {
		<-done
	}
}
