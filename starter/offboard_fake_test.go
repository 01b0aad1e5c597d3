package main

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// fakeOffboards keeps what was started for departures.
type fakeOffboards struct {
	calls []offboardCall
	work  func(departure string) error // runs when one is started, and may refuse it
}

type offboardCall struct {
	options  client.StartWorkflowOptions
	workflow string
	in       activities.Departure
}

func (f *fakeTemporal) offboard(o client.StartWorkflowOptions, workflow string, in activities.Departure) (client.WorkflowRun, error) {
	if f.offboards.work != nil {
		if err := f.offboards.work(in.ID); err != nil {
			return nil, err
		}
	}
	f.offboards.calls = append(f.offboards.calls, offboardCall{o, workflow, in})
	return &fakeRun{f: f, id: "run-1"}, nil
}

const (
	leaver      = "ana@example.com"
	departureID = "d-7hq2mzk4xw3a9bcd"
)

// leaving has keys of a leaver at four accounts: two owned, one by hand, one never
// issued, one at a paused account, one made and owned by somebody else, and one of
// others.
func leaving(t *testing.T) *desk {
	t.Helper()
	owned := func(id keyturn.KeyID, provider, account, team string) keyturn.Key {
		k := keyOf(id, provider, account, 30)
		k.Owner = keyturn.Owner{Team: team, Person: leaver}
		return k
	}
	fresh := owned("search-fresh", "aws", "123456789012", "search")
	fresh.Ledger, fresh.Generation = nil, 0
	shouted := owned("payments-aws-2", "aws", "123456789012", "payments")
	shouted.Owner.Person = "Ana@Example.com"
	d := newDesk(t,
		owned("payments-aws-1", "aws", "123456789012", "payments"), shouted, fresh,
		owned("web-github", "github", "acme", "web"), owned("partner-portal", "manual", "partner", "web"),
		keyOf("data-datadog", "datadog", "eu", 30), keyOf("others-aws", "aws", "123456789012", 30),
	)
	d.serve(t, 5, "aws/123456789012", "manual/partner", "datadog/eu", "github/acme")
	d.hold(t, keyturn.Issuer{Provider: "github", Account: "acme"})
	d.happened(t, "data-datadog", registry.Began, "issue/data-datadog", noon.AddDate(0, -2, 0), leaver, "")
	return d
}

// happened enters an event in a key's history.
func (d *desk) happened(t *testing.T, id keyturn.KeyID, what, event string, at time.Time, actor, detail string, change ...func(*keyturn.Key)) {
	t.Helper()
	s := d.store(t)
	k, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&k)
	}
	if _, err := s.Save(t.Context(), k, registry.Event{ID: event, Key: id, What: what, Actor: actor, At: at, Reason: "offboarding", Detail: detail}); err != nil {
		t.Fatal(err)
	}
}

// left has a departure of the leaver recorded ten minutes ago, as a directory does.
func (d *desk) left(t *testing.T, change ...func(*registry.Departure)) registry.Departure {
	t.Helper()
	in := registry.Departure{
		ID: departureID, Email: leaver, Origin: "okta", Event: "e-1", Actor: "okta", At: noon.Add(-10 * time.Minute), Reason: "not active any more",
	}
	for _, f := range change {
		f(&in)
	}
	out, opened, err := d.store(t).Depart(t.Context(), in)
	if err != nil || !opened {
		t.Fatalf("opened %v, %v", opened, err)
	}
	return out
}

// worked is the departure as a worker leaves it half-way: sessions ended, keys handed
// over, and one replaced with a death that could not be tried.
func (d *desk) worked(t *testing.T) registry.Departure {
	t.Helper()
	out := d.left(t)
	s := d.store(t)
	out.Directory, out.Ended, out.Sessions = "okta", []string{"okta: sessions", "okta: 3 application grants"}, noon.Add(-9*time.Minute)
	out.Handed, out.Batch = noon.Add(-8*time.Minute), departureID
	out, err := s.SaveDeparture(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	ids := []keyturn.KeyID{"payments-aws-1", "payments-aws-2", "web-github", "partner-portal", "data-datadog", "others-aws"}
	b := registry.Batch{ID: departureID, Selector: "what a leaver could have seen", Reason: "offboarding", Actor: "offboarding/" + departureID, Urgent: true, At: noon.Add(-8 * time.Minute)}
	if err := s.AddBatch(t.Context(), b, ids); err != nil {
		t.Fatal(err)
	}
	for _, id := range []keyturn.KeyID{"payments-aws-1", "payments-aws-2", "web-github", "partner-portal", "search-fresh"} {
		from := leaver
		if id == "payments-aws-2" {
			from = "Ana@Example.com"
		}
		d.happened(t, id, registry.HandedOver, departureID+"/"+string(id)+"/handed_over/1", noon.Add(-8*time.Minute), "offboarding/"+departureID,
			"from "+from+" to ben@example.com", func(k *keyturn.Key) { k.Owner.Person = "ben@example.com" })
	}
	d.replaced(t, "payments-aws-1", noon.Add(-6*time.Minute), "rk_1 revoked, its value is refused")
	d.replaced(t, "data-datadog", noon.Add(-2*time.Minute), "rk_1 revoked, its death not tried")
	var marks []registry.BatchKey
	for id, state := range map[keyturn.KeyID]registry.BatchState{
		"payments-aws-1": registry.BatchDone, "data-datadog": registry.BatchDone, "payments-aws-2": registry.BatchFailed,
		"web-github": registry.BatchSkipped, "partner-portal": registry.BatchStarted, "others-aws": registry.BatchSkipped,
	} {
		why := map[keyturn.KeyID]string{"payments-aws-2": "denied", "web-github": activities.SkipPaused, "others-aws": activities.SkipReplaced}[id]
		marks = append(marks, registry.BatchKey{Key: id, State: state, Why: why, At: noon.Add(-time.Minute)})
	}
	if err := s.MarkBatch(t.Context(), departureID, marks); err != nil {
		t.Fatal(err)
	}
	return out
}

// replaced enters a rotation in a key's history.
func (d *desk) replaced(t *testing.T, id keyturn.KeyID, at time.Time, detail string) {
	t.Helper()
	run := "run/" + string(id)
	d.happened(t, id, registry.Promoted, run+"/promoted", at.Add(-time.Minute), "offboarding/"+departureID, "rk_2")
	d.happened(t, id, registry.Completed, run+"/completed", at, "offboarding/"+departureID, detail)
}

// ends has a departure end as soon as it is worked on.
func (d *desk) ends(t *testing.T, state registry.DepartureState) {
	d.temporal.offboards.work = func(id string) error {
		s := d.store(t)
		now, err := s.Departure(context.Background(), id)
		if err != nil {
			return err
		}
		now.State, now.Closed = state, noon
		_, err = s.SaveDeparture(context.Background(), now)
		return err
	}
}
