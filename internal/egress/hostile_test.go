package egress

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver runs the script on every connection it gets.
func receiver(t *testing.T, script func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Nothing of it outlives the test, whatever a script is waiting for.
	var mu sync.Mutex
	var open []net.Conn
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			running.Go(func() { defer c.Close(); script(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return ln.Addr().String()
}

func readRequest(c net.Conn) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err == nil {
		io.Copy(io.Discard, r.Body)
	}
}

// untilClosed keeps the connection open until the other side closes it.
func untilClosed(c net.Conn) { io.Copy(io.Discard, c) }

// forever writes the chunk until the other side has had enough.
func forever(c net.Conn, chunk string, every time.Duration) {
	var tick <-chan time.Time
	if every > 0 {
		t := time.NewTicker(every)
		defer t.Stop()
		tick = t.C
	}
	for {
		if _, err := io.WriteString(c, chunk); err != nil {
			return
		}
		if tick != nil {
			<-tick
		}
	}
}

func TestHostileReceivers(t *testing.T) {
	const timeout = 2 * time.Second
	reset := func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }
	tests := []struct {
		name   string
		script func(net.Conn)
		class  Class // "" when it counts as received
		status int
		body   int // bytes kept
	}{
		{"closes at once", func(net.Conn) {}, ClassProtocol, 0, 0},
		// Before anything was read, a reset could be the connecting one.
		{"resets in the request", func(c net.Conn) { io.ReadFull(c, make([]byte, 1)); reset(c) }, ClassProtocol, 0, 0},
		{"never reads", func(net.Conn) { <-time.After(2 * timeout) }, ClassTimeout, 0, 0},
		{"never answers", untilClosed, ClassTimeout, 0, 0},
		{"closes after the request", readRequest, ClassProtocol, 0, 0},
		{"resets after the request", func(c net.Conn) { readRequest(c); reset(c) }, ClassProtocol, 0, 0},
		{"closes in the status line", func(c net.Conn) { readRequest(c); io.WriteString(c, "HTTP/1.1 20") }, ClassProtocol, 0, 0},
		{"closes in the headers", func(c net.Conn) { readRequest(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le") }, ClassProtocol, 0, 0},
		{"closes in the body", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		}, ClassProtocol, 200, 5},
		{"closes in a chunk", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
		}, ClassProtocol, 200, 3},
		{"hangs in the headers", func(c net.Conn) { readRequest(c); io.WriteString(c, "HTTP/1.1 200 OK\r\n"); untilClosed(c) }, ClassTimeout, 0, 0},
		{"hangs in the body", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
			untilClosed(c)
		}, ClassTimeout, 200, 5},
		{"a byte at a time", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			forever(c, "x", timeout/10)
		}, ClassTimeout, 200, -1},
		{"a header byte at a time", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nA: ")
			forever(c, "x", timeout/10)
		}, ClassTimeout, 0, 0},
		{"endless headers", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			forever(c, "A: "+strings.Repeat("b", 1000)+"\r\n", 0)
		}, ClassProtocol, 0, 0},
		{"one endless header", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nA: ")
			forever(c, strings.Repeat("b", 1000), 0)
		}, ClassProtocol, 0, 0},
		{"endless informational answers", func(c net.Conn) {
			readRequest(c)
			forever(c, "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 0)
		}, ClassProtocol, 0, 0},
		{"endless body", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			forever(c, strings.Repeat("b", 1000), 0)
		}, "", 200, MaxAnswer},
		{"endless body of a failure", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n")
			forever(c, "a\r\n0123456789\r\n", 0)
		}, ClassStatus, 500, MaxAnswer},
		{"gzip bomb", func(c net.Conn) {
			readRequest(c)
			var buf bytes.Buffer
			z := gzip.NewWriter(&buf)
			z.Write(make([]byte, 10<<20))
			z.Close()
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
			c.Write(buf.Bytes())
		}, "", 200, -1},
		{"not HTTP", func(c net.Conn) { readRequest(c); io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n") }, ClassProtocol, 0, 0},
		{"binary noise", func(c net.Conn) { readRequest(c); c.Write(bytes.Repeat([]byte{0xff, 0, 0x80}, 5000)) }, ClassProtocol, 0, 0},
		{"two lengths", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
		}, ClassProtocol, 0, 0},
		{"switches protocols", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			untilClosed(c)
		}, ClassStatus, 101, 0},
		{"answers without reading it all", func(c net.Conn) {
			// An answer to nothing at all would be a protocol error.
			io.ReadFull(c, make([]byte, 1))
			io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
			untilClosed(c)
		}, "", 204, 0},
	}
	for i := range 2 * len(tests) {
		// A long request is written while its answer may come, a short one before.
		tt, how, body := tests[i/2], "short", []byte("{}")
		if i%2 > 0 {
			how, body = "long", bytes.Repeat([]byte("x"), 8<<20)
		}
		t.Run(tt.name+"/"+how, func(t *testing.T) {
			t.Parallel()
			addr := receiver(t, tt.script)
			c := newClient(t, Config{Allow: loopbackOpen, Timeout: timeout})
			started := time.Now()
			answer, err := c.Post(background, mustURL(t, "http://"+addr+"/?token=hidden"), http.Header{}, body)
			if took := time.Since(started); took > 10*timeout {
				t.Errorf("took %s", took)
			}
			if tt.class != "" {
				wantClass(t, err, tt.class)
				if len(err.Error()) > 500 || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), addr) {
					t.Errorf("the message says too much: %q", err)
				}
			} else if err != nil {
				t.Errorf("got %v, want it received", err)
			}
			if answer.StatusCode != tt.status || answer.RemoteAddr != addr {
				t.Errorf("got status %d from %q, want %d from %q", answer.StatusCode, answer.RemoteAddr, tt.status, addr)
			}
			if len(answer.Body) > MaxAnswer || (tt.body >= 0 && len(answer.Body) != tt.body) {
				t.Errorf("kept %d bytes of the answer, want %d", len(answer.Body), tt.body)
			}
			c.CloseIdle()
		})
	}
}

