package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// instruments are what things are counted with as they happen; what is asked for when
// somebody wants to know is in state.go. Prometheus has their names with underscores,
// their units and, of counters, total at the end.
type instruments struct {
	requests    metric.Int64Counter
	requestTime metric.Float64Histogram

	sessionsCreated, sessionsEnded metric.Int64Counter
	readyTime, startTime           metric.Float64Histogram
	steps                          metric.Int64Counter
	stepTime                       metric.Float64Histogram
	calls                          metric.Int64Counter
	callTime                       metric.Float64Histogram
	proxyBytes, proxyRefusals      metric.Int64Counter

	events                 metric.Int64Counter
	deliveries, attempts   metric.Int64Counter
	attemptTime, delivered metric.Float64Histogram

	databaseTime metric.Float64Histogram

	meter metric.Meter
}

// Bounds of histograms, in seconds: of what a person waits for, of one exchange with a
// browser or a database, and of what may take long.
var (
	human = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}
	quick = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30}
	long  = []float64{0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1800, 3600, 21600, 86400}
)

func newInstruments(meter metric.Meter, version string) (instruments, error) {
	var failures []error
	counter := func(name, unit, about string) metric.Int64Counter {
		c, err := meter.Int64Counter("browserhook."+name, metric.WithUnit(unit), metric.WithDescription(about))
		failures = append(failures, err)
		return c
	}
	histogram := func(name string, bounds []float64, about string) metric.Float64Histogram {
		h, err := meter.Float64Histogram("browserhook."+name, metric.WithUnit("s"), metric.WithDescription(about), metric.WithExplicitBucketBoundaries(bounds...))
		failures = append(failures, err)
		return h
	}
	all := instruments{
		requests:    counter("http.requests", "{request}", "Requests that were answered, by route and status."),
		requestTime: histogram("http.request.duration", human, "Time of requests until their answer was over, by route; WebSockets are left out."),

		sessionsCreated: counter("sessions.created", "{session}", "Sessions that were made here."),
		sessionsEnded:   counter("sessions.ended", "{session}", "Sessions that have ended here, by the reason."),
		readyTime:       histogram("session.ready.duration", human, "Time of sessions from their creation to READY, what they waited in the queue included."),
		startTime:       histogram("browser.start.duration", human, "Time in which sessions that had their turn got a browser, or did not."),
		steps:           counter("steps", "{step}", "Steps that have ended, by action and outcome."),
		stepTime:        histogram("step.duration", human, "Time that steps ran, by action."),
		calls:           counter("protocol.calls", "{call}", "Commands to browsers that were waited for, by domain of the protocol and outcome."),
		callTime:        histogram("protocol.call.duration", quick, "Time of commands to browsers until their answer, by domain of the protocol."),
		proxyBytes:      counter("proxy.traffic", "By", "Bytes that browsers have sent and received through their proxy, as sessions record them."),
		proxyRefusals:   counter("proxy.refusals", "{connection}", "Connections of browsers to where they may not, as sessions record them."),

		events:      counter("events", "{event}", "Events that were committed here, by type."),
		deliveries:  counter("deliveries", "{delivery}", "Deliveries that have ended, by outcome."),
		attempts:    counter("delivery.attempts", "{attempt}", "Attempts of deliveries, by what became of them."),
		attemptTime: histogram("delivery.attempt.duration", human, "Time of attempts of deliveries until their answer."),
		delivered:   histogram("delivery.latency", long, "Time from events to the answers that took them."),

		databaseTime: histogram("database.duration", quick, "Time of transactions of the database (write) and of reads."),

		meter: meter,
	}
	_, err := meter.Int64ObservableGauge("browserhook.build.info", metric.WithDescription("The version that runs."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(1, metric.WithAttributes(attribute.String("version", version)))
			return nil
		}))
	return all, errors.Join(append(failures, err)...)
}
