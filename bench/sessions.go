package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/test/harness"
)

const (
	mostSessions = 400
	memoryLeft   = 2 << 30 // is left to the machine, in bytes
	quiet        = 5 * time.Second
)

// measureSessions is what idle sessions cost, and how long starts and steps take
// beside them, from one to as many as the machine holds.
func measureSessions(ctx context.Context) (t table, err error) {
	t = table{
		Title: "Idle sessions, from one to as many as the machine holds",
		About: fmt.Sprintf("Sessions on `about:blank`, without a pool, one after another; no more when less than 2 GiB of memory are available, or at %d. In all: the proportional set size of the server, the keepers and their Chromiums, by session. Server and keeper: memory that they share with nobody, the server's beyond what it had without a session, by session. CPU of server and keepers over five seconds in which nothing is asked of them. Start and step: medians of the last sessions (up to 20) until READY, and of an `evaluate` in each of up to 20.", mostSessions),
		Columns: []string{
			"browser", "sessions", "in all, each", "sessions per GiB", "server, each", "keeper, median", "CPU, all together", "start", "step",
		},
	}
	bySize := plot{File: "sessions.svg", Title: "Sessions per GiB", X: "sessions", Y: "sessions per GiB"}
	byTime := plot{File: "sessions-time.svg", Title: "A start and a step beside idle sessions", X: "sessions", Y: "ms, median"}
	has, err := programs()
	if err != nil {
		return t, err
	}
	for i, name := range []string{browser.Shell, browser.Chromium} {
		if has.Programs[name] == "" {
			return t, fmt.Errorf("%s is not installed", name)
		}
		rows, err := idleSessions(ctx, name)
		if err != nil {
			return t, fmt.Errorf("%s: %w", name, err)
		}
		perGiB, start, step := series{Name: name, Colour: i}, series{Name: name + ": start", Colour: i}, series{Name: name + ": step", Colour: i, Dashed: true}
		for _, r := range rows {
			t.Rows = append(t.Rows, []string{
				name, fmt.Sprint(r.sessions), megabytes(r.each), fmt.Sprintf("%.1f", r.perGiB()), megabytes(r.server), megabytes(r.keeper), fmt.Sprintf("%.1f %%", r.cpu), ms(r.start), ms(r.step),
			})
			n := float64(r.sessions)
			perGiB.Points = append(perGiB.Points, [2]float64{n, r.perGiB()})
			start.Points = append(start.Points, [2]float64{n, float64(r.start.Microseconds()) / 1000})
			step.Points = append(step.Points, [2]float64{n, float64(r.step.Microseconds()) / 1000})
		}
		bySize.Series = append(bySize.Series, perGiB)
		byTime.Series = append(byTime.Series, start, step)
	}
	t.Plots = []plot{bySize, byTime}
	return t, nil
}

// idle is what so many sessions cost.
type idle struct {
	sessions    int
	each        int64 // bytes
	server      int64
	keeper      int64
	cpu         float64 // per cent of a core
	start, step time.Duration
}

func (i idle) perGiB() float64 { return float64(1<<30) / float64(i.each) }

func idleSessions(ctx context.Context, program string) (rows []idle, err error) {
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	server, err := harness.Launch(filepath.Join(data, "data"), fmt.Sprintf("--max-sessions=%d", mostSessions), "--pool-size=0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.End()) }()
	alone, err := look(server.PID())
	if err != nil {
		return nil, err
	}
	var sessions []string
	var starts []time.Duration
	for at := 1; at <= mostSessions; at = next(at) {
		for len(sessions) < at {
			left, err := available()
			if err != nil {
				return rows, err
			}
			if left < memoryLeft {
				return rows, nil
			}
			id, took, err := open(ctx, server.Client(), program)
			if err != nil {
				return rows, fmt.Errorf("session %d: %w", len(sessions)+1, err)
			}
			sessions, starts = append(sessions, id), append(starts, took)
		}
		row := idle{sessions: at, start: median(starts[max(0, at-20):])}
		var steps []time.Duration
		for _, id := range sessions[max(0, at-20):] {
			began := time.Now()
			if err := answers(ctx, server.Client(), id); err != nil {
				return rows, err
			}
			steps = append(steps, time.Since(began))
		}
		row.step = median(steps)
		if err := row.look(server.PID(), alone.private); err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// next is the next of 1, 2, 5, 10, 20, 50, …
func next(n int) int {
	for p := 1; ; p *= 10 {
		for _, f := range []int{1, 2, 5} {
			if f*p > n {
				return f * p
			}
		}
	}
}

// open makes a session, and says how long it took to be READY.
func open(ctx context.Context, c *harness.Client, program string) (id string, took time.Duration, err error) {
	made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{"browser": program})
	if err != nil {
		return "", 0, err
	}
	id = made.String("sessionId")
	now, err := c.WaitSession(ctx, id, "READY")
	if err != nil {
		return "", 0, err
	}
	created, err := time.Parse(time.RFC3339Nano, now.String("createdAt"))
	if err != nil {
		return "", 0, err
	}
	ready, err := time.Parse(time.RFC3339Nano, now.String("readyAt"))
	return id, ready.Sub(created), err
}

// look measures the server with all that it has started.
func (i *idle) look(server int, alone int64) error {
	<-time.After(2 * time.Second) // what the last start and steps set going is done
	before, err := ours(server)
	if err != nil {
		return err
	}
	<-time.After(quiet)
	all, err := processes(server)
	if err != nil {
		return err
	}
	ticks := 0
	var keepers []int64
	for _, p := range all {
		i.each += p.pss
		if was, ok := before[p.pid]; ok {
			ticks += p.ticks - was
		}
		switch {
		case p.pid == server:
			i.server = (p.private - alone) / int64(i.sessions)
		case p.keeps():
			keepers = append(keepers, p.private)
		}
	}
	if len(keepers) != i.sessions {
		return fmt.Errorf("%d keepers, for %d sessions", len(keepers), i.sessions)
	}
	slices.Sort(keepers)
	i.keeper = keepers[len(keepers)/2]
	i.each /= int64(i.sessions)
	i.cpu = float64(ticks) / quiet.Seconds() // a tick is 10 ms
	return nil
}

// ours are the ticks of the server and its keepers, by process.
func ours(server int) (map[int]int, error) {
	all, err := processes(server)
	if err != nil {
		return nil, err
	}
	ticks := map[int]int{}
	for _, p := range all {
		if p.pid == server || p.keeps() {
			ticks[p.pid] = p.ticks
		}
	}
	return ticks, nil
}

func (p process) keeps() bool {
	args := strings.Fields(p.command)
	return len(args) > 1 && args[1] == "keeper"
}
