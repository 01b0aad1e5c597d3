package ticketstest

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// looks reports whether a method returns something from an answer, so that it
// must have understood it. One that only acts may not look.
func looks(op string) bool { return op == opOpen || op == opState }

// brokenAnswers asks whether an answer is understood before it is believed: a
// proxy's login page must not pass for a ticket.
func brokenAnswers(t testing.TB, h Harness) {
	r := h.start(t, 0)
	calls := r.calls(t)
	for _, body := range []string{"", "{", `{"` + canary + `":`, `"` + canary, "<html><body>Sign in</body></html>", "{}", "null", `{"data":{}}`, `{"data":null}`} {
		r.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })})
		for _, c := range calls {
			kinds := []keyturn.Kind{keyturn.Unavailable}
			if !looks(c.op) {
				kinds = append(kinds, "", keyturn.NotFound, keyturn.Invalid, keyturn.Denied)
			}
			r.want(t, fmt.Sprintf("%s answered %q", c.op, body), c.do(r.ctx), kinds...)
		}
	}
	if n := len(r.fake.Tickets()); n != len(calls)-2 {
		t.Errorf("the tracker holds %d tickets, want %d", n, len(calls)-2)
	}
}

// An answer beyond maxAnswer must not be read to its end: a fault at the other
// side would take the worker's memory.
const maxAnswer = 32 << 20

// hugeAnswers asks whether reading stops.
func hugeAnswers(t testing.TB, h Harness) {
	r := h.start(t, 0)
	calls := r.calls(t)
	var most atomic.Int64
	blank := bytes.Repeat([]byte(" "), 1<<16)
	r.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for sent := int64(0); sent < 2*maxAnswer; most.Store(max(sent, most.Load())) {
			n, err := w.Write(blank)
			if sent += int64(n); err != nil {
				return // the client has had enough
			}
		}
	})})
	for _, c := range calls {
		if !looks(c.op) {
			continue
		}
		most.Store(0)
		r.want(t, c.op+" with an endless answer", c.do(r.ctx), keyturn.Unavailable)
		if n := most.Load(); n > maxAnswer {
			t.Errorf("%s read %d MiB of an endless answer; stop after a few", c.op, n>>20)
		}
	}
}

// redirects asks whether a credential stays with the vendor: an answer that
// points elsewhere is neither followed nor taken for success.
func redirects(t testing.TB, h Harness) {
	r := h.start(t, 0)
	var visits atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		visits.Add(1)
		var sent strings.Builder
		_ = req.Write(&sent)
		noLeak(t, "another host", sent.String())
	}))
	t.Cleanup(elsewhere.Close)
	calls := r.calls(t)
	for _, status := range []int{302, 307} {
		r.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, elsewhere.URL+req.URL.Path, status)
		})})
		for _, c := range calls {
			r.want(t, fmt.Sprintf("%s answered %d", c.op, status), c.do(r.ctx), keyturn.Unavailable, keyturn.Invalid)
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d redirects were followed to another host", n)
	}
}
