package conns

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const stall = 20 * time.Second

// rig is a server whose connections are pipes, so that time stands still while
// nothing can go on.
type rig struct {
	*Server
	t        *testing.T
	accepted chan net.Conn
	closed   sync.Once
}

// pipe is one end of a connection that says where it comes from.
type pipe struct {
	net.Conn
	from net.Addr
}

func (p pipe) RemoteAddr() net.Addr { return p.from }

func (r *rig) Accept() (net.Conn, error) {
	c, ok := <-r.accepted
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (r *rig) Addr() net.Addr { return &net.TCPAddr{} }

func (r *rig) Close() error {
	r.closed.Do(func() { close(r.accepted) })
	return nil
}

// run serves h in a bubble of time. However connections have ended, none is
// counted in the end.
func run(t *testing.T, cfg Config, h http.HandlerFunc, test func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		cfg.Stall, cfg.Health, cfg.Log = stall, "/healthz", slog.New(slog.DiscardHandler)
		cfg.Refuse = func(w http.ResponseWriter, code domain.Code, _ string) {
			w.WriteHeader(map[domain.Code]int{domain.CodeUnavailable: 503, domain.CodeTooMany: 429}[code])
		}
		r := &rig{t: t, Server: New(h, cfg), accepted: make(chan net.Conn)}
		ended := make(chan error, 1)
		go func() { ended <- r.Serve(r) }()
		defer func() {
			_ = r.Server.Close()
			if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
			synctest.Wait()
			if l := r.listener; l.all != 0 || len(l.each) != 0 || len(l.spares) != 0 {
				t.Errorf("still counted: %d, %v, %d without room", l.all, l.each, len(l.spares))
			}
		}()
		test(r)
	})
}

// client is a connection to the server.
type client struct {
	net.Conn
	answers *bufio.Reader
	t       *testing.T
}

func (r *rig) dial(from string) *client {
	r.t.Helper()
	ours, theirs := net.Pipe()
	r.accepted <- pipe{theirs, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 1234))}
	synctest.Wait()
	r.t.Cleanup(func() { _ = ours.Close() })
	return &client{Conn: ours, answers: bufio.NewReader(ours), t: r.t}
}

// send writes a request, or a part of one, as far as the server takes it.
func (c *client) send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads an answer; its status is 0 when the connection ends instead.
func (c *client) answer() (status int, body string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, string(raw) + err.Error()
	}
	return res.StatusCode, string(raw)
}

// get asks for a path and reads the status of the answer.
func (c *client) get(path string, header ...string) int {
	c.t.Helper()
	c.send(append(append([]string{"GET " + path + " HTTP/1.1", "Host: x"}, header...), "", "")...)
	status, _ := c.answer()
	return status
}

// open says whether the server has kept the connection.
func (c *client) open() bool {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	_, err := c.answers.Peek(1)
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

func ok(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}
