package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// Class is a stable name for the stage at which an exchange failed.
type Class string

// The classes of failure.
const (
	ClassTimeout  Class = "timeout"  // the whole exchange took too long
	ClassDNS      Class = "dns"      // the host's name has no address
	ClassConnect  Class = "connect"  // no connection to any of its addresses
	ClassTLS      Class = "tls"      // the handshake failed, or its certificate is bad
	ClassBlocked  Class = "blocked"  // its address is closed to this server
	ClassRedirect Class = "redirect" // it answered 3xx, which is not followed
	ClassStatus   Class = "status"   // it answered another status than 2xx
	ClassProtocol Class = "protocol" // its answer is not proper HTTP, or was cut off
	ClassDenied   Class = "denied"   // the session's own proxy does not let the target through
	ClassProxy    Class = "proxy"    // this server's own proxy failed, which says nothing of the target
)

// Error is why an exchange failed. Its message is one sentence for the owner
// of the target: without the URL, which may hold a token, and without
// addresses that it didn't connect to.
type Error struct {
	Class   Class
	Message string
}

func (e *Error) Error() string { return string(e.Class) + ": " + e.Message }

// classify turns what net/http says into an *Error. connected reports whether
// a connection was in use when it happened.
func (c *Client) classify(err error, connected bool) *Error {
	var (
		known  *Error
		dns    *net.DNSError
		record tls.RecordHeaderError
		alert  tls.AlertError
		cert   *tls.CertificateVerificationError
		host   x509.HostnameError
		op     *net.OpError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return &Error{ClassDNS, "the host's name has no address"}
		}
		return &Error{ClassDNS, "the host's name could not be resolved"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		if connected {
			return &Error{ClassTimeout, fmt.Sprintf("the exchange was not complete after %s", c.timeout)}
		}
		return &Error{ClassTimeout, fmt.Sprintf("no connection could be made within %s", c.timeout)}
	case errors.As(err, &cert):
		return &Error{ClassTLS, sentence("the certificate was not accepted", cert.Err)}
	case errors.As(err, &host):
		return &Error{ClassTLS, sentence("the certificate was not accepted", host)}
	case errors.As(err, &record), errors.As(err, &alert), isTLS(err):
		return &Error{ClassTLS, sentence("the TLS handshake failed", err)}
	case errors.As(err, &op) && op.Op == "dial":
		return &Error{ClassConnect, "no connection: " + errno(op.Err)}
	case !connected:
		// The transport reports on a connection only once its handshake is
		// done; what fails in between is the handshake's.
		return &Error{ClassTLS, "the connection was closed during the TLS handshake"}
	default:
		return &Error{ClassProtocol, sentence("the answer could not be read", cut(err))}
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// isTLS recognises the handshake errors that crypto/tls gives no type of
// their own.
func isTLS(err error) bool {
	s := err.Error()
	return strings.HasPrefix(s, "tls: ") || strings.HasPrefix(s, "remote error: tls: ")
}

// cut names the ways in which a connection ends early in plain words; the
// system's own words would include addresses.
func cut(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return errors.New(errno(op.Err))
	}
	return err
}

func errno(err error) string {
	var no syscall.Errno
	switch {
	case !errors.As(err, &no):
		return "the network failed"
	case no == syscall.ECONNREFUSED:
		return "it was refused"
	case no == syscall.ECONNRESET, no == syscall.EPIPE:
		return "it was reset by the other side"
	default:
		return no.Error()
	}
}

// sentence bounds what is kept of an error that may quote the other side.
func sentence(what string, err error) string {
	const limit = 300
	s := strings.ToValidUTF8(err.Error(), "?")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return what + ": " + s
}
