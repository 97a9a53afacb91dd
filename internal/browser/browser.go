package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// keeperEnds is how long a keeper may take to end after its connection did.
const keeperEnds = 8 * time.Second

// Browser is one running Chromium with its keeper.
type Browser struct {
	ID string // of the session

	dir        string
	files      string // the folder in it that Chromium owns
	log        *slog.Logger
	conn       *cdp.Conn
	key        string // that the keeper asks for
	keeper     supervisor
	keeperPID  int
	keeperSaid bounded
	tabs       *Tabs
	release    func()
	ended      func()      // it doesn't run any more
	forwards   atomic.Bool // the keeper has the browser's way out

	mu      sync.Mutex
	pid     int            // Chromium's, from the keeper
	exited  *keeper.Exited // the keeper's news of the end
	usage   domain.Usage   // that the keeper has told
	settled bool           // it was asked for the last time
	closed  bool           // the end is ours
	left    bool           // the browser is left to another server
	away    time.Duration  // how long it had no server before this one

	closeRequested chan struct{}
	ask            sync.Once
	done           chan struct{}
}

// Page is the session's current tab.
func (b *Browser) Page() *Page { return b.tabs.Current() }

// PID is Chromium's process, as the keeper told; 0 before it did.
func (b *Browser) PID() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pid
}

// Done is closed when the browser has ended and nothing of it is left.
func (b *Browser) Done() <-chan struct{} { return b.done }

// Exit says how the browser ended; it is valid after Done.
func (b *Browser) Exit() *domain.Failure {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.exited
	switch {
	case b.closed:
		return failure(CodeCrashed, "The browser was closed.", nil)
	case e == nil:
		return failure(CodeCrashed, wireEnded(b.conn.Err()), nil)
	case e.Exceeded != nil:
		return exceeded(e.Exceeded, e.Lines)
	case e.Error != "":
		return failure(CodeStartFailed, "Chromium could not be started: "+e.Error+".", e.Lines)
	case e.Signal != 0:
		return failure(CodeCrashed, fmt.Sprintf("Chromium was ended by signal %d (%s).", e.Signal, syscall.Signal(e.Signal)), e.Lines)
	default:
		return failure(CodeCrashed, fmt.Sprintf("Chromium ended by itself with exit code %d.", e.Code), e.Lines)
	}
}

// wireEnded says why a browser was ended whose end the keeper didn't tell.
func wireEnded(err error) string {
	switch {
	case errors.Is(err, cdp.ErrSilent):
		return "Chromium hung: it did not answer any more and was ended."
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("Chromium hung: it took nothing for %s and was ended.", cdp.DefaultTimeout)
	case errors.Is(err, cdp.ErrNoMessage):
		return "Chromium sent what is no message of its protocol and was ended."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "The browser's keeper process ended unexpectedly."
	default:
		return "The page's process did not get ready, and Chromium was ended."
	}
}

// Close ends the browser and returns when its processes and its folder are
// gone. It may be called often.
func (b *Browser) Close(ctx context.Context) error {
	b.mu.Lock()
	select {
	case <-b.conn.Done():
	default:
		b.closed = true
	}
	b.mu.Unlock()
	b.finishUsage(ctx)
	_ = b.conn.Close()
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close browser: %w", context.Cause(ctx))
	}
}

// end closes a browser that nobody is to have.
func (b *Browser) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = b.Close(ctx)
}

// session is the ID, for who runs beside its change.
func (b *Browser) session() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ID
}

// Leave ends what this server has with the browser, and leaves that to the one that
// attaches next. It returns when nothing of it runs here any more.
func (b *Browser) Leave() {
	b.tabs.downloads.leave()
	b.tabs.sendNote()
	b.mu.Lock()
	b.left = true
	b.mu.Unlock()
	_ = b.conn.Close()
	<-b.done
}

// Away is how long the browser had no server before this one attached.
func (b *Browser) Away() time.Duration { return b.away }

