package jira

import (
	"context"
	"hash/fnv"
)

// turns make calls about the same thing wait for each other, and now and then
// calls about two things: at Jira, looking whether something is there and
// making it are two requests.
type turns [32]chan struct{}

func newTurns() *turns {
	var t turns
	for i := range t {
		t[i] = make(chan struct{}, 1)
	}
	return &t
}

// take waits for its turn, and returns what ends it.
func (t *turns) take(ctx context.Context, about string) (done func(), err error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(about)) // it never fails
	turn := t[h.Sum32()%uint32(len(t))]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
