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

	"github.com/browserhook/browserhook/test/harness"
)

// measurePrograms has Playwright work over a session's connectUrl and over the port
// of the same Chromium with the same flags, in turn.
func measurePrograms(ctx context.Context) (t table, err error) {
	calls, rounds, pictures := 500, max(3, less(12)), max(3, less(12))
	t = table{
		Title: "Playwright over connectUrl", Columns: []string{"", "Chromium's port", "connectUrl", "paired"},
		About: fmt.Sprintf("playwright-core, connected to a session (WebSocket, server, keeper, pipe) and to the same Chromium with the same flags and a port of its own, in turn, which first changes each time. A script: %d calls one after another, each answered before the next (fill, click, textContent, isVisible, evaluate); medians of %d. A picture: `screenshot` of noise, a PNG of 10 MB; medians of %d. Paired: the median of the ratios of each turn's two times; of pictures, of their rates.", calls, rounds, pictures),
	}
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	_, p, end, err := bothPaths(ctx, data, calls, harness.Object{})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, end()) }()
	script, err := p.inTurn("calls", rounds)
	if err != nil {
		return t, err
	}
	picture, err := p.inTurn("picture", pictures)
	if err != nil {
		return t, err
	}
	t.Rows = [][]string{
		{fmt.Sprintf("a script of %d calls", calls), ms(median(script[0])), ms(median(script[1])), fmt.Sprintf("%.3f × the time", paired(script[1], script[0]))},
		{"a picture of 10 MB", ms(median(picture[0])), ms(median(picture[1])), fmt.Sprintf("%.0f %% of the rate", 100*paired(picture[0], picture[1]))},
	}
	return t, nil
}

// bothPaths has Playwright connected to the port of a Chromium, and to a session of a
// server with the same and no pool: in this order. end ends them all.
func bothPaths(ctx context.Context, data string, calls int, options harness.Object) (server *harness.Server, p *player, end func() error, err error) {
	var ends []func() error
	endAll := func() (err error) {
		for _, e := range slices.Backward(ends) {
			err = errors.Join(err, e())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, endAll())
		}
	}()
	if server, err = harness.Launch(filepath.Join(data, "data"), "--pool-size=0"); err != nil {
		return nil, nil, nil, err
	}
	ends = append(ends, server.End)
	made, err := server.Client().Do(ctx, http.MethodPost, "/v1/sessions", options)
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := server.Client().WaitSession(ctx, made.String("sessionId"), "READY"); err != nil {
		return nil, nil, nil, err
	}
	port, stop, err := server.Twin(ctx, made.String("browser"), filepath.Join(data, "profile"))
	if err != nil {
		return nil, nil, nil, err
	}
	ends = append(ends, func() error { stop(); return nil })
	if p, err = play(ctx, "paths.mjs", fmt.Sprint(calls), port, made.String("connectUrl")); err != nil {
		return nil, nil, nil, err
	}
	ends = append(ends, func() error { p.end(); return nil })
	return server, p, endAll, nil
}

// paired is the median of the ratios of a's times to b's.
func paired(a, b []time.Duration) float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = float64(a[i]) / float64(b[i])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// inTurn has it do something over both addresses so many times, after two that warm
// up.
func (p *player) inTurn(what string, rounds int) (took [2][]time.Duration, err error) {
	for i := range rounds + 2 {
		for turn := range took {
			which := (i + turn) % 2
			once, err := p.find(fmt.Sprintf("%d %s", which, what))
			if err != nil {
				return took, err
			}
			if i >= 2 {
				took[which] = append(took[which], once)
			}
		}
	}
	return took, nil
}
