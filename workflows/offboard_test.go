package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

// offboarding plays the activities about one departure.
type offboarding struct {
	*testsuite.TestWorkflowEnvironment
	active   bool // the directory has them as active
	refused  bool // ending sessions is refused
	mute     int  // so many times the directory does not answer
	heirless int  // keys without an heir, until somebody is named
	keys     int
	found    int             // one more key is found at the second look
	rounds   int             // how many times it watches before all is done
	did      []string        // in order
	watched  []time.Duration // how long each watch was to last
}

func newOffboarding(keys, rounds int) *offboarding {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	o := &offboarding{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), keys: keys, rounds: rounds}
	o.RegisterWorkflow(workflows.OffboardPerson)
	o.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.OffboardWorkflowID("d-1"), TaskQueue: "q"})
	o.SetStartTime(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))
	register(o, "ConfirmDeparture", func(activities.Departure) (activities.ConfirmDepartureResult, error) {
		if o.mute > 0 {
			return activities.ConfirmDepartureResult{}, temporal.NewNonRetryableApplicationError("no", string(keyturn.Denied), nil)
		}
		return activities.ConfirmDepartureResult{Left: !o.active}, nil
	})
	register(o, "SelectKeys", func(activities.Departure) (activities.SelectKeysResult, error) {
		return activities.SelectKeysResult{Keys: o.keys}, nil
	})
	register(o, "HandOver", func(activities.Departure) (activities.HandOverResult, error) {
		if o.mute--; o.mute >= 0 {
			return activities.HandOverResult{}, temporal.NewNonRetryableApplicationError("no", string(keyturn.Denied), nil)
		}
		return activities.HandOverResult{Handed: o.keys, Heirless: o.heirless}, nil
	})
	register(o, "WatchDeparture", func(in activities.WatchDepartureInput) (activities.DepartureProgress, error) {
		o.watched = append(o.watched, in.Until.Sub(o.Now()))
		if o.rounds--; o.rounds > 0 {
			return activities.DepartureProgress{Keys: o.keys, Underway: o.keys, Late: len(o.watched) > 12}, nil
		}
		o.keys += o.found
		o.found = 0
		return activities.DepartureProgress{Keys: o.keys, Done: o.keys}, nil
	})
	register(o, "CloseDeparture", func(in activities.CloseDepartureInput) (activities.CloseDepartureResult, error) {
		if in.Sessions != "" {
			o.did = append(o.did, "sessions "+in.Sessions)
		}
		closed := in.Heirless == 0
		o.heirless = 0 // a person names somebody
		return activities.CloseDepartureResult{Closed: closed}, nil
	})
	o.RegisterActivityWithOptions(func(context.Context, activities.Departure) (activities.EndSessionsResult, error) {
		if o.refused {
			return activities.EndSessionsResult{}, temporal.NewNonRetryableApplicationError("no", string(keyturn.Denied), nil)
		}
		return activities.EndSessionsResult{}, nil
	}, activity.RegisterOptions{Name: "EndSessions"})
	return o
}

// register plays an activity, which must be asked for on the queue for people.
func register[In, Out any](o *offboarding, name string, play func(In) (Out, error)) {
	o.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		if queue := activity.GetInfo(ctx).TaskQueue; queue != "q.people" {
			var none Out
			return none, errors.New("asked for on " + queue)
		}
		o.did = append(o.did, name)
		return play(in)
	}, activity.RegisterOptions{Name: name})
}

func (o *offboarding) run(t *testing.T) (out workflows.OffboardResult) {
	t.Helper()
	o.ExecuteWorkflow(workflows.OffboardPerson, activities.Departure{ID: "d-1"})
	if err := o.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if err := o.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOffboardPerson(t *testing.T) {
	t.Parallel()
	o := newOffboarding(3, 1)
	out := o.run(t)
	if diff := cmp.Diff(workflows.OffboardResult{Left: true, Keys: activities.DepartureProgress{Keys: 3, Done: 3}}, out); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ConfirmDeparture", "SelectKeys", "HandOver", "WatchDeparture", "CloseDeparture"}, o.did); diff != "" {
		t.Error(diff)
	}
}

func TestOffboardNobodyWhoIsBack(t *testing.T) {
	t.Parallel()
	o := newOffboarding(3, 1)
	o.active = true
	if out := o.run(t); out.Left || len(o.did) != 1 {
		t.Errorf("%+v after %v", out, o.did)
	}
}

func TestOffboardWithSessionsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	o := newOffboarding(3, 1)
	o.refused = true
	o.run(t)
	if want := "sessions denied"; o.did[len(o.did)-1] != want {
		t.Errorf("did %v; a directory that refuses keeps no key from being replaced, and is told of", o.did)
	}
}