// greet says to the keeper who connects, and the oldest version that will do.
func (b *Browser) greet(ctx context.Context, oldest int) (welcome keeper.Welcome, err error) {
	if err := b.conn.Call(ctx, "", keeper.MethodHello, keeper.Hello{Version: keeper.Version, Oldest: oldest, Key: b.key}, &welcome); err != nil {
		return welcome, err
	}
	b.mu.Lock()
	b.pid = welcome.PID
	b.mu.Unlock()
	if welcome.NoGroup != "" {
		b.log.Warn("a browser is in no control group: its keeper watches it instead", "session", b.session(), "why", welcome.NoGroup)
	}
	return welcome, nil
}

// Connect is a connection to the browser for a program that uses it over its
// protocol, with messages as on Chromium's pipe. Its root is the whole browser, or
// the target that is named. left is called when the connection is closed, once.
func (b *Browser) Connect(ctx context.Context, target string, left func()) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, cdp.DefaultTimeout)
	defer cancel()
	if page := b.Page(); page != nil {
		select { // a program that navigates while the page's process starts would end that
		case <-page.Prepared():
		case <-page.Closed():
		case <-b.Done():
		case <-ctx.Done():
		}
	}
	conn, _, err := b.dialKeeper(ctx, keeper.Hello{Client: true, Target: target})
	if err != nil {
		return nil, fmt.Errorf("connect to the browser: %w", err)
	}
	gone := b.tabs.connected()
	return &clientConn{Conn: conn, used: b.conn.Use, left: sync.OnceFunc(func() { gone(); left() })}, nil
}

// clientConn is the connection of a program that uses the browser.
type clientConn struct {
	net.Conn
	used, left func()
}

func (c *clientConn) Write(p []byte) (int, error) {
	c.used()
	return c.Conn.Write(p)
}

func (c *clientConn) Close() error {
	defer c.left()
	return c.Conn.Close()
}

// CloseRequested is closed when a program that uses the browser asks for its end.
func (b *Browser) CloseRequested() <-chan struct{} { return b.closeRequested }

// onEvent takes the keeper's news: a program asks for the browser's end, or has left,
// or the browser has ended.
func (b *Browser) onEvent(e cdp.Event) {
	switch e.Method {
	case keeper.MethodClose:
		b.ask.Do(func() { close(b.closeRequested) })
		return
	case keeper.MethodLeft:
		b.tabs.again()
		return
	case keeper.MethodUsed:
		var u domain.Usage
		if json.Unmarshal(e.Params, &u) == nil {
			b.used(u)
		}
		return
	}
	var news keeper.Exited
	if json.Unmarshal(e.Params, &news) == nil {
		b.used(news.Usage)
		b.mu.Lock()
		b.exited = &news
		b.mu.Unlock()
	}
}

// watch waits for the end and makes sure that it is one.
func (b *Browser) watch() {
	<-b.conn.Done()
	b.mu.Lock()
	left := b.left
	b.mu.Unlock()
	if left {
		b.conn.Wait()
		b.release()
		b.ended()
		close(b.done)
		return
	}
	late, cancel := context.WithTimeout(context.Background(), usageWithin)
	b.finishUsage(late)
	cancel()
	_ = b.keeper.signal(syscall.SIGTERM)
	stop := time.AfterFunc(keeperEnds, func() { _ = b.keeper.signal(syscall.SIGKILL) })
	err := b.keeper.wait()
	stop.Stop()
	if err != nil {
		// The keeper has not cleaned up: its children may live.
		b.log.Warn("a keeper ended badly", "session", b.session(), "err", err, "said", b.keeperSaid.String())
		keeper.KillSession(b.dir)
	}
	b.conn.Wait()
	b.abandon()
	b.ended()
	close(b.done)
}

// abandon removes what a browser leaves when no process of it is left.
func (b *Browser) abandon() {
	if err := keeper.RemoveAll(b.dir); err != nil {
		b.log.Error("remove a session's folder", "session", b.session(), "err", err)
	}
	b.release()
}

// bounded keeps the first bytes of what a keeper prints.
type bounded struct {
	mu  sync.Mutex
	buf []byte
}

func (w *bounded) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if room := 2048 - len(w.buf); room > 0 {
		w.buf = append(w.buf, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (w *bounded) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.buf)
}

// Tabs are all the session's tabs.
func (b *Browser) Tabs() *Tabs { return b.tabs }
