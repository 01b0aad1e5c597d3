package e2e

import (
	"fmt"
	"sync"
)

// A tripwire sees every side effect of one worker, before it happens and after
// it happened, and kills the worker at a chosen one.
type tripwire struct {
	mu    sync.Mutex
	seen  []string // the side effects, in order
	at    int      // kill at the at-th from now on; 0 is never
	after bool     // once it happened, rather than before
	kill  func()
	fired string
}

// arm chooses the n-th side effect from now on.
func (w *tripwire) arm(n int, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.at, w.after, w.fired = nil, n, after, ""
}

// before reports whether the worker was killed, so that the side effect must
// not happen any more.
func (w *tripwire) before(name string) bool {
	w.mu.Lock()
	w.seen = append(w.seen, name)
	hit := w.at == len(w.seen) && !w.after && w.fired == ""
	w.mu.Unlock()
	if hit {
		w.fire(name, "before")
	}
	return hit
}

// done is told that the latest side effect happened, and reports whether the
// worker was killed, so that nobody is left to hear of it.
func (w *tripwire) done(name string) bool {
	w.mu.Lock()
	hit := w.at > 0 && w.at == len(w.seen) && w.after && w.fired == ""
	w.mu.Unlock()
	if hit {
		w.fire(name, "after")
	}
	return hit
}

func (w *tripwire) fire(name, when string) {
	w.mu.Lock()
	w.fired = fmt.Sprintf("%s %s", when, name)
	w.mu.Unlock()
	w.kill()
}

func (w *tripwire) effects() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

func (w *tripwire) wasFired() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fired
}
