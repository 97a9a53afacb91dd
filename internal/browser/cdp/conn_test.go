package cdp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/page"
	"go.uber.org/goleak"
)

// browserEnd is a fake browser: it answers each command by fn, which returns
// the raw messages to send back.
func browserEnd(t *testing.T, fn func(m message) []string) *Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		r := bufio.NewReader(theirs)
		for {
			raw, _, err := readMessage(r, everything)
			if err != nil {
				return
			}
			var m message
			if err := jsonv2.Unmarshal(raw, &m); err != nil {
				t.Errorf("the client sent %q: %v", raw, err)
				return
			}
			for _, answer := range fn(m) {
				if _, err := io.WriteString(theirs, answer+"\x00"); err != nil {
					return
				}
			}
		}
	}()
	c := NewConn(ours, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { c.Close(); <-c.Done() })
	return c
}

func everything(head) bool { return true }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCallDecodesResult(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		if m.Method != "Page.navigate" || m.SessionID != "S1" {
			t.Errorf("got %s on %q", m.Method, m.SessionID)
		}
		return []string{fmt.Sprintf(`{"id":%d,"sessionId":"S1","result":{"frameId":"F","loaderId":"L","isDownload":false}}`, m.ID)}
	})
	res, err := cdp.Call(t.Context(), Session{Conn: c, ID: "S1"}, page.Navigate, page.NavigateParams{URL: "http://x.test/"})
	if err != nil {
		t.Fatal(err)
	}
	if res.FrameID != "F" || res.LoaderID != "L" {
		t.Errorf("result %+v", res)
	}
}

func TestCallErrorNamesTheMethod(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		return []string{fmt.Sprintf(`{"id":%d,"error":{"code":-32601,"message":"'No.such' wasn't found"}}`, m.ID)}
	})
	err := c.Call(t.Context(), "", "No.such", nil, nil)
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != -32601 || e.Method != "No.such" {
		t.Fatalf("got %#v", err)
	}
}

func TestAnswersInAnyOrder(t *testing.T) {
	var mu sync.Mutex
	var held []message
	c := browserEnd(t, func(m message) []string {
		mu.Lock()
		defer mu.Unlock()
		held = append(held, m)
		if len(held) < 3 {
			return nil
		}
		var out []string
		for i := len(held) - 1; i >= 0; i-- {
			out = append(out, fmt.Sprintf(`{"id":%d,"result":{"method":%q}}`, held[i].ID, held[i].Method))
		}
		return out
	})
	var wg sync.WaitGroup
	for _, method := range []string{"A.a", "B.b", "C.c"} {
		wg.Go(func() {
			var got struct {
				Method string `json:"method"`
			}
			if err := c.Call(t.Context(), "", method, nil, &got); err != nil || got.Method != method {
				t.Errorf("%s: got %q, %v", method, got.Method, err)
			}
		})
	}
	wg.Wait()
}

func TestCallHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := browserEnd(t, func(message) []string { return nil })
		start := time.Now()
		err := c.Call(t.Context(), "", "Page.hang", nil, nil)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "Page.hang") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != DefaultTimeout {
			t.Errorf("waited %s", took)
		}
		if len(c.calls) != 0 {
			t.Error("the call that was given up is still remembered")
		}
	})
}

func TestEveryCallEndsWithTheWire(t *testing.T) {
	ours, theirs := net.Pipe()
	c := NewConn(ours, slog.New(slog.DiscardHandler))
	read := make(chan struct{})
	go func() {
		defer close(read)
		if _, _, err := readMessage(bufio.NewReader(theirs), everything); err != nil {
			t.Error(err)
		}
	}()
	p, err := c.Send("", "Browser.getVersion", nil)
	if err != nil {
		t.Fatal(err)
	}
	<-read
	theirs.Close()
	if err := p.Wait(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a call under way: %v", err)
	}
	if err := c.Call(t.Context(), "", "Browser.getVersion", nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a later call: %v", err)
	}
	<-c.Done()
}

