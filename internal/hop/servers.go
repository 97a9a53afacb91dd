package hop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
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
	// Roots are the authorities of the others' certificates; nil: the system's.
	Roots *x509.CertPool
	// Apart: each keeps files that the others don't have.
	Apart bool
	// Here says whether this server runs it, as far as it knows without asking anybody.
	Here func(session string) bool
	// Stopping and Ended end what is passed on when this server stops: answers that are
	// waited for, which are asked for as they are then, and later connections that stay.
	Stopping, Ended context.Context //nolint:containedctx // of the server
	Refuse          func(w http.ResponseWriter, code domain.Code, detail string)
	Log             *slog.Logger

	transport *http.Transport

	mu      sync.Mutex
	passes  map[*pass]context.CancelCauseFunc // that are under way from here
	hurries map[string]chan struct{}          // of what came here, by its id: closed when it is to be answered as it is
	looks   sync.WaitGroup
}

const (
	askWithin     = 5 * time.Second
	connectWithin = 2 * time.Second
	// An answer begins within answerWithin, or within waitWithin if the request may wait
	// for steps. One of whom it isn't known whether it has a file gets findWithin.
	answerWithin = 15 * time.Second
	waitWithin   = 100 * time.Second
	findWithin   = 2 * time.Second
	// makeWithin is for what has to be made first: a video.
	makeWithin = 15 * time.Minute
	// hurryWithin is how long a server that stops waits for an answer that it has asked to
	// be given as it is.
	hurryWithin = 2 * time.Second
	perServer   = 64 // connections that are kept
)

// New readies them.
func New(s *Servers) *Servers {
	s.transport = &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectWithin, Control: near}).DialContext,
		DialTLSContext:      (&tls.Dialer{NetDialer: &net.Dialer{Timeout: 2 * connectWithin}, Config: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12}}).DialContext,
		MaxIdleConnsPerHost: perServer, IdleConnTimeout: time.Minute, DisableCompression: true,
	}
	s.passes, s.hurries = map[*pass]context.CancelCauseFunc{}, map[string]chan struct{}{}
	return s
}

var errOpen = errors.New("plain http goes to private addresses only")

// shared is what providers share among their customers, and what some networks use as
// private (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// near refuses addresses to which what is passed on doesn't go without TLS: the answers,
// pictures of pages among them, are for anybody on the way to read.
func near(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := at.Addr().Unmap(); !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !shared.Contains(ip) {
		return errOpen
	}
	return nil
}

// Close ends the connections that are kept.
func (s *Servers) Close() {
	s.looks.Wait()
	s.transport.CloseIdleConnections()
}

const (
	away = "The server that runs the session can't be reached right now."
	lost = "The server that runs the session gave no answer; what was asked may have been done."
)

// videoPath is how the path of a request for a video ends.
const videoPath = "/recording/video"

// begins is how long the answer to a request may take to begin, where that of others may
// take so long.
func begins(r *http.Request, others time.Duration) time.Duration {
	if strings.HasSuffix(r.URL.Path, videoPath) {
		return makeWithin
	}
	return others
}

// Forward has the server that runs the session answer a request without a body, and says
// whether it has: if this one is to answer it, because it runs the session or nobody
// does, it says false. Where the other can't be reached the answer is that.
func (s *Servers) Forward(w http.ResponseWriter, r *http.Request, project, session string) (answered bool) {
	owner, elsewhere := s.next(r, project, session)
	if !elsewhere {
		return false
	}
	if owner.Away || s.pass(w, r, &pass{to: owner.Node, base: owner.URL, hops: owner.Hops, until: s.Ended, within: begins(r, answerWithin)}) != passed {
		s.Refuse(w, domain.CodeUnavailable, away)
	}
	return true
}

// Offer is Forward for a request that this server can do itself: it does when the other
// can't be reached, or doesn't do it.
func (s *Servers) Offer(w http.ResponseWriter, r *http.Request, body []byte, project, session string) (answered bool) {
	owner, elsewhere := s.next(r, project, session)
	if !elsewhere || owner.Away {
		return false
	}
	p := &pass{to: owner.Node, base: owner.URL, hops: owner.Hops, body: body, until: s.Stopping, within: answerWithin, hurries: true}
	if r.Header.Get("Prefer") != "" {
		p.within = waitWithin
	}
	end := s.pass(w, r, p)
	if end == unknown && r.Method != http.MethodGet {
		s.Refuse(w, domain.CodeUnavailable, lost)
		return true
	}
	return end == passed
}

// Anywhere has the first of the other servers that can answer a request without a body,
// for a file that one of them may have and this one hasn't. It says false if none can.
func (s *Servers) Anywhere(w http.ResponseWriter, r *http.Request) (answered bool) {
	if Of(r.Context()) != nil || !s.Apart {
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
		if n.ID != s.Self && n.URL != "" && s.pass(w, r, &pass{to: n.ID, base: n.URL, hops: n.Hops, until: s.Stopping, within: begins(r, findWithin), wanted: has}) == passed {
			return true
		}
	}
	return false
}

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
