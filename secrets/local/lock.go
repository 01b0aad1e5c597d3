package local

import (
	"context"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/keyturn/keyturn"
)

const (
	lockFolder = ".locks"
	lockCount  = 64
)

// locks keep two changes of one path apart: in this process by a channel, and
// among processes by a file lock, which ends with the process that holds it.
// Paths share a fixed number of locks, so that lock files do not pile up.
type locks struct {
	dir string
	in  [lockCount]chan struct{}
}

func newLocks(dir string) locks {
	l := locks{dir: dir}
	for i := range l.in {
		l.in[i] = make(chan struct{}, 1)
	}
	return l
}

// lock waits for the lock of a path and returns what gives it back.
func (l *locks) lock(ctx context.Context, op, path string) (unlock func(), err error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(path))
	n := h.Sum32() % lockCount
	select {
	case l.in[n] <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	file := flock.New(filepath.Join(l.dir, fmt.Sprintf("%02d", n)), flock.SetPermissions(0o600))
	if _, err := file.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		<-l.in[n]
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "%s cannot be locked; check its permissions, and that the file system supports locks", file.Path())
	}
	return func() {
		_ = file.Close()
		<-l.in[n]
	}, nil
}
