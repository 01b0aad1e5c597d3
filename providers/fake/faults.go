package fake

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxRequest is the longest request body a fake reads.
const maxRequest = 1 << 20

// A Refusal answers with an error as the vendor words it: wait is how long it
// asks the caller to wait, 0 for nothing said, and text is something the body
// must quote, as vendors quote what they were sent.
type Refusal func(w http.ResponseWriter, r *http.Request, status int, wait time.Duration, text string)

// Faults stand between a client and a fake and break things by [Rule]. They
// are safe for concurrent use; rules may change while requests are under way.
type Faults struct {
	refuse Refusal

	mu            sync.Mutex
	rules         []*rule
	before, after func(*http.Request)
}

// NewFaults returns Faults without rules. Refuse is how the vendor words its
// errors; nil is [Refuse].
func NewFaults(refuse Refusal) *Faults {
	if refuse == nil {
		refuse = Refuse
	}
	return &Faults{refuse: refuse}
}

// Set puts rules in place of all there were. The first rule that ends a
// request decides it.
func (f *Faults) Set(rules ...Rule) {
	fresh := make([]*rule, 0, len(rules))
	for _, r := range rules {
		fresh = append(fresh, newRule(r))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = fresh
}

// Rules returns the rules in place.
func (f *Faults) Rules() []Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Rule, 0, len(f.rules))
	for _, u := range f.rules {
		out = append(out, u.Rule)
	}
	return out
}

// Hook calls before when a request has arrived and nothing has happened yet,
// and after when the fake has acted and no byte of its answer has left. Either
// may be nil. Whoever tests crashes kills the client there.
func (f *Faults) Hook(before, after func(*http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

// Wrap returns next behind the faults.
func (f *Faults) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			return // the client is gone, or sends what no fake wants
		}
		rewind := func() { r.Body = io.NopCloser(bytes.NewReader(body)) }
		before, after, verdicts := f.judge(r, body, rewind)
		call(before, r)
		for _, v := range verdicts {
			if !pause(r, time.Duration(v.Delay)) {
				panic(http.ErrAbortHandler)
			}
			switch {
			case v.Drop == DropBefore:
				panic(http.ErrAbortHandler)
			case v.Drop == DropAfter:
				rewind()
				next.ServeHTTP(newAnswer(), r)
				call(after, r)
				panic(http.ErrAbortHandler)
			case v.Status != 0:
				f.refuse(w, r, v.Status, time.Duration(v.Wait), v.Text)
				return
			case v.Answer != nil:
				v.Answer.ServeHTTP(w, r)
				return
			}
		}
		rewind()
		a := newAnswer()
		next.ServeHTTP(a, r)
		call(after, r)
		a.send(w)
	})
}

// judge returns the hooks and the effects r is to meet, the last of which may
// end it.
func (f *Faults) judge(r *http.Request, body []byte, rewind func()) (before, after func(*http.Request), out []Rule) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range f.rules {
		rewind()
		if !u.matches(r, body) || !u.due() {
			continue
		}
		v := u.Rule
		if u.bucket != nil {
			if wait := u.full(); wait > 0 {
				v.Status, v.Wait = http.StatusTooManyRequests, wait
			}
		}
		out = append(out, v)
		if v.Drop != "" || v.Status != 0 || v.Answer != nil {
			break
		}
	}
	return f.before, f.after, out
}

func call(hook func(*http.Request), r *http.Request) {
	if hook != nil {
		hook(r)
	}
}

// pause waits, and reports false if the client left meanwhile.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// answer holds a fake's answer back until the hooks have run.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = slices.Clone(values)
	}
	w.WriteHeader(cmp.Or(a.status, http.StatusOK))
	_, _ = w.Write(a.body.Bytes())
}
