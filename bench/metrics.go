package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/test/harness"
)

// metricsRuns is how often each way is measured, all of them in turn.
const metricsRuns = 9

// ways are without telemetry, with metrics, and with traces of everything too, sent to
// a receiver on the same machine that throws them away.
var ways = []string{"without", "with metrics", "with metrics and traces"}

// measureMetrics is what metrics and traces cost: deliveries in this process, as many as
// go, and steps through a server.
func measureMetrics(ctx context.Context) (t table, err error) {
	rounds := max(less(200), 5)
	t = table{
		Title: "What metrics and traces cost",
		About: fmt.Sprintf("Deliveries: %s to one endpoint, as above, of %d runs of each, in turn. Steps: an `evaluate` of 1 through one API call with `Prefer: wait`, its events and their deliveries to an endpoint included, of %d, in turn over three servers. "+
			"Medians, and the median of what each run took to the run without in the same turn. Traces: every one is kept and sent by OTLP over HTTP to a receiver on the same machine. Without: `OTEL_SDK_DISABLED=true`, or no engine is told to count.", thousands(less(deliveries)), metricsRuns, rounds),
		Columns: append([]string{""}, ways[0], ways[1], "to without", ways[2], "to without"),
	}
	sink := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer sink.Close()
	for _, k := range load.Kinds {
		times, err := deliveriesThreeWays(ctx, k, sink.URL)
		if err != nil {
			return t, err
		}
		rate := func(d time.Duration) string { return fmt.Sprintf("%.0f/s", float64(less(deliveries))/d.Seconds()) }
		t.Rows = append(t.Rows, compared("deliveries, "+k.Name, times, rate))
	}
	times, err := stepsThreeWays(ctx, rounds, sink.URL)
	if err != nil {
		return t, err
	}
	t.Rows = append(t.Rows, compared("a step", times, ms))
	return t, nil
}

// compared is a row of the times of each way.
func compared(name string, times [3][]time.Duration, show func(time.Duration) string) []string {
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

func deliveriesThreeWays(ctx context.Context, k load.Kind, sink string) (times [3][]time.Duration, err error) {
	n := less(deliveries)
	receiver := load.NewReceiver(load.Plain, nil)
	defer receiver.Close()
	for range metricsRuns {
		for way := range ways {
			watch, end, err := load.Watched(ctx, way > 0, way > 1, sink)
			if err != nil {
				return times, err
			}
			k.Telemetry = watch
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

func stepsThreeWays(ctx context.Context, rounds int, sink string) (times [3][]time.Duration, err error) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return times, err
	}
	defer os.RemoveAll(data)
	var run [3]func() error
	for way, env := range []map[string]string{{"OTEL_SDK_DISABLED": "true"}, {}, {"OTEL_EXPORTER_OTLP_ENDPOINT": sink}} {
		server, err := launchWith(env, filepath.Join(data, fmt.Sprint(way)))
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
