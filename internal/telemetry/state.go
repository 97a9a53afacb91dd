package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// State is what a server is asked for when somebody wants to know.
type State struct {
	Ready                    bool // it can answer requests
	Starting, Active, Ending int  // sessions that run here, by their state
	Limit                    int  // of them
	Pool                     Pool
	Browsers                 int   // that run, those that are ready too
	BrowserMemory            int64 // bytes
	Engine                   Engine
	Viewers                  int
	FramesSent               int64 // since the start
	FramesSkipped            int64
	Queue                    Queue
}

// Pool is how many browsers are ready, of how many; and how many sessions got one, and
// did not.
type Pool struct {
	Ready, Size  int
	Hits, Misses int64
}

// Engine is what the sender of webhooks has to do.
type Engine struct {
	Deliveries, Bytes, InFlight int // in memory
	Circuits                    int // that are open
}

// Queue is what the database has waiting, of all servers; it is not known while that is
// away.
type Queue struct {
	Known       bool
	Sessions    int
	SessionsAge time.Duration // of the one that waits longest
	DueAge      time.Duration // of the delivery that is due longest
}

// state are the metrics of a State, each with how it is read from one.
type reading struct {
	instrument metric.Int64Observable
	value      func(*State) int64
	labels     metric.MeasurementOption
}

// Ask has a State be asked for whenever metrics are read.
func (t *Telemetry) Ask(ask func(ctx context.Context) State) error {
	var all []reading
	var observed []metric.Observable
	var failures []error
	one := func(i metric.Int64Observable, err error) func(value func(*State) int64, labels ...attribute.KeyValue) {
		failures, observed = append(failures, err), append(observed, i)
		return func(value func(*State) int64, labels ...attribute.KeyValue) {
			all = append(all, reading{i, value, metric.WithAttributeSet(attribute.NewSet(labels...))})
		}
	}
	gauge := func(name, unit, about string) func(func(*State) int64, ...attribute.KeyValue) {
		return one(t.meter.Int64ObservableGauge("browserhook."+name, metric.WithUnit(unit), metric.WithDescription(about)))
	}
	counter := func(name, unit, about string) func(func(*State) int64, ...attribute.KeyValue) {
		return one(t.meter.Int64ObservableCounter("browserhook."+name, metric.WithUnit(unit), metric.WithDescription(about)))
	}
	label := attribute.String

	gauge("ready", "", "1 when the server can answer requests, as /readyz says; else 0.")(func(s *State) int64 {
		if s.Ready {
			return 1
		}
		return 0
	})
	sessions := gauge("sessions", "{session}", "Sessions that have a browser here or get one, by state.")
	sessions(func(s *State) int64 { return int64(s.Starting) }, label("state", "starting"))
	sessions(func(s *State) int64 { return int64(s.Active) }, label("state", "ready"))
	sessions(func(s *State) int64 { return int64(s.Ending) }, label("state", "closing"))
	gauge("sessions.limit", "{session}", "Sessions that may have a browser here: max-sessions.")(func(s *State) int64 { return int64(s.Limit) })
	gauge("pool.browsers", "{browser}", "Browsers that are ready for sessions to come.")(func(s *State) int64 { return int64(s.Pool.Ready) })
	gauge("pool.size", "{browser}", "Browsers that are kept ready: pool-size.")(func(s *State) int64 { return int64(s.Pool.Size) })
	pool := counter("pool.requests", "{request}", "Sessions that got a browser that was ready (hit), and for which one was started (miss).")
	pool(func(s *State) int64 { return s.Pool.Hits }, label("outcome", "hit"))
	pool(func(s *State) int64 { return s.Pool.Misses }, label("outcome", "miss"))
	gauge("browsers", "{browser}", "Browsers that run, those that are ready for sessions to come too.")(func(s *State) int64 { return int64(s.Browsers) })
	gauge("browsers.memory", "By", "Memory of all browsers that run; what several processes share counts for each.")(func(s *State) int64 { return s.BrowserMemory })

	gauge("delivery.queue", "{delivery}", "Deliveries in memory: queued, being sent, or on their way in.")(func(s *State) int64 { return int64(s.Engine.Deliveries) })
	gauge("delivery.queue.size", "By", "Size of their bodies.")(func(s *State) int64 { return int64(s.Engine.Bytes) })
	gauge("deliveries.in_flight", "{delivery}", "Deliveries that are being sent.")(func(s *State) int64 { return int64(s.Engine.InFlight) })
	gauge("circuits.open", "{endpoint}", "Endpoints to which nothing is sent for a while, because they did not answer.")(func(s *State) int64 { return int64(s.Engine.Circuits) })

	gauge("live.viewers", "{viewer}", "Viewers of live pages.")(func(s *State) int64 { return int64(s.Viewers) })
	frames := counter("live.frames", "{frame}", "Pictures that were sent to viewers, and that were skipped for those who are slow.")
	frames(func(s *State) int64 { return s.FramesSent }, label("outcome", "sent"))
	frames(func(s *State) int64 { return s.FramesSkipped }, label("outcome", "skipped"))

	queued, err := t.meter.Int64ObservableGauge("browserhook.queue.sessions", metric.WithUnit("{session}"), metric.WithDescription("Sessions that wait for a browser, of all servers of the database: each says the same."))
	failures = append(failures, err)
	oldest, err := t.meter.Float64ObservableGauge("browserhook.queue.oldest.age", metric.WithUnit("s"), metric.WithDescription("How long the session waits that waits longest, of all servers of the database."))
	failures = append(failures, err)
	due, err := t.meter.Float64ObservableGauge("browserhook.delivery.oldest_due.age", metric.WithUnit("s"), metric.WithDescription("How long the delivery is due that is due longest, of endpoints that are enabled; of all servers of the database, but for what the others have in memory."))
	failures = append(failures, err)

	if err := errors.Join(failures...); err != nil {
		return err
	}
	_, err = t.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		s := ask(ctx)
		for _, r := range all {
			o.ObserveInt64(r.instrument, r.value(&s), r.labels)
		}
		if s.Queue.Known {
			o.ObserveInt64(queued, int64(s.Queue.Sessions))
			o.ObserveFloat64(oldest, s.Queue.SessionsAge.Seconds())
			o.ObserveFloat64(due, s.Queue.DueAge.Seconds())
		}
		return nil
	}, append(observed, queued, oldest, due)...)
	return err
}
