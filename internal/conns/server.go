// Package conns is the server's side of HTTP connections: bounded in number, in
// all and for each client, and cut when they stand still.
package conns

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Config is what a server's connections are held to.
type Config struct {
	// Most is how many connections are open at once; further ones are told to
	// come back. One client may have a quarter of them.
	Most int
	// Proxies are the addresses of proxies whose X-Forwarded-For is believed. One
	// of those may have any number of connections; each request counts for the
	// client that it names, or else for the proxy, and has that as its RemoteAddr.
	Proxies []netip.Prefix
	// Stall is how long a body or an answer may stand still.
	Stall time.Duration
	// Health is the path that is answered when all is full too.
	Health string
	// Refuse answers a request with a problem.
	Refuse func(w http.ResponseWriter, code domain.Code, detail string)
	Log    *slog.Logger
}

func (c *Config) each() int { return max(1, c.Most/4) }

const (
	headerWithin = 10 * time.Second // a whole header
	idleFor      = 2 * time.Minute  // between two requests
	maxHeader    = 64 << 10
	// restWithin is how long an answer waits for what is left of a body that
	// nobody reads any more. When it is over, the connection ends with the answer.
	restWithin = 200 * time.Millisecond
	// lastWord is how long a stop waits for handlers that have taken their connection
	// over.
	lastWord = time.Second
)

// Server is an HTTP server.
type Server struct {
	*http.Server
	cfg      Config
	listener *listener

	mu      sync.Mutex
	serving int           // handlers that run
	none    chan struct{} // closed when none does; nil: nobody waits for that
}

// New makes a server of a handler.
func New(h http.Handler, cfg Config) *Server {
	s := &Server{cfg: cfg}
	s.Server = &http.Server{
		Handler: s.guard(h), ReadHeaderTimeout: headerWithin, IdleTimeout: idleFor, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	return s
}

type connKey struct{}

// Serve answers what comes in at the listener, until Shutdown or Close; then it
// returns http.ErrServerClosed.
func (s *Server) Serve(l net.Listener) error {
	s.listener = &listener{Listener: l, cfg: s.cfg, each: map[netip.Addr]int{}}
	return s.Server.Serve(s.listener)
}

// Shutdown is http.Server's, and then waits a moment for handlers that have taken
// their connection over (WebSockets), of which that knows nothing: they say why they
// end it.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.Server.Shutdown(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	none := make(chan struct{})
	if s.serving == 0 {
		close(none)
	} else {
		s.none = none
	}
	s.mu.Unlock()
	select {
	case <-none:
	case <-time.After(lastWord):
	case <-ctx.Done():
	}
	return nil
}

func (s *Server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving++
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving--; s.serving == 0 && s.none != nil {
		close(s.none)
		s.none = nil
	}
}

// guard keeps requests for which there is no room from the handler, and gives
// those for which there is some a body that can't stand still.
func (s *Server) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.begin()
		defer s.end()
		c, _ := r.Context().Value(connKey{}).(*conn)
		if c != nil && c.spare {
			w.Header().Set("Connection", "close")
		}
		if r.Body != nil && r.Body != http.NoBody {
			b := &body{ReadCloser: r.Body, control: http.NewResponseController(w), stall: s.cfg.Stall}
			b.wait(b.stall)
			r.Body, w = b, &answer{ResponseWriter: w, body: b}
		}
		if c != nil && r.URL.Path != s.cfg.Health {
			if c.spare {
				s.cfg.Refuse(w, domain.CodeUnavailable, "There are too many connections; try again soon.")
				return
			}
			if c.proxy {
				client := s.cfg.client(c.from, r.Header)
				r.RemoteAddr = client.String()
				done, ok := c.listener.request(client)
				if !ok {
					s.cfg.Refuse(w, domain.CodeTooMany, "There are too many requests of yours at once; try again soon.")
					return
				}
				defer done()
			}
		}
		h.ServeHTTP(w, r)
	})
}

// body is a request's. Each part of it has a while to come, however many there
// are.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	over    bool // nothing more comes of it
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.over = err != nil
	switch {
	case err == io.EOF:
		_ = b.control.SetReadDeadline(time.Time{}) // what is read now is whether the client is still there
	case n > 0:
		b.wait(b.stall)
	}
	return n, err
}

func (b *body) wait(d time.Duration) { _ = b.control.SetReadDeadline(time.Now().Add(d)) }

// answer is one that may come before the end of the request's body. net/http
// reads that first: it gets only a moment for it.
type answer struct {
	http.ResponseWriter
	body  *body
	begun bool
}

func (a *answer) WriteHeader(status int) {
	a.begin()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(p)
}

func (a *answer) begin() {
	if !a.begun && !a.body.over {
		a.body.wait(restWithin)
	}
	a.begun = true
}

// Unwrap lets [http.ResponseController] and whoever takes over the connection
// reach it.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
