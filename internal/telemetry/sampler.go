package telemetry

import (
	"fmt"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"
)

// RootsPerSecond is how many of the traces that begin here are kept in a second, and at
// once, where the environment doesn't say which: what they cost is bounded then, however
// much a server does.
const RootsPerSecond = 100

// sampler decides which traces are kept: by OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG;
// without them, as many as RootsPerSecond, and each whose caller keeps it.
func sampler(env func(string) string) (sdktrace.Sampler, error) {
	const name = "OTEL_TRACES_SAMPLER"
	switch value := strings.ToLower(strings.TrimSpace(env(name))); value {
	case "":
		return sdktrace.ParentBased(limited{rate.NewLimiter(RootsPerSecond, RootsPerSecond)}), nil
	case "always_on":
		return sdktrace.AlwaysSample(), nil
	case "always_off":
		return sdktrace.NeverSample(), nil
	case "parentbased_always_on":
		return sdktrace.ParentBased(sdktrace.AlwaysSample()), nil
	case "parentbased_always_off":
		return sdktrace.ParentBased(sdktrace.NeverSample()), nil
	case "traceidratio":
		return ratio(env)
	case "parentbased_traceidratio":
		root, err := ratio(env)
		return sdktrace.ParentBased(root), err
	default:
		return nil, fmt.Errorf("%s is %q, which is none of always_on, always_off, traceidratio, and these after parentbased_", name, value)
	}
}

// ratio keeps that share of traces; by default all.
func ratio(env func(string) string) (sdktrace.Sampler, error) {
	const name = "OTEL_TRACES_SAMPLER_ARG"
	arg := strings.TrimSpace(env(name))
	if arg == "" {
		return sdktrace.TraceIDRatioBased(1), nil
	}
	share, err := strconv.ParseFloat(arg, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return sdktrace.NeverSample(), fmt.Errorf("%s is %q, which is no share between 0 and 1", name, arg)
	}
	return sdktrace.TraceIDRatioBased(share), nil
}

// limited keeps as many traces as its limiter allows.
type limited struct{ *rate.Limiter }

// ShouldSample implements [sdktrace.Sampler].
func (l limited) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	r := sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
	if l.Allow() {
		r.Decision = sdktrace.RecordAndSample
	}
	return r
}

// Description implements [sdktrace.Sampler].
func (l limited) Description() string { return fmt.Sprintf("RateLimited{%v}", l.Limit()) }
