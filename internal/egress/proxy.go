package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	socks "golang.org/x/net/proxy"
)

// Proxy is the way out of a network that has no other: all requests go through
// tunnels that it makes, those to http targets too, so that it sees none of them.
type Proxy struct {
	// URL is http://, https:// or socks5://, with host, port and perhaps a user
	// and a password. Its address is not checked: the operator has named it.
	URL *url.URL
	// Names has it resolve the names of targets. Without it they are resolved
	// and checked here, and it is asked for the address that was checked.
	Names bool
}

// tunnels makes connections through a proxy.
type tunnels struct {
	Proxy
	called   string // what the proxy is, in errors
	denies   Class  // what it is called that it lets a target not through
	guard    *Guard
	resolver *net.Resolver
	dialer   *net.Dialer // to the proxy
	tls      *tls.Config // with the proxy; nil: none
	timeout  time.Duration
}

func newTunnels(cfg Config, guard *Guard, timeout time.Duration) *tunnels {
	t := &tunnels{
		Proxy: *cfg.Proxy, called: "the webhook proxy", denies: ClassBlocked, guard: guard, resolver: cfg.Resolver, timeout: timeout,
		dialer: &net.Dialer{Resolver: cfg.Resolver},
	}
	if t.resolver == nil {
		t.resolver = net.DefaultResolver
	}
	if t.URL.Scheme == "https" {
		t.tls = &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12, ServerName: t.URL.Hostname(), NextProtos: []string{"http/1.1"}}
	}
	return t
}

// dial makes a tunnel to an address, host:port, within the time of one exchange.
func (t *tunnels) dial(ctx context.Context, _, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	targets, err := t.targets(ctx, address)
	if err != nil {
		return nil, err
	}
	nc, target, err := t.dialFirst(ctx, targets)
	if err != nil {
		return nil, err
	}
	c := newConn(nc)
	// Where the proxy is is none of the target's owner's business.
	c.remote = target
	return c, nil
}

// dialFirst makes a tunnel to the first of some addresses to which there is one.
func (t *tunnels) dialFirst(ctx context.Context, targets []string) (nc net.Conn, target string, err error) {
	for i, target := range targets {
		if nc, err = t.throughWithin(ctx, target, len(targets)-i); err == nil {
			return nc, target, nil
		}
		if e, ok := errors.AsType[*Error](err); ok && e.Class == ClassProxy {
			break // it would be no better with another address
		}
	}
	return nil, "", err
}

// targets are what the proxy may be asked for, to reach an address: what the
// guard lets through of what the name means.
func (t *tunnels) targets(ctx context.Context, address string) ([]string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &Error{ClassProtocol, "the target has no host and port"}
	}
	var addrs []netip.Addr
	if addr, err := netip.ParseAddr(host); err == nil {
		addrs = []netip.Addr{addr}
	} else if t.Names {
		// Spellings of addresses are not left to the proxy to find out.
		if t.guard.checkHost("", &url.URL{Host: address}) != nil {
			return nil, &Error{ClassBlocked, "the target is closed address space"}
		}
		return []string{address}, nil
	} else if addrs, err = t.resolver.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, err
	}
	return t.guard.allowed(addrs, port)
}

// allowed are those of a name's addresses that may be connected to, with the port. It
// fails if there is none.
func (g *Guard) allowed(addrs []netip.Addr, port string) (open []string, err error) {
	for _, addr := range addrs {
		if refused := g.Check(addr); refused != nil {
			err = refused
			continue
		}
		open = append(open, net.JoinHostPort(addr.Unmap().String(), port))
	}
	if len(open) == 0 {
		return nil, err
	}
	return open, nil
}

// throughWithin makes one tunnel, in its share of the time that is left: so that
// an address of which nothing is heard leaves some for the others.
func (t *tunnels) throughWithin(ctx context.Context, target string, shares int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(shares))
		defer cancel()
	}
	return t.through(ctx, target)
}

