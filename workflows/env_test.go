package workflows_test

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// namedRun gives every workflow of the test environment a run id of its own;
// the environment itself has only one for all.
type namedRun struct {
	interceptor.WorkerInterceptorBase
	id string
}

func (n *namedRun) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &namedInbound{id: n.id}
	in.Next = next
	return in
}

type namedInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	id string
}

func (n *namedInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	named := &namedOutbound{id: n.id}
	named.Next = out
	return n.Next.Init(named)
}

type namedOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	id string
}

func (n *namedOutbound) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *n.Next.GetInfo(ctx)
	info.WorkflowExecution.RunID = n.id
	return &info
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
