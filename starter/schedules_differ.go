package main

import (
	"encoding/json"
	"reflect"
	"runtime"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// A shape is what apply sets of a schedule, so that it can be compared.
type shape struct {
	every, offset, jitter, catchup time.Duration
	overlap                        enumspb.ScheduleOverlapPolicy
	pauseOnFailure                 bool
	workflow, id, queue            string
	priority                       int
	input                          string // as JSON
}

func (w *wantedSchedule) shape(queue string) (shape, error) {
	input, err := json.Marshal(w.input)
	name := runtime.FuncForPC(reflect.ValueOf(w.workflow).Pointer()).Name()
	return shape{
		every: time.Duration(w.Every), offset: time.Duration(w.Offset), jitter: w.jitter(), catchup: catchup,
		overlap: w.policy().Overlap, workflow: name[strings.LastIndexByte(name, '.')+1:], id: scheduleID(queue, w.name), queue: queue,
		priority: w.priority, input: string(input),
	}, err
}

// shapeOf reads the shape of a schedule that exists. What somebody set by other
// means leaves a field empty, and so differs.
func shapeOf(s *client.Schedule, decode converter.DataConverter) shape {
	var out shape
	if s.Spec != nil && len(s.Spec.Intervals) == 1 && len(s.Spec.Calendars)+len(s.Spec.CronExpressions) == 0 {
		out.every, out.offset, out.jitter = s.Spec.Intervals[0].Every, s.Spec.Intervals[0].Offset, s.Spec.Jitter
	}
	if s.Policy != nil {
		out.overlap, out.catchup, out.pauseOnFailure = s.Policy.Overlap, s.Policy.CatchupWindow, s.Policy.PauseOnFailure
	}
	if action, ok := s.Action.(*client.ScheduleWorkflowAction); ok {
		out.workflow, _ = action.Workflow.(string)
		out.id, out.queue, out.priority = action.ID, action.TaskQueue, action.Priority.PriorityKey
		if len(action.Args) == 1 {
			out.input = decoded(action.Args[0], decode)
		}
	}
	return out
}

// decoded is an argument as JSON; empty if it cannot be read, as one encrypted
// with a key that is gone.
func decoded(arg any, decode converter.DataConverter) string {
	var raw json.RawMessage
	payload, ok := arg.(*commonpb.Payload)
	if !ok || decode.FromPayload(payload, &raw) != nil {
		return ""
	}
	return string(raw)
}

// differences name in words what must change from have to want.
func differences(want, have shape) []string {
	var out []string
	add := func(differs bool, what string) {
		if differs {
			out = append(out, what)
		}
	}
	add(want.every != have.every, "every "+rough(have.every)+" becomes "+rough(want.every))
	add(want.offset != have.offset, "offset "+rough(have.offset)+" becomes "+rough(want.offset))
	add(want.jitter != have.jitter, "jitter")
	add(want.overlap != have.overlap, "overlap")
	add(want.catchup != have.catchup, "catch-up")
	add(want.pauseOnFailure != have.pauseOnFailure, "pause on failure")
	add(want.workflow != have.workflow || want.id != have.id, "workflow")
	add(want.queue != have.queue, "task queue")
	add(want.priority != have.priority, "priority")
	add(want.input != have.input, "settings")
	return out
}
