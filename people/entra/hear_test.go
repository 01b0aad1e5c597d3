package entra_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/entra/entrafake"
)

const somebody = "87d349ed-44d7-43e1-9a83-5f2406dee5bd"

type object = map[string]any

// item is a notification that a user was changed, with changes of its own.
func item(change func(object)) object {
	out := object{
		"subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07", "subscriptionExpirationDateTime": "2026-03-20T11:00:00Z",
		"clientState": hook, "changeType": "updated", "resource": "Users/" + somebody, "tenantId": entrafake.Tenant,
		"resourceData": object{"@odata.type": "#Microsoft.Graph.User", "@odata.id": "Users/" + somebody, "id": somebody},
	}
	if change != nil {
		change(out)
	}
	return out
}

func (w *world) hear(t *testing.T, items ...object) (people.News, error) {
	t.Helper()
	body, err := json.Marshal(object{"value": items, "validationTokens": []string{}})
	if err != nil {
		t.Fatal(err)
	}
	return w.Directory.(people.Hearer).Hear(people.Delivery{Method: http.MethodPost, Query: url.Values{"secret": {"0a0b0c0d"}}, Body: body})
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for token, want := range map[string]keyturn.Kind{
		"Validation: Testing <client> & +%20": "", strings.Repeat("x", 1024): "",
		"": keyturn.Invalid, strings.Repeat("x", 1025): keyturn.Invalid, "a\r\nSet-Cookie: b": keyturn.Invalid, "a\x00": keyturn.Invalid,
	} {
		news, err := w.Directory.(people.Hearer).Hear(people.Delivery{Method: http.MethodPost, Query: url.Values{"validationToken": {token}}})
		wantKind(t, token, err, want)
		if err == nil && (news.Answer != token || news.ContentType != "text/plain" || news.Missed || len(news.Changed) != 0) {
			t.Errorf("the answer to %q is %+v", token, news)
		}
	}
}

func TestHear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := strings.Replace(somebody, "87", "88", 1)
	deleted := item(func(o object) { o["changeType"], o["resourceData"] = "deleted", object{"id": other} })
	news, err := w.hear(t, item(nil), deleted, item(nil))
	var ids []string
	for _, c := range news.Changed {
		ids = append(ids, c.ID)
		if c.Event == "" || c.Email != "" || strings.Contains(c.Event, c.ID) {
			t.Errorf("a change is %+v", c)
		}
	}
	if diff := cmp.Diff([]string{somebody, other}, ids); err != nil || diff != "" || news.Missed {
		t.Errorf("Hear: %+v, %v (-want +got):\n%s", news, err, diff)
	}
	for _, event := range []string{"missed", "subscriptionRemoved", "reauthorizationRequired"} {
		news, err := w.hear(t, object{"clientState": hook, "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07", "lifecycleEvent": event}, item(nil))
		if err != nil || !news.Missed || len(news.Changed) != 1 {
			t.Errorf("%s: %+v, %v; want that something was missed, and the change", event, news, err)
		}
	}
	for what, id := range map[string]string{"no id": "", "a path": "../users", "an address": "ada@acme.example"} {
		_, err := w.hear(t, item(func(o object) { o["resourceData"] = object{"id": id} }))
		wantKind(t, what, err, keyturn.Invalid)
	}
}

// One that proves nothing spoils the whole delivery.
func TestHearForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, state := range []any{"", nil, hook + "x", strings.ToUpper(hook), hook[:4]} {
		news, err := w.hear(t, item(nil), item(func(o object) { o["clientState"] = state }))
		wantKind(t, "a wrong clientState", err, keyturn.Denied)
		if len(news.Changed) != 0 {
			t.Errorf("a forged delivery says %+v", news)
		}
	}
	_, err := w.hear(t)
	wantKind(t, "an empty delivery", err, keyturn.Denied)
}

// A name must stay when Graph sends again, and a second change of a user must not
// pass for the first.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	event := func(change func(object)) string {
		t.Helper()
		w.advance(time.Second)
		news, err := w.hear(t, item(change))
		if err != nil || len(news.Changed) != 1 {
			t.Fatalf("%+v, %v", news, err)
		}
		return news.Changed[0].Event
	}
	named := func(o object) { o["id"] = "lsgTZMr9KwAAA" }
	tagged := func(o object) { o["resourceData"].(object)["@odata.etag"] = `W/"1"` }
	later := func(o object) { named(o); o["subscriptionExpirationDateTime"] = "2026-04-20T11:00:00Z" }
	if a, b, c := event(named), event(named), event(later); a != b || a != c {
		t.Error("a notification that Graph named changes its name when it is sent again")
	}
	if event(tagged) != event(tagged) {
		t.Error("a notification of one state of a user changes its name when it is sent again")
	}
	seen := map[string]bool{}
	for i, change := range []func(object){nil, nil, named, func(o object) { o["id"] = "other" }, tagged, func(o object) { named(o); tagged(o) }, func(o object) { named(o); o["changeType"] = "deleted" }} {
		e := event(change)
		if seen[e] {
			t.Errorf("change %d passes for another", i)
		}
		seen[e] = true
	}
}
