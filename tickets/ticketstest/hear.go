package ticketstest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// Names of deliveries.
const (
	firstDelivery  = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
	secondDelivery = "72d3162e-cc78-11e3-81ab-4c9367dc0959"
)

// delivery makes one that is as it should be.
func (r *rig) delivery(e Event, id string) Delivery {
	return Delivery{Event: e, Ticket: id, Name: firstDelivery, At: r.now, Secret: r.hook}
}

// hears fails t unless a delivery is heard.
func (r *rig) hears(t testing.TB, d Delivery) tickets.News {
	t.Helper()
	header, body := r.fake.Deliver(d)
	if header == nil {
		t.Fatalf("the fake delivers nothing on %s", d.Event)
	}
	news, err := r.Hear(header, body)
	if err != nil {
		t.Fatalf("Hear of %s: %v", d.Event, err)
	}
	return news
}

// refuses fails t unless a delivery is refused as kind, and makes no request.
func (r *rig) refuses(t testing.TB, what string, header http.Header, body []byte, kinds ...keyturn.Kind) {
	t.Helper()
	r.requests.take()
	news, err := r.Hear(header, body)
	r.want(t, "Hear of "+what, err, kinds...)
	if news != (tickets.News{}) {
		t.Errorf("Hear of %s returned news besides the error: %+v", what, news)
	}
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("Hear of %s made %d requests, want none", what, n)
	}
}

// hear asks whether a change of state is news of the right ticket.
func hear(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id, other := r.open(t, "rotate/run-1").ID, r.open(t, "rotate/run-2").ID
	r.requests.take()
	for _, e := range []Event{Closed, Reopened, Removed} {
		for _, id := range []string{id, other} {
			news := r.hears(t, r.delivery(e, id))
			if news.Ticket != id || news.Delivery == "" {
				t.Errorf("Hear of %s = %+v, want a name and the ticket %s", e, news, id)
			}
			noLeak(t, "news", fmt.Sprintf("%+v", news))
		}
	}
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("Hear made %d requests, want none", n)
	}
}

// hearResent asks whether a delivery keeps its name when it is sent again, and
// another has another.
func hearResent(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	d := r.delivery(Closed, id)
	first := r.hears(t, d)
	if again := r.hears(t, d); again != first {
		t.Errorf("the same delivery is %+v and then %+v", first, again)
	}
	d.Name = secondDelivery
	if again := r.hears(t, d); again.Delivery == first.Delivery || again.Ticket != first.Ticket {
		t.Errorf("another delivery is %+v, the first was %+v", again, first)
	}
}

// hearUnrelated asks whether what says nothing about a ticket's state is
// accepted and is news of none.
func hearUnrelated(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	for _, e := range []Event{Commented, Elsewhere, Ping} {
		header, body := r.fake.Deliver(r.delivery(e, id))
		if header == nil {
			continue // the vendor has no such thing
		}
		news, err := r.Hear(header, body)
		r.want(t, "Hear of "+string(e), err, "")
		if news.Ticket != "" {
			t.Errorf("Hear of %s = %+v, want no ticket", e, news)
		}
	}
}

// hearForged asks whether only the owner of the secret is believed.
func hearForged(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id, other := r.open(t, "rotate/run-1").ID, r.open(t, "rotate/run-2").ID
	header, body := r.fake.Deliver(r.delivery(Closed, id))
	signature := header.Get(h.Signature)
	if h.Signature == "" || signature == "" {
		t.Fatalf("a delivery has no header Harness.Signature, %q", h.Signature)
	}
	with := func(s string) http.Header {
		out := header.Clone()
		out.Set(h.Signature, s)
		return out
	}
	for what, s := range map[string]string{
		"an empty signature": "", "a garbled signature": "sha256=zz", "half a signature": signature[:len(signature)/2],
		"a signature and more": signature + "00", "a signature turned round": reverse(signature), "the secret's name": "sha256=",
	} {
		r.refuses(t, what, with(s), body, keyturn.Denied)
	}
	without := header.Clone()
	without.Del(h.Signature)
	r.refuses(t, "no signature", without, body, keyturn.Denied)
	r.refuses(t, "no header at all", http.Header{}, body, keyturn.Denied)
	_, another := r.fake.Deliver(r.delivery(Closed, other))
	r.refuses(t, "a signature made over another body", header, another, keyturn.Denied)
	r.refuses(t, "a body that was added to", header, append(bytes.Clone(body), ' '), keyturn.Denied)
	r.refuses(t, "an empty body", header, nil, keyturn.Denied)
	for _, secret := range []string{"another secret", "", r.hook + "x"} {
		d := r.delivery(Closed, id)
		d.Secret = secret
		header, body := r.fake.Deliver(d)
		r.refuses(t, "a signature with another secret", header, body, keyturn.Denied)
	}
}

// reverse turns the signature's digits round and leaves what stands before.
func reverse(s string) string {
	from := strings.LastIndex(s, "=") + 1
	b := []byte(s)
	for i, j := from, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// hearStale asks whether a delivery can be kept and used later.
func hearStale(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	for _, off := range []time.Duration{-10 * time.Minute, 10 * time.Minute, -time.Second, time.Second} {
		d := r.delivery(Closed, id)
		d.At = r.now.Add(off)
		header, body := r.fake.Deliver(d)
		if h.Fresh && off.Abs() > time.Minute {
			r.refuses(t, fmt.Sprintf("a delivery sent %s from now", off), header, body, keyturn.Denied)
		} else if news := r.hears(t, d); news.Ticket != id {
			t.Errorf("Hear of a delivery sent %s from now = %+v, want the ticket %s", off, news, id)
		}
	}
}

// hearMalformed asks whether what is signed and cannot be understood is Invalid
// and no accident.
func hearMalformed(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	for _, body := range []string{"", "{", "[]", "7", `"` + canary + `"`, "<html>", "payload=%7B%7D", "{} {}", `{"issue": "` + canary + `", "data": [], "action": 7}`} {
		d := r.delivery(Closed, id)
		d.Body = []byte(body)
		header, sent := r.fake.Deliver(d)
		kinds := []keyturn.Kind{keyturn.Invalid}
		if h.Fresh {
			kinds = append(kinds, keyturn.Denied) // it has no time
		}
		r.refuses(t, fmt.Sprintf("the body %q", body), header, sent, kinds...)
	}
}

// hearWithoutSecret asks whether a tracker without a webhook secret believes
// nobody, also not who signs with nothing.
func hearWithoutSecret(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	tracker := r.another(t, h.Config, "")
	for _, secret := range []string{"", "x", r.hook} {
		d := r.delivery(Closed, id)
		d.Secret = secret
		news, err := tracker.Hear(r.fake.Deliver(d))
		r.want(t, "Hear without a webhook secret", err, keyturn.Unsupported)
		if news != (tickets.News{}) {
			t.Errorf("Hear without a webhook secret = %+v", news)
		}
	}
}

// hearHuge asks whether a delivery of 5 MB is no trouble, signed or not.
func hearHuge(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	for _, body := range []string{strings.Repeat("[", 5<<20), `{"a": "` + strings.Repeat("x", 5<<20) + `"`} {
		d := r.delivery(Closed, id)
		d.Body = []byte(body)
		header, sent := r.fake.Deliver(d)
		r.refuses(t, "5 MB signed", header, sent, keyturn.Invalid, keyturn.Denied)
		header.Set(h.Signature, "sha256=00")
		r.refuses(t, "5 MB unsigned", header, sent, keyturn.Denied)
	}
}
