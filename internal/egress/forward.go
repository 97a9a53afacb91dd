package egress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/weburl"
)

const (
	// maxOpen is how many connections may be open, the browser's and to the outside.
	maxOpen = 2048
	// inBuffer is for heads, in bytes, and outBuffer for those of answers.
	inBuffer, outBuffer = 4 << 10, 4 << 10
	// headWithin is how long a head may take from its first byte on.
	headWithin = 30 * time.Second
	// reachWithin is how long it may take to connect to a target, whatever is on the
	// way, its name's resolution included.
	reachWithin = 30 * time.Second
	// toldPerSecond is of how many connections that were not made news is given, and
	// toldAtOnce of how many at once.
	toldPerSecond, toldAtOnce = 10, 100
)

// Refusal is a connection that a browser wanted and did not get.
type Refusal struct {
	Host   string `json:"host"` // empty: there are too many connections, to whomever
	Port   int    `json:"port"`
	Class  Class  `json:"class"`  // ClassBlocked: it may not be reached, by our rules; else why it can't
	Reason string `json:"reason"` // a sentence that goes on after the host's name
}

// RefusedHeader is in the own answer of a ForwardProxy to an http:// request whose target may not
// be reached, and in nobody else's: the reason, as in [Refusal].
const RefusedHeader = "browserhook-refused"

// ForwardProxy is a proxy for one browser, by CONNECT and http:// URLs. A name is resolved
// once for each connection, what it means is judged, and what passed is connected to.
// It is closed until [ForwardProxy.SetRules] says what may be reached. What it has passed on
// and refused since then it counts.
type ForwardProxy struct {
	told     func(Refusal)
	often    *rate.Limiter
	resolver *net.Resolver
	rules    atomic.Pointer[ruleSet]

	sent, received, refused atomic.Int64

	ctx     context.Context //nolint:containedctx // until Close, for what connects
	cancel  context.CancelFunc
	serving sync.WaitGroup
	mu      sync.Mutex
	open    map[net.Conn]*outbound // nil: it is the browser's
	ended   bool
}

// NewForwardProxy makes a proxy. told is called for connections that are not made, before
// the browser hears of it, though not for all when they are many; it must not block
// for long.
func NewForwardProxy(told func(Refusal)) *ForwardProxy {
	f := &ForwardProxy{told: told, often: rate.NewLimiter(toldPerSecond, toldAtOnce), resolver: net.DefaultResolver, open: map[net.Conn]*outbound{}}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// SetRules sets the rules. Connections to what they close end.
func (f *ForwardProxy) SetRules(r Rules) error {
	j := &ruleSet{Rules: r, guard: newBrowserGuard(r.Open...)}
	for _, host := range r.Deny {
		if addr, err := netip.ParseAddr(host); err == nil {
			j.denied = append(j.denied, addr)
		}
	}
	if r.Proxy != "" {
		u, err := weburl.Proxy(r.Proxy)
		if err != nil {
			return fmt.Errorf("the session's proxy %w", err)
		}
		j.tunnels = newTunnels(Config{Proxy: &Proxy{URL: u}, Resolver: f.resolver}, j.guard, reachWithin)
		j.tunnels.called, j.tunnels.denies = "the session's proxy", ClassDenied
		j.tunnels.dialer.Control = j.guard.Control
	}
	f.rules.Store(j)
	f.mu.Lock()
	defer f.mu.Unlock()
	for nc, out := range f.open {
		if out != nil && !j.allows(out) {
			nc.Close()
		}
	}
	return nil
}

// Usage is what has passed, and how often a connection was refused, so far.
func (f *ForwardProxy) Usage() domain.Usage {
	return domain.Usage{SentBytes: f.sent.Load(), ReceivedBytes: f.received.Load(), Refused: f.refused.Load()}
}

// Close ends all connections. Usage doesn't change any more after it.
func (f *ForwardProxy) Close() {
	f.cancel()
	f.mu.Lock()
	f.ended = true
	for nc := range f.open {
		nc.Close()
	}
	f.mu.Unlock()
	f.serving.Wait()
}

// track remembers a connection to the outside until untrack; false: all are over, or the
// rules have become others, and it is closed.
func (f *ForwardProxy) track(out *outbound) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || !f.rules.Load().allows(out) {
		out.Close()
		return false
	}
	f.open[out.Conn] = out
	return true
}

