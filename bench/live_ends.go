package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/test/harness"
)

// end is a page, on which something changes or which shows it. Zero is where its clock
// begins, in milliseconds of the clock that all processes of the machine share.
type end struct {
	cdp.Session
	zero float64
}

// evaluate reads an expression, waiting for it, into value (nil: it isn't looked at).
func (e *end) evaluate(ctx context.Context, expression string, value any) error {
	var got struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	if err := e.Call(ctx, "Runtime.evaluate", object{"expression": expression, "returnByValue": true, "awaitPromise": true}, &got); err != nil {
		return err
	}
	if got.Exception != nil {
		return fmt.Errorf("%s: %s %s", expression, got.Exception.Text, got.Exception.Exception.Description)
	}
	if value == nil || got.Result.Value == nil {
		return nil
	}
	return json.Unmarshal(got.Result.Value, value)
}

// becomes waits until an expression is true.
func (e *end) becomes(ctx context.Context, expression string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := e.evaluate(ctx, "new Promise((done) => { const look = () => ("+expression+") ? done() : setTimeout(look, 20); look(); })", nil); err != nil {
		return fmt.Errorf("%s: %w", expression, err)
	}
	return nil
}

// open goes to a page of so many pixels.
func (e *end) open(ctx context.Context, url string, width, height int) error {
	if width > 0 {
		if err := e.Call(ctx, "Emulation.setDeviceMetricsOverride", object{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil); err != nil {
			return err
		}
	}
	loaded, stop := e.Subscribe("Page.loadEventFired")
	defer stop()
	if err := e.Call(ctx, "Page.navigate", object{"url": url}, nil); err != nil {
		return err
	}
	select {
	case <-loaded:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// setClock finds where the page's clock begins, and makes sure of it.
func (e *end) setClock(ctx context.Context) error {
	ticks := func() (now, zero float64, err error) {
		var got struct {
			Metrics []struct {
				Name  string  `json:"name"`
				Value float64 `json:"value"`
			} `json:"metrics"`
		}
		err = e.Call(ctx, "Performance.getMetrics", nil, &got)
		for _, m := range got.Metrics {
			switch m.Name {
			case "Timestamp":
				now = m.Value * 1000
			case "NavigationStart":
				zero = m.Value * 1000
			}
		}
		return now, zero, err
	}
	if err := e.Call(ctx, "Performance.enable", nil, nil); err != nil {
		return err
	}
	before, zero, err := ticks()
	if err != nil {
		return err
	}
	var is float64
	if err := e.evaluate(ctx, "performance.now()", &is); err != nil {
		return err
	}
	after, _, err := ticks()
	if err != nil {
		return err
	}
	if e.zero = zero; zero+is < before-1 || zero+is > after+1 {
		return fmt.Errorf("a page's clock says %.1f ms, which is not between %.1f and %.1f", zero+is, before, after)
	}
	return e.Call(ctx, "Performance.disable", nil, nil)
}

// press presses the mouse's button at a place, and lets go.
func (e *end) press(ctx context.Context, x, y float64) error {
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		if err := e.Call(ctx, "Input.dispatchMouseEvent", object{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil); err != nil {
			return err
		}
	}
	return nil
}

// twoEnds are a page and a browser that shows it.
type twoEnds struct {
	source, viewer *end
	cost           func() (map[string]int, error) // ticks of CPU: browser, server
	recorded       func() (float64, error)        // bytes of the session's recording
	ends           stops
}

// stops are what is to be ended, the last first.
type stops []func() error

func (s stops) stop() (err error) {
	for _, one := range slices.Backward(s) {
		err = errors.Join(err, one())
	}
	return err
}

const wide, high = 1280, 720

// viewerOf is a browser that shows what is at an address, on a screen that is larger
// than the picture.
func viewerOf(ctx context.Context, url string) (*end, func(), error) {
	has, err := programs()
	if err != nil {
		return nil, nil, err
	}
	conn, stop, err := bare(ctx, has.Programs[browser.Chromium])
	if err != nil {
		return nil, nil, err
	}
	page, err := attach(ctx, conn)
	v := &end{Session: page}
	if err == nil {
		err = v.Call(ctx, "Page.addScriptToEvaluateOnNewDocument", object{"source": counting}, nil)
	}
	if err == nil {
		err = v.open(ctx, url, 1760, 1000)
	}
	if err == nil {
		err = v.becomes(ctx, "benchCount.shown > 0")
	}
	if err == nil {
		err = v.setClock(ctx)
	}
	if err != nil {
		stop()
	}
	return v, stop, err
}

// bareEnds show a bare browser's screencast: frames are answered as they come, and passed
// on as they are.
func bareEnds(ctx context.Context, url string) (_ *twoEnds, err error) {
	has, err := programs()
	if err != nil {
		return nil, err
	}
	var ends stops
	defer func() {
		if err != nil {
			err = errors.Join(err, ends.stop())
		}
	}()
	conn, pid, stop, err := bareProcess(ctx, has.Path)
	if err != nil {
		return nil, err
	}
	ends = append(ends, func() error { stop(); return nil })
	page, err := attach(ctx, conn)
	if err != nil {
		return nil, err
	}
	b := &twoEnds{source: &end{Session: page}}
	b.cost = func() (map[string]int, error) {
		spent, err := spentBy(pid)
		return map[string]int{"browser": spent}, err
	}
	if err := b.source.open(ctx, url, wide, high); err != nil {
		return nil, err
	}
	if err := b.source.setClock(ctx); err != nil {
		return nil, err
	}
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/socket" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, barePage)
			return
		}
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.CloseNow() }()
		_ = relayScreencast(r.Context(), page, ws)
	}))
	ends = append(ends, func() error { relay.Close(); return nil })
	v, stopViewer, err := viewerOf(ctx, relay.URL+"/")
	if err != nil {
		return nil, err
	}
	ends = append(ends, func() error { stopViewer(); return nil })
	b.viewer, b.ends = v, ends
	return b, nil
}

