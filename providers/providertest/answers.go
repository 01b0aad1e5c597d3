package providertest

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// saying answers 200 with a body.
func saying(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
}

// garbled says what an answer that cannot be read must become: calls that
// return something must notice, calls that only act may not look.
func (h Harness) garbled(op string) []keyturn.Kind {
	if kind, ok := h.Expect[op+" broken"]; ok {
		return []keyturn.Kind{kind}
	}
	switch op {
	case opDisable, opEnable, opRevoke, opRevokeValue:
		return []keyturn.Kind{"", keyturn.Unavailable}
	}
	return []keyturn.Kind{keyturn.Unavailable}
}

// brokenAnswers asks whether an answer is understood before it is believed. A
// proxy's login page must not pass for a working key, nor half an answer for
// an empty list.
func brokenAnswers(t testing.TB, h Harness) {
	r := h.start(t, false)
	calls := r.calls(t)
	for _, body := range []string{"", "{", `{"` + canary + `":`, `"` + canary, "<html><body>Sign in</body></html>", "<a><" + canary} {
		r.faults.Set(fake.Rule{Answer: saying(body), Match: r.counted})
		for _, c := range calls {
			r.want(t, fmt.Sprintf("%s answered %q", c.op, body), c.do(r.ctx), h.garbled(c.op)...)
		}
		if l, ok := can[providers.Lister](r, providers.CanList); ok { // which may be another request than one principal's
			_, err := collect(r.ctx, l, "")
			r.want(t, fmt.Sprintf("List of the account answered %q", body), err, h.garbled(opList)...)
		}
	}
	for _, body := range []string{"{}", "[]", "null"} {
		r.faults.Set(fake.Rule{Answer: saying(body), Match: r.counted})
		for _, c := range calls {
			if c.op == opMint {
				r.want(t, "Mint answered "+body, c.do(r.ctx), keyturn.Unavailable)
			}
			if c.op == opIdentify || c.op == opLocate {
				r.want(t, c.op+" answered "+body, c.do(r.ctx), keyturn.Unavailable, keyturn.NotFound)
			}
			if kind, ok := h.Expect[c.op+" {}"]; (c.op == opList || c.op == opUses) && body == "{}" {
				if !ok {
					kind = keyturn.Unavailable
				}
				r.want(t, c.op+" answered {}", c.do(r.ctx), kind)
			}
		}
	}
}

// A body beyond maxAnswer must not be read to its end: a fault at the other
// side would take the worker's memory.
const maxAnswer = 16 << 20

// hugeAnswers asks whether reading stops.
func hugeAnswers(t testing.TB, h Harness) {
	r := h.start(t, false)
	var most atomic.Int64
	blank := bytes.Repeat([]byte(" "), 1<<16)
	r.faults.Set(fake.Rule{Match: r.counted, Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for sent := int64(0); sent < 2*maxAnswer; most.Store(max(sent, most.Load())) {
			n, err := w.Write(blank)
			if sent += int64(n); err != nil {
				return // the client has had enough
			}
		}
	})})
	for _, c := range r.calls(t) {
		most.Store(0)
		r.want(t, c.op+" with an endless answer", c.do(r.ctx), h.garbled(c.op)...)
		if n := most.Load(); n > maxAnswer {
			t.Errorf("%s read %d MiB of an endless answer; stop after a few", c.op, n>>20)
		}
	}
}

// redirects asks whether a credential stays with the vendor: an answer that
// points elsewhere is neither followed nor taken for success.
func redirects(t testing.TB, h Harness) {
	r := h.start(t, false)
	var visits atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		visits.Add(1)
		var sent strings.Builder
		_ = req.Write(&sent)
		r.noLeak(t, "another host", sent.String())
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{302, 307} {
		r.faults.Set(fake.Rule{Match: r.counted, Answer: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, elsewhere.URL+req.URL.Path, status)
		})})
		calls := r.calls(t)
		for _, c := range calls {
			r.want(t, fmt.Sprintf("%s answered %d", c.op, status), c.do(r.ctx), keyturn.Unavailable, keyturn.Invalid)
		}
		r.free(t, calls)
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d redirects were followed to another host", n)
	}
}
