package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// largePage has 10,000 elements, some of each kind that targets ask for.
func largePage() string {
	var b strings.Builder
	b.WriteString(`<!doctype html><link rel=icon href="data:,"><title>large</title><style>.row::before{content:'· '}</style><main>`)
	for i := range 2000 {
		fmt.Fprintf(&b, `<div class=row data-n=%d><span>Item %[1]d</span><button>Buy %[1]d</button><label>Count <input></label></div>`, i)
	}
	return b.String()
}

// measureTargets is how long one element among 10,000 takes to be found.
func measureTargets(ctx context.Context) (t table, err error) {
	const rounds = 20
	t = table{
		Title:   "A target on a page of 10,000 elements",
		About:   fmt.Sprintf("Waited for until it is attached; medians of %d, in turn. browserhook: one API call with `Prefer: wait`, the step and its events on disk.", rounds),
		Columns: []string{"", "browserhook", "playwright-core", "to Playwright"},
	}
	site := serving(largePage())
	defer site.Close()
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	server, err := harness.Launch(data)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, server.End()) }()
	c := server.Client().With("Prefer", "wait=30")
	made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{})
	if err != nil {
		return t, err
	}
	path := "/v1/sessions/" + made.String("sessionId") + "/steps"
	run := func(step harness.Object) error {
		got, err := c.Do(ctx, http.MethodPost, path, harness.Object{"steps": []harness.Object{step}})
		if err != nil {
			return err
		}
		if steps := got.List("data"); len(steps) != 1 || steps[0].String("status") != "COMPLETED" {
			return fmt.Errorf("the step answered %v", got)
		}
		return nil
	}
	if err := run(harness.Object{"action": "goto", "url": site.URL}); err != nil {
		return t, err
	}
	player, err := startPlaywright(ctx, site.URL)
	if err != nil {
		return t, err
	}
	defer player.end()
	for _, target := range []string{`role=button[name="Buy 1999"]`, `text=Item 1999`, `main > .row[data-n="1999"] span`} {
		var ours, theirs []time.Duration
		for i := range rounds + 3 {
			began := time.Now()
			if err := run(harness.Object{"action": "waitFor", "target": target, "state": "attached"}); err != nil {
				return t, err
			}
			a := time.Since(began)
			b, err := player.find(target)
			if err != nil {
				return t, err
			}
			if i >= 3 { // the first three warm up
				ours, theirs = append(ours, a), append(theirs, b)
			}
		}
		t.Rows = append(t.Rows, []string{"`" + target + "`", ms(median(ours)), ms(median(theirs)), ratio(median(ours), median(theirs))})
	}
	return t, nil
}