func (f *ForwardProxy) untrack(nc net.Conn) {
	nc.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, nc)
}

// Serve takes connections until the listener is closed.
func (f *ForwardProxy) Serve(l net.Listener) {
	f.mu.Lock()
	if !f.ended {
		f.serving.Go(f.sweepLoop)
	}
	f.mu.Unlock()
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(acceptAgain) //nolint:forbidigo // too many files are open, and nothing tells when there are fewer
			continue
		}
		f.accept(nc)
	}
}

const acceptAgain = 100 * time.Millisecond

// ServeConn serves one connection until it ends.
func (f *ForwardProxy) ServeConn(nc net.Conn) { <-f.accept(nc) }

// accept begins to serve a connection. What it returns is closed when that is over.
func (f *ForwardProxy) accept(nc net.Conn) <-chan struct{} {
	over := make(chan struct{})
	f.mu.Lock()
	full := len(f.open) >= maxOpen
	ended := f.ended
	if !ended && !full {
		f.open[nc] = nil
		f.serving.Go(func() {
			defer close(over)
			defer f.untrack(nc)
			(&inbound{Conn: nc, f: f, in: bufio.NewReaderSize(nc, inBuffer)}).serve()
		})
	}
	f.mu.Unlock()
	if full && !ended && f.often.Allow() {
		f.told(Refusal{Class: ClassConnect, Reason: fmt.Sprintf("the browser has %d connections already", maxOpen)})
	}
	if ended || full {
		nc.Close()
		close(over)
	}
	return over
}

// refuse counts and tells of a connection that is not made.
func (f *ForwardProxy) refuse(h *requestHead, why *Error) {
	if why.Class == ClassBlocked {
		f.refused.Add(1)
	}
	if f.often.Allow() {
		var port int
		_, _ = fmt.Sscan(h.port, &port)
		f.told(Refusal{Host: h.host, Port: port, Class: why.Class, Reason: why.Message})
	}
}

// reach connects to a request's target.
func (f *ForwardProxy) reach(h *requestHead) (*outbound, *Error) {
	r := f.rules.Load()
	if r == nil { // nobody is to know or to pay
		return nil, &Error{ClassBlocked, "the browser is no session's yet"}
	}
	ctx, cancel := context.WithTimeout(f.ctx, reachWithin)
	defer cancel()
	nc, target, err := f.dial(ctx, r, h.host, h.port)
	if err != nil {
		why := unreached(err)
		f.refuse(h, why)
		return nil, why
	}
	out := &outbound{Conn: nc, f: f, rules: r, host: h.host, target: target}
	if !f.track(out) {
		return nil, &Error{ClassConnect, "the session ends, or has other rules now"}
	}
	return out, nil
}

// dial connects to a host. It returns at which of its addresses, with the port.
func (f *ForwardProxy) dial(ctx context.Context, r *ruleSet, host, port string) (nc net.Conn, target string, err error) {
	if err := r.hosts(host); err != nil {
		return nil, "", err
	}
	addrs, err := f.resolve(ctx, host)
	if err != nil {
		return nil, "", err
	}
	targets, err := r.targets(addrs, port)
	if err != nil {
		return nil, "", err
	}
	if r.tunnels != nil {
		return r.tunnels.dialFirst(ctx, targets)
	}
	dialer := &net.Dialer{Control: r.guard.Control}
	nc, err = race(ctx, targets, func(ctx context.Context, target string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", target)
	})
	if err != nil {
		return nil, "", err
	}
	return nc, nc.RemoteAddr().String(), nil
}

// resolve is what a host means. Names below localhost are this machine everywhere, as
// to browsers.
func (f *ForwardProxy) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return loopback, nil
	}
	return f.resolver.LookupNetIP(ctx, "ip", host)
}

// unreached says why a target was not reached.
func unreached(err error) *Error {
	var (
		known *Error
		dns   *net.DNSError
		op    *net.OpError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return &Error{ClassDNS, "its name has no address"}
		}
		return &Error{ClassDNS, "its name could not be resolved"}
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return &Error{ClassTimeout, fmt.Sprintf("no connection could be made within %s", reachWithin)}
	case errors.As(err, &op):
		return &Error{ClassConnect, "no connection: " + errno(op.Err)}
	default:
		return &Error{ClassConnect, "no connection could be made"}
	}
}
