package entra_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/entra/entrafake"
	"github.com/keyturn/keyturn/providers/fake"
)

const month = 28 * 24 * time.Hour

// one is the only subscription there is.
func (w *world) one(t *testing.T) entrafake.Subscription {
	t.Helper()
	all := w.tenant.Subscriptions()
	if len(all) != 1 {
		t.Fatalf("there are %d subscriptions, want 1: %+v", len(all), all)
	}
	return all[0]
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	if until := w.subscribe(t); !until.Equal(w.clock().Add(month)) {
		t.Errorf("subscribed until %s, want four weeks from now", until)
	}
	first := w.one(t)
	if first.ClientState != hook || first.Resource != "users" || first.ChangeType != "updated,deleted" || strings.Contains(first.NotificationURL, hook) {
		t.Errorf("the subscription is %+v", first)
	}
	for range 40 { // as each day
		w.advance(24 * time.Hour)
		if until := w.subscribe(t); !until.Equal(w.clock().Add(month)) {
			t.Errorf("renewed until %s, want four weeks from now", until)
		}
	}
	if s := w.one(t); s.ID != first.ID {
		t.Error("the subscription was made again in place of being renewed")
	}
	if got := w.tenant.Tell("updated", id); len(got) != 1 || got[0] != 200 {
		t.Errorf("the webhook answered %v", got)
	}
	if got := w.tenant.TellOf("reauthorizationRequired"); len(got) != 1 || got[0] != 200 {
		t.Errorf("the webhook answered %v to a lifecycle event", got)
	}
	heard := w.news()
	if len(heard) != 2 || len(heard[0].Changed) != 1 || heard[0].Changed[0].ID != id || !heard[1].Missed {
		t.Errorf("heard %+v", heard)
	}
	w.advance(29 * 24 * time.Hour)
	w.subscribe(t)
	if s := w.one(t); s.ID == first.ID {
		t.Error("one that ended was not made again")
	}
}

// Those of others, and for others, are none of ours.
func TestSubscribeLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	until := w.clock().Add(time.Hour)
	for _, s := range []entrafake.Subscription{
		{Resource: "users", NotificationURL: "https://other.example/people/entra"},
		{Resource: "users", NotificationURL: address + "/more?secret=1"},
		{Resource: "groups", NotificationURL: address},
	} {
		s.ExpirationDateTime = until
		w.tenant.AddSubscription(s)
	}
	w.subscribe(t)
	w.subscribe(t)
	if all := w.tenant.Subscriptions(); len(all) != 4 || !all[0].ExpirationDateTime.Equal(until) || !all[2].ExpirationDateTime.Equal(until) {
		t.Errorf("the subscriptions are %+v, want three as they were, and ours", all)
	}
}

// Graph never shows a clientState. One with an old secret would be refused for
// weeks.
func TestSubscribeWithAnotherSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	w.subscribe(t)
	w.Directory = w.open(t, "another secret")
	w.subscribe(t)
	if s := w.one(t); s.ClientState != "another secret" {
		t.Errorf("the subscription has the clientState %q", s.ClientState)
	}
	if got := w.tenant.Tell("updated", id); len(got) != 1 || got[0] != 200 {
		t.Errorf("the webhook answered %v", got)
	}
}

func TestSubscribeAfterLostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faults.Set(fake.Rule{Method: "POST", Path: "/v1.0/subscriptions", Drop: fake.DropAfter, Times: 1})
	_, err := w.Directory.(people.Subscriber).Subscribe(t.Context(), address)
	wantKind(t, "a lost answer", err, keyturn.Unavailable)
	w.subscribe(t)
	w.one(t)
}

func TestSubscribeRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	subscribe := func(d people.Directory, address string) error {
		_, err := d.(people.Subscriber).Subscribe(t.Context(), address)
		return err
	}
	for _, bad := range []string{"", "http://keyturn.example/people/entra", "https://", "https://keyturn.example/x?y", "keyturn.example"} {
		wantKind(t, bad, subscribe(w.Directory, bad), keyturn.Invalid)
	}
	wantKind(t, "129 characters", subscribe(w.open(t, strings.Repeat("x", 129)), address), keyturn.Invalid)
	wantKind(t, "no secret", subscribe(w.open(t, ""), address), keyturn.Unsupported)
	if calls := w.take(); len(calls) != 0 {
		t.Errorf("the requests were %q, want none", calls)
	}
	w.deaf = true
	err := subscribe(w.Directory, address)
	wantKind(t, "a webhook that is down", err, keyturn.Unavailable)
	if err == nil || !strings.Contains(err.Error(), "webhook") {
		t.Errorf("%v does not say what is wrong", err)
	}
}
