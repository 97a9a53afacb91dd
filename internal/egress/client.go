package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"
)

// MaxAnswer is how much of an answer's body is kept, in bytes. The connection
// of a longer one is dropped rather than read to its end.
const MaxAnswer = 16 << 10

const (
	defaultTimeout   = 15 * time.Second
	maxHeader        = 64 << 10
	maxBuffered      = 64 << 10 // of an HTTP/2 answer, before it is read
	maxSent          = 4        // times, of a request that surely was not processed
	idlePerTarget    = 512
	idleConnections  = 2048
	idleBeforeClosed = 60 * time.Second
)

// Config says how a client reaches out. The zero value is right for production.
type Config struct {
	Allow    []netip.Prefix // ranges inside closed space that may be reached
	Timeout  time.Duration  // over the whole exchange; 0: 15 s
	Resolver *net.Resolver  // nil: the system's
	RootCAs  *x509.CertPool // nil: the system's
	Proxy    *Proxy         // nil: none; that of the environment is never used
}

// Client sends requests to addresses that somebody else chose. It follows no
// redirect, keeps no cookie and decodes no compression. It may be used by many
// goroutines.
type Client struct {
	Guard     *Guard
	timeout   time.Duration
	direct    *direct         // nil: all goes through a proxy
	transport *http.Transport // for TLS, for what is too long for it, and for all that goes through a proxy
}

// New makes a client.
func New(cfg Config) *Client {
	c := &Client{Guard: NewGuard(cfg.Allow...), timeout: cfg.Timeout}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	var dial func(ctx context.Context, network, address string) (net.Conn, error)
	if cfg.Proxy != nil {
		dial = newTunnels(cfg, c.Guard, c.timeout).dial
	} else {
		dialer := &net.Dialer{
			// The transport dials in the background, for whichever request is
			// next, so a request's own deadline does not end its dial.
			Timeout:  c.timeout,
			Resolver: cfg.Resolver,
			Control:  c.Guard.Control,
		}
		c.direct = &direct{dialer: dialer, timeout: c.timeout, idle: map[string][]*wire{}}
		dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return newConn(nc), nil
		}
	}
	c.transport = &http.Transport{
		Proxy:       nil, // one from the environment would connect where the guard doesn't see it
		DialContext: dial,
		TLSClientConfig: &tls.Config{
			RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12,
			// A handshake that resumes costs both sides a fraction of a first one.
			ClientSessionCache: tls.NewLRUClientSessionCache(idleConnections),
		},
		TLSHandshakeTimeout: c.timeout,
		DisableCompression:  true,
		ForceAttemptHTTP2:   true,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream: maxBuffered,
			// A far end that has gone silently is noticed by this alone.
			SendPingTimeout: c.timeout,
			PingTimeout:     c.timeout,
		},
		MaxIdleConns:           idleConnections,
		MaxIdleConnsPerHost:    idlePerTarget,
		IdleConnTimeout:        idleBeforeClosed,
		MaxResponseHeaderBytes: maxHeader,
	}
	return c
}

// CloseIdle closes the connections that no exchange is using.
func (c *Client) CloseIdle() {
	if c.direct != nil {
		c.direct.closeIdle()
	}
	c.transport.CloseIdleConnections()
}

// Answer is what came back, as far as the exchange went.
type Answer struct {
	StatusCode int         // 0: no answer
	Header     http.Header // nil: no answer
	Body       []byte      // at most MaxAnswer
	RemoteAddr string      // "203.0.113.7:443"; empty: never connected
}

// Post sends the body once. The error is nil only after a 2xx that was read to
// its end or to [MaxAnswer]; else it is an *[Error], and the answer holds what
// came of it. When ctx is done the error is ctx's instead, because then the
// exchange did not fail but was given up. The URL is not changed; the header
// must not be changed afterwards.
//
// A request is never sent twice on its own account: an attempt recorded is an
// attempt made. (Only what surely wasn't sent may be: over a kept connection
// that the other side had closed.)
func (c *Client) Post(ctx context.Context, u *url.URL, header http.Header, body []byte) (Answer, error) {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return Answer{}, &Error{ClassProtocol, "the target is not an http or https URL"}
	}
	deadline := time.Now().Add(c.timeout)
	var answer Answer
	var done bool
	var err error
	if c.direct != nil {
		answer, done, err = c.direct.exchange(ctx, u, header, body)
	}
	if !done {
		answer, err = c.viaTransport(ctx, u, header, body)
	}
	switch {
	case err == nil:
		return answer, refusal(answer.StatusCode)
	case ctx.Err() != nil:
		return answer, ctx.Err()
	case !time.Now().Before(deadline):
		// What failed first of all that waited is a matter of chance.
		return answer, c.classify(context.DeadlineExceeded, answer.RemoteAddr != "")
	default:
		return answer, c.classify(err, answer.RemoteAddr != "")
	}
}

func (c *Client) viaTransport(ctx context.Context, u *url.URL, header http.Header, body []byte) (Answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	// A connection may arrive just as the request is given up, hence atomic.
	var remote atomic.Pointer[string]
	var sent atomic.Int64
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if sent.Add(1) > maxSent {
				cancel() // net/http would go on for as long as it is told to
			}
			if nc := below(info.Conn); nc != nil {
				nc.expectAnswer()
				remote.Store(&nc.remote)
			}
		},
	})
	answer, err := c.exchange(traced, u, header, body)
	if r := remote.Load(); r != nil {
		answer.RemoteAddr = *r
	}
	if err != nil && sent.Load() > maxSent {
		err = &Error{ClassProtocol, "it asked again and again for the request to be sent anew"}
	}
	return answer, err
}

func (c *Client) exchange(ctx context.Context, u *url.URL, header http.Header, body []byte) (Answer, error) {
	req := (&http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
		GetBody: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(body)), nil
		},
	}).WithContext(ctx)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	if resp.ProtoMajor == 2 {
		// net/http doesn't heed the deadline after the headers, when the other
		// side takes no more of the request's body.
		defer context.AfterFunc(ctx, func() { resp.Body.Close() })()
	}
	answer := Answer{StatusCode: resp.StatusCode, Header: resp.Header}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return answer, nil // what follows is a bare connection, which no deadline covers
	}
	answer.Body, _, err = readAnswer(resp.Body)
	return answer, err
}

// refusal is the error of an answer that isn't a 2xx. It returns the interface
// so that nil stays nil.
func refusal(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return &Error{ClassRedirect, fmt.Sprintf("it answered %d, and redirects are not followed", status)}
	default:
		return &Error{ClassStatus, fmt.Sprintf("it answered %d; only 2xx counts as received", status)}
	}
}