func TestOffboardKeysThatComeLate(t *testing.T) {
	t.Parallel()
	o := newOffboarding(3, 1)
	o.found = 1
	if out := o.run(t); out.Keys.Keys != 4 {
		t.Errorf("%+v", out)
	}
	if len(o.watched) != 2 {
		t.Errorf("watched %d times, want 2: another look is needed where keys were found meanwhile", len(o.watched))
	}
}

func TestOffboardWaitsForAnHeir(t *testing.T) {
	t.Parallel()
	o := newOffboarding(3, 1)
	o.heirless = 1
	o.run(t)
	if n := len(o.watched); n != 2 {
		t.Errorf("it was looked at %d times, want 2: until somebody was named", n)
	}
}

func TestOffboardWithADirectoryThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	o := newOffboarding(3, 1)
	o.mute = 2
	if out := o.run(t); !out.Left || !out.Keys.Finished() {
		t.Errorf("%+v: the keys count more than the answer", out)
	}
	if n := len(o.watched); n != 3 {
		t.Errorf("closed after %d looks, want 3: when the directory answered", n)
	}
}

func TestOffboardForDays(t *testing.T) {
	t.Parallel()
	o := newOffboarding(3, 200)
	o.ExecuteWorkflow(workflows.OffboardPerson, activities.Departure{ID: "d-1"})
	var again *workflow.ContinueAsNewError
	if err := o.GetWorkflowError(); !errors.As(err, &again) {
		t.Fatalf("got %v, want it to continue as new", err)
	}
	if o.watched[0] != time.Minute || o.watched[11] != 10*time.Minute || o.watched[50] != time.Hour {
		t.Errorf("watched for %v", o.watched)
	}
}

func TestOffboardUnderItsID(t *testing.T) {
	t.Parallel()
	o := newOffboarding(1, 1)
	o.ExecuteWorkflow(workflows.OffboardPerson, activities.Departure{ID: "d-2"})
	if o.GetWorkflowError() == nil {
		t.Error("two of one departure could run at once")
	}
}

func TestHearDirectory(t *testing.T) {
	t.Parallel()
	gone, left, nothing := activities.LookAtPersonResult{Gone: true}, activities.LookAtPersonResult{Departure: "d-1"}, activities.LookAtPersonResult{}
	for name, c := range map[string]struct {
		seen     []activities.LookAtPersonResult // look by look
		compared bool
	}{
		"who left": {[]activities.LookAtPersonResult{left}, false}, "who is there": {[]activities.LookAtPersonResult{nothing, nothing}, false},
		"a copy that lags behind": {[]activities.LookAtPersonResult{nothing, left}, false}, "whom nobody knows": {[]activities.LookAtPersonResult{gone}, true},
	} {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(quiet{})
		env, looks, compared := suite.NewTestWorkflowEnvironment(), 0, false
		env.RegisterWorkflow(workflows.HearDirectory)
		env.RegisterActivityWithOptions(func(context.Context, activities.LookAtPersonInput) (activities.LookAtPersonResult, error) {
			looks++
			return c.seen[min(looks, len(c.seen))-1], nil
		}, activity.RegisterOptions{Name: "LookAtPerson"})
		env.RegisterActivityWithOptions(func(context.Context, activities.CompareDirectoriesInput) (activities.CompareDirectoriesResult, error) {
			compared = true
			return activities.CompareDirectoriesResult{}, nil
		}, activity.RegisterOptions{Name: "CompareDirectories"})
		env.ExecuteWorkflow(workflows.HearDirectory, activities.LookAtPersonInput{Directory: "okta", ID: "u", Event: "e"})
		if err := env.GetWorkflowError(); err != nil || compared != c.compared || looks != len(c.seen) {
			t.Errorf("%s: looked %d times, compared %v; %v", name, looks, compared, err)
		}
	}
}

// executed plays a client that starts workflows.
type executed struct {
	client.Client
	started []client.StartWorkflowOptions
}

func (e *executed) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	e.started = append(e.started, o)
	return nil, nil
}

func TestNothingOfAPersonIsSeen(t *testing.T) {
	t.Parallel()
	c := &executed{}
	l := workflows.Launcher{Client: c, Queue: "q"}
	if err := errors.Join(l.Offboard(t.Context(), "d-1"), l.Hear(t.Context(), "okta", "00u1", "update for ana@example.com"), l.Compare(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, o := range c.started {
		if !opaque(o.ID) || !opaque(o.StaticSummary) || o.Priority.PriorityKey != 2 || o.WorkflowIDConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING {
			t.Errorf("%+v", o)
		}
	}
	if workflows.HearWorkflowID("okta", "a") == workflows.HearWorkflowID("okta", "b") {
		t.Error("two events under one id")
	}
}

func opaque(s string) bool {
	for _, r := range s {
		if r == '@' {
			return false
		}
	}
	return s != ""
}
