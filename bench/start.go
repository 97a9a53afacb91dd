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
		About:   fmt.Sprintf("Of %d each, in turn. A bare browser is started over the pipe, as another user too, and timed until its page has evaluated 1. A session is timed from `createdAt` to `readyAt`, with the default browser. The pool has one; sessions come a second apart.", rounds),
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
	took := make([][]time.Duration, 4)
	for i := range rounds + 1 { // the first warms up
		for n, once := range []func() (time.Duration, error){
			func() (time.Duration, error) { return evaluates(ctx, has.Programs[browser.Chromium]) },
			func() (time.Duration, error) { return evaluates(ctx, has.Path) },
			func() (time.Duration, error) { return untilReady(ctx, clients[0]) },
			func() (time.Duration, error) { return untilReady(ctx, clients[1]) },
		} {
			d, err := once()
			if err != nil {
				return t, err
			}
			if i > 0 {
				took[n] = append(took[n], d)
			}
		}
		<-time.After(time.Second) // the pool is filled again
	}
	for n, name := range []string{"bare `chromium --headless=new`", "bare " + has.Browsers()[0] + ", the default", "browserhook, without a pool", "browserhook, from the pool"} {
		m := median(took[n])
		t.Rows = append(t.Rows, []string{name, ms(m), ms(late(took[n])), ratio(m, median(took[1])), ratio(m, median(took[0]))})
	}
	return t, nil
}

// late is what all but one of a hundred keep within.
func late(d []time.Duration) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[len(s)*99/100]
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

// untilReady has a session begin and end.
func untilReady(ctx context.Context, c *harness.Client) (time.Duration, error) {
	made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{})
	if err != nil {
		return 0, err
	}
	id := made.String("sessionId")
	ready, err := c.WaitSession(ctx, id, "READY")
	if err != nil {
		return 0, err
	}
	if _, err := c.Do(ctx, http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		return 0, err
	}
	if _, err := c.WaitSession(ctx, id, "CLOSED"); err != nil {
		return 0, err
	}
	from, err := time.Parse(time.RFC3339Nano, ready.String("createdAt"))
	if err != nil {
		return 0, err
	}
	to, err := time.Parse(time.RFC3339Nano, ready.String("readyAt"))
	return to.Sub(from), err
}
