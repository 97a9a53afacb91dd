package egress

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// FuzzRequestHead: what is passed on of a request is read in the same way by
// net/http: one request, to the host that was judged, with the body's length that is
// then copied.
func FuzzRequestHead(f *testing.F) {
	for _, seed := range []string{
		"GET http://example.com/ HTTP/1.1\r\n\r\n",
		"POST http://Example.com:8080/a?b HTTP/1.1\r\nHost: other\r\nContent-Length: 3\r\nProxy-Connection: keep-alive\r\n\r\n",
		"PUT http://[::1]/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\nX: y\r\n\r\n",
		"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
		"GET http://example.com?x HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"GET http://a@b/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		head, err := readHead(bufio.NewReader(bytes.NewReader(raw)), false)
		if err != nil {
			return
		}
		h, err := parseRequest(head)
		if err != nil {
			return
		}
		if _, err := netip.ParseAddr(h.host); err != nil {
			if plain, ok := PlainHost(h.host); !ok || plain != h.host {
				t.Fatalf("the host %q is %q, %v", h.host, plain, ok)
			}
		}
		if h.connect() {
			if h.out != nil {
				t.Fatalf("of a CONNECT %q is passed on", h.out)
			}
			return
		}
		_, path, _ := strings.Cut(string(h.out), " ")
		path, _, _ = strings.Cut(path, " ")
		// What is no URL to net/http is none of its business.
		out := strings.Replace(string(h.out), " "+path+" ", " / ", 1)
		req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(out), strings.NewReader("0\r\n\r\n"))))
		if err != nil {
			t.Fatalf("%q is passed on: %v", h.out, err)
		}
		if req.Method != h.method || req.ContentLength != h.length || (h.length == chunked) != (len(req.TransferEncoding) == 1) {
			t.Fatalf("%q has the length %d, and to net/http %d %q", raw, h.length, req.ContentLength, req.TransferEncoding)
		}
		again := &requestHead{}
		if !again.authority(req.Host, "80") || again.host != h.host || again.port != h.port {
			t.Fatalf("%q is for %s, and passed on to %q", raw, h.address(), req.Host)
		}
	})
}

// FuzzResponseHead: what is passed on of an answer has one length, as net/http reads it.
func FuzzResponseHead(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HTTP/1.0 200\nX: y\n\n", "HTTP/1.1 204 None\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
	} {
		f.Add([]byte(seed), "GET")
	}
	f.Fuzz(func(t *testing.T, raw []byte, method string) {
		head, err := readHead(bufio.NewReader(bytes.NewReader(raw)), true)
		if err != nil {
			return
		}
		h, err := parseResponse(head, method)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(h.out, []byte("\r\n\r\n")) || bytes.Count(h.out, []byte("\r\n\r\n")) != 1 {
			t.Fatalf("%q is passed on", h.out)
		}
		again, err := parseResponse(h.out, method)
		if err != nil || again.status != h.status || again.length != h.length {
			t.Fatalf("%q is passed on as %q, which is %+v, %v, and not %+v", raw, h.out, again, err, h)
		}
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(h.out)), &http.Request{Method: method})
		if err != nil {
			return // net/http reads less than browsers do
		}
		defer resp.Body.Close()
		if method != http.MethodHead && h.status >= 200 && h.length >= 0 && resp.ContentLength != h.length && h.status != 204 && h.status != 304 {
			t.Fatalf("%q is passed on with %d bytes; to net/http they are %d", raw, h.length, resp.ContentLength)
		}
	})
}

// FuzzHosts: a host that a list takes is written in one way only.
func FuzzHosts(f *testing.F) {
	for _, seed := range []string{"example.com", "*.Example.COM.", "bücher.example", "[::1]", "::ffff:127.0.0.1", "127.0.0.1", "0x7f.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := CheckHosts("x", []string{raw})
		if err != nil {
			return
		}
		again, err := CheckHosts("x", got)
		if err != nil || again[0] != got[0] {
			t.Fatalf("%q is %q, which is %q, %v", raw, got, again, err)
		}
	})
}
