package main

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// fakeSchedules keeps schedules as Temporal does: what is read back has the name
// of the workflow and its input as a payload. The zero value has none.
type fakeSchedules struct {
	client.ScheduleClient
	all     map[string]*client.ScheduleDescription
	changes []string // create ID, update ID, delete ID, …
}

func (f *fakeTemporal) ScheduleClient() client.ScheduleClient { return &f.planned }

func (f *fakeSchedules) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	if f.all == nil {
		f.all = map[string]*client.ScheduleDescription{}
	}
	d := &client.ScheduleDescription{Schedule: client.Schedule{
		Spec: &o.Spec, Action: stored(o.Action), State: &client.ScheduleState{},
		Policy: &client.SchedulePolicies{Overlap: o.Overlap, CatchupWindow: o.CatchupWindow, PauseOnFailure: o.PauseOnFailure},
	}}
	d.Info.NextActionTimes = []time.Time{noon.Add(7 * time.Minute)}
	f.all[o.ID] = d
	f.changes = append(f.changes, "create "+o.ID)
	return f.GetHandle(context.Background(), o.ID), nil
}

func stored(a client.ScheduleAction) client.ScheduleAction {
	action := *a.(*client.ScheduleWorkflowAction)
	if _, ok := action.Workflow.(string); !ok {
		name := runtime.FuncForPC(reflect.ValueOf(action.Workflow).Pointer()).Name()
		action.Workflow = name[strings.LastIndexByte(name, '.')+1:]
		payload, err := converter.GetDefaultDataConverter().ToPayload(action.Args[0])
		must(err)
		action.Args = []any{payload}
	}
	return &action
}

func (f *fakeSchedules) GetHandle(_ context.Context, id string) client.ScheduleHandle {
	return &fakeSchedule{f: f, id: id}
}

type fakeSchedule struct {
	client.ScheduleHandle
	f  *fakeSchedules
	id string
}

func (s *fakeSchedule) Describe(context.Context) (*client.ScheduleDescription, error) {
	if d := s.f.all[s.id]; d != nil {
		now := *d
		return &now, nil
	}
	return nil, serviceerror.NewNotFound("no such schedule")
}

func (s *fakeSchedule) Update(_ context.Context, o client.ScheduleUpdateOptions) error {
	d := s.f.all[s.id]
	u, err := o.DoUpdate(client.ScheduleUpdateInput{Description: *d})
	if err != nil {
		return err
	}
	d.Schedule = *u.Schedule
	d.Schedule.Action = stored(d.Schedule.Action)
	s.f.changes = append(s.f.changes, "update "+s.id)
	return nil
}

func (s *fakeSchedule) Delete(context.Context) error {
	delete(s.f.all, s.id)
	s.f.changes = append(s.f.changes, "delete "+s.id)
	return nil
}

func (s *fakeSchedule) Pause(_ context.Context, o client.SchedulePauseOptions) error {
	*s.f.all[s.id].Schedule.State = client.ScheduleState{Paused: true, Note: o.Note}
	return nil
}

func (s *fakeSchedule) Unpause(_ context.Context, o client.ScheduleUnpauseOptions) error {
	*s.f.all[s.id].Schedule.State = client.ScheduleState{Note: o.Note}
	return nil
}

func (s *fakeSchedule) Trigger(context.Context, client.ScheduleTriggerOptions) error {
	info := &s.f.all[s.id].Info
	info.NumActions++
	info.RecentActions = append(info.RecentActions, client.ScheduleActionResult{
		ActualTime: noon, StartWorkflowResult: &client.ScheduleWorkflowExecution{WorkflowID: fmt.Sprintf("%s-%d", s.id, info.NumActions)},
	})
	return nil
}