func TestNoConnection(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	c := newClient(t, Config{Allow: loopbackOpen, Timeout: 5 * time.Second})
	_, err = c.Post(background, mustURL(t, "http://"+addr), http.Header{}, nil)
	wantClass(t, err, ClassConnect)

	nobody := newClient(t, Config{Resolver: newDNS(t, func(int) netip.Addr { return netip.Addr{} }), Timeout: 5 * time.Second})
	_, err = nobody.Post(background, mustURL(t, "http://nobody.example"), http.Header{}, nil)
	wantClass(t, err, ClassDNS)

	_, err = c.Post(background, mustURL(t, "ftp://example.com"), http.Header{}, nil)
	wantClass(t, err, ClassProtocol)
}

func TestBadTLS(t *testing.T) {
	now := time.Now()
	good := certificate(t, "127.0.0.1", now.Add(time.Hour))
	tests := []struct {
		name   string
		cert   tls.Certificate
		script func(net.Conn, tls.Certificate)
		class  Class
	}{
		{"expired", certificate(t, "127.0.0.1", now.Add(-time.Hour)), serveTLS, ClassTLS},
		{"another host's", certificate(t, "127.0.0.9", now.Add(time.Hour)), serveTLS, ClassTLS},
		{"plain HTTP", good, func(c net.Conn, _ tls.Certificate) {
			io.ReadFull(c, make([]byte, 16))
			io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			untilClosed(c)
		}, ClassTLS},
		{"closes in the handshake", good, func(c net.Conn, _ tls.Certificate) { io.ReadFull(c, make([]byte, 16)) }, ClassTLS},
		{"hangs in the handshake", good, func(c net.Conn, _ tls.Certificate) { untilClosed(c) }, ClassTimeout},
		{"old version only", good, func(c net.Conn, cert tls.Certificate) {
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
			_ = s.HandshakeContext(background)
		}, ClassTLS},
		{"good", good, serveTLS, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leaf, err := x509.ParseCertificate(tt.cert.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			addr := receiver(t, func(c net.Conn) { tt.script(c, tt.cert) })
			c := newClient(t, Config{Allow: loopbackOpen, Timeout: 500 * time.Millisecond, RootCAs: pool(leaf)})
			_, err = c.Post(background, mustURL(t, "https://"+addr), http.Header{}, []byte("{}"))
			if tt.class == "" {
				if err != nil {
					t.Errorf("got %v, want it received", err)
				}
			} else {
				wantClass(t, err, tt.class)
			}
			c.CloseIdle()
		})
	}
	t.Run("unknown authority", func(t *testing.T) {
		addr := receiver(t, func(c net.Conn) { serveTLS(c, good) })
		_, err := newClient(t, Config{Allow: loopbackOpen}).Post(background, mustURL(t, "https://"+addr), http.Header{}, nil)
		wantClass(t, err, ClassTLS)
	})
}

func serveTLS(c net.Conn, cert tls.Certificate) {
	s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
	defer s.Close()
	if s.HandshakeContext(background) == nil {
		readRequest(s)
		io.WriteString(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

func pool(certs ...*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}

func certificate(t *testing.T, ip string, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.ParseIP(ip)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
