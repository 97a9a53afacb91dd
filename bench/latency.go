package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/bench/load"
)

const (
	latencyRuns   = 3
	latencyWarmUp = time.Second // connections are made and the endpoint's limit grows
	latencyTime   = 4 * time.Second
	saturating    = 30_000 // events, to find out what full load is
)

// measureLatency offers each store half of what it has just shown to deliver
// at most, at a fixed rate that waits for nothing.
func measureLatency(ctx context.Context) (table, error) {
	t := table{
		Title: "From commit to arrival at half load",
		About: fmt.Sprintf("Events are due at even distances, whatever became of those before, at half of the rate that the same store delivered at full load just before (%s events to one endpoint). "+
			"Counted from the commit to the arrival at the receiver, and from when the event was due, which includes the commit and every delay of the producer; %s after a first second, medians of %d runs. Bare: POSTs that were due at the same rate, over %d kept connections, nothing stored.",
			thousands(less(saturating)), latencyTime-latencyWarmUp, latencyRuns, load.Senders),
		Columns: []string{"", "load", "from commit, median", "p99", "from due, median", "p99"},
	}
	for _, k := range load.Kinds {
		full, err := fullRate(ctx, k)
		if err != nil {
			return t, err
		}
		var bare, ours []latencies
		for range latencyRuns {
			b, err := bareLatency(ctx, full/2)
			if err != nil {
				return t, err
			}
			o, err := storeLatency(ctx, k, full/2)
			if err != nil {
				return t, err
			}
			bare, ours = append(bare, b), append(ours, o)
		}
		rate := fmt.Sprintf("%.0f/s", full/2)
		t.Rows = append(t.Rows,
			[]string{"bare", rate, "–", "–", ms(middle(bare, dueMedian)), ms(middle(bare, dueP99))},
			[]string{k.Name, rate, ms(middle(ours, commitMedian)), ms(middle(ours, commitP99)), ms(middle(ours, dueMedian)), ms(middle(ours, dueP99))},
		)
	}
	return t, nil
}

// latencies of one run, by what the indexes name.
type latencies [4]time.Duration

const (
	commitMedian = iota
	commitP99
	dueMedian
	dueP99
)

func middle(runs []latencies, which int) time.Duration {
	var all []time.Duration
	for _, r := range runs {
		all = append(all, r[which])
	}
	return median(all)
}

func fullRate(ctx context.Context, k load.Kind) (rate float64, err error) {
	receiver := load.NewReceiver(load.Plain, nil)
	defer receiver.Close()
	err = load.Run(ctx, k, []string{receiver.URL}, nil, func(n *load.Node) error {
		began := time.Now()
		if err := n.Events(ctx, less(saturating), 0); err != nil {
			return err
		}
		err := n.Recorded.Reach(ctx, int64(less(saturating)))
		rate = float64(less(saturating)) / time.Since(began).Seconds()
		return err
	})
	return rate, err
}

// arrivals notes when events were committed and when they came.
type arrivals struct {
	mu        sync.Mutex
	committed map[string]time.Time
	came      []arrival
}

type arrival struct {
	event   string
	due, at time.Time
}

func (a *arrivals) commit(event string) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.committed[event]; !ok {
		a.committed[event] = now
	}
}

func (a *arrivals) arrive(r *http.Request, body []byte) {
	now := time.Now()
	due := load.Due(body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.came = append(a.came, arrival{r.Header.Get("Webhook-Id"), due, now})
}

// after leaves out what was due before the time.
func (a *arrivals) after(start time.Time) latencies {
	var fromCommit, fromDue []time.Duration
	for _, one := range a.came {
		if one.due.Before(start) {
			continue
		}
		fromDue = append(fromDue, one.at.Sub(one.due))
		if committed, ok := a.committed[one.event]; ok {
			fromCommit = append(fromCommit, one.at.Sub(committed))
		}
	}
	return latencies{percentile(fromCommit, 50), percentile(fromCommit, 99), percentile(fromDue, 50), percentile(fromDue, 99)}
}

func bareLatency(ctx context.Context, rate float64) (latencies, error) {
	var a arrivals
	receiver := load.NewReceiver(load.Plain, a.arrive)
	defer receiver.Close()
	start := time.Now().Add(latencyWarmUp)
	if err := load.Bare(ctx, []string{receiver.URL}, int(rate*latencyTime.Seconds()), rate); err != nil {
		return latencies{}, err
	}
	return a.after(start), nil
}

func storeLatency(ctx context.Context, k load.Kind, rate float64) (l latencies, err error) {
	a := arrivals{committed: map[string]time.Time{}}
	receiver := load.NewReceiver(load.Plain, a.arrive)
	defer receiver.Close()
	n := int(rate * latencyTime.Seconds())
	err = load.Run(ctx, k, []string{receiver.URL}, a.commit, func(node *load.Node) error {
		start := time.Now().Add(latencyWarmUp)
		if err := node.Events(ctx, n, rate); err != nil {
			return err
		}
		if err := node.Recorded.Reach(ctx, int64(n)); err != nil {
			return err
		}
		l = a.after(start)
		return nil
	})
	return l, err
}

func percentile(d []time.Duration, p int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	s := slices.Clone(d)
	slices.Sort(s)
	return s[min(len(s)*p/100, len(s)-1)]
}
