package gitlab

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
)

const (
	// fresh is how long keys are used without being read again: one that is withdrawn
	// signs nothing after it.
	fresh = time.Hour
	// stale is how long they are used where they cannot be read again.
	stale = 24 * time.Hour
	// pause is between two readings, whatever deliveries ask for. They may be anybody's.
	pause = time.Minute
	// patience is how long a reading may take.
	patience = 10 * time.Second
)

// A ring keeps the public keys that are published at an address. It is safe for
// concurrent use.
type ring struct {
	http    *http.Client
	address string
	now     func() time.Time

	mu      sync.Mutex
	keys    map[string]*ecdsa.PublicKey
	read    time.Time     // when they were
	tried   time.Time     // when they were last to be read
	err     error         // of the last try
	reading chan struct{} // closed when the try under way has ended; nil if there is none
}

// key returns the key with an id, and reads the keys if it is unknown or they are old.
func (r *ring) key(ctx context.Context, op, id string) (*ecdsa.PublicKey, error) {
	if key, age := r.look(id); key != nil && age < fresh {
		return key, nil
	}
	if err := r.refresh(ctx, op); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := r.keys[id]
	switch {
	case key != nil && r.now().Sub(r.read) < stale:
		return key, nil
	case r.err != nil: // of any kind: it is not the sender's fault
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "the public keys cannot be read: %s", message(r.err))
	}
	return nil, keyturn.Errorf(keyturn.Denied, op, "no key with the delivery's identifier is published at public_keys_url")
}

func (r *ring) look(id string) (*ecdsa.PublicKey, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[id], r.now().Sub(r.read)
}

// refresh reads the keys unless that was tried a moment ago, once for all who wait. The
// reading goes on when they leave: else whoever hangs up early could keep a new key
// from being known.
func (r *ring) refresh(ctx context.Context, op string) error {
	r.mu.Lock()
	if r.reading == nil {
		if now := r.now(); now.Sub(r.tried) < pause {
			r.mu.Unlock()
			return nil
		}
		r.tried = r.now()
		r.reading = make(chan struct{})
		go r.renew(context.WithoutCancel(ctx), op)
	}
	reading := r.reading
	r.mu.Unlock()
	select {
	case <-reading:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *ring) renew(ctx context.Context, op string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	keys, err := r.fetch(ctx, op)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(keys, err)
	close(r.reading)
	r.reading = nil
}

// check reads the keys, however often it is asked.
func (r *ring) check(ctx context.Context, op string) error {
	keys, err := r.fetch(ctx, op)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.keep(keys, nil)
	}
	return err
}

// keep takes the outcome of a reading over; r is locked.
func (r *ring) keep(keys map[string]*ecdsa.PublicKey, err error) {
	r.err = err
	if err == nil {
		r.keys, r.read = keys, r.now()
	}
}

// message is what an error says, without what was attempted.
func message(err error) string {
	var e *keyturn.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "no answer"
}
