// Command peers sends the same events to the same receiver through other
// durable queues that can be run on one machine, in turn with browserhook, and
// writes bench/peers/results.json, which docs/benchmarks.md shows. It is a
// module of its own: none of the peers is a dependency of browserhook.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/app"
)

const (
	rounds   = 3
	mostTime = 2 * time.Minute // of one peer in one round
	senders  = 100             // requests at once that a peer may make
)

var (
	events  = flag.Int("events", 20_000, "how many to send in each round")
	outpost = flag.String("outpost", "", "`folder` with the binaries outpost and outpost-server; without it Outpost is left out")
)

// peer is a way to send events. send makes all ready, calls begin, commits the
// events, each in a call of its own, and ends when arrived has returned.
type peer struct {
	name  string
	needs string // installed, beside itself
	send  func(ctx context.Context, url string, begin func(), arrived func() error) error
}

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: peers [flags] [name ...]\n\nNames are the beginnings of those in the table; without any, all are measured and the results are written.")
		flag.PrintDefaults()
	}
	flag.Parse()
	app.TuneMemory() // for all peers that run in this process
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	postgres, err := load.Postgres()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, load.Close()) }()
	var all []peer
	for _, k := range load.Kinds {
		all = append(all, browserhook(k))
	}
	all = append(all, riverPeers(postgres)...)
	all = append(all, asynqPeer())
	if *outpost != "" {
		all = append(all, outpostPeer(postgres))
	}
	if flag.NArg() > 0 {
		all = slices.DeleteFunc(all, func(p peer) bool {
			return !slices.ContainsFunc(flag.Args(), func(name string) bool { return strings.HasPrefix(p.name, name) })
		})
	}
	rates := make([][]float64, 1+len(all))
	for range rounds {
		for i, p := range append([]peer{bare}, all...) {
			rate, err := measure(p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Fprintf(os.Stderr, "%s: %.0f/s\n", p.name, rate)
			rates[i] = append(rates[i], rate)
		}
	}
	t := result{
		Date: time.Now().UTC().Format(time.DateOnly), Machine: load.Machine(),
		Title: "Beside other queues",
		About: fmt.Sprintf("%d events to one receiver, medians of %d rounds in turn. Each event is committed in a call of its own by %d callers at once, as a program with news does it, and is on disk before the call returns: PostgreSQL and SQLite with their safest settings, Redis with `appendfsync always`, RabbitMQ with durable quorum queues. "+
			"Counted until the last event has arrived; browserhook's figure includes the event's and the attempt's records, which River and asynq don't keep. River and asynq are libraries, used by a worker that POSTs; Outpost and browserhook sign each request. Again: `make bench-peers`.", *events, rounds, load.Producers),
		Columns: []string{"", "deliveries", "of bare", "needs installed"},
	}
	for i, p := range append([]peer{bare}, all...) {
		t.Rows = append(t.Rows, []string{p.name, fmt.Sprintf("%.0f/s", middle(rates[i])), fmt.Sprintf("%.0f %%", 100*middle(rates[i])/middle(rates[0])), p.needs})
	}
	raw, err := json.MarshalIndent([]result{t}, "", "  ")
	if err != nil {
		return err
	}
	if flag.NArg() > 0 {
		_, err = fmt.Fprintf(os.Stdout, "%s\n", raw)
		return err
	}
	return os.WriteFile("results.json", append(raw, '\n'), 0o644)
}

// result is a table as bench reads it.
type result struct {
	Date    string     `json:"date"`
	Machine string     `json:"machine"`
	Title   string     `json:"title"`
	About   string     `json:"about"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

func measure(p peer) (rate float64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), mostTime)
	defer cancel()
	receiver := load.NewReceiver(load.Plain, nil)
	defer receiver.Close()
	var began time.Time
	err = p.send(ctx, receiver.URL, func() { began = time.Now() }, func() error {
		err := receiver.Got.Reach(ctx, int64(*events))
		rate = float64(*events) / time.Since(began).Seconds()
		return err
	})
	return rate, err
}

var bare = peer{"bare POST loop", "nothing; stores nothing", func(ctx context.Context, url string, begin func(), arrived func() error) error {
	begin()
	if err := load.Bare(ctx, []string{url}, *events, 0); err != nil {
		return err
	}
	return arrived()
}}

func browserhook(k load.Kind) peer {
	needs := "nothing"
	if k.Shared {
		needs = k.Name
	}
	return peer{"browserhook, " + k.Name, needs, func(ctx context.Context, url string, begin func(), arrived func() error) error {
		return load.Run(ctx, k, []string{url}, nil, func(n *load.Node) error {
			begin()
			if err := n.Events(ctx, *events, 0); err != nil {
				return err
			}
			return arrived()
		})
	}}
}

// client is what the peers' workers send with.
var client = &http.Client{Transport: &http.Transport{MaxConnsPerHost: senders, MaxIdleConnsPerHost: senders}}

func post(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answered %s", res.Status)
	}
	return nil
}

func middle(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}
