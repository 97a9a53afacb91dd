package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/test/harness"
)

const (
	backlogMost   = 1_000_000
	backlogClaims = 200
	claimSize     = 64
	watched       = 5 * time.Second
)

// measureBacklog fills a server's database with deliveries to one endpoint,
// times claims on the way, and then starts the server over all of it.
func measureBacklog(ctx context.Context) (table, error) {
	t := table{
		Title: "A million pending deliveries",
		About: fmt.Sprintf("`browserhook serve`, a process of its own, over an empty database and over one with %s deliveries due to one endpoint. Start: from its launch to the first 200 of `/readyz`. Memory: the most that was ever resident in the first %s, while the receiver is down, and again while it is up and takes the backlog. "+
			"Claims: %d deliveries handed out to be sent, medians and 99th percentiles of %d; after each, they are recorded as delivered and as many new ones come, so that the backlog stays.", thousands(less(backlogMost)), watched, claimSize, backlogClaims),
		Columns: []string{"", "backlog", "claim, median", "claim, p99", "start to ready", "memory, receiver down", "memory, receiver up", "deliveries, receiver up"},
		Plots:   []plot{{File: "backlog.svg", Title: fmt.Sprintf("Claim of %d deliveries by backlog", claimSize), X: "pending deliveries of the endpoint", Y: "ms per claim"}},
	}
	for i, k := range load.Kinds {
		if err := backlogOf(ctx, k, i, &t); err != nil {
			return t, fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	return t, nil
}

func backlogOf(ctx context.Context, k load.Kind, colour int, t *table) error {
	// The receiver is down until its address is listened at again.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	l.Close()
	place, remove, err := k.Fresh(ctx)
	if err != nil {
		return err
	}
	defer remove()

	empty, err := serveOver(ctx, place, func(s *harness.Server) error {
		_, err := s.Client().Do(ctx, http.MethodPost, "/v1/webhook-endpoints", harness.Object{"url": "http://" + address, "events": []string{"*"}})
		return err
	})
	if err != nil {
		return err
	}
	claims, err := fillAndClaim(ctx, k, place)
	if err != nil {
		return err
	}
	down, err := serveOver(ctx, place, func(*harness.Server) error { return nil })
	if err != nil {
		return err
	}
	var receiver http.Server
	var got load.Counter
	receiver.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		got.Add(1)
	})
	if l, err = net.Listen("tcp", address); err != nil {
		return err
	}
	go receiver.Serve(l)
	defer receiver.Close()
	up, err := serveOver(ctx, place, func(*harness.Server) error { got.Reset(); return nil })
	if err != nil {
		return err
	}
	t.Rows = append(t.Rows, []string{k.Name, "0", "–", "–", ms(empty.ready), mb(empty.memory), "–", "–"})
	median, p99 := series{Name: k.Name + ", median", Colour: colour}, series{Name: k.Name + ", p99", Colour: colour, Dashed: true}
	for _, c := range claims {
		t.Rows = append(t.Rows, []string{k.Name, thousands(c.backlog), us(c.median), us(c.p99), "", "", "", ""})
		median.Points = append(median.Points, [2]float64{float64(c.backlog), c.median.Seconds() * 1000})
		p99.Points = append(p99.Points, [2]float64{float64(c.backlog), c.p99.Seconds() * 1000})
	}
	copy(t.Rows[len(t.Rows)-1][4:], []string{
		ms(down.ready), mb(down.memory), mb(up.memory), fmt.Sprintf("%.0f/s", float64(got.Count())/watched.Seconds()),
	})
	t.Plots[0].Series = append(t.Plots[0].Series, median, p99)
	return nil
}

type claimTimes struct {
	backlog     int
	median, p99 time.Duration
}

// fillAndClaim times claims at a thousand pending deliveries, ten thousand and
// so on. It leaves all of them pending.
func fillAndClaim(ctx context.Context, k load.Kind, place load.Place) (all []claimTimes, err error) {
	store, err := k.Open(ctx, place, load.Nothing)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	source, err := load.NewSource(ctx, store, 16)
	if err != nil {
		return nil, err
	}
	pending := 0
	for backlog := 1000; backlog <= less(backlogMost); backlog *= 10 {
		if err := source.Fill(ctx, backlog-pending); err != nil {
			return nil, err
		}
		pending = backlog
		due, err := store.DueEndpoints(ctx)
		if err != nil || len(due) != 1 {
			return nil, fmt.Errorf("%d endpoints have a backlog: %w", len(due), err)
		}
		var took []time.Duration
		for range backlogClaims {
			began := time.Now()
			claim, err := store.Claim(ctx, due[0].EndpointID, began, domain.Capacity{Deliveries: claimSize, Bytes: math.MaxInt})
			took = append(took, time.Since(began))
			if err != nil || len(claim.Jobs) != claimSize {
				return nil, fmt.Errorf("%d deliveries were claimed: %w", len(claim.Jobs), err)
			}
			if err := store.Finish(ctx, delivered(claim.Jobs), nil); err != nil {
				return nil, err
			}
			if err := source.Fill(ctx, claimSize); err != nil {
				return nil, err
			}
		}
		all = append(all, claimTimes{backlog, percentile(took, 50), percentile(took, 99)})
	}
	return all, nil
}

func delivered(jobs []domain.Job) []domain.Outcome {
	outcomes := make([]domain.Outcome, len(jobs))
	for i := range jobs {
		d := jobs[i].Delivery
		d.Status, d.Attempts, d.Tries, d.EndedAt = domain.DeliveryDelivered, 1, 1, time.Now()
		outcomes[i] = domain.Outcome{Delivery: d, Attempt: domain.Attempt{
			ID: domain.NewID(domain.PrefixAttempt), ProjectID: d.ProjectID, DeliveryID: d.ID, Number: 1, StartedAt: d.EndedAt, StatusCode: http.StatusNoContent,
		}}
	}
	return outcomes
}

// served is how a server did over a database.
type served struct {
	ready  time.Duration
	memory int // most kB that were ever resident
}

// serveOver runs a server for a while after it is ready.
func serveOver(ctx context.Context, place load.Place, use func(*harness.Server) error) (r served, err error) {
	if _, err := harness.Binary(); err != nil { // not a part of its start
		return r, err
	}
	began := time.Now()
	s, err := harness.Launch(place.Data, place.Args()...)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.End()) }()
	err = harness.Until(ctx, func() (bool, error) {
		res, err := http.Get(s.URL + "/readyz")
		if err != nil {
			return false, nil //nolint:nilerr // it isn't up yet
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK, nil
	})
	r.ready = time.Since(began)
	if err == nil {
		err = use(s)
	}
	if err != nil {
		return r, err
	}
	time.Sleep(watched)
	if r.memory, err = peakMemory(s.PID()); err != nil {
		return r, err
	}
	return r, nil
}

// peakMemory is the most kB that the process ever had resident.
func peakMemory(pid int) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	return 0, errors.New("the kernel doesn't say how much memory a process has")
}

func mb(kB int) string { return fmt.Sprintf("%d MB", kB/1000) }
