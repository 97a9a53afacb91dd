package telemetry

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/time/rate"
)

// sends is what metrics and spans are sent with; nil: they aren't.
type sends struct {
	metrics metric.Exporter
	spans   sdktrace.SpanExporter
	sampler sdktrace.Sampler // of them
	roots   *rate.Limiter    // of traces that begin here; nil: any number
}

// off says whether nothing is to be told but what Prometheus' own client counts.
func off(env func(string) string) bool { return strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") }

// exporters are those that the environment asks for: where to, with which headers, and
// how often, they read from it themselves.
func exporters(ctx context.Context, env func(string) string) (s sends, err error) {
	if off(env) {
		return s, nil
	}
	kind, err := wanted(env, "METRICS")
	if err != nil {
		return s, err
	}
	switch kind {
	case "grpc":
		s.metrics, err = otlpmetricgrpc.New(ctx)
	case "http/protobuf":
		s.metrics, err = otlpmetrichttp.New(ctx)
	}
	if err != nil {
		return s, fmt.Errorf("send metrics: %w", err)
	}
	if kind, err = wanted(env, "TRACES"); err != nil {
		return s, err
	}
	if kind == "" {
		return s, nil
	}
	if s.sampler, s.roots, err = sampler(env); err != nil {
		return s, err
	}
	switch kind {
	case "grpc":
		s.spans, err = otlptracegrpc.New(ctx)
	case "http/protobuf":
		s.spans, err = otlptracehttp.New(ctx)
	}
	if err != nil {
		return s, fmt.Errorf("send traces: %w", err)
	}
	return s, nil
}

// wanted is the protocol that a signal is sent with; empty: it isn't. It is when the
// environment names a receiver, or the exporter.
func wanted(env func(string) string, signal string) (protocol string, err error) {
	exporter := "OTEL_" + signal + "_EXPORTER"
	switch value := env(exporter); {
	case value == "none", value == "" && env("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && env("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") == "":
		return "", nil
	case value == "prometheus" && signal == "METRICS": // it is there in any case
		return "", nil
	case value != "" && value != "otlp":
		return "", fmt.Errorf("%s is %q, which is neither otlp nor none", exporter, value)
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch value := env(name); value {
		case "":
		case "grpc", "http/protobuf":
			return value, nil
		default:
			return "", fmt.Errorf("%s is %q, which is neither grpc nor http/protobuf", name, value)
		}
	}
	return "http/protobuf", nil
}