// TestCallsEndWithTheirSession: the browser never answers what it took for a
// session that has been detached.
func TestCallsEndWithTheirSession(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		if m.Method != "A.last" {
			return nil
		}
		return []string{
			`{"method":"Target.detachedFromTarget","params":{}}`,
			`{"method":"Target.detachedFromTarget","sessionId":"S0","params":{"sessionId":"S1","targetId":"T"}}`,
			fmt.Sprintf(`{"id":%d,"sessionId":"S1","result":{}}`, m.ID-2), // too late
			fmt.Sprintf(`{"id":%d,"sessionId":"S2","result":{}}`, m.ID),
		}
	})
	var pending []*Pending
	defer c.ListenAll(func(Event) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.calls) != 4 {
			t.Error("the calls have failed before it was told why")
		}
	}, "Target.detachedFromTarget")()
	for _, to := range [][2]string{{"S1", "A.a"}, {"S1", "A.a"}, {"", "A.a"}, {"S2", "A.last"}} {
		p, err := c.Send(to[0], to[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		pending = append(pending, p)
	}
	if err := pending[3].Wait(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for _, p := range pending[:2] {
		select {
		case r := <-p.ch:
			if e, ok := errors.AsType[*Error](r.err); !ok || e.Code != -32001 || !e.Taken {
				t.Errorf("got %v", r.err)
			}
		default:
			t.Error("a call to a session that is gone still waits")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.calls) != 1 || c.calls[pending[2].id] == nil {
		t.Errorf("%d calls are remembered, want the browser's own", len(c.calls))
	}
}

// closedFirst is a wire whose other end said something, and closed before it read
// what is written.
type closedFirst struct {
	said            io.Reader
	written, closed chan struct{}
}

func (c closedFirst) Read(p []byte) (int, error) {
	<-c.written
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	case <-time.After(time.Second): // nobody closes it
		return c.said.Read(p)
	}
}

func (c closedFirst) Write([]byte) (int, error) {
	close(c.written)
	return 0, syscall.EPIPE
}

func (c closedFirst) Close() error {
	close(c.closed)
	return nil
}

// TestWhatWasSaidLastIsHeard, also when nothing can be written any more.
func TestWhatWasSaidLastIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := strings.NewReader(`{"method":"Keeper.exited","params":{}}` + "\x00")
		c := NewConn(closedFirst{said, make(chan struct{}), make(chan struct{})}, slog.New(slog.DiscardHandler))
		heard := false
		c.Listen("", func(Event) { heard = true }, "Keeper.exited")
		if err := c.Call(t.Context(), "", "Page.enable", nil, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
		if c.Wait(); !heard {
			t.Error("it was not heard")
		}
	})
}

func TestGarbageEndsTheWire(t *testing.T) {
	for name, raw := range map[string]string{
		"not JSON":     "hello\x00",
		"wrong kind":   `{"id":"one"}` + "\x00",
		"cut off":      `{"id":1`,
		"empty":        "\x00",
		"binary":       "\xff\xfe\x00",
		"nested array": "[[[]]]\x00",
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			c := NewConn(ours, slog.New(slog.DiscardHandler))
			go func() { io.WriteString(theirs, raw); theirs.Close() }()
			<-c.Done()
			if !errors.Is(c.Err(), ErrClosed) {
				t.Errorf("got %v", c.Err())
			}
		})
	}
}

func TestEventsReachTheirSession(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		return []string{
			`{"method":"A.one","sessionId":"S1","params":{"n":1}}`,
			`{"method":"A.two","sessionId":"S2","params":{}}`,
			`{"method":"A.three","params":{"text":"\ud800"}}`, // a lone surrogate of a page's
			fmt.Sprintf(`{"id":%d,"result":{}}`, m.ID),
		}
	})
	var got []string
	for _, s := range []string{"S1", ""} {
		defer c.Listen(s, func(e Event) { got = append(got, s+":"+e.Method) }, "A.one", "A.two", "A.three")()
	}
	var all int
	stop := c.ListenAll(func(Event) { all++ }, "A.one", "A.two", "A.three")
	sub, cancel := Session{Conn: c, ID: "S1"}.Subscribe("A.one")
	defer cancel()
	if err := c.Call(t.Context(), "", "go", nil, nil); err != nil {
		t.Fatal(err)
	}
	if want := "S1:A.one :A.three"; strings.Join(got, " ") != want || all != 3 {
		t.Errorf("got %q and %d in all, want %q and 3", got, all, want)
	}
	if p := <-sub; string(p) != `{"n":1}` {
		t.Errorf("subscriber got %s", p)
	}
	stop()
	if err := c.Call(t.Context(), "", "go", nil, nil); err != nil {
		t.Fatal(err)
	}
	if all != 3 {
		t.Error("a canceled listener still hears")
	}
}

