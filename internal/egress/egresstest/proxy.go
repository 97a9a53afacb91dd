package egresstest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// ProxyKind is what a proxy is like. The zero value is an HTTP proxy for anybody.
type ProxyKind struct {
	TLS      bool   // it is spoken to over TLS, with a certificate of Roots
	SOCKS    bool   // it speaks SOCKS5
	User     string // that it wants, with the password
	Password string
	// Answer is what it says, instead of making a tunnel; then it hangs.
	Answer io.Reader
	// IgnoresFirst: it makes tunnels, and says nothing to the first who asks.
	IgnoresFirst bool
	Hangs        bool // it takes the connection and says nothing
}

// Proxy makes tunnels to one place, whatever it is asked for: what arrives there
// has come through it.
type Proxy struct {
	URL *url.URL

	kind    ProxyKind
	to      string
	closed  chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	targets []string
	open    []net.Conn
}

// StartProxy runs a proxy until the test ends. All its tunnels lead to the address.
func StartProxy(t testing.TB, kind ProxyKind, to string) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{URL: &url.URL{Scheme: "http", Host: ln.Addr().String()}, kind: kind, to: to, closed: make(chan struct{})}
	switch {
	case kind.SOCKS:
		p.URL.Scheme = "socks5"
	case kind.TLS:
		p.URL.Scheme = "https"
	}
	if kind.User != "" {
		p.URL.User = url.UserPassword(kind.User, kind.Password)
	}
	p.running.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(p.keep(nc)) })
		}
	})
	t.Cleanup(func() {
		close(p.closed)
		ln.Close()
		p.mu.Lock()
		for _, nc := range p.open {
			nc.Close()
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	return p
}

// Targets are what it was asked for, in order.
func (p *Proxy) Targets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.targets)
}

func (p *Proxy) keep(nc net.Conn) net.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, nc)
	return nc
}

func (p *Proxy) asked(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.targets = append(p.targets, target)
}

func (p *Proxy) serve(nc net.Conn) {
	defer nc.Close()
	if p.kind.TLS {
		nc = tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{good()}})
	}
	if p.kind.Hangs {
		<-p.closed
		return
	}
	r := bufio.NewReader(nc)
	ask := p.askedHTTP
	if p.kind.SOCKS {
		ask = p.askedSOCKS
	}
	answer, ok := ask(nc, r)
	if p.kind.IgnoresFirst && len(p.Targets()) == 1 {
		<-p.closed
		return
	}
	if p.kind.Answer != nil {
		_, _ = io.Copy(nc, p.kind.Answer)
		<-p.closed
		return
	}
	if !ok {
		_, _ = nc.Write(answer)
		return
	}
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	p.keep(far)
	defer far.Close()
	if _, err := nc.Write(answer); err != nil {
		return
	}
	p.running.Go(func() {
		_, _ = io.Copy(far, r)
		far.Close()
	})
	_, _ = io.Copy(nc, far)
}

// askedHTTP reads a CONNECT.
func (p *Proxy) askedHTTP(_ net.Conn, r *bufio.Reader) (answer []byte, ok bool) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, false
	}
	p.asked(req.Method + " " + req.RequestURI)
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.kind.User+":"+p.kind.Password)); p.kind.User != "" && req.Header.Get("Proxy-Authorization") != want {
		return []byte("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"), false
	}
	if req.Method != http.MethodConnect {
		return []byte("HTTP/1.1 405 Method Not Allowed\r\n\r\n"), false
	}
	return []byte("HTTP/1.1 200 Connection established\r\n\r\n"), true
}

// askedSOCKS reads the greeting, the password and the request of SOCKS5.
func (p *Proxy) askedSOCKS(nc net.Conn, r *bufio.Reader) (answer []byte, ok bool) {
	text := func() string { // with its length before it
		n, _ := r.ReadByte()
		b := make([]byte, n)
		_, _ = io.ReadFull(r, b)
		return string(b)
	}
	_, _ = r.ReadByte()
	methods := text()
	method := byte(0)
	if p.kind.User != "" {
		method = 2
	}
	if !slices.Contains([]byte(methods), method) {
		return []byte{5, 0xff}, false
	}
	_, _ = nc.Write([]byte{5, method})
	if method == 2 {
		_, _ = r.ReadByte()
		if text() != p.kind.User || text() != p.kind.Password {
			return []byte{1, 1}, false
		}
		_, _ = nc.Write([]byte{1, 0})
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, false
	}
	var host string
	switch head[3] {
	case 1, 4:
		ip := make(net.IP, map[byte]int{1: 4, 4: 16}[head[3]])
		_, _ = io.ReadFull(r, ip)
		host = ip.String()
	case 3:
		host = text()
	}
	port := make([]byte, 2)
	_, _ = io.ReadFull(r, port)
	p.asked("CONNECT " + net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port)))))
	return []byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}, true
}
