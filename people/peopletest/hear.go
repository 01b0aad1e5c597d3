package peopletest

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// forged are deliveries that prove nothing.
func forged() []people.Delivery {
	var out []people.Delivery
	for _, body := range []string{"", "{}", "null", "[]", "<html>", `{"value":[{"clientState":"` + canary + `"}]}`, `{"data":{"events":[{}]}}`} {
		out = append(out, people.Delivery{
			Method: http.MethodPost, Header: http.Header{"Authorization": {canary}, "X-Goog-Channel-Token": {canary}},
			Query: url.Values{}, Body: []byte(body),
		})
	}
	return out
}

// hearWithoutSecret asks whether a directory without a webhook secret believes
// nobody, and subscribes to nothing.
func hearWithoutSecret(t testing.TB, w World) {
	r := w.start(t, 0)
	d := r.another(t, "")
	h, ok := d.(people.Hearer)
	skip(t, !ok, "webhook")
	for _, delivery := range forged() {
		_, err := h.Hear(delivery)
		r.want(t, "Hear without a secret", err, keyturn.Unsupported)
	}
	if s, ok := d.(people.Subscriber); ok {
		_, err := s.Subscribe(r.ctx, "https://keyturn.example/people/it")
		r.want(t, "Subscribe without a secret", err, keyturn.Unsupported)
	}
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

// hearForged asks whether a delivery that proves nothing is refused.
func hearForged(t testing.TB, w World) {
	r := w.start(t, 0)
	h, ok := r.Directory.(people.Hearer)
	skip(t, !ok, "webhook")
	for _, delivery := range forged() {
		news, err := h.Hear(delivery)
		r.want(t, "Hear of "+string(delivery.Body), err, keyturn.Denied, keyturn.Invalid)
		if len(news.Changed) != 0 || news.Missed || news.Answer != "" {
			t.Errorf("a forged delivery says %+v", news)
		}
	}
	if n := len(r.requests.take()); n != 0 {
		t.Errorf("Hear made %d requests, want none", n)
	}
}
