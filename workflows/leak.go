package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/activities"
)

// SignalLook has RespondToLeak look at once: a person said what is to be done.
const SignalLook = "look"

// Times of RespondToLeak.
const (
	// killStart is how long the end of a value goes ahead of its replacement, where it
	// comes first. A vendor that does not answer must not keep it from being replaced.
	killStart = 30 * time.Second
	// killAgain is after how long a value that could not be ended is tried again.
	killAgain = 5 * time.Minute
	// usesTry is how long the vendor's audit log is asked.
	usesTry = 2 * time.Minute
	// closeTry is how long scanners and trackers are asked to close what is theirs.
	closeTry = 7 * 24 * time.Hour
	// watchedRounds is for how many rounds, of a minute each, one activity keeps
	// looking: a leak is answered in seconds, and a timer would cost a second each.
	watchedRounds = 10
	// leakRounds is how many times one run looks, which keeps its history short.
	leakRounds = 60
)

// RespondToLeak answers one leak. All it knows is in the registry, so that a run that
// is cut off at any point goes on from there:
//
//	triage   find out whose the value is, whether it works, and what comes first
//	kill     end it ahead of its replacement, where that comes first or takes too long
//	answer   have it replaced without any soak, and see it dead
//	uses     attach what the vendor's log shows
//	close    the scanner's alert, the ticket, the finding; destroy what was kept
func RespondToLeak(ctx workflow.Context, in activities.LeakRef) (activities.LeakView, error) {
	if id := LeakWorkflowID(in.ID); workflow.GetInfo(ctx).WorkflowExecution.ID != id {
		return activities.LeakView{}, refuse(fmt.Sprintf("start this workflow under the id %s, so that it runs once", id))
	}
	r := &response{in: in}
	if err := r.triage(ctx); err != nil {
		return r.view, err
	}
	for round := 0; !r.view.Closed && !r.view.Dead; round++ {
		if round == leakRounds || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return r.view, workflow.NewContinueAsNewError(ctx, RespondToLeak, in)
		}
		if r.view.Kill && r.kill == nil {
			if err := r.killFirst(ctx); err != nil {
				return r.view, err
			}
		}
		if err := r.answer(ctx, round); err != nil {
			return r.view, err
		}
	}
	return r.close(ctx)
}

// response is one run of RespondToLeak.
type response struct {
	in   activities.LeakRef
	view activities.LeakView
	kill workflow.Future // nil while nothing is to be ended ahead
	at   time.Time       // when that was begun
	late bool            // that it lives longer than it may was told
	loud bool            // somebody is to be woken for it, and was
}

func (r *response) triage(ctx workflow.Context) error {
	out, err := call(ctx, answering(ctx, "find out whose it is and whether it works"), leaked.TriageLeak, r.in)
	r.view, r.loud = out.Leak, out.Leak.Loud
	if err == nil && r.loud && !r.view.Closed {
		r.tell(ctx)
	}
	return err
}

// tell tells others of it. Nothing waits for them.
func (r *response) tell(ctx workflow.Context) {
	opts := answering(ctx, "open a ticket, tell security")
	opts.ScheduleToCloseTimeout = closeTry
	workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), leaked.TellLeak, r.in)
}

// killFirst has the value ended, and waits for a little while.
func (r *response) killFirst(ctx workflow.Context) error {
	r.at = workflow.Now(ctx)
	r.kill = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, answering(ctx, "end the value ahead of its replacement")), leaked.KillLeaked, r.in)
	_, err := workflow.AwaitWithTimeout(ctx, killStart, r.kill.IsReady)
	return err
}

