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
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Servers are those that share a database.
type Servers struct {
	Self string   // this one's id
	Keys [][]byte // that all have; the first is the newest
	// Owner says who runs a session: domain.ErrNotFound when there is none.
	Owner func(ctx context.Context, project, session string) (domain.Owner, error)
	// All lists them.
	All func(ctx context.Context) ([]domain.Node, error)
	// Here says whether this server runs it, as far as it knows without asking anybody.
	Here func(session string) bool
	// Stopping and Ended end what is passed on when this server stops: answers that are
	// waited for, and then connections that stay.
	Stopping, Ended context.Context //nolint:containedctx // of the server
	Refuse          func(w http.ResponseWriter, code domain.Code, detail string)
	Log             *slog.Logger

	transport *http.Transport
}

const (
	askWithin     = 5 * time.Second
	connectWithin = 2 * time.Second
	// answerWithin is more than a request may wait for steps, or for a session's start.
	answerWithin = 100 * time.Second
	perServer    = 64 // connections that are kept
)

// New readies them.
func New(s Servers) *Servers {
	s.transport = &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectWithin}).DialContext,
		TLSHandshakeTimeout: connectWithin, ResponseHeaderTimeout: answerWithin,
		MaxIdleConnsPerHost: perServer, IdleConnTimeout: time.Minute, DisableCompression: true,
	}
	return &s
}

// Close ends the connections that are kept.
func (s *Servers) Close() { s.transport.CloseIdleConnections() }

const (
	away = "The server that runs the session can't be reached right now."
	lost = "The server that runs the session gave no answer; what was asked may have been done."
)

// Forward has the server that runs the session answer a request without a body, and says
// whether it has: if this one is to answer it, because it runs the session or nobody
// does, it says false. Where the other can't be reached the answer is that.
func (s *Servers) Forward(w http.ResponseWriter, r *http.Request, project, session string) (answered bool) {
	owner, elsewhere := s.next(r, project, session)
	if !elsewhere {
		return false
	}
	if owner.Away || !s.pass(s.Ended, w, r, nil, owner.Node, owner.URL, anything) {
		s.Refuse(w, domain.CodeUnavailable, away)
	}
	return true
}

// Offer is Forward for a request that this server can do itself: it does when the other
// can't be reached.
func (s *Servers) Offer(w http.ResponseWriter, r *http.Request, body []byte, project, session string) (answered bool) {
	owner, elsewhere := s.next(r, project, session)
	if !elsewhere || owner.Away {
		return false
	}
	return s.pass(s.Stopping, w, r, body, owner.Node, owner.URL, anything)
}

// Anywhere has the first of the other servers that can answer a request without a body,
// for what one of them may have that this one hasn't. It says false if none can.
func (s *Servers) Anywhere(w http.ResponseWriter, r *http.Request) (answered bool) {
	if Of(r.Context()) != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), askWithin)
	defer cancel()
	all, err := s.All(ctx)
	if err != nil {
		s.Log.Debug("read nodes", "err", err)
	}
	for _, n := range all {
		has := func(res *http.Response) bool {
			return res.StatusCode < http.StatusBadRequest || res.StatusCode == http.StatusRequestedRangeNotSatisfiable
		}
		if n.ID != s.Self && n.URL != "" && s.pass(s.Stopping, w, r, nil, n.ID, n.URL, has) {
			return true
		}
	}
	return false
}

func anything(*http.Response) bool { return true }

var errUnwanted = errors.New("another server may answer better")

// next is who is to answer a request, if it is another server. What came from one goes
// no further.
func (s *Servers) next(r *http.Request, project, session string) (owner domain.Owner, elsewhere bool) {
	if Of(r.Context()) != nil {
		return owner, false
	}
	return s.elsewhere(r.Context(), project, session)
}

// Elsewhere says whether another server runs the session.
func (s *Servers) Elsewhere(ctx context.Context, project, session string) bool {
	_, elsewhere := s.elsewhere(ctx, project, session)
	return elsewhere
}

func (s *Servers) elsewhere(ctx context.Context, project, session string) (domain.Owner, bool) {
	if s == nil || s.Here(session) {
		return domain.Owner{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	owner, err := s.Owner(ctx, project, session)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		s.Log.Debug("find who runs a session", "session", session, "err", err)
	}
	return owner, err == nil && !owner.Here && (owner.Away || owner.Node != "")
}

// pass passes a request on, until the other's answer is over or until ends. It says
// false when the other can't be reached, so that nothing of it was done, or when its
// answer isn't wanted.
func (s *Servers) pass(until context.Context, w http.ResponseWriter, r *http.Request, body []byte, to, base string, wanted func(*http.Response) bool) (answered bool) {
	target, err := url.Parse(base)
	if err != nil {
		s.Log.Error("a server's node-url can't be used", "node", to, "err", err)
		return false
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(until, cancel)()
	head := w.Header()
	ours := head.Clone()
	answered = true
	proxy := &httputil.ReverseProxy{
		Transport: s.transport, FlushInterval: -1, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host // pages are told apart by it
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
			p.SetXForwarded()
			if body != nil {
				p.Out.Body, p.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
			h := Hop{From: s.Self, To: to, At: time.Now(), Request: ours.Get("X-Request-Id"), Body: sha256.Sum256(body)}
			p.Out.Header.Set(Header, h.sign(s.Keys, p.Out.Method, p.Out.URL.RequestURI()))
		},
		ModifyResponse: func(res *http.Response) error {
			if !wanted(res) {
				return errUnwanted
			}
			clear(head) // the other has said the same
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			op, ok := errors.AsType[*net.OpError](err)
			if unreached := ok && op.Op == "dial"; unreached || errors.Is(err, errUnwanted) {
				answered = false
				return
			}
			s.Log.Debug("pass a request on", "node", to, "err", err)
			s.Refuse(w, domain.CodeUnavailable, lost)
		},
	}
	proxy.ServeHTTP(w, r.WithContext(ctx))
	return answered
}
