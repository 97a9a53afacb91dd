package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http/httpguts"
)

// maxDirect is how long a request may be, headers and body, to be written with
// one call that can't block: a new connection's buffer has room for it. While
// a longer one is written somebody must read, since the answer may come early.
const maxDirect = 12 << 10

// direct makes the most common exchange, a short request over a connection
// without TLS, in the caller's own goroutine: a write, a read and nobody to
// hand over to. That takes half of what net/http does, and is the greater part
// of what a delivery costs.
type direct struct {
	dialer  *net.Dialer
	timeout time.Duration

	mu    sync.Mutex
	idle  map[string][]*wire // by target, the last used last
	count int                // of all of them
	timer *time.Timer        // closes those that nobody uses; nil: there was none yet
	looks bool               // whether the timer is set
}

// wire is one connection and what an exchange over it needs.
type wire struct {
	net.Conn
	target string
	remote string // its far end as text
	read   *bufio.Reader
	left   int // of what may be read before the headers have ended; -1: no limit
	out    []byte
	since  time.Time // when it was last used

	raw   syscall.RawConn
	quiet bool // the last look at it found nothing to read

	done    <-chan struct{} // of the context that ends what is under way
	unwatch func() bool
}

var errLongHeaders = errors.New("the headers are too long")

// Read counts what belongs to the headers.
func (w *wire) Read(b []byte) (int, error) {
	if w.left == 0 {
		return 0, errLongHeaders
	}
	if w.left > 0 {
		b = b[:min(len(b), w.left)]
	}
	n, err := w.Conn.Read(b)
	if w.left > 0 {
		w.left -= n
	}
	return n, err
}

// watch has ctx end an exchange as its deadline does. Requests of one context
// follow each other, so it is kept between them. It is not ok when an earlier
// context ends this very moment: that may still reach the connection.
func (w *wire) watch(ctx context.Context) (ok bool) {
	if w.unwatch != nil {
		if w.done == ctx.Done() {
			return true
		}
		if !w.unwatch() {
			return false
		}
	}
	w.done = ctx.Done()
	w.unwatch = context.AfterFunc(ctx, func() { _ = w.SetDeadline(time.Unix(1, 0)) })
	return true
}

// Close closes the connection and forgets the context.
func (w *wire) Close() error {
	if w.unwatch != nil {
		w.unwatch()
	}
	return w.Conn.Close()
}

// alive says whether the other side has neither closed the connection nor
// said anything on its own account since it was last used.
func (w *wire) alive() bool {
	w.quiet = false
	err := w.raw.Read(w.look)
	return err == nil && w.quiet
}

func (w *wire) look(fd uintptr) bool {
	var b [1]byte
	n, err := syscall.Read(int(fd), b[:])
	w.quiet = n < 0 && errors.Is(err, syscall.EAGAIN)
	return true
}

// request appends the request to out. It is not ok when it is one for net/http.
func request(out []byte, u *url.URL, header http.Header, body []byte) (_ []byte, ok bool) {
	out = append(append(append(out, "POST "...), u.RequestURI()...), " HTTP/1.1\r\nHost: "...)
	out = append(append(out, u.Host...), "\r\nContent-Length: "...)
	out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n"...)
	for name, values := range header {
		switch name {
		case "Host", "Content-Length", "Connection", "Expect", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
			return out, false
		}
		if !httpguts.ValidHeaderFieldName(name) {
			return out, false
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return out, false
			}
			out = append(append(append(append(out, name...), ": "...), value...), "\r\n"...)
		}
	}
	out = append(append(out, "\r\n"...), body...)
	return out, len(out) <= maxDirect
}

// asciiHost says whether a host can be written as it is.
func asciiHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '%' || r == '@' || r == '/' })
}

// exchange makes one. It isn't done when the request is one for net/http.
func (d *direct) exchange(ctx context.Context, u *url.URL, header http.Header, body []byte) (answer Answer, done bool, err error) {
	if u.Scheme != "http" || len(body) > maxDirect || !asciiHost(u.Host) {
		return answer, false, nil
	}
	deadline := time.Now().Add(d.timeout)
	for {
		w, reused, err := d.connect(ctx, u, deadline)
		if err != nil {
			return answer, true, err
		}
		var ok bool
		if w.out, ok = request(w.out[:0], u, header, body); !ok {
			d.put(w)
			return answer, false, nil
		}
		if n, err := w.Write(w.out); err != nil && n == 0 && reused && ctx.Err() == nil {
			// It was closed meanwhile, and nothing has been sent.
			w.Close()
			continue
		} else if err != nil {
			w.Close()
			return Answer{RemoteAddr: w.remote}, true, err
		}
		answer, reusable, err := w.answer()
		if reusable && err == nil && ctx.Err() == nil {
			d.put(w)
		} else {
			w.Close()
		}
		return answer, true, err
	}
}