// answer looks once: for a minute at first, and later in a moment, with a timer
// between.
func (r *response) answer(ctx workflow.Context, round int) error {
	owned := r.view.Key != ""
	in := activities.AnswerLeakInput{ID: r.in.ID, Until: workflow.Now(ctx), Killing: r.kill != nil}
	if owned && round < watchedRounds {
		in.Until = in.Until.Add(time.Minute)
	}
	opts := answering(ctx, "replace it and see it dead")
	opts.TaskQueue = WatchQueue(workflow.GetInfo(ctx).TaskQueueName)
	view, err := call(ctx, opts, leaked.AnswerLeak, in)
	if err != nil {
		return err
	}
	r.view = view
	workflow.SetCurrentDetails(ctx, r.details())
	if view.Late && view.Loud && !view.Dead && !r.late && !owned {
		r.late = true
		r.tell(ctx)
	}
	if r.kill != nil && r.kill.IsReady() && !view.Killed && workflow.Now(ctx).Sub(r.at) >= killAgain {
		r.kill = nil
	}
	switch {
	case view.Closed || view.Dead || view.Kill && r.kill == nil:
		return nil
	case !owned && view.Key != "", view.Loud && !r.loud:
		return r.triage(ctx)
	case owned && round < watchedRounds:
		return nil
	}
	return r.pause(ctx, round)
}

// pause waits until somebody says something, or it is time to look again.
func (r *response) pause(ctx workflow.Context, round int) error {
	wait := time.Minute
	switch {
	case r.view.Key == "" && round > 5:
		wait = time.Hour
	case round > 2*watchedRounds:
		wait = 10 * time.Minute
	}
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "look again"})
	said := workflow.GetSignalChannel(ctx, SignalLook)
	s := workflow.NewSelector(ctx)
	s.AddReceive(said, func(c workflow.ReceiveChannel, _ bool) {
		for c.ReceiveAsync(nil) {
		}
		if r.kill != nil && r.kill.IsReady() {
			r.kill = nil // a person may want it tried once more
		}
	})
	s.AddFuture(timer, func(workflow.Future) {})
	s.Select(ctx)
	return ctx.Err()
}

func (r *response) details() string {
	v := r.view
	what := "nobody's, as far as is known; security looks for its owner"
	if v.Key != "" {
		what = fmt.Sprintf("of key %s; %s first", v.Key, v.Plan)
	}
	switch {
	case v.Closed || v.Dead:
		what += "; it is dead"
	case v.Killed:
		what += "; ended, and being replaced"
	case v.Late:
		what += "; it lives longer than it may"
	}
	return "The value is " + what
}

// close attaches what the vendor's log shows, closes the leak, and reads the log once
// more when it has caught up.
func (r *response) close(ctx workflow.Context) (activities.LeakView, error) {
	if err := r.uses(ctx); err != nil {
		return r.view, err
	}
	view, err := call(ctx, answering(ctx, "close the leak"), leaked.CloseLeak, r.in)
	if err != nil {
		return r.view, err
	}
	opts := answering(ctx, "close the alert and the ticket")
	opts.ScheduleToCloseTimeout = closeTry
	opts.RetryPolicy.MaximumInterval = 10 * time.Minute
	closing := workflow.WithActivityOptions(ctx, opts)
	outside := workflow.ExecuteActivity(closing, leaked.CloseOutside, r.in)
	lag := time.Duration(view.Lag)
	r.view = view
	workflow.SetCurrentDetails(ctx, r.details())
	if lag > 0 && view.Key != "" {
		if err := workflow.Sleep(ctx, lag); err != nil {
			return view, err
		}
		if err := r.uses(ctx); err != nil {
			return view, err
		}
	}
	err = outside.Get(ctx, nil)
	if lag > 0 && err == nil { // alerts that came meanwhile
		err = workflow.ExecuteActivity(closing, leaked.CloseOutside, r.in).Get(ctx, nil)
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("an alert or a ticket could not be closed", "leak", r.in.ID, "error", err)
	}
	return view, nil
}

// uses reads the vendor's log. What it does not tell keeps nothing from going on.
func (r *response) uses(ctx workflow.Context) error {
	opts := answering(ctx, "read what the vendor's log shows of its use")
	opts.ScheduleToCloseTimeout = usesTry
	if _, err := call(ctx, opts, leaked.ReadUses, r.in); temporal.IsCanceledError(err) {
		return err
	}
	return nil
}
