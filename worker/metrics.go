package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
)

// metrics is what the worker counts. Labels hold no personal data.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	webhooks *prometheus.CounterVec
	notices  *prometheus.CounterVec
	temporal client.MetricsHandler
}

func newMetrics() (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keyturn_provider_calls_total",
			Help: "Requests sent to vendors, trackers and notice channels, by name and HTTP status.",
		}, []string{"provider", "status"}),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keyturn_webhook_deliveries_total",
			Help: "Deliveries received, by source and what came of them.",
		}, []string{"source", "outcome"}),
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keyturn_notices_total",
			Help: "Notices handled, by channel and what became of them.",
		}, []string{"channel", "outcome"}),
	}
	m.registry.MustRegister(m.calls, m.webhooks, m.notices, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprom.New(otelprom.WithRegisterer(m.registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, err
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter)).Meter("temporal")
	m.temporal = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: meter, UseMonotonicCounters: true})
	return m, nil
}
