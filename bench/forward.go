package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/harness"
)

// measureForward asks the server that has a session's browser, and one that passes it on
// to that, in turn.
func measureForward(ctx context.Context) (t table, err error) {
	calls, scripts, steps, frames := 100, max(3, less(16)), max(20, less(300)), max(10, less(100))
	t = table{
		Title: "Through a server that doesn't run the session", Columns: []string{"", "at the one that does", "through another", "paired"},
		About: fmt.Sprintf("Two servers on one PostgreSQL, on the same machine. A step: `evaluate` with `Prefer: wait`, from the request to its answer, medians of %d. A frame: from the request that changes the page to the first frame of the live page that shows it, to one viewer, medians of %d. A script: %d calls of playwright-core over `connectUrl`, medians of %d. In turn, which first changes each time; paired is the median of the ratios of each turn's two times.", steps, frames, calls, scripts),
	}
	db, err := load.Postgres()
	if err != nil {
		return t, err
	}
	url, err := db.NewDatabase(ctx, "template1")
	if err != nil {
		return t, err
	}
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	key := seal.NewKey()
	var made harness.Object
	var servers [2]*harness.Server
	for i := range servers {
		s, err := harness.Launch(filepath.Join(data, fmt.Sprint(i)), "--database-url="+url, "--master-key="+key)
		if err != nil {
			return t, err
		}
		defer func() { err = errors.Join(err, s.End()) }()
		if servers[i] = s; i > 0 {
			break
		}
		// While there is no other, it is this one's.
		if made, err = s.Client().Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{"idleTimeout": "0s"}); err != nil {
			return t, err
		}
		if _, err := s.Client().WaitSession(ctx, made.String("sessionId"), "READY"); err != nil {
			return t, err
		}
	}
	id := made.String("sessionId")
	for _, part := range []struct {
		name   string
		rounds int
		once   func(ctx context.Context, servers [2]*harness.Server, id string, round int) ([2]time.Duration, error)
	}{{"a step", steps, stepAtBoth}, {"a frame of the live page", frames, newFrames(made)}} {
		var took [2][]time.Duration
		for round := range part.rounds + 2 { // two warm up
			both, err := part.once(ctx, servers, id, round)
			if err != nil {
				return t, fmt.Errorf("%s: %w", part.name, err)
			}
			if round >= 2 {
				took[0], took[1] = append(took[0], both[0]), append(took[1], both[1])
			}
		}
		t.Rows = append(t.Rows, []string{part.name, ms(median(took[0])), ms(median(took[1])), fmt.Sprintf("%.3f × the time", paired(took[1], took[0]))})
	}
	other := strings.Replace(made.String("connectUrl"), strings.TrimPrefix(servers[0].URL, "http"), strings.TrimPrefix(servers[1].URL, "http"), 1)
	p, err := play(ctx, "paths.mjs", fmt.Sprint(calls), made.String("connectUrl"), other)
	if err != nil {
		return t, err
	}
	defer p.end()
	took, err := p.inTurn("calls", scripts)
	if err != nil {
		return t, err
	}
	t.Rows = append(t.Rows, []string{fmt.Sprintf("a script of %d calls", calls), ms(median(took[0])), ms(median(took[1])), fmt.Sprintf("%.3f × the time", paired(took[1], took[0]))})
	return t, nil
}

func stepAtBoth(ctx context.Context, servers [2]*harness.Server, id string, round int) (took [2]time.Duration, err error) {
	for turn := range servers {
		which := (round + turn) % 2
		began := time.Now()
		got, err := servers[which].Client().With("Prefer", "wait=30").Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/steps",
			harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": "1+1"}}})
		if err != nil || got.List("data")[0].String("status") != "COMPLETED" {
			return took, fmt.Errorf("%v, %w", got, err)
		}
		took[which] = time.Since(began)
	}
	return took, nil
}

// newFrames has a viewer at each server in turn, and the page change its color.
func newFrames(made harness.Object) func(context.Context, [2]*harness.Server, string, int) ([2]time.Duration, error) {
	_, token, _ := strings.Cut(made.String("streamingUrl"), "?id=")
	bright := true // as the page is at first
	return func(ctx context.Context, servers [2]*harness.Server, id string, round int) (took [2]time.Duration, err error) {
		for turn := range servers {
			which := (round + turn) % 2
			bright = !bright
			if took[which], err = newFrame(ctx, servers[0], servers[which], id, token, bright); err != nil {
				return took, err
			}
		}
		return took, nil
	}
}

func newFrame(ctx context.Context, owner, at *harness.Server, id, token string, bright bool) (took time.Duration, err error) {
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(at.URL, "http")+"/streams/ws?id="+token, nil) //nolint:bodyclose // it has no body once it is a WebSocket
	if err != nil {
		return 0, err
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(-1)
	if _, err := firstFrame(ctx, ws, !bright); err != nil { // as it is
		return 0, err
	}
	color := map[bool]string{true: "#fff", false: "#000"}[bright]
	seen := make(chan error, 1)
	began := time.Now()
	go func() {
		at, err := firstFrame(ctx, ws, bright)
		took = at.Sub(began)
		seen <- err
	}()
	_, err = owner.Client().Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/steps",
		harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": "document.body.style.background = '" + color + "'"}}})
	if err := errors.Join(err, <-seen); err != nil {
		return 0, err
	}
	return took, nil
}

// firstFrame is when the first frame comes in whose middle is bright, or dark.
func firstFrame(ctx context.Context, ws *websocket.Conn, bright bool) (at time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		kind, raw, err := ws.Read(ctx)
		if at = time.Now(); err != nil {
			return at, err
		}
		if kind != websocket.MessageBinary {
			continue
		}
		picture, err := jpeg.Decode(bytes.NewReader(raw))
		if err != nil {
			return at, err
		}
		b := picture.Bounds()
		if r, _, _, _ := picture.At(b.Dx()/2, b.Dy()/2).RGBA(); (r > 0x8000) == bright {
			return at, nil
		}
	}
}