// relayScreencast passes frames to a socket, and what comes from it to the mouse.
func relayScreencast(ctx context.Context, page cdp.Session, ws *websocket.Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	frames, stop := page.Subscribe("Page.screencastFrame")
	defer stop()
	go func() {
		defer cancel()
		for {
			_, raw, err := ws.Read(ctx)
			if err != nil {
				return
			}
			if _, err := page.Send("Input.dispatchMouseEvent", json.RawMessage(raw)); err != nil {
				return
			}
		}
	}()
	if err := page.Call(ctx, "Page.startScreencast", object{"format": "jpeg", "quality": browser.DefaultQuality}, nil); err != nil {
		return err
	}
	for {
		select {
		case e := <-frames:
			var f struct {
				Data      string `json:"data"`
				SessionID int64  `json:"sessionId"`
			}
			if err := json.Unmarshal(e, &f); err != nil {
				return err
			}
			jpeg, err := base64.StdEncoding.DecodeString(f.Data)
			if err != nil {
				return err
			}
			if _, err := page.Send("Page.screencastFrameAck", object{"sessionId": f.SessionID}); err != nil {
				return err
			}
			if err := ws.Write(ctx, websocket.MessageBinary, jpeg); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// ourEnds are a session and a browser that shows its live page. Its viewer is there only
// if it is to be watched. stream is a link for control, options are of the session.
func ourEnds(ctx context.Context, url string, watched bool, options ...harness.Object) (_ *twoEnds, stream string, err error) {
	var ends stops
	defer func() {
		if err != nil {
			err = errors.Join(err, ends.stop())
		}
	}()
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, "", err
	}
	ends = append(ends, func() error { return os.RemoveAll(data) })
	server, err := harness.Launch(filepath.Join(data, "data"), "--pool-size=0")
	if err != nil {
		return nil, "", err
	}
	ends = append(ends, server.End)
	c := server.Client()
	asked := harness.Object{"viewport": harness.Object{"width": wide, "height": high}}
	for _, one := range options {
		maps.Copy(asked, one)
	}
	made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", asked)
	if err != nil {
		return nil, "", err
	}
	if _, err := c.WaitSession(ctx, made.String("sessionId"), "READY"); err != nil {
		return nil, "", err
	}
	link, err := c.Do(ctx, http.MethodPost, "/v1/sessions/"+made.String("sessionId")+"/streams", harness.Object{"mode": "control"})
	if err != nil {
		return nil, "", err
	}
	stream = link.String("streamingUrl")
	conn, stop, err := program(ctx, made.String("connectUrl"))
	if err != nil {
		return nil, "", err
	}
	ends = append(ends, func() error { stop(); return nil })
	page, err := attach(ctx, conn)
	if err != nil {
		return nil, "", err
	}
	o := &twoEnds{source: &end{Session: page}, ends: ends}
	o.cost = func() (map[string]int, error) { return spentByServer(server.PID()) }
	o.recorded = func() (float64, error) {
		got, err := c.Do(ctx, http.MethodGet, "/v1/sessions/"+made.String("sessionId")+"/recording", nil)
		if err != nil {
			return 0, err
		}
		size, _ := got["size"].(float64)
		return size, nil
	}
	if err := o.source.open(ctx, url, 0, 0); err != nil {
		return nil, "", err
	}
	if err := o.source.setClock(ctx); err != nil || !watched {
		return o, stream, err
	}
	v, stopViewer, err := viewerOf(ctx, stream)
	if err != nil {
		return nil, "", err
	}
	ends = append(ends, func() error { stopViewer(); return nil })
	o.viewer, o.ends = v, ends
	return o, stream, nil
}

// spentBy are the ticks of CPU of a process and of all that descend from it.
func spentBy(root int) (ticks int, err error) {
	all, err := processes(root)
	for _, p := range all {
		ticks += p.ticks
	}
	return ticks, err
}

// spentByServer are those of a server's browsers, and of itself with its keepers.
func spentByServer(pid int) (map[string]int, error) {
	all, err := processes(pid)
	spent := map[string]int{}
	for _, p := range all {
		if p.pid == pid || p.keeps() {
			spent["server"] += p.ticks
		} else {
			spent["browser"] += p.ticks
		}
	}
	return spent, err
}

func dial(ctx context.Context, url string) (*websocket.Conn, error) {
	ws, _, err := websocket.Dial(ctx, url, nil) //nolint:bodyclose // Dial says that nobody needs to
	return ws, err
}

// program is the protocol over a session's connectUrl.
func program(ctx context.Context, connectURL string) (*cdp.Conn, func(), error) {
	ws, err := dial(ctx, connectURL)
	if err != nil {
		return nil, nil, err
	}
	ws.SetReadLimit(math.MaxInt32)
	living, cancel := context.WithCancel(context.WithoutCancel(ctx))
	conn := cdp.NewConn(&messages{ctx: living, ws: ws}, slog.New(slog.DiscardHandler))
	return conn, func() {
		cancel()
		_ = conn.Close()
	}, nil
}

// messages are a socket's as a pipe has them: each ends with a NUL byte.
type messages struct {
	ctx  context.Context
	ws   *websocket.Conn
	rest io.Reader // of the message that is being read
	said []byte    // of the message that is being written
}

func (m *messages) Read(p []byte) (int, error) {
	for {
		if m.rest == nil {
			_, r, err := m.ws.Reader(m.ctx)
			if err != nil {
				return 0, err
			}
			m.rest = io.MultiReader(r, strings.NewReader("\x00"))
		}
		n, err := m.rest.Read(p)
		if errors.Is(err, io.EOF) {
			m.rest, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (m *messages) Write(p []byte) (int, error) {
	m.said = append(m.said, p...)
	for {
		one, rest, whole := strings.Cut(string(m.said), "\x00")
		if !whole {
			return len(p), nil
		}
		m.said = []byte(rest)
		if err := m.ws.Write(m.ctx, websocket.MessageText, []byte(one)); err != nil {
			return 0, err
		}
	}
}

func (m *messages) Close() error { return m.ws.CloseNow() }
