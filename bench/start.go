package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/test/harness"
)

// measureStart is how long sessions take to be READY, beside bare browsers until
// their page evaluates.
func measureStart(ctx context.Context) (t table, err error) {
	rounds := max(less(100), 3)
	t = table{
		Title:   "A session, from its creation to READY",
		About:   fmt.Sprintf("Of %d each, in turn. A bare browser is started over the pipe, as another user too, and timed until its page has evaluated 1. A session is timed from `createdAt` to `readyAt`, with the default browser, and to the end of its first step, which evaluates 1: READY comes before the page's process has started, and the first step waits for that. The pool has one; sessions come a second apart.", rounds),
		Columns: []string{"", "median", "p99", "to the same browser, bare", "to `chromium --headless=new`, bare"},
	}
	has, err := programs()
	if err != nil {
		return t, err
	}
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	var clients []*harness.Client
	for _, size := range []string{"0", "1"} {
		server, err := harness.Launch(filepath.Join(data, size), "--pool-size="+size)
		if err != nil {
			return t, err
		}
		defer func() { err = errors.Join(err, server.End()) }()
		clients = append(clients, server.Client())
	}
	names := []string{
		"bare `chromium --headless=new`", "bare " + has.Browsers()[0] + ", the default",
		"browserhook, without a pool", "browserhook, without a pool, a step done", "browserhook, from the pool", "browserhook, from the pool, a step done",
	}
	took := make([][]time.Duration, len(names))
	for i := range rounds + 1 { // the first warms up
		var all []time.Duration
		for _, path := range []string{has.Programs[browser.Chromium], has.Path} {
			d, err := evaluates(ctx, path)
			if err != nil {
				return t, err
			}
			all = append(all, d)
		}
		for _, c := range clients {
			ready, done, err := untilReady(ctx, c)
			if err != nil {
				return t, err
			}
			all = append(all, ready, done)
		}
		for n, d := range all {
			if i > 0 {
				took[n] = append(took[n], d)
			}
		}
		<-time.After(time.Second) // the pool is filled again
	}
	for n, name := range names {
		m := median(took[n])
		t.Rows = append(t.Rows, []string{name, ms(m), ms(late(took[n])), ratio(m, median(took[1])), ratio(m, median(took[0]))})
	}
	return t, nil
}

// late is what all but one of a hundred keep within.
func late(d []time.Duration) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[(len(s)-1)*99/100]
}

// evaluates starts a bare browser and ends it, and says how long its page took.
func evaluates(ctx context.Context, path string) (time.Duration, error) {
	if path == "" {
		return 0, errors.New("the whole Chromium is not installed")
	}
	began := time.Now()
	conn, end, err := bare(ctx, path)
	if err != nil {
		return 0, err
	}
	defer end()
	page, err := attach(ctx, conn)
	if err == nil {
		err = page.Call(ctx, "Runtime.evaluate", object{"expression": "1"}, nil)
	}
	return time.Since(began), err
}

// untilReady has a session begin and end: how long it took to be READY, and until its
// first step was done.
func untilReady(ctx context.Context, c *harness.Client) (ready, done time.Duration, err error) {
	made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{})
	if err != nil {
		return 0, 0, err
	}
	session := "/v1/sessions/" + made.String("sessionId")
	steps, err := c.With("Prefer", "wait=60").Do(ctx, http.MethodPost, session+"/steps", harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": "1"}}})
	if err != nil {
		return 0, 0, err
	}
	now, err := c.Do(ctx, http.MethodGet, session, nil)
	if err != nil {
		return 0, 0, err
	}
	if _, err := c.Do(ctx, http.MethodDelete, session, nil); err != nil {
		return 0, 0, err
	}
	if _, err := c.WaitSession(ctx, made.String("sessionId"), "CLOSED"); err != nil {
		return 0, 0, err
	}
	first := steps.List("data")[0]
	if first.String("status") != "COMPLETED" {
		return 0, 0, fmt.Errorf("the step is %v", first)
	}
	var at [3]time.Time
	for i, raw := range []string{now.String("createdAt"), now.String("readyAt"), first.String("finishedAt")} {
		if at[i], err = time.Parse(time.RFC3339Nano, raw); err != nil {
			return 0, 0, err
		}
	}
	return at[1].Sub(at[0]), at[2].Sub(at[0]), nil
}
