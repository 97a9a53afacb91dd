package egress

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Connect has a [ForwardProxy] at the other end of a connection make a tunnel to an
// address, host:port. The error is an *[Error].
func Connect(nc net.Conn, address string) error {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if err := req.Write(nc); err != nil {
		return &Error{ClassConnect, "the browser's proxy is gone"}
	}
	// Nobody speaks through the tunnel before we do.
	resp, err := http.ReadResponse(bufio.NewReader(nc), req) //nolint:bodyclose // a tunnel has none, and a refusal ends the connection
	switch {
	case err != nil:
		return &Error{ClassConnect, "the browser's proxy is gone"}
	case resp.StatusCode == http.StatusOK:
		return nil
	}
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxHeader))
	class := ClassConnect
	if resp.StatusCode == http.StatusForbidden {
		class = ClassBlocked
	}
	return &Error{class, strings.TrimRight(string(said), ".\n")}
}
