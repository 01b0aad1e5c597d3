package workflows_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// tracker is a ticketing system without a network: the workflow tests are about
// what is asked of people and when, not about wire formats.
type tracker struct {
	mu      sync.Mutex
	tickets map[string]*ticket // by key
	down    bool
}

type ticket struct {
	tickets.Ticket
	state    tickets.State
	comments []string // their keys
	texts    []string
	deleted  bool
}

var _ tickets.Tracker = (*tracker)(nil)

func (t *tracker) find(id string) (*ticket, error) {
	if t.down {
		return nil, keyturn.Errorf(keyturn.Unavailable, "tracker", "down")
	}
	tk, ok := t.tickets[id]
	if !ok || tk.deleted {
		return nil, keyturn.Errorf(keyturn.NotFound, "tracker", "no such ticket")
	}
	return tk, nil
}

func (t *tracker) Open(_ context.Context, n tickets.Ticket) (tickets.Ref, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		return tickets.Ref{}, keyturn.Errorf(keyturn.Unavailable, "tracker", "down")
	}
	if t.tickets[n.Key] == nil {
		t.tickets[n.Key] = &ticket{Ticket: n, state: tickets.Open}
	}
	return tickets.Ref{ID: n.Key, URL: "https://desk/" + n.Key}, nil
}

func (t *tracker) State(_ context.Context, id string) (tickets.State, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tk, err := t.find(id)
	if err != nil {
		return "", err
	}
	return tk.state, nil
}

func (t *tracker) Set(_ context.Context, id string, s tickets.State) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	tk, err := t.find(id)
	if err == nil {
		tk.state = s
	}
	return err
}

func (t *tracker) Comment(_ context.Context, id string, c tickets.Comment) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	tk, err := t.find(id)
	if err == nil && !slices.Contains(tk.comments, c.Key) {
		tk.comments, tk.texts = append(tk.comments, c.Key), append(tk.texts, c.Text)
	}
	return err
}

func (t *tracker) Postpone(_ context.Context, id string, due time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	tk, err := t.find(id)
	if err == nil {
		tk.Due = due
	}
	return err
}

func (t *tracker) Check(context.Context) error { return nil }

func (t *tracker) Hear(http.Header, []byte) (tickets.News, error) {
	return tickets.News{}, keyturn.Errorf(keyturn.Unsupported, "tracker: hear", "no webhook")
}

// all lists the tickets that were ever opened.
func (t *tracker) all() []*ticket {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []*ticket
	for _, tk := range t.tickets {
		out = append(out, tk)
	}
	return out
}

// close closes the only open ticket by hand.
func (t *tracker) close() {
	for _, tk := range t.all() {
		t.mu.Lock()
		tk.state = tickets.Closed
		t.mu.Unlock()
	}
}
