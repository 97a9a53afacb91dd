package connect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	maxMessage  = 96 << 20 // bytes, of a program's; mux.MaxMessage
	atOnce      = 64 << 10 // bytes of a message that are held here
	writeWithin = time.Minute
	pingEvery   = 30 * time.Second
	joinWithin  = 30 * time.Second
	lookWithin  = 10 * time.Second
	lookAgain   = time.Second // while the store is away
)

// Why a program is sent away, as WebSocket close codes of our own.
const closeOver = websocket.StatusCode(4001) // the URL opens nothing any more

// socket lets one program use the browser.
func (h *Handler) socket(w http.ResponseWriter, r *http.Request) {
	c, ok := h.admit(w, r)
	if !ok {
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		h.Refuse(w, "upgrade_required", "Open this path as a WebSocket.")
		return
	}
	joining, joined := context.WithTimeout(r.Context(), joinWithin)
	browser, ok, err := h.Sessions.Connect(joining, c.session.ID, r.PathValue("targetId"))
	joined()
	if e, refused := errors.AsType[*domain.Error](err); refused {
		h.Refuse(w, e.Code, e.Message)
		return
	}
	if err != nil || !ok {
		h.Log.Debug("connect to a browser", "session", c.session.ID, "err", err)
		h.Refuse(w, domain.CodeUnavailable, "The session's browser can't be reached right now.")
		return
	}
	defer browser.Close()
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(maxMessage)
	held, done := h.Keys.WithKey(context.WithoutCancel(r.Context()), c.key.ID)
	defer done()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	var running sync.WaitGroup
	ended := make(chan error, 4)
	running.Go(func() { ended <- toBrowser(ctx, browser, ws) })
	running.Go(func() { ended <- fromBrowser(ctx, ws, browser) })
	running.Go(func() { ended <- h.watch(ctx, c, held.Done()) })
	running.Go(func() { ended <- ping(ctx, ws) })
	over, ok := errors.AsType[websocket.CloseError](<-ended)
	if !ok {
		over = websocket.CloseError{Code: websocket.StatusNormalClosure}
	}
	browser.Close()
	// Before the context ends: that would end the connection without a word.
	_ = ws.Close(over.Code, over.Reason)
	cancel()
	running.Wait()
}

// toBrowser passes on what the program sends.
func toBrowser(ctx context.Context, browser net.Conn, ws *websocket.Conn) error {
	out := bufio.NewWriterSize(browser, atOnce)
	for {
		_, message, err := ws.Reader(ctx)
		if err != nil {
			return err
		}
		if _, err := io.Copy(whole{out}, message); err != nil {
			return ended(err)
		}
		if err := out.WriteByte(0); err != nil {
			return ended(err)
		}
		if err := out.Flush(); err != nil {
			return ended(err)
		}
	}
}

// whole writes a part of a message, which may not hold the byte that ends one.
type whole struct{ io.Writer }

func (w whole) Write(part []byte) (int, error) {
	if bytes.IndexByte(part, 0) >= 0 {
		return 0, websocket.CloseError{Code: websocket.StatusInvalidFramePayloadData, Reason: "a message holds a NUL byte"}
	}
	return w.Writer.Write(part)
}

// fromBrowser passes on what the browser sends. What is long is never held whole.
func fromBrowser(ctx context.Context, ws *websocket.Conn, browser net.Conn) error {
	in := bufio.NewReaderSize(browser, atOnce)
	for {
		part, err := in.ReadSlice(0)
		switch {
		case err == nil:
			err = write1(ctx, ws, part[:len(part)-1])
		case errors.Is(err, bufio.ErrBufferFull):
			err = writeLong(ctx, ws, part, in)
		}
		if err != nil {
			return ended(err)
		}
	}
}

// ended is why a connection is over, when its browser's is.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return websocket.CloseError{Code: websocket.StatusGoingAway, Reason: "the browser or the page has ended, or too much waited for this program to read"}
	}
	return err
}

func write1(ctx context.Context, ws *websocket.Conn, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return ws.Write(ctx, websocket.MessageText, message)
}

// writeLong writes a message of which the first part has been read.
func writeLong(ctx context.Context, ws *websocket.Conn, part []byte, in *bufio.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// It has as long for each part.
	late := time.AfterFunc(writeWithin, cancel)
	defer late.Stop()
	w, err := ws.Writer(ctx, websocket.MessageText)
	if err != nil {
		return err
	}
	for {
		if _, err := w.Write(part); err != nil {
			return err
		}
		late.Reset(writeWithin)
		part, err = in.ReadSlice(0)
		if err == nil {
			if _, err := w.Write(part[:len(part)-1]); err != nil {
				return err
			}
			return w.Close()
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// watch returns when the program may not use the browser any more.
func (h *Handler) watch(ctx context.Context, c caller, revoked <-chan struct{}) error {
	for {
		changed := h.Sessions.Changed(c.session.ID)
		var again <-chan time.Time
		if c.token != "" {
			looking, cancel := context.WithTimeout(ctx, lookWithin)
			now, err := h.Sessions.OpenConnect(looking, c.token)
			cancel()
			switch {
			case errors.Is(err, domain.ErrNotFound):
				return websocket.CloseError{Code: closeOver, Reason: "the connectUrl is another one now"}
			case err != nil:
				again = time.After(lookAgain)
			case now.Status.Ended():
				return websocket.CloseError{Code: websocket.StatusGoingAway, Reason: "the session has ended"}
			}
		}
		select {
		case <-changed:
		case <-again:
		case <-revoked:
			return websocket.CloseError{Code: closeOver, Reason: "the key was revoked"}
		case <-h.Stopping:
			return websocket.CloseError{Code: websocket.StatusGoingAway, Reason: "the server stops"}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ping keeps the proxies between awake. A program that answers none may be stopped
// in a debugger; one whose machine is gone is known by TCP.
func ping(ctx context.Context, ws *websocket.Conn) error {
	for every := time.NewTicker(pingEvery); ; {
		select {
		case <-every.C:
		case <-ctx.Done():
			every.Stop()
			return ctx.Err()
		}
		waiting, cancel := context.WithTimeout(ctx, pingEvery)
		err := ws.Ping(waiting)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}
