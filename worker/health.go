package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn/registry"
)

// health serves /livez, /readyz and /metrics. It is alive as long as it
// answers, and ready while the registry and Temporal answer and no stop was
// asked for.
type health struct {
	registry registry.Store
	temporal client.Client
	stopping atomic.Bool
}

func (h *health) serve(ctx context.Context, addr string, m *metrics) (*http.Server, net.Addr, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", h.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(l) }()
	return srv, l.Addr(), nil
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	state := map[string]string{"registry": "ok", "temporal": "ok"}
	status := http.StatusOK
	if err := h.registry.Ping(ctx); err != nil {
		state["registry"], status = err.Error(), http.StatusServiceUnavailable
	}
	if _, err := h.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		state["temporal"], status = "no answer", http.StatusServiceUnavailable
	}
	if h.stopping.Load() {
		state["worker"], status = "stopping", http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(state)
}
