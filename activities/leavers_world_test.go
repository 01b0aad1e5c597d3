package activities_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// leaverWorld is the activities about leavers over a real registry, with the
// directories and Temporal played.
type leaverWorld struct {
	*fleetWorld
	leavers *activities.Leavers
	okta    *directory
	cluster
}

const leaver = "ana@example.com"

func newLeaverWorld(t *testing.T) *leaverWorld {
	t.Helper()
	w := &leaverWorld{fleetWorld: newFleetWorld(t), okta: &directory{people: map[string]people.Person{}, teams: map[string]people.Team{}}}
	w.cluster.world = w
	w.leavers = &activities.Leavers{
		Registry: w.registry, Engine: &w.cluster, Directories: map[string]people.Directory{"okta": w.okta},
		Now: func() time.Time { return w.now }, Poll: time.Millisecond, Retry: 5 * time.Minute,
		Rules: activities.LeaverRules{PersonalPaths: []string{"secret/people/{user}/"}, SLA: keyturn.Duration(24 * time.Hour), Overlap: keyturn.Duration(15 * time.Minute)},
	}
	var suite testsuite.WorkflowTestSuite
	w.TestActivityEnvironment = suite.NewTestActivityEnvironment()
	w.RegisterActivity(w.leavers)
	w.okta.put(people.Person{ID: "u1", Email: leaver, Aliases: []string{"a.alias@example.com"}, Manager: "boss@example.com"})
	w.okta.put(people.Person{ID: "u2", Email: "lead@example.com", Active: true})
	w.okta.put(people.Person{ID: "u3", Email: "boss@example.com", Active: true})
	w.okta.teams["payments"] = people.Team{Name: "payments", Leads: []string{"lead@example.com"}}
	return w
}

// owned enters an issued key of a person.
func (w *leaverWorld) owned(id, team, person string, change ...func(*keyturn.Key)) {
	w.t.Helper()
	w.add("1", id, team, -time.Hour, append([]func(*keyturn.Key){func(k *keyturn.Key) {
		k.Owner.Person = person
		k.Ledger[0].Created = w.now.AddDate(0, -1, 0)
	}}, change...)...)
}

// left has a departure of the leaver recorded.
func (w *leaverWorld) left(change ...func(*registry.Departure)) registry.Departure {
	w.t.Helper()
	d := registry.Departure{ID: activities.NewDepartureID(), Email: leaver, Origin: "okta", Event: "e-1", Actor: "okta", At: w.now, Reason: "test"}
	for _, f := range change {
		f(&d)
	}
	d, err := activities.Announce(w.t.Context(), w.registry, &w.cluster, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// do runs an activity on a departure.
func do[Out any](w *leaverWorld, activity, in any) Out {
	w.t.Helper()
	out, err := try[Out](w, activity, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func try[Out any](w *leaverWorld, activity, in any) (out Out, err error) {
	v, err := w.ExecuteActivity(activity, in)
	if err == nil {
		err = v.Get(&out)
	}
	return out, err
}

func (w *leaverWorld) departure(id string) registry.Departure {
	w.t.Helper()
	d, err := w.registry.Departure(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// states are the keys of a batch by how far they are.
func (w *leaverWorld) states(batch string) map[keyturn.KeyID]registry.BatchState {
	w.t.Helper()
	out := map[keyturn.KeyID]registry.BatchState{}
	for k, err := range w.registry.BatchKeys(w.t.Context(), batch, "", "") {
		if err != nil {
			w.t.Fatal(err)
		}
		out[k.Key] = k.State
	}
	return out
}

func (w *leaverWorld) findings() (kinds []string) {
	w.t.Helper()
	for f, err := range w.registry.Findings(w.t.Context(), registry.FindingFilter{Check: "offboarding"}) {
		if err != nil {
			w.t.Fatal(err)
		}
		kinds = append(kinds, f.Kind)
	}
	slices.Sort(kinds)
	return kinds
}

// cluster plays Temporal: what waits in a batch is replaced at once, unless it is
// to be in the way.
type cluster struct {
	world     *leaverWorld
	mu        sync.Mutex
	offboards []string
	runs      int
	hurried   []keyturn.KeyID
	inTheWay  map[keyturn.KeyID]string // why it is skipped
	down      bool
}

func (e *cluster) Offboard(_ context.Context, id string) error {
	if e.down {
		return keyturn.Errorf(keyturn.Unavailable, "offboard", "down")
	}
	e.offboards = append(e.offboards, id)
	return nil
}

func (e *cluster) RunBatch(ctx context.Context, b registry.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.runs++
	w := e.world
	for k, err := range w.registry.BatchKeys(ctx, b.ID, registry.BatchWaiting, "") {
		if err != nil {
			return err
		}
		if why := e.inTheWay[k.Key]; why != "" {
			k.State, k.Why, k.At = registry.BatchSkipped, why, w.now
			if err := w.registry.MarkBatch(ctx, b.ID, []registry.BatchKey{k}); err != nil {
				return err
			}
			continue
		}
		key, err := w.registry.Get(ctx, k.Key)
		if err != nil {
			return err
		}
		key.Generation++
		key.Ledger = []keyturn.Issued{{Generation: key.Generation, RemoteID: fmt.Sprintf("r%d-%s", key.Generation, key.ID), State: keyturn.Current, Created: w.now}}
		if _, err := w.registry.Save(ctx, key, registry.Event{ID: fmt.Sprintf("%s/%d", key.ID, key.Generation), Key: key.ID, What: registry.Completed, At: w.now, Batch: b.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (e *cluster) Expedite(_ context.Context, id keyturn.KeyID, _ activities.Hurry) error {
	e.hurried = append(e.hurried, id)
	return nil
}

// directory plays an identity provider.
type directory struct {
	people map[string]people.Person // by address
	teams  map[string]people.Team
	ended  []string
	down   bool
}

var _ people.SessionEnder = (*directory)(nil)

func (d *directory) put(p people.Person) { d.people[p.Email] = p }

func (d *directory) Person(_ context.Context, email string) (people.Person, error) {
	return d.find(func(p people.Person) bool { return p.Has(email) })
}

func (d *directory) PersonByID(_ context.Context, id string) (people.Person, error) {
	return d.find(func(p people.Person) bool { return p.ID == id })
}

func (d *directory) find(is func(people.Person) bool) (people.Person, error) {
	if d.down {
		return people.Person{}, keyturn.Errorf(keyturn.Unavailable, "directory", "down")
	}
	for _, p := range d.people {
		if is(p) {
			return p, nil
		}
	}
	return people.Person{}, keyturn.Errorf(keyturn.NotFound, "directory", "nobody")
}

func (d *directory) Everyone(context.Context) iter.Seq2[people.Person, error] {
	return func(yield func(people.Person, error) bool) {
		if d.down {
			yield(people.Person{}, keyturn.Errorf(keyturn.Unavailable, "directory", "down"))
			return
		}
		for _, p := range d.people {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (d *directory) Team(_ context.Context, name string) (people.Team, error) {
	if t, ok := d.teams[name]; ok {
		return t, nil
	}
	return people.Team{}, keyturn.Errorf(keyturn.NotFound, "directory", "no team")
}

func (d *directory) Check(context.Context) error { return nil }

func (d *directory) EndSessions(_ context.Context, p people.Person) ([]string, error) {
	if d.down {
		return nil, keyturn.Errorf(keyturn.Unavailable, "directory", "down")
	}
	d.ended = append(d.ended, p.ID)
	return []string{"sessions"}, nil
}
