package google_test

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/google/googlefake"
)

const address = "https://keyturn.acme.example/webhooks/people/google"

func subscribe(t *testing.T, d people.Directory) time.Time {
	t.Helper()
	until, err := d.(people.Subscriber).Subscribe(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return until
}

func TestHear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	id := w.fake.Put(googlefake.User{Email: "Ada@acme.example"})
	subscribe(t, w.d)
	hear := func(r *http.Request) people.News {
		t.Helper()
		news, err := w.d.(people.Hearer).Hear(delivery(t, r))
		if err != nil {
			t.Fatal(err)
		}
		return news
	}
	opened := w.fake.Deliveries("sync", "")
	if len(opened) != 2 {
		t.Fatalf("%d channels are open, want one for each event", len(opened))
	}
	for _, r := range opened {
		if diff := cmp.Diff(people.News{}, hear(r)); diff != "" {
			t.Errorf("sync (-want +got):\n%s", diff)
		}
	}
	events := map[string]bool{}
	for _, event := range []string{"update", "update", "delete"} {
		for _, r := range w.fake.Deliveries(event, id) {
			news := hear(r)
			again := hear(r)
			want := people.News{Changed: []people.Change{{Event: news.Changed[0].Event, ID: id, Email: "ada@acme.example"}}}
			if diff := cmp.Diff(want, again); diff != "" {
				t.Errorf("%s (-want +got):\n%s", event, diff)
			}
			events[news.Changed[0].Event] = true
		}
	}
	if len(events) != 3 {
		t.Errorf("3 events are called %v", events)
	}
}

func TestHearRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	id := w.fake.Put(googlefake.User{Email: "ada@acme.example"})
	subscribe(t, w.d)
	genuine := delivery(t, w.fake.Deliveries("update", id)[0])
	at := func(d time.Duration) string { return w.time().Add(d).Format("Mon, 2 Jan 2006 15:04:05 GMT") }
	for name, c := range map[string]struct {
		header, value string
		want          keyturn.Kind
	}{
		"genuine":                  {"", "", ""},
		"no token":                 {"X-Goog-Channel-Token", "", keyturn.Denied},
		"another token":            {"X-Goog-Channel-Token", webhookSecret + "x", keyturn.Denied},
		"no end":                   {"X-Goog-Channel-Expiration", "", ""},
		"an end a moment ago":      {"X-Goog-Channel-Expiration", at(-59 * time.Minute), ""},
		"an end long ago":          {"X-Goog-Channel-Expiration", at(-61 * time.Minute), keyturn.Denied},
		"an end in two days":       {"X-Goog-Channel-Expiration", at(48 * time.Hour), ""},
		"an end too far away":      {"X-Goog-Channel-Expiration", at(50 * time.Hour), keyturn.Denied},
		"an end that is no time":   {"X-Goog-Channel-Expiration", "1764066600", keyturn.Invalid},
		"no channel":               {"X-Goog-Channel-Id", "", keyturn.Invalid},
		"no number":                {"X-Goog-Message-Number", "one", keyturn.Invalid},
		"an event nobody knows":    {"X-Goog-Resource-State", "exists", keyturn.Invalid},
		"an event not watched for": {"X-Goog-Resource-State", "makeAdmin", ""},
	} {
		d := genuine
		d.Header = maps.Clone(genuine.Header)
		if c.header != "" {
			d.Header.Set(c.header, c.value)
		}
		_, err := w.d.(people.Hearer).Hear(d)
		wantKind(t, name, err, c.want)
	}
	for _, body := range []string{"", "null", "[]", `{"primaryEmail":"ada@acme.example"}`, `{"id":"../x"}`, `{"id":[7]}`} {
		d := genuine
		d.Body = []byte(body)
		_, err := w.d.(people.Hearer).Hear(d)
		wantKind(t, "the body "+body, err, keyturn.Invalid)
	}
	d := genuine
	d.Body = []byte(`{"id":117839542198896213400,"primaryEmail":"ada@acme.example"}`)
	if news, err := w.d.(people.Hearer).Hear(d); err != nil || news.Changed[0].ID != "117839542198896213400" {
		t.Errorf("an id that is a number: %+v, %v", news, err)
	}
	d.Method = http.MethodGet
	_, err := w.d.(people.Hearer).Hear(d)
	wantKind(t, "GET", err, keyturn.Invalid)
}
