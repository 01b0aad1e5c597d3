package e2e

import (
	"context"
	"net"
	"path"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// A gate stands between the workers and Temporal and sees every request, so that
// something can happen at a chosen one.
type gate struct {
	address string

	mu   sync.Mutex
	fuse *fuse
}

// A fuse blows once, at the n-th request that matches from when it is set.
type fuse struct {
	method string         // the name of the request, such as StartWorkflowExecution
	match  func(any) bool // what else must be true of it; nil is nothing
	n      int
	after  bool // once Temporal has acted, rather than before
	blow   func()
	blown  chan struct{}
}

// newGate opens a gate to the server at address.
func newGate(t testing.TB, address string) *gate {
	t.Helper()
	// A server that was killed is to be found again soon.
	soon := grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.5, MaxDelay: time.Second}, MinConnectTimeout: time.Second}
	to, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithConnectParams(soon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	forward, err := proxy.NewWorkflowServiceProxyServer(proxy.WorkflowServiceProxyOptions{Client: workflowservice.NewWorkflowServiceClient(to)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{address: l.Addr().String()}
	server := grpc.NewServer(grpc.UnaryInterceptor(g.see))
	workflowservice.RegisterWorkflowServiceServer(server, forward)
	go func() { _ = server.Serve(l) }() // it ends when it is stopped
	t.Cleanup(server.Stop)
	return g
}

// set puts a fuse in place of the one there was, and returns what is closed when
// it has blown and what it does is done.
func (g *gate) set(f fuse) <-chan struct{} {
	f.blown = make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fuse = &f
	return f.blown
}

func (g *gate) see(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	f := g.hit(path.Base(info.FullMethod), req)
	if f != nil && !f.after {
		f.burn()
		return nil, status.Error(codes.Unavailable, "nobody is left to answer")
	}
	out, err := next(ctx, req)
	if f != nil && f.after {
		f.burn()
	}
	return out, err
}

// hit counts a request, and returns the fuse that blows at it, if one does.
func (g *gate) hit(method string, req any) *fuse {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.fuse
	if f == nil || f.method != method || f.match != nil && !f.match(req) {
		return nil
	}
	if f.n--; f.n > 0 {
		return nil
	}
	g.fuse = nil
	return f
}

func (f *fuse) burn() {
	f.blow()
	close(f.blown)
}
