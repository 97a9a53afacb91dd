package live_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestWhyViewersAreSentAway: each end of a link, of its session and of the server
// has its close code, and so has a viewer that sends what it must not.
func TestWhyViewersAreSentAway(t *testing.T) {
	text := func(message string) func(*house, *websocket.Conn) {
		return func(_ *house, conn *websocket.Conn) {
			_ = conn.Write(t.Context(), websocket.MessageText, []byte(message))
		}
	}
	const move = `{"type":"mouse","kind":"move","x":0.5,"y":0.5}`
	for _, tt := range []struct {
		name   string
		mode   domain.StreamMode
		happen func(*house, *websocket.Conn)
		code   websocket.StatusCode
		why    string
	}{
		{"the link is revoked", domain.StreamView, func(h *house, _ *websocket.Conn) { h.change(func() { h.fail = domain.ErrStreamOver }) }, 4001, "the link is over"},
		{"its key is revoked", domain.StreamView, func(h *house, _ *websocket.Conn) { h.change(func() { h.revoke() }) }, 4001, "the link was revoked"},
		{"the server stops", domain.StreamView, func(h *house, _ *websocket.Conn) { close(h.stopping) }, websocket.StatusGoingAway, "the server stops"},
		{"the session ends", domain.StreamView, func(h *house, _ *websocket.Conn) { h.change(func() { h.status = domain.SessionClosed }) }, websocket.StatusNormalClosure, "the session has ended"},
		{"it moves a mouse that it may not have", domain.StreamView, text(move), websocket.StatusPolicyViolation, "this link is for looking only"},
		{"it sends no input", domain.StreamControl, text(`{"type":"navigate"}`), websocket.StatusUnsupportedData, "not an input message"},
		{"it sends bytes", domain.StreamControl, func(_ *house, conn *websocket.Conn) {
			_ = conn.Write(t.Context(), websocket.MessageBinary, []byte(move))
		}, websocket.StatusUnsupportedData, "not an input message"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &house{pages: map[string]*browser.Page{"a": nil}, mode: tt.mode, stopping: make(chan struct{})}
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

// TestALinkExpires while somebody looks.
func TestALinkExpires(t *testing.T) {
	h := &house{pages: map[string]*browser.Page{"a": nil}, expires: time.Now().Add(300 * time.Millisecond)}
	if sent := ended(t, look(t, h.open(t), "a")); sent.Code != 4001 || sent.Reason != "the link has expired" {
		t.Errorf("sent away as %d %q", sent.Code, sent.Reason)
	}
}

// TestASocketIsAskedForAsOne.
func TestASocketIsAskedForAsOne(t *testing.T) {
	h := &house{pages: map[string]*browser.Page{"a": nil}}
	res, err := http.Get(h.open(t).URL + "/streams/ws?id=a")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("status %d", res.StatusCode)
	}
}
