package linear_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

const deliveryName = "234d1a4e-b617-4388-90fe-adc3633d6b72"

// hear delivers a body, signed.
func (w *world) hear(body []byte) (tickets.News, error) {
	return w.Hear(linearfake.Sign(deliveryName, "Issue", webhookSecret, body), body)
}

// TestHearTellsEventsApart checks which deliveries are news of a ticket.
func TestHearTellsEventsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	for _, c := range []struct {
		action  string
		changed map[string]any
		heard   bool
	}{
		{"create", nil, true},
		{"remove", nil, true},
		{"restore", nil, true},
		{"update", map[string]any{"stateId": "x", "updatedAt": "x"}, true},
		{"update", map[string]any{"stateId": nil}, true}, // was not set
		{"update", map[string]any{"trashed": nil, "archivedAt": nil}, true},
		{"update", map[string]any{"archivedAt": "2026-01-01T00:00:00.000Z"}, true},
		{"update", map[string]any{"title": "x", "updatedAt": "x"}, false},
		{"update", nil, false},
		{"something new", map[string]any{"stateId": "x"}, false},
	} {
		body := w.linear.Payload(linearfake.Event{Type: "Issue", Action: c.action, Issue: id, Changed: c.changed}, w.now)
		want := tickets.News{Delivery: deliveryName}
		if c.heard {
			want.Ticket = id
		}
		if got, err := w.hear(body); got != want || err != nil {
			t.Errorf("Hear of %s %v = %+v, %v, want %+v", c.action, c.changed, got, err, want)
		}
	}
}

// TestHearKnowsItsTeam checks how a delivery's team is told from others, for
// each way the settings can name it.
func TestHearKnowsItsTeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	ours, other := w.linear.TeamID("OPS"), w.linear.TeamID("DEV")
	body := func(data string) string {
		now, _ := json.Marshal(w.now.UnixMilli())
		return `{"type": "Issue", "action": "create", "webhookTimestamp": ` + string(now) + `, "data": {"id": "` + id + `", ` + data + `}}`
	}
	for _, team := range []string{"ops", ours} {
		w.Tracker = w.reset(t, `{"team": "`+team+`", "token": {"path": "a"}}`)
		for data, heard := range map[string]bool{
			`"teamId": "` + ours + `", "identifier": "OPS-1", "team": {"id": "` + ours + `", "key": "OPS"}`:    true,
			`"teamId": "` + ours + `", "identifier": "OPS-1"`:                                                  true,
			`"teamId": "` + other + `", "identifier": "DEV-1", "team": {"id": "` + other + `", "key": "DEV"}`:  false,
			`"teamId": "` + other + `", "identifier": "DEV-1"`:                                                 false,
			`"teamId": "` + other + `", "identifier": "OPS2-1", "team": {"id": "` + other + `", "key":"OPS2"}`: false,
		} {
			got, err := w.hear([]byte(body(data)))
			if err != nil || (got.Ticket == id) != heard || !heard && got.Ticket != "" {
				t.Errorf("team %s: Hear of %s = %+v, %v, want heard = %t", team, data, got, err, heard)
			}
		}
	}
	for _, data := range []string{`"identifier": "OPS-1"`, `"id": "OPS-1", "teamId": "` + ours + `"`, `"teamId": 7`} {
		_, err := w.hear([]byte(body(data)))
		wantKind(t, "Hear of "+data, err, keyturn.Invalid)
	}
}

// TestHearTrustsTheSignedTime checks the minute to the millisecond, and that
// the header with the time, which is not signed, changes nothing.
func TestHearTrustsTheSignedTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	id := w.open(t, "rotate/run-1").ID
	for off, want := range map[time.Duration]keyturn.Kind{
		time.Minute: "", -time.Minute: "", time.Minute + time.Millisecond: keyturn.Denied, -time.Minute - time.Millisecond: keyturn.Denied,
	} {
		body := w.linear.Payload(linearfake.Event{Type: "Issue", Action: "create", Issue: id}, w.now.Add(off))
		for _, header := range []time.Duration{0, time.Hour} {
			h := linearfake.Sign(deliveryName, "Issue", webhookSecret, body)
			stamp, _ := json.Marshal(w.now.Add(header).UnixMilli())
			h.Set("Linear-Timestamp", string(stamp))
			_, err := w.Hear(h, body)
			wantKind(t, "Hear of a delivery from "+off.String(), err, want)
		}
	}
	for _, stamp := range []string{`null`, `0`, `-1`, `1e300`, `-1e300`} {
		_, err := w.hear([]byte(`{"type": "Issue", "action": "create", "webhookTimestamp": ` + stamp + `}`))
		wantKind(t, "Hear of a delivery from "+stamp, err, keyturn.Denied)
	}
	_, err := w.hear([]byte(`{"type": "Issue", "action": "create"}`))
	wantKind(t, "Hear of a delivery without a time", err, keyturn.Denied)
}

// TestHearWantsAName checks the header that names a delivery, which is not
// signed and becomes part of other names.
func TestHearWantsAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, linearfake.Options{})
	body := w.linear.Payload(linearfake.Event{Type: "Issue", Action: "create", Issue: w.open(t, "rotate/run-1").ID}, w.now)
	for _, name := range []string{"", "x", deliveryName + "/../x", "{" + deliveryName + "}", "urn:uuid:" + deliveryName} {
		news, err := w.Hear(linearfake.Sign(name, "Issue", webhookSecret, body), body)
		wantKind(t, "Hear of a delivery named "+name, err, keyturn.Invalid)
		if news != (tickets.News{}) {
			t.Errorf("Hear of a delivery named %q = %+v", name, news)
		}
	}
	if news, err := w.Hear(linearfake.Sign(strings.ToUpper(deliveryName), "Issue", webhookSecret, body), body); news.Delivery != deliveryName || err != nil {
		t.Errorf("Hear of a name in capitals = %+v, %v", news, err)
	}
}

// FuzzHear feeds signed bodies of any kind. What is not understood is refused,
// with no news.
func FuzzHear(f *testing.F) {
	for _, seed := range []string{``, `{}`, `[]`, `{"data": []}`, `{"type": "Issue", "action": "create", "webhookTimestamp": 1795510800000, "data": {"id": 7}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t, config, linearfake.Options{})
		news, err := w.hear(body)
		var e *keyturn.Error
		if err != nil && (!errors.As(err, &e) || e.Kind != keyturn.Denied && e.Kind != keyturn.Invalid || news != (tickets.News{})) {
			t.Errorf("Hear = %+v, %v", news, err)
		}
	})
}
