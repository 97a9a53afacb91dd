package main

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/bench/load"
)

const (
	growthDeliveries = 40_000
	growthRuns       = 3
	growthMost       = 10_000 // endpoints
)

// measureGrowth spreads the same number of deliveries over more and more
// endpoints.
func measureGrowth(ctx context.Context) (table, error) {
	t := table{
		Title: "What a delivery costs as endpoints grow",
		About: fmt.Sprintf("%s deliveries at full load to 1 to 10,000 endpoints, each event to all of them: the time on both cores of event, commit, request, answer and record, divided by the deliveries. "+
			"Medians of %d runs, in turn. All endpoints are paths of one receiver, so that what grows is the engine's and the store's work, not the connections. Bare: the loop of POSTs to the same paths.", thousands(less(growthDeliveries)), growthRuns),
		Columns: []string{"endpoints", "bare"},
		Plots: []plot{{
			File: "endpoints.svg", Title: "Cost of a delivery by the number of endpoints", X: "endpoints", Y: "µs per delivery at full load",
			Series: []series{{Name: "bare POST loop", Colour: 2}},
		}},
	}
	lines := &t.Plots[0].Series
	for i, k := range load.Kinds {
		t.Columns = append(t.Columns, k.Name, "to bare")
		*lines = append(*lines, series{Name: k.Name, Colour: i})
	}
	receiver := load.NewReceiver(nil)
	defer receiver.Close()
	for endpoints := 1; endpoints <= min(growthMost, less(growthDeliveries)); endpoints *= 10 {
		urls := make([]string, endpoints)
		for i := range urls {
			urls[i] = fmt.Sprintf("%s/%d", receiver.URL, i)
		}
		times := make([][]time.Duration, 1+len(load.Kinds))
		for range growthRuns {
			began := time.Now()
			if err := load.Bare(ctx, urls, less(growthDeliveries), 0); err != nil {
				return t, err
			}
			times[0] = append(times[0], time.Since(began)/growthDeliveries)
			for i, k := range load.Kinds {
				cost, err := deliveryCost(ctx, k, urls)
				if err != nil {
					return t, err
				}
				times[1+i] = append(times[1+i], cost)
			}
		}
		row := []string{thousands(endpoints)}
		for i, d := range times {
			cost := median(d)
			row = append(row, us(cost))
			if i > 0 {
				row = append(row, ratio(cost, median(times[0])))
			}
			(*lines)[i].Points = append((*lines)[i].Points, [2]float64{float64(endpoints), float64(cost.Nanoseconds()) / 1000})
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func deliveryCost(ctx context.Context, k load.Kind, urls []string) (cost time.Duration, err error) {
	err = load.Run(ctx, k, urls, nil, func(n *load.Node) error {
		began := time.Now()
		if err := n.Events(ctx, less(growthDeliveries)/len(urls), 0); err != nil {
			return err
		}
		err := n.Recorded.Reach(ctx, int64(less(growthDeliveries)))
		cost = time.Since(began) / time.Duration(less(growthDeliveries))
		return err
	})
	return cost, err
}

func us(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000) }
