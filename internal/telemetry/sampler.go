package telemetry

import (
	"fmt"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/time/rate"
)

// RootsPerSecond is how many traces begin here in a second, and at once, where the
// environment doesn't say which: what they cost is bounded then, however much a server
// does.
const RootsPerSecond = 100

// sampler decides which traces are kept: by OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
// Without them each is whose caller keeps it, and one begins here only where roots allows
// it; else roots is nil.
func sampler(env func(string) string) (which sdktrace.Sampler, roots *rate.Limiter, err error) {
	const name = "OTEL_TRACES_SAMPLER"
	asked := strings.ToLower(strings.TrimSpace(env(name)))
	if asked == "" {
		return sdktrace.ParentBased(sdktrace.AlwaysSample()), rate.NewLimiter(RootsPerSecond, RootsPerSecond), nil
	}
	kind, byParent := strings.CutPrefix(asked, "parentbased_")
	switch kind {
	case "always_on":
		which = sdktrace.AlwaysSample()
	case "always_off":
		which = sdktrace.NeverSample()
	case "traceidratio":
		if which, err = ratio(env); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, fmt.Errorf("%s is %q, which is none of always_on, always_off, traceidratio, and these after parentbased_", name, asked)
	}
	if byParent {
		which = sdktrace.ParentBased(which)
	}
	return which, nil, nil
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
		return nil, fmt.Errorf("%s is %q, which is no share between 0 and 1", name, arg)
	}
	return sdktrace.TraceIDRatioBased(share), nil
}