func TestSubscriptionEndsWithTheWireAndWhenFull(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		var out []string
		for range eventBuffer + 10 {
			out = append(out, `{"method":"A.a","params":{}}`)
		}
		return append(out, fmt.Sprintf(`{"id":%d,"result":{}}`, m.ID))
	})
	full, cancel := Session{Conn: c}.Subscribe("A.a")
	defer cancel()
	idle, cancelIdle := Session{Conn: c}.Subscribe("B.b")
	defer cancelIdle()
	if err := c.Call(t.Context(), "", "go", nil, nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	for range full {
		n++
	}
	if n != eventBuffer {
		t.Errorf("%d events before the channel was closed, want %d", n, eventBuffer)
	}
	c.Close()
	if _, open := <-idle; open {
		t.Error("the wire is gone and the subscription still open")
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte("{}\x00{\"id\":1}\x00"))
	f.Add([]byte("\x00\x00"))
	f.Add([]byte("no end"))
	f.Add([]byte(`{"id":18446744073709551616,"result":{}}` + "\x00" + `{"method":"A.b"}` + "\x00" + `{"id":`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bufio.NewReaderSize(strings.NewReader(string(raw)), 16)
		var whole []byte
		for odd := false; ; odd = !odd {
			m, h, err := readMessage(r, func(head) bool { return !odd })
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("unexpected %v", err)
				}
				break
			}
			if h.id < 0 || odd != (m == nil) {
				t.Fatalf("%+v, %q", h, m)
			}
			if odd { // it passed by: it is where it was
				rest := raw[len(whole):]
				m = rest[:bytes.IndexByte(rest, 0)]
			}
			whole = append(append(whole, m...), 0)
		}
		if !bytes.HasPrefix(raw, whole) {
			t.Fatalf("read %q from %q", whole, raw)
		}
	})
}

// TestAnAnswerThatIsCutOff fails its call alone: the news of why may follow.
func TestAnAnswerThatIsCutOff(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		return []string{fmt.Sprintf(`{"id":%d,"result":{"data":"abc`, m.ID), `{"method":"Keeper.exited","params":{"code":7}}`}
	})
	news := make(chan Event, 1)
	c.Listen("", func(e Event) { news <- e }, "Keeper.exited")
	if err := c.Call(t.Context(), "", "Page.captureScreenshot", nil, nil); !errors.Is(err, ErrNoMessage) || !errors.Is(err, ErrClosed) {
		t.Errorf("the call: %v", err)
	}
	if e := <-news; string(e.Params) != `{"code":7}` || c.Err() != nil {
		t.Errorf("%s, and the wire %v", e.Params, c.Err())
	}
}

// TestCallsAreTold with what became of them, also those that nobody answers, and with
// the context that they were made in.
func TestCallsAreTold(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		switch m.Method {
		case "Page.enable":
			return []string{fmt.Sprintf(`{"id":%d,"result":{}}`, m.ID)}
		case "Page.disable":
			return []string{fmt.Sprintf(`{"id":%d,"error":{"code":-32000,"message":"no"}}`, m.ID)}
		}
		return nil
	})
	type key struct{}
	var told []string
	before := time.Now()
	c.Observe(nil)
	c.Observe(func(ctx context.Context, method string, sent time.Time, err error) {
		told = append(told, fmt.Sprint(method, " ", ctx.Value(key{}), " ", err != nil))
		if sent.Before(before) || sent.After(time.Now()) {
			t.Errorf("%s was sent at %s", method, sent)
		}
	})
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "mine"))
	_ = c.Call(ctx, "", "Page.enable", nil, nil)
	_ = c.Call(ctx, "", "Page.disable", nil, nil)
	p, err := c.Send("", "Page.reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_ = p.Wait(ctx, nil)
	if want := "[Page.enable mine false Page.disable mine true Page.reload mine true]"; fmt.Sprint(told) != want {
		t.Errorf("told %v", told)
	}
}
