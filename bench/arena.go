package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// stages are those of BrowserArena, a comparison of hosted browsers.
var stages = []string{"create", "connect", "goto", "release"}

// measureArena has Playwright use a session from its creation to its end, beside a
// browser that it launches itself.
func measureArena(ctx context.Context) (t table, err error) {
	rounds := max(3, less(60))
	t = table{
		Title:   "A session for Playwright, from its creation to its end",
		About:   fmt.Sprintf("BrowserArena's four stages, by playwright-core in one process: create (`POST /v1/sessions`), connect (`connectOverCDP`), goto (a page on this machine, until `domcontentloaded`), release (`DELETE`, until answered); beside its own `launch` of the same program (without a sandbox, as it does by default), which is create and connect in one, `newPage` and `goto`, and `close`. Medians of %d each, in turn, a second apart, and of the sums.", rounds),
		Columns: append(append([]string{""}, stages...), "in all", "to launch"),
	}
	site := serving(form)
	defer site.Close()
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	has, err := programs()
	if err != nil {
		return t, err
	}
	pooled, err := harness.Launch(filepath.Join(data, "pool"), "--pool-size=1")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, pooled.End()) }()
	cold, err := harness.Launch(filepath.Join(data, "cold"), "--pool-size=0")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, cold.End()) }()
	p, err := play(ctx, "arena.mjs", site.URL, has.Path, harness.Key, pooled.Client().URL, cold.Client().URL)
	if err != nil {
		return t, err
	}
	defer p.end()
	names := []string{"playwright-core's own launch", "browserhook, from the pool", "browserhook, without a pool"}
	took := make([][][]time.Duration, len(names))
	for i := range took {
		took[i] = make([][]time.Duration, len(stages)+1)
	}
	for i := range rounds + 2 { // the first two warm up
		for n := range names {
			var answer [4]float64
			if err := p.ask(fmt.Sprint(n), &answer); err != nil {
				return t, err
			}
			<-time.After(time.Second) // the pool is filled again
			if i < 2 {
				continue
			}
			sum := time.Duration(0)
			for s, f := range answer {
				took[n][s] = append(took[n][s], millis(f))
				sum += millis(f)
			}
			took[n][len(stages)] = append(took[n][len(stages)], sum)
		}
	}
	for n, name := range names {
		row := []string{name}
		for _, d := range took[n] {
			row = append(row, ms(median(d)))
		}
		t.Rows = append(t.Rows, append(row, ratio(median(took[n][len(stages)]), median(took[0][len(stages)]))))
	}
	return t, nil
}
