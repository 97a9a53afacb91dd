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
	for endpoints := 1; endpoints <= min(growthMost, less(growthDeliveries)); endpoints *= 10 {
		times, err := inTurn(ctx, load.Plain, endpoints, less(growthDeliveries), growthRuns)
		if err != nil {
			return t, err
		}
		row := []string{thousands(endpoints)}
		for i := range times {
			cost := func(i int) time.Duration { return median(times[i]) / time.Duration(less(growthDeliveries)) }
			row = append(row, us(cost(i)))
			if i > 0 {
				row = append(row, ratio(cost(i), cost(0)))
			}
			(*lines)[i].Points = append((*lines)[i].Points, [2]float64{float64(endpoints), float64(cost(i).Nanoseconds()) / 1000})
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func us(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000) }
