package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/secrets/local"
)

// service pretends to be the applications that use the keys. Every two seconds
// it reads the store, as a sidecar would, and calls the vendor with what it
// read. It says over HTTP which generation it uses.
type service struct {
	store   *local.Store
	vendors *simulate.Vendors
	url     string
	server  *http.Server
	end     context.CancelFunc
	ended   chan struct{}

	mu   sync.Mutex
	uses map[string]string // key id to generation
}

func startService(store *local.Store, vendors *simulate.Vendors) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	s := &service{
		store: store, vendors: vendors, url: "http://" + l.Addr().String() + "/.well-known/keyturn", end: end,
		ended: make(chan struct{}), uses: map[string]string{},
	}
	s.server = &http.Server{Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(l) }()
	go s.work(ctx)
	return s, nil
}

func (s *service) answer(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"generations": s.uses})
}

func (s *service) work(ctx context.Context) {
	defer close(s.ended)
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		s.use(ctx, goodKey, goodRef, "aws")
		s.use(ctx, badKey, badRef, "datadog")
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *service) use(ctx context.Context, id, path, vendor string) {
	v, err := s.store.Current(ctx, ref(path))
	if err != nil {
		return // not issued yet
	}
	s.vendors.Vendor(vendor).Ledger.Use(v.RemoteID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uses[id] = string(v.Name)
}

func (s *service) stop() error {
	s.end()
	<-s.ended
	return s.server.Close()
}
