package main

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/bench/load"
)

const (
	deliveries     = 60_000
	deliveriesRuns = 3
)

func measureDeliveries(ctx context.Context) (table, error) {
	t := table{
		Title: "Webhook deliveries per second",
		About: fmt.Sprintf("%s deliveries, each event to all endpoints, from the first event to the last recorded answer, medians of %d runs, in turn, ± half the distance from the slowest to the fastest: the event, its deliveries and every attempt are on disk before they count. "+
			"Bare: a loop that POSTs the same body over %d kept connections to the same receiver and stores nothing. Receiver and database are on the same machine, one node sends.", thousands(less(deliveries)), deliveriesRuns, load.Senders),
		Columns: []string{"endpoints", "bare"},
	}
	for _, k := range load.Kinds {
		t.Columns = append(t.Columns, k.Name, "of bare")
	}
	err := t.addRates(ctx, load.Plain, less(deliveries))
	return t, err
}

func measureTLS(ctx context.Context) (table, error) {
	t := table{
		Title: "Webhook deliveries per second over TLS",
		About: fmt.Sprintf("As above, %s deliveries, to a receiver with a certificate. Bare keeps %d connections with HTTP/1.1, and with HTTP/2 one for as many requests at once; its receiver's side of TLS is on the same machine too.",
			thousands(less(deliveries)), load.Senders),
		Columns: []string{"endpoints", "bare"},
	}
	for _, k := range load.Kinds {
		t.Columns = append(t.Columns, k.Name, "of bare")
	}
	for _, p := range []load.Protocol{load.TLS, load.HTTP2} {
		if err := t.addRates(ctx, p, less(deliveries)); err != nil {
			return t, err
		}
	}
	return t, nil
}

// addRates adds a row for 1, 10 and 1,000 endpoints.
func (t *table) addRates(ctx context.Context, p load.Protocol, deliveries int) error {
	for _, endpoints := range []int{1, 10, 1000} {
		times, err := inTurn(ctx, p, endpoints, deliveries, deliveriesRuns)
		if err != nil {
			return err
		}
		row := []string{thousands(endpoints)}
		if p != load.Plain {
			row[0] += ", " + string(p)
		}
		for i := range times {
			rate := func(i int) float64 { return float64(deliveries) / median(times[i]).Seconds() }
			row = append(row, fmt.Sprintf("%.0f/s %s", rate(i), spread(times[i])))
			if i > 0 {
				row = append(row, fmt.Sprintf("%.0f %%", 100*rate(i)/rate(0)))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return nil
}

// inTurn is how long the bare loop and each kind of store took for the same
// deliveries, run after run. The endpoints are paths of one receiver.
func inTurn(ctx context.Context, p load.Protocol, endpoints, deliveries, runs int) ([][]time.Duration, error) {
	receiver := load.NewReceiver(p, nil)
	defer receiver.Close()
	urls := make([]string, endpoints)
	for i := range urls {
		urls[i] = fmt.Sprintf("%s/%d", receiver.URL, i)
	}
	times := make([][]time.Duration, 1+len(load.Kinds))
	for range runs {
		began := time.Now()
		if err := load.Bare(ctx, urls, deliveries, 0); err != nil {
			return nil, err
		}
		times[0] = append(times[0], time.Since(began))
		for i, k := range load.Kinds {
			var took time.Duration
			err := load.Run(ctx, k, urls, nil, func(n *load.Node) error {
				began := time.Now()
				if err := n.Events(ctx, deliveries/endpoints, 0); err != nil {
					return err
				}
				err := n.Recorded.Reach(ctx, int64(deliveries/endpoints*endpoints))
				took = time.Since(began)
				return err
			})
			if err != nil {
				return nil, err
			}
			times[1+i] = append(times[1+i], took)
		}
	}
	return times, nil
}
