package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/telemetry"
	"github.com/browserhook/browserhook/test/harness"
)

// metricsRuns is how often each way is measured, all of them in turn.
const metricsRuns = 9

// ways are what is told: by the environment, in which %s is a receiver on the same machine
// that reads what it gets and throws it away.
var ways = [...]struct {
	name string
	env  map[string]string
}{
	{"without", map[string]string{"OTEL_SDK_DISABLED": "true"}},
	{"with metrics", nil},
	{"with metrics and traces", map[string]string{tracesTo: "%s"}},
	{"with metrics and every trace", map[string]string{tracesTo: "%s", "OTEL_TRACES_SAMPLER": "always_on"}},
}

const tracesTo = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"

// environment is that of a way, with the receiver.
func environment(way int, sink string) map[string]string {
	env := map[string]string{}
	for name, value := range ways[way].env {
		env[name] = strings.ReplaceAll(value, "%s", sink)
	}
	return env
}

// measured is how long each way took, run after run.
type measured [len(ways)][]time.Duration

// measureMetrics is what metrics and traces cost: deliveries in this process, as many as
// go, and steps through a server.
func measureMetrics(ctx context.Context) (t table, err error) {
	rounds := max(less(200), 5)
	t = table{
		Title: "What metrics and traces cost",
		About: fmt.Sprintf("Deliveries: %s to one endpoint, as above, of %d runs of each, in turn. Steps: an `evaluate` of 1 through one API call with `Prefer: wait`, its events and their deliveries to an endpoint included, of %d, in turn over %d servers. "+
			"Medians, and the median of what each run took to the run without in the same turn. Each event is told of as made in a request of its own, without a `traceparent`: the trace that it begins is of the request, the event and the attempt. "+
			"Traces are sent by OTLP over HTTP to a receiver on the same machine, which reads what it gets and throws it away; by default at most %d begin in a second, with each request one with `OTEL_TRACES_SAMPLER=always_on`, of which the spans are lost that the exporter's queue has no room for. Without: `OTEL_SDK_DISABLED=true`, or no engine is told to count.",
			thousands(less(deliveries)), metricsRuns, rounds, len(ways), telemetry.RootsPerSecond),
		Columns: []string{"", ways[0].name},
	}
	for _, way := range ways[1:] {
		t.Columns = append(t.Columns, way.name, "to without")
	}
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer sink.Close()
	for _, k := range load.Kinds {
		times, err := deliveriesEachWay(ctx, k, sink.URL)
		if err != nil {
			return t, err
		}
		rate := func(d time.Duration) string { return fmt.Sprintf("%.0f/s", float64(less(deliveries))/d.Seconds()) }
		t.Rows = append(t.Rows, compared("deliveries, "+k.Name, times, rate))
	}
	times, err := stepsEachWay(ctx, rounds, sink.URL)
	if err != nil {
		return t, err
	}
	t.Rows = append(t.Rows, compared("a step", times, ms))
	return t, nil
}

// compared is a row of the times of each way.
func compared(name string, times measured, show func(time.Duration) string) []string {
	row := []string{name, show(median(times[0]))}
	for way := 1; way < len(times); way++ {
		var to []float64
		for i := range times[way] {
			to = append(to, float64(times[way][i])/float64(times[0][i]))
		}
		slices.Sort(to)
		row = append(row, show(median(times[way])), fmt.Sprintf("%+.1f %%", 100*(to[len(to)/2]-1)))
	}
	return row
}

func deliveriesEachWay(ctx context.Context, k load.Kind, sink string) (times measured, err error) {
	n := less(deliveries)
	receiver := load.NewReceiver(load.Plain, nil)
	defer receiver.Close()
	for range metricsRuns {
		for way := range ways {
			end := func() error { return nil }
			k.Telemetry = nil
			if way > 0 {
				if k.Telemetry, end, err = load.Watched(ctx, environment(way, sink)); err != nil {
					return times, err
				}
			}
			err = load.Run(ctx, k, []string{receiver.URL}, nil, func(node *load.Node) error {
				began := time.Now()
				if err := node.Events(ctx, n, 0); err != nil {
					return err
				}
				err := node.Recorded.Reach(ctx, int64(n))
				times[way] = append(times[way], time.Since(began))
				return err
			})
			if err := errors.Join(err, end()); err != nil {
				return times, err
			}
		}
	}
	return times, nil
}

func stepsEachWay(ctx context.Context, rounds int, sink string) (times measured, err error) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return times, err
	}
	defer os.RemoveAll(data)
	var run [len(ways)]func() error
	for way := range ways {
		server, err := launchWith(environment(way, sink), filepath.Join(data, fmt.Sprint(way)))
		if err != nil {
			return times, err
		}
		defer func() { err = errors.Join(err, server.End()) }()
		c := server.Client().With("Prefer", "wait=30")
		made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{"webhook": harness.Object{"url": receiver.URL}})
		if err != nil {
			return times, err
		}
		path := "/v1/sessions/" + made.String("sessionId") + "/steps"
		run[way] = func() error {
			got, err := c.Do(ctx, http.MethodPost, path, harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": "1"}}})
			if steps := got.List("data"); err == nil && (len(steps) != 1 || steps[0].String("status") != "COMPLETED") {
				err = fmt.Errorf("the step answered %v", got)
			}
			return err
		}
	}
	for i := range rounds + 3 {
		for way := range ways {
			began := time.Now()
			if err := run[way](); err != nil {
				return times, err
			}
			if i >= 3 { // the first three warm up
				times[way] = append(times[way], time.Since(began))
			}
		}
	}
	return times, nil
}

// launchWith starts a server with variables in its environment.
func launchWith(env map[string]string, data string) (*harness.Server, error) {
	for name, value := range env {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
		defer os.Unsetenv(name)
	}
	return harness.Launch(data)
}
