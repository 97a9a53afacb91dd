package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// measureViewers is what it costs to be watched.
func measureViewers(ctx context.Context) (t table, err error) {
	during := max(time.Duration(less(10))*time.Second, time.Second)
	t = table{
		Title:   "The live page: what viewers cost",
		Columns: []string{"the page", "who watches", "pictures a second, each", "kB a second, each", "source browser, of a core", "server and keeper, of a core"},
		About:   fmt.Sprintf("Pages of 1280×720 that change all the time, watched for %.0f s: the CPU of the session's browser with all its processes, and that of the server and the keeper. A Chromium is a whole one that shows the live page in a window of 1760×1000: pictures are those that it has drawn in different frames of its screen. The other clients are WebSockets of this program, which say that they have drawn each picture when it comes: so ten can be compared with one on a machine that could not draw ten times as much. Bare: a screencast without us, each frame answered when it comes, shown by a Chromium.", during.Seconds()),
	}
	for _, p := range movingPages {
		site := serving(p.page)
		rows, err := watchedBy(ctx, site.URL, during)
		site.Close()
		if err != nil {
			return t, fmt.Errorf("%s: %w", p.name, err)
		}
		for _, r := range rows {
			t.Rows = append(t.Rows, append([]string{p.name}, r...))
		}
	}
	return t, nil
}

// audience is how a page was watched for a while.
type audience struct {
	pictures, bytes float64 // a second, by each viewer
	spent           map[string]float64
}

func (w audience) row(name string) []string {
	each := func(n float64, format string) string {
		if w.pictures == 0 {
			return "–"
		}
		return fmt.Sprintf(format, n)
	}
	server := "–"
	if spent, ok := w.spent["server"]; ok {
		server = fmt.Sprintf("%.1f %%", spent)
	}
	return []string{name, each(w.pictures, "%.1f"), each(w.bytes/1000, "%.0f"), fmt.Sprintf("%.1f %%", w.spent["browser"]), server}
}

// watchedBy has a page watched by nobody, by a bare screencast's viewer, and by ours.
func watchedBy(ctx context.Context, url string, during time.Duration) (rows [][]string, err error) {
	add := func(name string, w audience, err error) error {
		if err == nil {
			rows = append(rows, w.row(name))
		}
		return err
	}
	b, err := bareEnds(ctx, url)
	if err != nil {
		return nil, err
	}
	seen, err := b.watched(ctx, during)
	if err := errors.Join(add("bare: a Chromium", seen, err), b.ends.stop()); err != nil {
		return nil, err
	}
	o, _, err := ourEnds(ctx, url, true)
	if err != nil {
		return nil, err
	}
	seen, err = o.watched(ctx, during)
	if err := errors.Join(add("a Chromium", seen, err), o.ends.stop()); err != nil {
		return nil, err
	}
	o, stream, err := ourEnds(ctx, url, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.ends.stop()) }()
	seen, err = o.costs(ctx, during)
	if err := add("nobody", seen, err); err != nil {
		return nil, err
	}
	for _, n := range []int{1, 10} {
		seen, err := o.watchedBySockets(ctx, stream, n, during)
		name := fmt.Sprintf("%d clients", n)
		if n == 1 {
			name = "1 client"
		}
		if err := add(name, seen, err); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// watched is how the viewer sees the page.
func (e *twoEnds) watched(ctx context.Context, during time.Duration) (audience, error) {
	type count struct{ Bytes, Pictures, Shown float64 }
	var before, after count
	if err := e.viewer.evaluate(ctx, "new Promise((done) => setTimeout(done, 1000))", nil); err != nil {
		return audience{}, err
	}
	if err := e.viewer.evaluate(ctx, "benchCount", &before); err != nil {
		return audience{}, err
	}
	w, err := e.costs(ctx, during)
	if err != nil {
		return w, err
	}
	if err := e.viewer.evaluate(ctx, "benchCount", &after); err != nil {
		return w, err
	}
	w.pictures, w.bytes = (after.Shown-before.Shown)/during.Seconds(), (after.Bytes-before.Bytes)/during.Seconds()
	if w.pictures == 0 {
		return w, errors.New("the viewer has drawn nothing")
	}
	return w, nil
}

// costs is what is spent in a while.
func (e *twoEnds) costs(ctx context.Context, during time.Duration) (w audience, err error) {
	before, err := e.cost()
	if err != nil {
		return w, err
	}
	select {
	case <-time.After(during):
	case <-ctx.Done():
		return w, ctx.Err()
	}
	after, err := e.cost()
	w.spent = map[string]float64{}
	for of, ticks := range after {
		w.spent[of] = float64(ticks-before[of]) / during.Seconds() // a tick is 10 ms
	}
	return w, err
}

// watchedBySockets is how so many clients see the page, which are no browsers.
func (e *twoEnds) watchedBySockets(ctx context.Context, stream string, n int, during time.Duration) (w audience, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var pictures, bytes float64
	var failed error
	var watching sync.WaitGroup
	address := strings.Replace(strings.Replace(stream, "http", "ws", 1), "/streams?", "/streams/ws?", 1)
	for range n {
		ws, err := dial(ctx, address)
		if err != nil {
			return w, err
		}
		ws.SetReadLimit(16 << 20)
		watching.Go(func() {
			defer func() { _ = ws.CloseNow() }()
			for {
				kind, raw, err := ws.Read(ctx)
				if err == nil && kind == websocket.MessageBinary {
					err = ws.Write(ctx, websocket.MessageText, []byte(`{"type":"drawn"}`))
				}
				mu.Lock()
				if err != nil {
					if ctx.Err() == nil {
						failed = err
					}
					mu.Unlock()
					return
				}
				bytes += float64(len(raw))
				if kind == websocket.MessageBinary {
					pictures++
				}
				mu.Unlock()
			}
		})
	}
	now := func() (p, b float64) {
		mu.Lock()
		defer mu.Unlock()
		return pictures, bytes
	}
	<-time.After(time.Second)
	p0, b0 := now()
	w, err = e.costs(ctx, during)
	p1, b1 := now()
	cancel()
	watching.Wait()
	w.pictures, w.bytes = (p1-p0)/during.Seconds()/float64(n), (b1-b0)/during.Seconds()/float64(n)
	return w, errors.Join(err, failed)
}
