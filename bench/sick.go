package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/browserhook/browserhook/bench/load"
)

const (
	sickEvents  = 8_000
	sickRuns    = 3
	sickHealthy = 7
)

// sick are what the other three endpoints do.
var sick = []http.HandlerFunc{
	hanging,
	dripping,
	func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
}

// hanging never answers. It has read the request, without which the server
// wouldn't hear that the sender has gone.
func hanging(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// dripping answers a byte a second, for as long as it is listened to.
func dripping(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte{'.'}); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

func measureSick(ctx context.Context) (table, error) {
	t := table{
		Title: "Three sick endpoints of ten",
		About: fmt.Sprintf("%s events to ten endpoints, each with a server of its own: how fast the same seven get all of theirs, from the first event on, when all ten are healthy, and when one of the others never answers, one answers a byte a second, and one answers 500 at once. "+
			"Medians of %d runs, in turn, at full load: who is not served leaves room, so that more than 100 %% is possible.", thousands(less(sickEvents)), sickRuns),
		Columns: []string{"", "seven of ten healthy", "seven beside three sick", "kept"},
	}
	for _, k := range load.Kinds {
		var healthy, beside []time.Duration
		for range sickRuns {
			h, err := sevenOfTen(ctx, k, false)
			if err != nil {
				return t, err
			}
			s, err := sevenOfTen(ctx, k, true)
			if err != nil {
				return t, err
			}
			healthy, beside = append(healthy, h), append(beside, s)
		}
		rate := func(d []time.Duration) string {
			return fmt.Sprintf("%.0f/s %s", float64(sickHealthy*less(sickEvents))/median(d).Seconds(), spread(d))
		}
		t.Rows = append(t.Rows, []string{k.Name, rate(healthy), rate(beside), fmt.Sprintf("%.0f %%", 100*median(healthy).Seconds()/median(beside).Seconds())})
	}
	return t, nil
}

// sevenOfTen is how long it takes until seven endpoints have every event.
func sevenOfTen(ctx context.Context, k load.Kind, besideSick bool) (took time.Duration, err error) {
	var urls []string
	var seven []*load.Receiver
	for i := range sickHealthy + len(sick) {
		if i >= sickHealthy && besideSick {
			server := httptest.NewServer(sick[i-sickHealthy])
			defer server.Close()
			urls = append(urls, server.URL)
			continue
		}
		receiver := load.NewReceiver(load.Plain, nil)
		defer receiver.Close()
		urls = append(urls, receiver.URL)
		if i < sickHealthy {
			seven = append(seven, receiver)
		}
	}
	err = load.Run(ctx, k, urls, nil, func(n *load.Node) error {
		began := time.Now()
		if err := n.Events(ctx, less(sickEvents), 0); err != nil {
			return err
		}
		for _, r := range seven {
			if err := r.Got.Reach(ctx, int64(less(sickEvents))); err != nil {
				return err
			}
		}
		took = time.Since(began)
		return nil
	})
	return took, err
}
