package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// measureRestart kills a server with sessions and starts it again, beside starting as
// many sessions anew.
func measureRestart(ctx context.Context) (t table, err error) {
	sessions, rounds := max(1, less(20)), max(1, less(40)/4)
	t = table{
		Title: fmt.Sprintf("A restart with %d live sessions", sessions), Columns: []string{"", "median", "slowest"},
		About: "From the start of the server's process, which was killed before, until each session has answered a step; beside as many sessions that are started at once on the server that runs, until the same.",
	}
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	start := func() (*harness.Server, error) {
		return harness.Launch(data, fmt.Sprintf("--max-sessions=%d", sessions), "--keeper-grace=30s")
	}
	server, err := start()
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, server.End()) }()
	var anew, listens, again []time.Duration
	for range rounds {
		began := time.Now()
		ids, err := openAtOnce(ctx, server.Client(), sessions)
		if err != nil {
			return t, err
		}
		anew = append(anew, time.Since(began))
		server.Kill()
		began = time.Now()
		if server, err = start(); err != nil {
			return t, err
		}
		listens = append(listens, time.Since(began))
		if err := forEach(ids, func(id *string) error { return answers(ctx, server.Client(), *id) }); err != nil {
			return t, err
		}
		again = append(again, time.Since(began))
		if err := forEach(ids, func(id *string) error {
			if _, err := server.Client().Do(ctx, http.MethodDelete, "/v1/sessions/"+*id, nil); err != nil {
				return err
			}
			_, err := server.Client().WaitSession(ctx, *id, "CLOSED")
			return err
		}); err != nil {
			return t, err
		}
	}
	for _, row := range []struct {
		what string
		took []time.Duration
	}{{"the server listens", listens}, {"all sessions have answered again", again}, {"as many new sessions have answered", anew}} {
		t.Rows = append(t.Rows, []string{row.what, ms(median(row.took)), ms(slices.Max(row.took))})
	}
	return t, nil
}

// openAtOnce makes sessions and has each answer a step.
func openAtOnce(ctx context.Context, c *harness.Client, n int) ([]string, error) {
	ids := make([]string, n)
	return ids, forEach(ids, func(id *string) error {
		made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{})
		if err != nil {
			return err
		}
		*id = made.String("sessionId")
		return answers(ctx, c, *id)
	})
}

func answers(ctx context.Context, c *harness.Client, id string) error {
	got, err := c.With("Prefer", "wait=60").Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/steps",
		harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": "6*7"}}})
	if err != nil {
		return err
	}
	if st := got.List("data")[0]; st["result"] != 42.0 {
		return fmt.Errorf("session %s: the step is %v: %v", id, st["status"], st["error"])
	}
	return nil
}

// forEach does something with all at once.
func forEach(ids []string, do func(id *string) error) error {
	var wg sync.WaitGroup
	failed := make([]error, len(ids))
	for i := range ids {
		wg.Go(func() { failed[i] = do(&ids[i]) })
	}
	wg.Wait()
	return errors.Join(failed...)
}
