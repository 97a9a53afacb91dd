// Package mcp lets language models work with sessions by the Model Context Protocol: a
// few tools over the HTTP API, which is asked in this process or, by the command
// browserhook mcp, on a server elsewhere. So a tool can do what its key can, and is
// refused what that is.
//
// What a model reads costs it room. Answers are bounded, nothing is told that wasn't
// asked for, and a snapshot names elements by targets that stay true when the page
// changes, not by numbers that are stale by then.
package mcp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	browserhook "github.com/browserhook/browserhook/client"
)

// Config is what the tools stand on.
type Config struct {
	// URL is the address of the server that has the API, and Transport how requests
	// get there.
	URL       string
	Transport http.RoundTripper
	// Key is the API key; empty: each request of a client brings its own.
	Key     string
	Version string
	Log     *slog.Logger
	// End closes a session of a client that is gone, of the project that its key is of.
	End func(ctx context.Context, project, session string) error
}

// Server has the tools. One serves any number of clients.
type Server struct {
	cfg Config
	sdk *sdk.Server

	mu      sync.Mutex
	clients map[*sdk.ServerSession]*client
}

// client is what there is of one client: an MCP session.
type client struct {
	key, project string          // its key's id and project, where they are known
	ctx          context.Context //nolint:containedctx // of its calls
	end          context.CancelCauseFunc

	mu      sync.Mutex
	current string   // the session that tools are for if they name none
	made    []string // sessions that end with the client
}

const instructions = `Real browsers on a server. open_session (or navigate) starts one; it ends with close_session, with this client, or when it is idle.
Look with snapshot, act with act: several steps in one call, each of which waits by itself until its target can be used. Targets stay valid while the page changes; look again only when something new is to be seen. Ask for what you need (a target, a text) on large pages, and read data with extract.
For a login, a captcha or a payment that is a person's to do: hand_over.`

// New makes a server with all tools.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, clients: map[*sdk.ServerSession]*client{}}
	s.sdk = sdk.NewServer(&sdk.Implementation{Name: "browserhook", Title: "browserhook", Version: cfg.Version}, &sdk.ServerOptions{
		Instructions: instructions, Logger: slog.New(slog.DiscardHandler), Capabilities: &sdk.ServerCapabilities{},
	})
	s.sessionTools()
	s.pageTools()
	s.fileTools()
	s.resources()
	return s
}

// Stdio serves one client over an input and an output until it leaves or ctx ends, with
// the API of a server elsewhere.
func Stdio(ctx context.Context, url, key, version string, in io.ReadCloser, out io.Writer) error {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	api, err := over(url, key, transport)
	if err != nil {
		return err
	}
	s := New(Config{
		URL: url, Transport: transport, Key: key, Version: version, Log: slog.New(slog.DiscardHandler),
		End: func(ctx context.Context, _, session string) error { return api.Session(session).Close(ctx) },
	})
	return s.Run(ctx, &sdk.IOTransport{Reader: in, Writer: stays{out}})
}

// stays is an output that stays open.
type stays struct{ io.Writer }

func (stays) Close() error { return nil }

// Run serves one client until it leaves or ctx ends, and ends its sessions.
func (s *Server) Run(ctx context.Context, t sdk.Transport) error {
	session, err := s.sdk.Connect(context.WithoutCancel(ctx), t, nil)
	if err != nil {
		return err
	}
	c := s.client(session, "", "")
	defer s.leave(ctx, session, c)
	defer context.AfterFunc(ctx, func() { c.close(session) })()
	if err := session.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// errGone is why a call is given up whose client is gone.
var errGone = errors.New("the client is gone")

// close ends a client's MCP session, and first what it has under way, for which the
// session would wait.
func (c *client) close(session *sdk.ServerSession) {
	c.end(errGone)
	_ = session.Close()
}

// client is the one of an MCP session, made when it is first asked for.
func (s *Server) client(session *sdk.ServerSession, key, project string) *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clients[session]
	if c == nil {
		c = &client{key: key, project: project}
		c.ctx, c.end = context.WithCancelCause(context.Background())
		s.clients[session] = c
	}
	return c
}

// find is the client with an MCP session's id and a key, if there is one.
func (s *Server) find(id, key string) *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session, c := range s.clients {
		if session.ID() == id && c.key == key {
			return c
		}
	}
	return nil
}

// endWithin is how long the end of a client's sessions may take.
const endWithin = 10 * time.Second

// leave forgets a client that is gone, and ends its sessions.
func (s *Server) leave(ctx context.Context, session *sdk.ServerSession, c *client) {
	s.mu.Lock()
	delete(s.clients, session)
	s.mu.Unlock()
	c.end(errGone)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	var ends sync.WaitGroup
	defer ends.Wait()
	for _, id := range c.leave() {
		ends.Go(func() {
			if err := s.cfg.End(ctx, c.project, id); err != nil {
				s.cfg.Log.Debug("end the session of a client that is gone", "session", id, "err", err)
			}
		})
	}
}

// leave is the sessions that are to end with the client.
func (c *client) leave() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := c.made
	c.made = nil
	return made
}

// use makes a session the current one; made: it ends with the client.
func (c *client) use(id string, made bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = id
	if made {
		c.made = append(c.made, id)
	}
}

// forget is of a session that was closed.
func (c *client) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == id {
		c.current = ""
	}
	c.made = slices.DeleteFunc(c.made, func(m string) bool { return m == id })
}

func (c *client) session() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// api is the API with a client's key.
func (s *Server) api(extra *sdk.RequestExtra) (*browserhook.Client, error) {
	key := s.cfg.Key
	if key == "" && extra != nil {
		key = keyOf(extra.Header)
	}
	return over(s.cfg.URL, key, s.cfg.Transport)
}

// patience is how often in a row a server may not answer before a call is given up: one
// that is restarted goes on with its sessions.
const patience = 6

func over(url, key string, transport http.RoundTripper) (*browserhook.Client, error) {
	return browserhook.New(browserhook.Options{URL: url, Key: key, Retries: patience, HTTPClient: &http.Client{Transport: transport}})
}
