package hop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Served is what the header says in an answer to what was passed on: it is that of the
// server that it was meant for, which has done or judged it. An answer without it is of
// somebody who had no place for it, couldn't believe it, or isn't one of the servers.
const Served = "served"

// pass is one request on its way to another server.
type pass struct {
	to, base string // its id and URL
	hops     int    // what it says that it takes
	body     []byte
	until    context.Context //nolint:containedctx // ends what is under way
	within   time.Duration   // to the beginning of the answer
	hurries  bool            // at that end it asks for the answer as it is
	wanted   func(*http.Response) bool
}

// ending is what became of a request that was passed on.
type ending int

const (
	passed  ending = iota // it is answered
	undone                // the other hasn't done anything, or hasn't what is wanted
	unknown               // the other gave no answer
)

var (
	errUnwanted = errors.New("another server may answer better")
	errSlow     = errors.New("its answer didn't begin in time")
	errGone     = errors.New("it is dead")
	errStops    = errors.New("this server stops")
	errNothing  = errors.New("what is between the servers got no answer")
)

// pass passes a request on, until the other's answer is over, that server is dead, or
// the end of the pass.
func (s *Servers) pass(w http.ResponseWriter, r *http.Request, p *pass) (end ending) {
	target, err := url.Parse(p.base)
	if err != nil {
		s.Log.Error("a server's node-url can't be used", "node", p.to, "err", err)
		return undone
	}
	if p.until.Err() != nil {
		return undone
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel(nil)
	s.mu.Lock()
	s.passes[p] = cancel
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.passes, p)
	}()
	head := w.Header()
	ours := head.Clone()
	id := ours.Get("X-Request-Id")
	watching.Go(func() {
		select {
		case <-p.until.Done():
			if p.hurries && s.hurry(ctx, p, target, id) {
				select {
				case <-ctx.Done():
				case <-time.After(hurryWithin):
				}
			}
			cancel(errStops)
		case <-ctx.Done():
		}
	})
	late := time.AfterFunc(p.within, func() { cancel(errSlow) })
	defer late.Stop()
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	proxy := &httputil.ReverseProxy{
		Transport: s.transport, FlushInterval: -1, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		Rewrite: func(out *httputil.ProxyRequest) {
			out.SetURL(target)
			out.Out.Host = out.In.Host // pages are told apart by it
			out.Out.URL.RawQuery = out.In.URL.RawQuery
			out.Out.Header["X-Forwarded-For"] = out.In.Header["X-Forwarded-For"]
			out.SetXForwarded()
			if p.body != nil {
				out.Out.Body, out.Out.ContentLength = io.NopCloser(bytes.NewReader(p.body)), int64(len(p.body))
			}
			if t := domain.TraceOf(ctx); t != "" {
				out.Out.Header.Set("Traceparent", string(t))
			}
			s.sign(out, p, id)
		},
		ModifyResponse: func(res *http.Response) error {
			late.Stop()
			switch served := res.Header.Get(Header) == Served; {
			case !served && (res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusGatewayTimeout):
				return errNothing
			case !served, p.wanted != nil && !p.wanted(res):
				return errUnwanted
			}
			res.Header.Del(Header)
			clear(head) // the other has said the same
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			op, ok := errors.AsType[*net.OpError](err)
			if errors.Is(err, errOpen) {
				s.Log.Error("a server's node-url is of plain http at a public address, where others read what passes: give it an https one", "node", p.to)
			}
			if dial := ok && op.Op == "dial"; dial || !sent.Load() || errors.Is(err, errUnwanted) {
				end = undone
				return
			}
			s.Log.Debug("pass a request on", "node", p.to, "err", errors.Join(err, context.Cause(ctx)))
			end = unknown
		},
	}
	proxy.ServeHTTP(w, r.WithContext(traced))
	return end
}

// sign encrypts and signs a request of the pass. One of the release before gets it openly.
func (s *Servers) sign(out *httputil.ProxyRequest, p *pass, id string) {
	h := s.hop(p, id)
	h.Client = client(out.In.RemoteAddr)
	if p.hops >= Encrypting {
		s.encrypt(out, &h, p.body)
	}
	out.Out.Header.Set(Header, h.sign(s.Keys, out.Out.Method, out.Out.URL.RequestURI()))
}

// client is the address of a peer, without its port; empty if it is none.
func client(peer string) string {
	if at, err := netip.ParseAddrPort(peer); err == nil {
		return at.Addr().Unmap().String()
	}
	if at, err := netip.ParseAddr(peer); err == nil { // that a proxy has told
		return at.Unmap().String()
	}
	return ""
}

func (s *Servers) hop(p *pass, id string) Hop {
	return Hop{From: s.Self, To: p.to, At: time.Now(), Request: id, Body: sha256.Sum256(p.body)}
}

// hurryPath is where servers ask each other for an answer as it is.
const hurryPath = "/hops/hurry"

// hurry asks the other to answer a request as it is, and says whether it will.
func (s *Servers) hurry(ctx context.Context, p *pass, target *url.URL, id string) bool {
	ctx, cancel := context.WithTimeout(ctx, hurryWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target.JoinPath(hurryPath).String(), http.NoBody)
	if err != nil {
		return false
	}
	h := s.hop(&pass{to: p.to}, id)
	r.Header.Set(Header, h.sign(s.Keys, r.Method, r.URL.RequestURI()))
	res, err := s.transport.RoundTrip(r)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusNoContent
}

// Hurry answers another server that wants one of its requests answered as it is, and says
// whether the request was that.
func (s *Servers) Hurry(w http.ResponseWriter, r *http.Request) (answered bool) {
	h := Of(r.Context())
	if h == nil || r.Method != http.MethodPost || r.URL.Path != hurryPath {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch, ok := s.hurries[h.key()]; ok {
		close(ch)
		delete(s.hurries, h.key())
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// Hurried is closed when the request is to be answered as it is; nil: that isn't asked for.
func Hurried(ctx context.Context) <-chan struct{} {
	if h := Of(ctx); h != nil {
		return h.hurried
	}
	return nil
}

// expect has a request that came here be one that can be hurried, while it lasts.
func (s *Servers) expect(ctx context.Context, h *Hop) {
	ch := make(chan struct{})
	h.hurried = ch
	s.mu.Lock()
	s.hurries[h.key()] = ch
	s.mu.Unlock()
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.hurries[h.key()] == ch {
			delete(s.hurries, h.key())
		}
	})
}

// Missed says that servers may be gone: what is under way to those is ended. It doesn't
// block.
func (s *Servers) Missed() {
	s.looks.Go(func() {
		ctx, cancel := context.WithTimeout(s.Ended, askWithin)
		defer cancel()
		all, err := s.All(ctx)
		if err != nil {
			return // the next beat tells
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for p, end := range s.passes {
			if !slices.ContainsFunc(all, func(n domain.Node) bool { return n.ID == p.to }) {
				end(errGone)
			}
		}
	})
}