// answer reads it, and says whether the connection can be used again.
func (w *wire) answer() (answer Answer, reusable bool, err error) {
	answer.RemoteAddr = w.remote
	w.left = maxHeader
	var resp *http.Response
	for {
		resp, err = http.ReadResponse(w.read, nil) //nolint:bodyclose // closing it would read the rest of it
		if err != nil {
			return answer, false, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			break
		}
	}
	w.left = -1
	answer.StatusCode, answer.Header = resp.StatusCode, resp.Header
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return answer, false, nil
	}
	var complete bool
	answer.Body, complete, err = readAnswer(resp.Body)
	return answer, complete && !resp.Close && w.read.Buffered() == 0, err
}

// connect gives an idle connection to the target, or a new one.
func (d *direct) connect(ctx context.Context, u *url.URL, deadline time.Time) (w *wire, reused bool, err error) {
	for {
		w := d.take(u.Host)
		if w == nil {
			break
		}
		// The deadline comes first, lest it undo what the context does.
		if w.SetDeadline(deadline) == nil && w.watch(ctx) && w.alive() {
			if err := ctx.Err(); err != nil {
				w.Close()
				return nil, false, err
			}
			return w, true, nil
		}
		w.Close()
	}
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = "80"
	}
	nc, err := d.dialer.DialContext(limited, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, false, err
	}
	w = &wire{Conn: nc, target: u.Host, remote: nc.RemoteAddr().String()}
	w.read = bufio.NewReader(w)
	if w.raw, err = nc.(*net.TCPConn).SyscallConn(); err == nil {
		err = w.SetDeadline(deadline)
	}
	if err != nil {
		w.Close()
		return nil, false, err
	}
	w.watch(ctx)
	return w, false, nil
}

func (d *direct) take(target string) *wire {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.idle[target]
	if len(all) == 0 {
		return nil
	}
	last := len(all) - 1
	w := all[last]
	all[last] = nil
	d.idle[target] = all[:last]
	d.count--
	return w
}

func (d *direct) put(w *wire) {
	w.since = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.count >= idleConnections || len(d.idle[w.target]) >= idlePerTarget {
		w.Close()
		return
	}
	d.idle[w.target] = append(d.idle[w.target], w)
	d.count++
	if !d.looks {
		d.lookIn(idleBeforeClosed)
	}
}

// lookIn sets the timer. There is one for good: a look that has just begun, and
// waits for the lock, sets no second one.
func (d *direct) lookIn(after time.Duration) {
	d.looks = true
	if d.timer == nil {
		d.timer = time.AfterFunc(after, d.tidy)
	} else {
		d.timer.Reset(after)
	}
}

// tidy closes what has not been used for long, and looks again later.
func (d *direct) tidy() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks = false
	d.closeUnused(time.Now().Add(-idleBeforeClosed))
	if d.count > 0 {
		d.lookIn(idleBeforeClosed / 2)
	}
}

// closeIdle closes what no exchange is using.
func (d *direct) closeIdle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closeUnused(time.Now())
	if d.timer != nil {
		d.timer.Stop()
	}
	d.looks = false
}

func (d *direct) closeUnused(since time.Time) {
	for target, all := range d.idle {
		n := slices.IndexFunc(all, func(w *wire) bool { return w.since.After(since) })
		if n < 0 {
			n = len(all)
			delete(d.idle, target)
		} else {
			d.idle[target] = slices.Clone(all[n:])
		}
		for _, w := range all[:n] {
			w.Close()
			d.count--
		}
	}
}

var buffers = sync.Pool{New: func() any { return new([MaxAnswer]byte) }}

// readAnswer reads to the end, which keeps the connection for the next
// request, or until the buffer is full.
func readAnswer(r io.Reader) (body []byte, complete bool, err error) {
	if r == http.NoBody {
		return nil, true, nil
	}
	buf := buffers.Get().(*[MaxAnswer]byte)
	defer buffers.Put(buf)
	n := 0
	for n < len(buf) {
		var m int
		m, err = r.Read(buf[n:])
		n += m
		if err != nil {
			complete = errors.Is(err, io.EOF)
			break
		}
	}
	if complete {
		err = nil
	}
	return append([]byte(nil), buf[:n]...), complete, err
}
