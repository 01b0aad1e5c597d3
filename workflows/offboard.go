package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/activities"
)

// An OffboardResult is how a departure ended.
type OffboardResult struct {
	// Left is false for somebody whom the directory has as active: nothing was done.
	Left bool                         `json:"left"`
	Keys activities.DepartureProgress `json:"keys"`
}

// Times of OffboardPerson.
const (
	// headStart is how long the end of sessions goes ahead of everything else: a
	// leaver who is signed in could read a new value. A directory that is down must
	// not keep the keys from being replaced.
	headStart = 2 * time.Minute
	// confirmTry is how long the directory is asked whether somebody left, and
	// handTry how long in each round who is to get their keys.
	confirmTry = time.Hour
	handTry    = 2 * time.Minute
	// sessionsTry is how long ending sessions is tried.
	sessionsTry = 24 * time.Hour
	// offboardRounds is how many times one run looks, which keeps its history short.
	offboardRounds = 100
)

// OffboardPerson ends a leaver's sessions, hands their keys over and has every key
// they could have seen replaced. All it knows is in the registry, so that a run
// that is cut off at any point goes on from there:
//
//	confirm   ask the directory: somebody who is back has not left
//	sessions  end them, and what applications were granted
//	select    find the keys, and record a batch of rotations
//	hand      make others answer for them
//	watch     until each is replaced and its old value dead, or a person closes it
func OffboardPerson(ctx workflow.Context, in activities.Departure) (OffboardResult, error) {
	var res OffboardResult
	if id := OffboardWorkflowID(in.ID); workflow.GetInfo(ctx).WorkflowExecution.ID != id {
		return res, refuse(fmt.Sprintf("start this workflow under the id %s, so that it runs once", id))
	}
	opts := staff(ctx, "ask the directory whether they left")
	opts.ScheduleToCloseTimeout = confirmTry
	confirmed, err := call(ctx, opts, leavers.ConfirmDeparture, in)
	switch {
	case temporal.IsCanceledError(err):
		return res, err
	case err != nil: // it said that they left, and cannot be asked: the keys count more
		workflow.GetLogger(ctx).Warn("the directory cannot be asked whether they left; going on as if they had", "departure", in.ID)
	case !confirmed.Left:
		return res, nil
	}
	res.Left = true
	opts = staff(ctx, "end sessions and grants")
	opts.ScheduleToCloseTimeout = sessionsTry
	sessions := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), leavers.EndSessions, in)
	if _, err := workflow.AwaitWithTimeout(ctx, headStart, sessions.IsReady); err != nil {
		return res, err
	}
	for round := 0; ; round++ {
		if round == offboardRounds || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return res, workflow.NewContinueAsNewError(ctx, OffboardPerson, in)
		}
		selected, err := call(ctx, staff(ctx, "find the keys they could have seen"), leavers.SelectKeys, in)
		if err != nil {
			return res, err
		}
		opts = staff(ctx, "hand their keys over")
		opts.ScheduleToCloseTimeout = handTry
		handed, handing := call(ctx, opts, leavers.HandOver, in)
		if temporal.IsCanceledError(handing) {
			return res, handing
		}
		res.Keys, err = call(ctx, watching(ctx), leavers.WatchDeparture, activities.WatchDepartureInput{ID: in.ID, Until: workflow.Now(ctx).Add(slice(round, res.Keys.Late))})
		if err != nil {
			return res, err
		}
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d of %d keys replaced, %d under way, %d to be tried again", res.Keys.Done+res.Keys.Settled, res.Keys.Keys, res.Keys.Underway, res.Keys.Failed))
		switch {
		case !res.Keys.Finished() || res.Keys.Keys > selected.Keys:
			continue
		case !res.Keys.Closed && (handing != nil || selected.Partial):
			// A directory does not answer, and may know more: nothing is closed yet.
			if err := workflow.Sleep(ctx, slice(round, res.Keys.Late)); err != nil {
				return res, err
			}
			continue
		}
		done := activities.CloseDepartureInput{ID: in.ID, Heirless: handed.Heirless}
		if err := sessions.Get(ctx, nil); err != nil {
			done.Sessions = string(kindOf(err))
		}
		closed, err := call(ctx, staff(ctx, "close the departure"), leavers.CloseDeparture, done)
		if err != nil || closed.Closed {
			return res, err
		}
		// Nobody is found to answer for some keys: a person is to name somebody.
		if err := workflow.Sleep(ctx, slice(round, false)); err != nil {
			return res, err
		}
	}
}

// slice is how long one activity watches: shorter at first, when people watch, and
// longer when it takes days.
func slice(round int, late bool) time.Duration {
	switch {
	case late:
		return time.Hour
	case round < 10:
		return time.Minute
	}
	return 10 * time.Minute
}

// watching is for the activity that watches: it lasts as long as its slice.
func watching(ctx workflow.Context) workflow.ActivityOptions {
	o := staff(ctx, "watch until every key is replaced")
	o.StartToCloseTimeout = 2 * time.Hour
	return o
}
