package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
)

// An attempt is a step that did not succeed at once.
type attempt struct {
	Activity string
	Number   int
	Failure  string // empty while the first attempt runs
	// Waiting says that nothing is wrong: the step only needs time.
	Waiting bool
	Next    time.Time // when it is tried again; zero while it is being tried
	// Idle is since when nobody has taken the step up; zero when somebody has.
	Idle time.Time
}

// sentence tells about an attempt.
func (a attempt) sentence(now time.Time) string {
	again := ""
	if a.Next.After(now) {
		again = "; again " + distance(a.Next, now)
	}
	switch {
	case !a.Idle.IsZero() && !a.Next.After(now):
		return fmt.Sprintf("%s: taken up by no worker for %s; is one running, or is its provider's rate limit used up?", a.Activity, rough(now.Sub(a.Idle)))
	case a.Waiting:
		return "waiting: " + a.Failure + again
	}
	return fmt.Sprintf("%s, attempt %d: %s%s", a.Activity, a.Number, a.Failure, again)
}

// attempts lists the steps that did not succeed at once.
func (l *looker) attempts(d *workflowservice.DescribeWorkflowExecutionResponse) []attempt {
	var out []attempt
	for _, p := range d.GetPendingActivities() {
		a := attempt{Activity: p.GetActivityType().GetName(), Number: int(p.GetAttempt())}
		if p.GetLastFailure() != nil {
			a.Failure, a.Waiting = l.sentence(p.GetLastFailure())
			a.Failure = strings.TrimPrefix(a.Failure, l.subject(d)) // it stands above already
		}
		if p.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED {
			a.Next = at(p.GetNextAttemptScheduleTime())
			a.Idle = l.idle(p)
		}
		if a.Failure != "" || !a.Idle.IsZero() {
			out = append(out, a)
		}
	}
	return out
}

// subject is how activities begin what they say: "rotate payments-x: ".
func (l *looker) subject(d *workflowservice.DescribeWorkflowExecutionResponse) string {
	return operationName(d.GetWorkflowExecutionInfo().GetType().GetName()) + " " + string(l.last.Key) + ": "
}

// idle tells since when a step that could be done has not been taken up.
func (l *looker) idle(p *workflowpb.PendingActivityInfo) time.Time {
	since := at(p.GetScheduledTime())
	if next := at(p.GetNextAttemptScheduleTime()); next.After(since) {
		since = next
	}
	if since.IsZero() || l.now().Sub(since) < idleAfter {
		return time.Time{}
	}
	return since
}

// stuck tells when a worker does not take the workflow's next step up, or
// fails at it again and again.
func (l *looker) stuck(d *workflowservice.DescribeWorkflowExecutionResponse) string {
	task := d.GetPendingWorkflowTask()
	switch {
	case task == nil:
		return ""
	case task.GetAttempt() > 2:
		return fmt.Sprintf("the worker fails at this workflow (attempt %d); see its log", task.GetAttempt())
	case task.GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED && l.now().Sub(at(task.GetScheduledTime())) > idleAfter:
		return l.nobody()
	}
	return ""
}

// sentence is what a failure says, decrypted, and whether it is only a wait.
func (l *looker) sentence(f *failurepb.Failure) (string, bool) {
	err := l.eng.failures.FailureToError(f)
	var app *temporal.ApplicationError
	switch {
	case errors.As(err, &app):
		return app.Message(), keyturn.Kind(app.Type()) == keyturn.NotYet
	case temporal.IsTimeoutError(err):
		return "the worker was lost or too slow", false
	}
	return err.Error(), false
}