// through makes one tunnel.
func (t *tunnels) through(ctx context.Context, target string) (net.Conn, error) {
	if t.URL.Scheme == "socks5" {
		return t.throughSOCKS(ctx, target)
	}
	raw, err := t.reach(ctx, "tcp", t.URL.Host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	nc, err := t.connect(ctx, raw, target)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return nc, nil
}

// reach connects to the proxy itself.
func (t *tunnels) reach(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := t.dialer.DialContext(ctx, network, address)
	if err == nil || ctx.Err() != nil {
		return nc, err
	}
	if refused, ok := errors.AsType[*Error](err); ok {
		return nil, &Error{ClassBlocked, strings.Replace(refused.Message, "the target", t.called, 1)}
	}
	why := "its name could not be resolved"
	if op, ok := errors.AsType[*net.OpError](err); ok && !errors.As(err, new(*net.DNSError)) {
		why = errno(op.Err)
	}
	return nil, &Error{ClassProxy, "no connection to " + t.called + ": " + why}
}

// connect asks an HTTP proxy for a tunnel (RFC 9110, CONNECT).
func (t *tunnels) connect(ctx context.Context, nc net.Conn, target string) (net.Conn, error) {
	if t.tls != nil {
		secure := tls.Client(nc, t.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, &Error{ClassProxy, "the TLS handshake with " + t.called + " failed"}
		}
		nc = secure
	}
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if user := t.URL.User; user != nil {
		password, _ := user.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := req.Write(nc); err != nil {
		return nil, &Error{ClassProxy, t.called + " closed the connection"}
	}
	// Nobody speaks through the tunnel before we do: what it sends beyond its
	// answer is not the target's.
	r := bufio.NewReader(io.LimitReader(nc, maxHeader))
	resp, err := http.ReadResponse(r, req) //nolint:bodyclose // the answer to CONNECT has none: the tunnel follows
	switch {
	case err != nil:
		return nil, &Error{ClassProxy, t.called + " gave no proper answer"}
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return nil, &Error{ClassProxy, t.called + " does not accept this server's credentials (407)"}
	case resp.StatusCode == http.StatusForbidden:
		return nil, &Error{t.denies, t.called + " does not let the target through (403)"}
	case resp.StatusCode >= 500:
		return nil, &Error{ClassConnect, fmt.Sprintf("%s reached no target (%d)", t.called, resp.StatusCode)}
	case resp.StatusCode/100 != 2:
		return nil, &Error{ClassProxy, fmt.Sprintf("%s makes no tunnel (%d)", t.called, resp.StatusCode)}
	case r.Buffered() > 0:
		return nil, &Error{ClassProxy, t.called + " sends more than its answer"}
	}
	return nc, nil
}

// throughSOCKS makes a tunnel through a SOCKS5 proxy (RFC 1928).
func (t *tunnels) throughSOCKS(ctx context.Context, target string) (net.Conn, error) {
	var auth *socks.Auth
	if user := t.URL.User; user != nil {
		password, _ := user.Password()
		auth = &socks.Auth{User: user.Username(), Password: password}
	}
	to := &reacher{t: t}
	dialer, err := socks.SOCKS5("tcp", t.URL.Host, auth, to)
	if err != nil {
		return nil, &Error{ClassProxy, t.called + " can't be used"}
	}
	_, err = dialer.(socks.ContextDialer).DialContext(ctx, "tcp", target)
	switch {
	case err == nil:
		return to.nc, nil // as it is: what is around it hides that it is the kernel's
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded): // the connection's clock was first
		return nil, context.DeadlineExceeded
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return nil, known
	}
	// The library has no types for what the proxy answers.
	_, answer, _ := strings.Cut(err.Error(), "unknown error ")
	switch {
	case strings.Contains(answer, "not allowed"):
		return nil, &Error{t.denies, t.called + " does not let the target through"}
	case strings.Contains(answer, "unreachable"), strings.Contains(answer, "refused"), strings.Contains(answer, "TTL"), strings.Contains(answer, "general"):
		return nil, &Error{ClassConnect, t.called + " reached no target"}
	case strings.Contains(err.Error(), "authentication"):
		return nil, &Error{ClassProxy, t.called + " does not accept this server's credentials"}
	default:
		return nil, &Error{ClassProxy, t.called + " gave no proper answer"}
	}
}

// reacher is how the library connects to the proxy.
type reacher struct {
	t  *tunnels
	nc net.Conn
}

func (r *reacher) Dial(network, address string) (net.Conn, error) {
	return r.DialContext(context.Background(), network, address)
}

func (r *reacher) DialContext(ctx context.Context, network, address string) (nc net.Conn, err error) {
	r.nc, err = r.t.reach(ctx, network, address)
	return r.nc, err
}
