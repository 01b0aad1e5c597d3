package entra

import (
	"context"
	"sync"
	"time"
)

// turns lets changes to one application follow each other: Entra refuses some
// of those that meet. It knows of this worker's changes only.
type turns struct {
	mu   sync.Mutex
	held map[string]*turn
}

// A turn is one application's. It is dropped when nobody holds or awaits it.
type turn struct {
	free chan struct{} // holds one token
	want int
}

// take waits for the application's turn, and returns what ends it.
func (t *turns) take(ctx context.Context, app string) (done func(), err error) {
	t.mu.Lock()
	if t.held == nil {
		t.held = map[string]*turn{}
	}
	one := t.held[app]
	if one == nil {
		one = &turn{free: make(chan struct{}, 1)}
		one.free <- struct{}{}
		t.held[app] = one
	}
	one.want++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if one.want--; one.want == 0 {
			delete(t.held, app)
		}
	}
	select {
	case <-one.free:
		return func() { one.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// minted remembers the keys this worker made within the settling time.
type minted struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (m *minted) note(id string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, at := range m.at {
		if now.Sub(at) > settle {
			delete(m.at, k)
		}
	}
	if m.at == nil {
		m.at = map[string]time.Time{}
	}
	m.at[id] = now
}

// left is how much of the settling time of a key is left.
func (m *minted) left(id string, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.at[id]
	if !ok {
		return 0
	}
	return max(0, settle-now.Sub(at))
}
