package google_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/google/googlefake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestSubscribeAgain checks that another worker opens no second channel, and that
// what it says of the first one's end is never too late.
func TestSubscribeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	until := w.time().Add(48 * time.Hour)
	wantUntil(t, "at first", subscribe(t, w.d), until)
	w.pass(time.Hour) // it is 11:30, and the channels' ids are of 09:00
	wantUntil(t, "another worker", subscribe(t, w.other), w.time().Add(3*time.Hour+30*time.Minute))
	w.pass(22 * time.Hour)
	w.take()
	wantUntil(t, "within the day", subscribe(t, w.d), until)
	if asked := w.take(); len(asked) != 0 {
		t.Errorf("asked %q for channels that last another day", asked)
	}
	if n := len(w.fake.Deliveries("sync", "")); n != 2 {
		t.Errorf("%d channels are open, want 2", n)
	}
	w.pass(2 * time.Hour)
	wantUntil(t, "the next day", subscribe(t, w.d), w.time().Add(48*time.Hour))
	if _, err := w.d.(people.Subscriber).Subscribe(t.Context(), address+"/2"); err != nil {
		t.Fatal(err)
	}
	if n := len(w.fake.Deliveries("sync", "")); n != 6 {
		t.Errorf("after a day and with another address %d channels are open, want 6", n)
	}
}

func wantUntil(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("%s: it lasts until %v, want %v", what, got, want)
	}
}

// TestSubscribeLasts has Subscribe called well before the end it told, for days: the
// channels must overlap, however long they last.
func TestSubscribeLasts(t *testing.T) {
	t.Parallel()
	for _, longest := range []time.Duration{6 * time.Hour, 48 * time.Hour} {
		w := newWorld(t, googlefake.Options{Longest: longest})
		id := w.fake.Put(googlefake.User{Email: "ada@acme.example"})
		for start := w.time(); w.time().Sub(start) < 5*24*time.Hour; {
			left := subscribe(t, w.d).Sub(w.time())
			if left < 3*time.Hour {
				t.Fatalf("channels of %v: %v are left after subscribing", longest, left)
			}
			w.pass(left * 3 / 4)
			for _, event := range []string{"update", "delete"} {
				if n := len(w.fake.Deliveries(event, id)); n == 0 {
					t.Fatalf("channels of %v: nobody hears of %s", longest, event)
				}
			}
		}
	}
}

// TestSubscribeToldTheShorter checks that a channel that ends earlier is the one that
// counts.
func TestSubscribeToldTheShorter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	w.faults.Set(fake.Rule{
		Match:  func(r *http.Request) bool { return r.URL.Query().Get("event") == "delete" },
		Answer: saying(200, fmt.Sprintf(`{"id":"x","expiration":"%d"}`, w.time().Add(time.Hour).UnixMilli())),
	})
	wantUntil(t, "of two", subscribe(t, w.d), w.time().Add(time.Hour))
}

func TestSubscribeRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	s := w.d.(people.Subscriber)
	for _, bad := range []string{"", "http://keyturn.acme.example/x", "https://", "keyturn.acme.example"} {
		_, err := s.Subscribe(t.Context(), bad)
		wantKind(t, "the address "+bad, err, keyturn.Invalid)
	}
	if asked := w.take(); len(asked) != 0 {
		t.Errorf("asked %q for addresses that cannot be", asked)
	}
	for _, c := range []struct {
		rule fake.Rule
		want keyturn.Kind
	}{
		{fake.Rule{Answer: problem(401, "push.webhookUrlUnauthorized")}, keyturn.Denied},
		{fake.Rule{Answer: problem(400, "invalid")}, keyturn.Invalid},
		{fake.Rule{Status: 503, Skip: 1}, keyturn.Unavailable}, // the first channel is open, and stays so
		{fake.Rule{Answer: saying(200, `{"id":"x"}`)}, keyturn.Unavailable},
	} {
		c.rule.Match = at("/watch")
		w.faults.Set(c.rule)
		_, err := s.Subscribe(t.Context(), address)
		wantKind(t, "refused", err, c.want)
		if err != nil && strings.Contains(err.Error(), webhookSecret) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}
