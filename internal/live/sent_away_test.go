package live_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestWhyViewersAreSentAway: each end of a link, of its session and of the server
// has its close code, and so has a viewer that sends what it must not.
func TestWhyViewersAreSentAway(t *testing.T) {
	text := func(message string) func(*fakeSessions, *websocket.Conn) {
		return func(_ *fakeSessions, conn *websocket.Conn) {
			_ = conn.Write(t.Context(), websocket.MessageText, []byte(message))
		}
	}
	const move = `{"type":"mouse","kind":"move","x":0.5,"y":0.5}`
	for _, tt := range []struct {
		name   string
		mode   domain.StreamMode
		happen func(*fakeSessions, *websocket.Conn)
		code   websocket.StatusCode
		why    string
	}{
		{"the link is revoked", domain.StreamView, func(h *fakeSessions, _ *websocket.Conn) { h.change(func() { h.revoked = time.Now() }) }, 4001, "the link was revoked"},
		{"its session is forgotten", domain.StreamView, func(h *fakeSessions, _ *websocket.Conn) { h.change(func() { h.fail = domain.ErrNotFound }) }, 4001, "the session was forgotten"},
		{"its key is revoked", domain.StreamView, func(h *fakeSessions, _ *websocket.Conn) { h.change(func() { h.revoke() }) }, 4001, "the link was revoked"},
		{"the server stops", domain.StreamView, func(h *fakeSessions, _ *websocket.Conn) { close(h.stopping) }, websocket.StatusGoingAway, "the server stops"},
		{"the session ends", domain.StreamView, func(h *fakeSessions, _ *websocket.Conn) { h.change(func() { h.status = domain.SessionClosed }) }, websocket.StatusNormalClosure, "the session has ended"},
		{"it moves a mouse that it may not have", domain.StreamView, text(move), websocket.StatusPolicyViolation, "this link is for looking only"},
		{"it sends no input", domain.StreamControl, text(`{"type":"navigate"}`), websocket.StatusUnsupportedData, "not an input message"},
		{"it sends bytes", domain.StreamControl, func(_ *fakeSessions, conn *websocket.Conn) {
			_ = conn.Write(t.Context(), websocket.MessageBinary, []byte(move))
		}, websocket.StatusUnsupportedData, "not an input message"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}, mode: tt.mode, stopping: make(chan struct{})}
			conn := look(t, h.open(t), "a")
			if s, err := state(t, conn); err != nil || s.Status != "READY" {
				t.Fatalf("%+v, %v", s, err)
			}
			tt.happen(h, conn)
			sent := ended(t, conn)
			if sent.Code != tt.code || sent.Reason != tt.why {
				t.Errorf("sent away as %d %q", sent.Code, sent.Reason)
			}
		})
	}
}

// ended reads until the viewer is sent away.
func ended(t *testing.T, conn *websocket.Conn) (sent websocket.CloseError) {
	t.Helper()
	for {
		if _, err := state(t, conn); err != nil {
			if !errors.As(err, &sent) {
				t.Fatal(err)
			}
			return sent
		}
	}
}

// pipes is a network of one process: a bubble knows when all on it wait.
type pipes struct {
	net.Listener // for its address
	dialed       chan net.Conn
	over         context.Context //nolint:containedctx // what closes it ends this
	end          func()
}

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.dialed <- there
	return here, nil
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialed:
		return conn, nil
	case <-p.over.Done():
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	p.end()
	return nil
}

// TestALinkExpires while somebody looks, and not before its time.
func TestALinkExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lasts = 5 * time.Second
		began := time.Now()
		h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}, expires: began.Add(lasts)}
		s := h.closed()
		_ = s.Listener.Close()
		over, end := context.WithCancel(t.Context())
		p := pipes{s.Listener, make(chan net.Conn), over, end}
		s.Listener = p
		s.Start()
		defer s.Close()
		s.Client().Transport.(*http.Transport).DialContext = p.dial
		if sent := ended(t, look(t, s, "a")); sent.Code != 4001 || sent.Reason != "the link has expired" {
			t.Errorf("sent away as %d %q", sent.Code, sent.Reason)
		}
		if took := time.Since(began); took != lasts {
			t.Errorf("sent away after %s", took)
		}
	})
}

// TestWhoIsLostHasControlForAWhile: the connection may come again, and steps wait for it.
func TestWhoIsLostHasControlForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}, mode: domain.StreamControl}
		s := h.closed()
		_ = s.Listener.Close()
		over, end := context.WithCancel(t.Context())
		p := pipes{s.Listener, make(chan net.Conn), over, end}
		s.Listener = p
		s.Start()
		defer s.Close()
		s.Client().Transport.(*http.Transport).DialContext = p.dial
		conn := look(t, s, "a&viewer=me")
		tell(t, conn, `{"type":"take"}`)
		for {
			if s, err := state(t, conn); err != nil {
				t.Fatal(err)
			} else if s.Driver.Mine {
				break
			}
		}
		_ = conn.CloseNow()
		holds := func(want bool) {
			t.Helper()
			synctest.Wait()
			h.mu.Lock()
			defer h.mu.Unlock()
			if (h.control != nil) != want {
				t.Errorf("controlled by %+v", h.control)
			}
		}
		holds(true)
		time.Sleep(9 * time.Second)
		holds(true)
		time.Sleep(2 * time.Second)
		holds(false)
	})
}

// TestASocketIsAskedForAsOne.
func TestASocketIsAskedForAsOne(t *testing.T) {
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}}
	res, err := http.Get(h.open(t).URL + "/streams/ws?id=a")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("status %d", res.StatusCode)
	}
}
