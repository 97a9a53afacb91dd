// Package telemetry is what a server tells of itself to who runs it: metrics and
// traces, by OpenTelemetry, which is here and in no other package. The others have
// counters, and functions that are told what was done; the metrics are read by
// Prometheus, and both are sent by OTLP where the environment names a receiver.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	reader "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"
)

// scope names who has made metrics and spans.
const scope = "github.com/browserhook/browserhook"

// Config is what telemetry is made of.
type Config struct {
	Version string
	Node    string              // the server's id; empty: there is one
	Env     func(string) string // the environment, of which the usual OTEL_ variables count
	Log     *slog.Logger
}

// Telemetry is what a server tells. Its methods are safe for concurrent use, and none
// but Shutdown waits for whoever hears of it.
type Telemetry struct {
	instruments

	log      *slog.Logger
	registry *prometheus.Registry
	meters   *metric.MeterProvider
	spans    *sdktrace.TracerProvider // nil: none are made
	tracer   trace.Tracer             // of spans
	roots    *rate.Limiter            // of traces that begin here; nil: the tracer knows
}

// New begins to count. The error names the variable that can't be used.
func New(ctx context.Context, cfg Config) (*Telemetry, error) {
	t := &Telemetry{log: cfg.Log, registry: prometheus.NewRegistry()}
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	about, err := about(ctx, cfg)
	if err != nil {
		return nil, err
	}
	pulled, err := reader.New(reader.WithRegisterer(t.registry), reader.WithoutScopeInfo(), reader.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	sends, err := exporters(ctx, cfg.Env)
	if err != nil {
		return nil, err
	}
	options := []metric.Option{metric.WithReader(pulled), metric.WithResource(about)}
	if sends.metrics != nil {
		options = append(options, metric.WithReader(metric.NewPeriodicReader(sends.metrics)))
	}
	t.meters = metric.NewMeterProvider(options...)
	meter := t.meters.Meter(scope)
	if off(cfg.Env) {
		meter = noop.NewMeterProvider().Meter(scope)
	}
	if t.instruments, err = newInstruments(meter, cfg.Version); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if sends.spans != nil {
		t.roots = sends.roots
		t.trace(about, sends.sampler, sdktrace.WithBatcher(sends.spans))
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { cfg.Log.Warn("telemetry", "err", err) }))
	return t, nil
}

// trace has spans be made.
func (t *Telemetry) trace(about *resource.Resource, which sdktrace.Sampler, to sdktrace.TracerProviderOption) {
	t.spans = sdktrace.NewTracerProvider(to, sdktrace.WithResource(about), sdktrace.WithSampler(which), sdktrace.WithIDGenerator(ids{}))
	t.tracer = t.spans.Tracer(scope)
}

// about says who tells: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count before it.
func about(ctx context.Context, cfg Config) (*resource.Resource, error) {
	attributes := []attribute.KeyValue{attribute.String("service.name", "browserhook"), attribute.String("service.version", cfg.Version)}
	if cfg.Node != "" {
		attributes = append(attributes, attribute.String("service.instance.id", cfg.Node))
	}
	r, err := resource.New(ctx, resource.WithAttributes(attributes...), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrSchemaURLConflict) {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return r, nil
}

// scrapeWithin bounds one scrape, of which there are no more than scrapesAtOnce.
const (
	scrapeWithin  = 10 * time.Second
	scrapesAtOnce = 4
)

// Handler answers Prometheus.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(t.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeWithin,
	})
}

// Traced says whether spans are made.
func (t *Telemetry) Traced() bool { return t.tracer != nil }

// Shutdown sends what wasn't sent yet, and ends the sending.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	err := t.meters.Shutdown(ctx)
	if t.spans != nil {
		err = errors.Join(err, t.spans.Shutdown(ctx))
	}
	return err
}
