package egress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress/egresstest"
)

var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// way is a forward proxy for a test, with what it has told.
type way struct {
	*ForwardProxy
	addr string

	mu  sync.Mutex
	not []Refusal
}

func startForward(t *testing.T, rules *Rules, resolver *net.Resolver) *way {
	t.Helper()
	w := &way{}
	w.ForwardProxy = NewForwardProxy(func(r Refusal) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.not = append(w.not, r)
	})
	if resolver != nil {
		w.resolver = resolver
	}
	if rules != nil {
		if err := w.SetRules(*rules); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() { w.Serve(l) })
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
		w.Close()
	})
	return w
}

// quiet waits until no connection is open.
func (w *way) quiet(t *testing.T) {
	t.Helper()
	late := time.After(10 * time.Second)
	for tick := time.Tick(time.Millisecond); ; {
		w.ForwardProxy.mu.Lock()
		open := len(w.open)
		w.ForwardProxy.mu.Unlock()
		if open == 0 {
			return
		}
		select {
		case <-tick:
		case <-late:
			t.Fatalf("%d connections are open still", open)
		}
	}
}

func (w *way) refusals() []Refusal {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.not)
}

// client is one that uses the proxy.
func (w *way) client(t *testing.T) *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: w.addr}), TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DisableCompression: true, ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// speak opens a connection to the proxy.
func (w *way) speak(t *testing.T, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(nc, text); err != nil {
		t.Fatal(err)
	}
	return nc, bufio.NewReader(nc)
}

// counting is a listener that counts the bytes of its connections.
type counting struct {
	net.Listener
	made, got, sent atomic.Int64
}

func (l *counting) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.made.Add(1)
	return &countedConn{nc, l}, nil
}

type countedConn struct {
	net.Conn
	l *counting
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.l.got.Add(int64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.l.sent.Add(int64(n))
	return n, err
}

// site is a server with a counting listener.
func site(t *testing.T, secure bool, handler http.HandlerFunc) (*httptest.Server, *counting) {
	s := httptest.NewUnstartedServer(handler)
	l := &counting{Listener: s.Listener}
	s.Listener = l
	s.EnableHTTP2 = true
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, l
}

// everything is a site's handler with what a page can ask for.
func everything(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/ws":
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, text, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, append([]byte("echo "), text...)) != nil {
				return
			}
		}
	case "/chunks":
		for i := range 3 {
			fmt.Fprintf(w, "chunk %d\n", i)
			_ = http.NewResponseController(w).Flush()
		}
	case "/hints":
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "hinted")
	case "/none":
		w.WriteHeader(http.StatusNoContent)
	case "/moved":
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	default:
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %d %s", r.Method, r.RequestURI, len(body), r.Header.Get("X-Own"))
	}
}

func TestForwardPassesOn(t *testing.T) {
	w := startForward(t, &Rules{Open: here}, nil)
	long := strings.Repeat("long ", 100_000)
	for _, secure := range []bool{false, true} {
		s, l := site(t, secure, everything)
		c := w.client(t)
		for _, tt := range []struct {
			method, path string
			body         io.Reader
			status       int
			want         string
		}{
			{"GET", "/plain?a=1&b;c", nil, 200, "GET /plain?a=1&b;c 0 mine"},
			{"POST", "/", strings.NewReader(long), 200, fmt.Sprintf("POST / %d mine", len(long))},
			{"PUT", "/", struct{ io.Reader }{strings.NewReader(long)}, 200, fmt.Sprintf("PUT / %d mine", len(long))}, // chunked
			{"HEAD", "/", nil, 200, ""},
			{"GET", "/chunks", nil, 200, "chunk 0\nchunk 1\nchunk 2\n"},
			{"GET", "/hints", nil, 200, "hinted"},
			{"GET", "/none", nil, 204, ""},
			{"GET", "/moved", nil, 302, "<a href=\"/elsewhere\">Found</a>.\n\n"},
			{"OPTIONS", "/", nil, 200, "OPTIONS / 0 mine"},
		} {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, s.URL+tt.path, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Own", "mine")
			resp, err := c.Do(req)
			if err != nil {
				t.Fatalf("%s %s: %v", tt.method, tt.path, err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != tt.status || string(got) != tt.want {
				t.Errorf("%v %s %s: %d %.80q, %v", secure, tt.method, tt.path, resp.StatusCode, got, err)
			}
		}
		if n := l.made.Load(); n != 1 {
			t.Errorf("%v: %d connections were made, for one of the client's", secure, n)
		}
		ws, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/ws", &websocket.DialOptions{HTTPClient: c})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"one", long[:20000]} {
			if err := ws.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if _, got, err := ws.Read(t.Context()); err != nil || string(got) != "echo "+text {
				t.Errorf("the WebSocket echoed %.40q, %v", got, err)
			}
		}
		ws.CloseNow()
	}
}

// TestForwardKeepsRequestsAsTheyAre: but for what is of the one connection.
func TestForwardKeepsRequestsAsTheyAre(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := startForward(t, &Rules{Open: here}, nil)
	_, in := w.speak(t, "GET http://"+l.Addr().String()+"//a|b/%zz?\"q\"=^ HTTP/1.1\r\nHost: other.example\r\nProxy-Connection: keep-alive\r\nsec-ch-UA: \"x\"\r\nDNT: 1\r\nX-Hop: 1\r\nProxy-Authorization: Basic eA==\r\nConnection: x-hop\r\ncookie: a=b\r\n\r\n")
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	want := "GET //a|b/%zz?\"q\"=^ HTTP/1.1\r\nHost: " + l.Addr().String() + "\r\nConnection: keep-alive\r\nsec-ch-UA: \"x\"\r\nDNT: 1\r\ncookie: a=b\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != want {
		t.Errorf("the server got %q, %v", got, err)
	}
	io.WriteString(nc, "HTTP/1.1 200 Fine\nX-Odd : no\nBrowserhook-Refused: no\nset-Cookie: a\nSet-Cookie: b\r\nX-Folded: 1\r\n 2\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nokHTTP/1.1")
	want = "HTTP/1.1 200 Fine\r\nset-Cookie: a\r\nSet-Cookie: b\r\nX-Folded: 1 2\r\nContent-Length: 2\r\n\r\nok"
	got = make([]byte, len(want))
	if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
		t.Errorf("the browser got %q, %v", got, err)
	}
	if more, err := io.ReadAll(in); len(more) > 0 {
		t.Errorf("and what was not asked for: %q, %v", more, err)
	}
}

func TestForwardRefuses(t *testing.T) {
	private := egresstest.Resolver(t, func(name string, _ int) egresstest.Lookup {
		switch name {
		case "inside.example":
			return egresstest.To("10.1.2.3")
		case "both.example":
			return egresstest.Lookup{Addrs: []netip.Addr{netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("169.254.169.254")}}
		case "fails.example":
			return egresstest.Lookup{Fails: true}
		case "here.example":
			return egresstest.To("127.0.0.1")
		case "mapped.example":
			return egresstest.To("::ffff:127.0.0.1")
		}
		return egresstest.Lookup{}
	})
	for _, tt := range []struct {
		rules  *Rules
		host   string
		class  Class
		reason string
	}{
		{nil, "example.com:80", ClassBlocked, "the browser is no session"},
		{&Rules{}, "127.0.0.1:80", ClassBlocked, "loopback"},
		{&Rules{}, "127.9.9.9:80", ClassBlocked, "loopback"},
		{&Rules{}, "[::1]:80", ClassBlocked, "loopback"},
		{&Rules{}, "[::ffff:127.0.0.1]:80", ClassBlocked, "loopback"},
		{&Rules{}, "[::ffff:7f00:1]:80", ClassBlocked, "loopback"},
		{&Rules{}, "[64:ff9b::7f00:1]:80", ClassBlocked, "NAT64"},
		{&Rules{}, "[2002:7f00:1::]:80", ClassBlocked, "6to4"},
		{&Rules{}, "[::]:80", ClassBlocked, "unspecified"},
		{&Rules{}, "0.0.0.0:80", ClassBlocked, "unspecified"},
		{&Rules{}, "localhost:80", ClassBlocked, "loopback"},
		{&Rules{}, "LOCALHOST.:80", ClassBlocked, "loopback"},
		{&Rules{}, "a.b.localhost:80", ClassBlocked, "loopback"},
		{&Rules{}, "169.254.169.254:80", ClassBlocked, "cloud metadata"},
		{&Rules{}, "[fd00:ec2::254]:80", ClassBlocked, "cloud metadata"},
		{&Rules{}, "10.0.0.1:443", ClassBlocked, "private"},
		{&Rules{}, "100.64.0.1:443", ClassBlocked, "carrier-grade"},
		{&Rules{}, "[fe80::1]:443", ClassBlocked, "link-local"},
		{&Rules{}, "224.0.0.1:443", ClassBlocked, "multicast"},
		{&Rules{}, "255.255.255.255:443", ClassBlocked, "reserved"},
		{&Rules{}, "inside.example:80", ClassBlocked, "private"},
		{&Rules{}, "both.example:80", ClassBlocked, "address space"},
		{&Rules{}, "nowhere.example:80", ClassDNS, "no address"},
		{&Rules{}, "fails.example:80", ClassDNS, "could not be resolved"},
		{&Rules{Open: here}, "127.0.0.1:1", ClassConnect, "refused"},
		{&Rules{Open: here, Deny: []string{"127.0.0.1"}}, "127.0.0.1:1", ClassBlocked, "deny list"},
		{&Rules{Open: here, Deny: []string{"127.0.0.1"}}, "here.example:1", ClassBlocked, "deny list has its address"},
		{&Rules{Open: here, Deny: []string{"127.0.0.1", "::1"}}, "localhost:1", ClassBlocked, "deny list has its address"},
		{&Rules{Open: here, Deny: []string{"127.0.0.1"}}, "localhost:1", ClassConnect, ""},
		{&Rules{Open: here, Deny: []string{"127.0.0.1"}}, "mapped.example:1", ClassBlocked, "deny list has its address"},
		{&Rules{Open: here, Deny: []string{"*.example.com"}, Allow: []string{"a.example.com"}}, "a.example.com:1", ClassBlocked, "deny list"},
		{&Rules{Open: here, Allow: []string{"*.example.com"}}, "example.com:1", ClassBlocked, "allow list"},
		{&Rules{Open: here, Allow: []string{"*.example.com"}}, "notexample.com:1", ClassBlocked, "allow list"},
		{&Rules{Open: here, Allow: []string{"*.example.com"}}, "a.b.Example.com.:1", ClassDNS, "no address"},
		{&Rules{Open: here, Allow: []string{"127.0.0.1"}}, "127.0.0.2:1", ClassBlocked, "allow list"},
		{&Rules{Open: here, Allow: []string{"127.0.0.1"}}, "127.0.0.1:1", ClassConnect, "refused"},
		{&Rules{Open: here, Allow: []string{"::1"}}, "[0:0::1]:1", ClassConnect, ""},
	} {
		t.Run(tt.host, func(t *testing.T) {
			w := startForward(t, tt.rules, private)
			_, in := w.speak(t, "CONNECT "+tt.host+" HTTP/1.1\r\n\r\n")
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			if blocked := tt.class == ClassBlocked; blocked != (resp.StatusCode == 403) || resp.StatusCode == 200 || !strings.Contains(string(body), tt.reason) {
				t.Errorf("CONNECT: %d %s", resp.StatusCode, body)
			}
			_, in = w.speak(t, "GET http://"+tt.host+"/ HTTP/1.1\r\n\r\n")
			resp, err = http.ReadResponse(in, nil)
			if tt.class != ClassBlocked {
				if err == nil {
					t.Errorf("GET of what isn't there: %d", resp.StatusCode)
				}
			} else if err != nil {
				t.Error(err)
			} else {
				body, _ = io.ReadAll(resp.Body)
				if reason := resp.Header.Get(RefusedHeader); !strings.Contains(reason, tt.reason) {
					t.Errorf("GET: the reason is %q", reason)
				}
				if resp.StatusCode != 403 || !strings.Contains(string(body), tt.reason) || strings.Contains(string(body), "10.1.2.3") {
					t.Errorf("GET: %d %s", resp.StatusCode, body)
				}
			}
			told := w.refusals()
			if tt.rules == nil { // what was refused before is no session's
				if got := w.Usage(); len(told) > 0 || got != (domain.Usage{}) {
					t.Errorf("told %+v, counted %+v", told, got)
				}
				return
			}
			if len(told) != 2 || told[0] != told[1] || told[0].Class != tt.class || !strings.Contains(told[0].Reason, tt.reason) || told[0].Port == 0 {
				t.Errorf("told %+v", told)
			}
			want := domain.Usage{}
			if tt.class == ClassBlocked {
				want.Refused = 2
			}
			if got := w.Usage(); got != want {
				t.Errorf("counted %+v", got)
			}
		})
	}
}

// TestForwardResolvesOnce: what was judged is what is connected to, though the name
// means something else by then.
func TestForwardResolvesOnce(t *testing.T) {
	s, _ := site(t, false, everything)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	var asked atomic.Int64
	resolver := egresstest.Resolver(t, func(_ string, nth int) egresstest.Lookup {
		// Each time it is asked for addresses of IPv4, nth, and of IPv6, of which there are none.
		asked.Add(1)
		if nth%2 == 1 {
			return egresstest.To("127.0.0.1")
		}
		return egresstest.To("10.0.0.1")
	})
	w := startForward(t, &Rules{Open: here}, resolver)
	for i, want := range []int{200, 403, 200} {
		_, in := w.speak(t, "CONNECT rebinds.example:"+port+" HTTP/1.1\r\n\r\n")
		resp, err := http.ReadResponse(in, &http.Request{Method: "CONNECT"})
		if err != nil || resp.StatusCode != want || asked.Load() != int64(2*(i+1)) {
			t.Errorf("connection %d: %v, %v, after %d questions", i, resp, err, asked.Load())
		}
	}
}

func TestForwardRefusesWhatCanBeReadInTwoWays(t *testing.T) {
	s, l := site(t, false, everything)
	host := s.Listener.Addr().String()
	get := "GET http://" + host + "/ HTTP/1.1\r\n"
	for name, tt := range map[string]struct {
		text   string
		status int
	}{
		"no request":               {"hello\r\n\r\n", 400},
		"another version":          {"GET http://" + host + "/ HTTP/2.0\r\n\r\n", 505},
		"HTTP/1.0":                 {"GET http://" + host + "/ HTTP/1.0\r\n\r\n", 505},
		"no version":               {"GET http://" + host + "/\r\n\r\n", 400},
		"a path":                   {"GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", 400},
		"https":                    {"GET https://" + host + "/ HTTP/1.1\r\n\r\n", 400},
		"ftp":                      {"GET ftp://" + host + "/ HTTP/1.1\r\n\r\n", 400},
		"a user":                   {"GET http://me:mine@" + host + "/ HTTP/1.1\r\n\r\n", 400},
		"a control character":      {"GET http://" + host + "/\x01 HTTP/1.1\r\n\r\n", 400},
		"two spaces":               {"GET  http://" + host + "/ HTTP/1.1\r\n\r\n", 505},
		"no host":                  {"GET http:/// HTTP/1.1\r\n\r\n", 400},
		"port 0":                   {"GET http://127.0.0.1:0/ HTTP/1.1\r\n\r\n", 400},
		"port 65536":               {"GET http://127.0.0.1:65536/ HTTP/1.1\r\n\r\n", 400},
		"a signed port":            {"GET http://127.0.0.1:+80/ HTTP/1.1\r\n\r\n", 400},
		"an octal address":         {"GET http://0177.0.0.1/ HTTP/1.1\r\n\r\n", 400},
		"a decimal address":        {"GET http://2130706433/ HTTP/1.1\r\n\r\n", 400},
		"a hexadecimal address":    {"CONNECT 0x7f000001:80 HTTP/1.1\r\n\r\n", 400},
		"a short address":          {"CONNECT 127.1:80 HTTP/1.1\r\n\r\n", 400},
		"a zone":                   {"CONNECT [fe80::1%25eth0]:80 HTTP/1.1\r\n\r\n", 400},
		"IPv6 without brackets":    {"CONNECT ::1:80 HTTP/1.1\r\n\r\n", 400},
		"IPv4 in brackets":         {"CONNECT [127.0.0.1]:80 HTTP/1.1\r\n\r\n", 400},
		"CONNECT without a port":   {"CONNECT 127.0.0.1 HTTP/1.1\r\n\r\n", 400},
		"CONNECT to a URL":         {"CONNECT http://" + host + "/ HTTP/1.1\r\n\r\n", 400},
		"a newline alone":          {"GET http://" + host + "/ HTTP/1.1\nHost: x\r\n\r\n", 505},
		"a line that goes on":      {get + "X: 1\r\n 2\r\n\r\n", 400},
		"a space before the colon": {get + "Content-Length : 1\r\n\r\n", 400},
		"a return in a value":      {get + "X: 1\r2\r\n\r\n", 400},
		"NUL in a value":           {get + "X: \x00\r\n\r\n", 400},
		"no colon":                 {get + "X\r\n\r\n", 400},
		"two lengths":              {get + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
		"a list of lengths":        {get + "Content-Length: 1, 1\r\n\r\n", 400},
		"a signed length":          {get + "Content-Length: +1\r\n\r\n", 400},
		"a length in hexadecimal":  {get + "Content-Length: 0x1\r\n\r\n", 400},
		"a length and chunks":      {get + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		"chunked twice":            {get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		"another encoding":         {get + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
		"an odd chunked":           {get + "Transfer-Encoding: xchunked\r\n\r\n", 501},
		"two hosts":                {get + "Host: a\r\nHost: b\r\n\r\n", 400},
		"a long head":              {get + "X: " + strings.Repeat("x", maxHead) + "\r\n\r\n", 431},
	} {
		t.Run(name, func(t *testing.T) {
			w := startForward(t, &Rules{Open: here}, nil)
			nc, in := w.speak(t, "")
			go io.WriteString(nc, tt.text)
			resp, err := http.ReadResponse(in, nil)
			if err != nil || resp.StatusCode != tt.status {
				t.Errorf("%v, %v", resp, err)
			}
		})
	}
	if n := l.made.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestForwardPassesOnlyWhatWasAsked: what follows a request is another one, which is
// judged; what a server says unasked is nobody's.
func TestForwardPassesOnlyWhatWasAsked(t *testing.T) {
	s, _ := site(t, false, everything)
	host := s.Listener.Addr().String()
	w := startForward(t, &Rules{Open: here[:1], Deny: []string{"localhost"}}, nil)
	_, in := w.speak(t, "POST http://"+host+"/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nTrailer: 1\r\n\r\nGET http://localhost/ HTTP/1.1\r\n\r\n")
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "POST / 3 " {
		t.Errorf("%q, %v", body, err)
	}
	if resp, err = http.ReadResponse(in, nil); err != nil || resp.StatusCode != 403 {
		t.Errorf("the second request: %v, %v", resp, err)
	}
}

func TestForwardRefusesBrokenAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"none":                   "hello\r\n\r\n",
		"two lengths":            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"a length that is none":  "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab",
		"another encoding":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
		"NUL":                    "HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n",
		"a proxy's question":     "HTTP/1.1 407 Who are you?\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
		"a switch nobody wanted": "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nab",
		"no end of its head":     "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHead),
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			w := startForward(t, &Rules{Open: here}, nil)
			_, in := w.speak(t, "GET http://"+l.Addr().String()+"/ HTTP/1.1\r\n\r\n")
			nc, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			go io.WriteString(nc, answer)
			if resp, err := http.ReadResponse(in, nil); err == nil && resp.StatusCode != 502 {
				t.Errorf("%v", resp)
			}
			if _, err := io.Copy(io.Discard, in); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestForwardEndsWithEither: what one side ends, the other is told.
func TestForwardEndsWithEither(t *testing.T) {
	gone := make(chan struct{}, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hangs":
			<-r.Context().Done()
			gone <- struct{}{}
		case "/early": // it answers before it has read
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}))
	s.Config.IdleTimeout = 100 * time.Millisecond
	s.Start()
	t.Cleanup(s.Close)
	host := s.Listener.Addr().String()
	w := startForward(t, &Rules{Open: here}, nil)

	nc, _ := w.speak(t, "GET http://"+host+"/hangs HTTP/1.1\r\n\r\n")
	nc.Close()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the server isn't told that the browser has gone")
	}

	_, in := w.speak(t, "GET http://"+host+"/ HTTP/1.1\r\n\r\n")
	if _, err := http.ReadResponse(in, nil); err != nil {
		t.Error(err)
	}
	if more, err := io.ReadAll(in); err != nil || len(more) > 0 {
		t.Errorf("when the server closes an idle connection: %q, %v", more, err)
	}

	nc, in = w.speak(t, "POST http://"+host+"/early HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n")
	go func() {
		for _, err := io.WriteString(nc, strings.Repeat("x", 1<<16)); err == nil; {
			_, err = io.WriteString(nc, strings.Repeat("x", 1<<16))
		}
	}()
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("an early answer: %v, %v", resp, err)
	}
}

// TestForwardCounts what a server outside counts.
func TestForwardCounts(t *testing.T) {
	w := startForward(t, &Rules{Open: here}, nil)
	var got, sent int64
	for _, secure := range []bool{false, true} {
		s, l := site(t, secure, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write(bytes.Repeat([]byte("x"), 300_000))
		})
		c := w.client(t)
		for range 3 {
			resp, err := c.Post(s.URL, "text/plain", strings.NewReader(strings.Repeat("y", 70_000)))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		c.CloseIdleConnections()
		w.quiet(t)
		s.Close()
		got, sent = got+l.got.Load(), sent+l.sent.Load()
	}
	w.Close()
	if u := w.Usage(); u.SentBytes != got || u.ReceivedBytes != sent || got < 400_000 || sent < 1_800_000 {
		t.Errorf("counted %+v; the servers got %d and sent %d", u, got, sent)
	}
}

func TestForwardThroughTheSessionsProxy(t *testing.T) {
	s, _ := site(t, false, everything)
	public := egresstest.Resolver(t, func(name string, _ int) egresstest.Lookup {
		switch name {
		case "inside.example":
			return egresstest.To("10.1.2.3")
		case "proxy.example":
			return egresstest.To("127.0.0.1")
		}
		return egresstest.To(outside)
	})
	for name, kind := range proxyKinds {
		if kind.TLS {
			continue // its certificate is not the system's: see TestForwardTrustsNoProxy
		}
		t.Run(name, func(t *testing.T) {
			proxy := egresstest.StartProxy(t, kind, s.Listener.Addr().String())
			w := startForward(t, &Rules{Open: here, Proxy: proxy.URL.String()}, public)
			for _, address := range []string{"http://site.example/", "http://" + outside + ":81/"} {
				resp, err := w.client(t).Get(address)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != 200 {
					t.Errorf("%s: %d", address, resp.StatusCode)
				}
			}
			resp, err := w.client(t).Get("http://inside.example/")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 403 {
				t.Errorf("a name with a private address: %d", resp.StatusCode)
			}
			if got := proxy.Targets(); !slices.Equal(got, []string{"CONNECT " + outside + ":80", "CONNECT " + outside + ":81"}) {
				t.Errorf("the proxy was asked for %q", got)
			}

			named := *proxy.URL
			named.Host = "proxy.example:" + named.Port()
			closed := startForward(t, &Rules{Proxy: named.String()}, public)
			resp, err = closed.client(t).Get("http://site.example/")
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != 403 || !strings.Contains(string(body), "the session&#39;s proxy is loopback address space") {
				t.Errorf("through a proxy at a closed address: %d %s", resp.StatusCode, body)
			}
		})
	}
}

// TestForwardTrustsNoProxy whose certificate is nobody's.
func TestForwardTrustsNoProxy(t *testing.T) {
	proxy := egresstest.StartProxy(t, egresstest.ProxyKind{TLS: true}, "127.0.0.1:1")
	w := startForward(t, &Rules{Open: here, Proxy: proxy.URL.String()}, nil)
	_, in := w.speak(t, "CONNECT "+outside+":443 HTTP/1.1\r\n\r\n")
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != 502 {
		t.Errorf("%v, %v", resp, err)
	}
	if told := w.refusals(); len(told) != 1 || told[0].Class != ClassProxy || !strings.Contains(told[0].Reason, "TLS handshake with the session's proxy") {
		t.Errorf("told %+v", told)
	}
}

// TestForwardThroughAProxyThatDenies is not refused by our rules.
func TestForwardThroughAProxyThatDenies(t *testing.T) {
	for name, kind := range map[string]egresstest.ProxyKind{
		"HTTP":  {Answer: strings.NewReader("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")},
		"SOCKS": {SOCKS: true, Answer: strings.NewReader("\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := egresstest.StartProxy(t, kind, "127.0.0.1:1")
			w := startForward(t, &Rules{Open: here, Proxy: proxy.URL.String()}, nil)
			_, in := w.speak(t, "CONNECT "+outside+":443 HTTP/1.1\r\n\r\n")
			if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != 502 {
				t.Errorf("%v, %v", resp, err)
			}
			if told := w.refusals(); len(told) != 1 || told[0].Class != ClassDenied || !strings.Contains(told[0].Reason, "the session's proxy does not let the target through") {
				t.Errorf("told %+v", told)
			}
			if n := w.Usage().Refused; n != 0 {
				t.Errorf("counted %d", n)
			}
		})
	}
}

// TestForwardHoldsNoBuffers while nothing comes, whatever the proxy is spoken to by.
func TestForwardHoldsNoBuffers(t *testing.T) {
	s, _ := site(t, false, everything)
	for name, kind := range proxyKinds {
		if kind.TLS {
			continue
		}
		proxy := egresstest.StartProxy(t, kind, s.Listener.Addr().String())
		u := *proxy.URL
		tn := newTunnels(Config{Proxy: &Proxy{URL: &u}}, NewGuard(here...), reachWithin)
		nc, err := tn.through(t.Context(), outside+":80")
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if _, ok := nc.(syscall.Conn); !ok {
			t.Errorf("%s: it is %T, of which can't be known whether something has come", name, nc)
		}
	}
}

// TestWaitingReader passes on all that comes, whether or not it can know of it before.
func TestWaitingReader(t *testing.T) {
	all := make([]byte, 200_000)
	for i := range all {
		all[i] = byte(i % 251)
	}
	ours, theirs := net.Pipe()
	go func() {
		for rest := all; len(rest) > 0; {
			n := min(len(rest), 1+len(rest)%(3*firstBuffer))
			_, _ = ours.Write(rest[:n])
			rest = rest[n:]
		}
		ours.Close()
	}()
	var got bytes.Buffer
	pass(&got, theirs)
	if !bytes.Equal(got.Bytes(), all) {
		t.Errorf("%d bytes of %d", got.Len(), len(all))
	}
}

// TestForwardLosesWhatNobodyTakes: a browser that has gone leaves nothing behind with a
// server that reads nothing.
func TestForwardLosesWhatNobodyTakes(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := startForward(t, &Rules{Open: here}, nil)
	for _, begin := range []string{"CONNECT %s HTTP/1.1\r\n\r\n", "POST http://%s/ HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n"} {
		nc, _ := w.speak(t, fmt.Sprintf(begin, l.Addr()))
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		_ = nc.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		for err == nil {
			_, err = nc.Write(make([]byte, 1<<20))
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		nc.Close()
		w.sweep(time.Now())
		w.ForwardProxy.mu.Lock()
		open := len(w.open)
		w.ForwardProxy.mu.Unlock()
		if open != 2 {
			t.Errorf("%d connections are open to a server that may still read", open)
		}
		w.sweep(time.Now().Add(stallWithin))
		w.quiet(t)
	}
}

// TestForwardTellsWhenThereAreTooMany.
func TestForwardTellsWhenThereAreTooMany(t *testing.T) {
	w := startForward(t, &Rules{Open: here}, nil)
	w.ForwardProxy.mu.Lock()
	for range maxOpen {
		nc, _ := net.Pipe()
		w.open[nc] = nil
	}
	w.ForwardProxy.mu.Unlock()
	_, in := w.speak(t, "")
	if _, err := in.ReadByte(); err == nil {
		t.Error("one more is served")
	}
	if told := w.refusals(); len(told) != 1 || told[0].Class != ClassConnect || !strings.Contains(told[0].Reason, "2048 connections") {
		t.Errorf("told %+v", told)
	}
}

func TestForwardTellsOfSomeAndCountsAll(t *testing.T) {
	w := startForward(t, &Rules{}, nil)
	for range 3 * toldAtOnce {
		_, in := w.speak(t, "CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n")
		if _, err := http.ReadResponse(in, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.refusals()); n < toldAtOnce || n > 2*toldAtOnce {
		t.Errorf("told of %d", n)
	}
	if n := w.Usage().Refused; n != 3*toldAtOnce {
		t.Errorf("counted %d", n)
	}
}

// TestForwardCloses ends what passes, what connects, and takes nothing more.
func TestForwardCloses(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	asked := make(chan struct{}, 1)
	w := startForward(t, &Rules{Open: here}, egresstest.Resolver(t, func(string, int) egresstest.Lookup {
		select {
		case asked <- struct{}{}:
		default:
		}
		return egresstest.Lookup{Silent: true}
	}))
	_, tunnel := w.speak(t, "CONNECT "+silent.Addr().String()+" HTTP/1.1\r\n\r\n")
	if _, err := http.ReadResponse(tunnel, &http.Request{Method: "CONNECT"}); err != nil {
		t.Fatal(err)
	}
	_, idle := w.speak(t, "")
	_, dials := w.speak(t, "CONNECT silent.example:80 HTTP/1.1\r\n\r\n")
	<-asked
	w.Close()
	for name, in := range map[string]*bufio.Reader{"a tunnel": tunnel, "an idle connection": idle, "one that connects": dials} {
		if _, err := io.Copy(io.Discard, in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, late := w.speak(t, "")
	if _, err := late.ReadByte(); err == nil {
		t.Error("it takes another connection")
	}
}

// TestForwardEndsWhatIsClosed: other rules are for what is connected already, too, and
// for what connects meanwhile.
func TestForwardEndsWhatIsClosed(t *testing.T) {
	s, _ := site(t, false, everything)
	port := s.Listener.Addr().(*net.TCPAddr).Port
	tunnel := func(w *way, host string) *bufio.Reader {
		_, in := w.speak(t, fmt.Sprintf("CONNECT %s:%d HTTP/1.1\r\n\r\n", host, port))
		if resp, err := http.ReadResponse(in, &http.Request{Method: "CONNECT"}); err != nil || resp.StatusCode != 200 {
			t.Fatalf("%v, %v", resp, err)
		}
		return in
	}
	for name, rules := range map[string]Rules{
		"a range":            {},
		"an address":         {Open: here, Deny: []string{"127.0.0.1"}},
		"all but another":    {Open: here, Allow: []string{"example.com"}},
		"its proxy":          {Open: here, Proxy: "http://127.0.0.1:1"},
		"nothing, by others": {Open: here, Deny: []string{"example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := startForward(t, &Rules{Open: here}, nil)
			in := tunnel(w, "127.0.0.1")
			asks, kept := w.speak(t, "GET "+s.URL+"/none HTTP/1.1\r\n\r\n")
			if resp, err := http.ReadResponse(kept, nil); err != nil || resp.StatusCode != 204 {
				t.Fatalf("%v, %v", resp, err)
			}
			if err := w.SetRules(rules); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "nothing") {
				fmt.Fprintf(asks, "GET %s/none HTTP/1.1\r\n\r\n", s.URL)
				if resp, err := http.ReadResponse(kept, nil); err != nil || resp.StatusCode != 204 {
					t.Errorf("what stays open: %v, %v", resp, err)
				}
				return
			}
			for _, one := range []*bufio.Reader{in, kept} {
				if _, err := one.ReadByte(); err == nil || isTimeout(err) {
					t.Errorf("it is open still: %v", err)
				}
			}
		})
	}
	asked, goes := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := startForward(t, &Rules{Open: here}, egresstest.Resolver(t, func(string, int) egresstest.Lookup {
		once.Do(func() { close(asked); <-goes })
		return egresstest.To("127.0.0.1")
	}))
	_, in := w.speak(t, fmt.Sprintf("CONNECT slow.example:%d HTTP/1.1\r\n\r\n", port))
	<-asked
	if err := w.SetRules(Rules{}); err != nil {
		t.Fatal(err)
	}
	close(goes)
	if resp, err := http.ReadResponse(in, &http.Request{Method: "CONNECT"}); err != nil || resp.StatusCode == 200 {
		t.Errorf("what connected meanwhile: %v, %v", resp, err)
	}
}

// TestForwardClosesThisMachine: its own addresses are closed to browsers even where
// they are public.
func TestForwardClosesThisMachine(t *testing.T) {
	own := netip.MustParseAddr(outside)
	g := newBrowserGuard()
	g.own = func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: own.AsSlice(), Mask: net.CIDRMask(24, 32)}}, nil
	}
	err, ok := errors.AsType[*Error](g.Check(own))
	if !ok || err.Class != ClassBlocked || !strings.Contains(err.Message, "the machine that the browser runs on") {
		t.Errorf("its own address: %v", err)
	}
	if err := g.Check(own.Next()); err != nil {
		t.Errorf("its neighbour's: %v", err)
	}
	g.own = func() ([]net.Addr, error) { return nil, errors.New("no netlink") }
	if err := g.Check(own.Next()); err == nil {
		t.Error("what is its own can't be known, and everything is open")
	}
	if err := NewGuard().Check(own); err != nil {
		t.Errorf("to webhooks: %v", err)
	}
}

func TestConnectSaysWhy(t *testing.T) {
	s, _ := site(t, false, everything)
	w := startForward(t, &Rules{Open: here, Deny: []string{"closed.example"}}, nil)
	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.addr)
		if err != nil {
			return nil, err
		}
		return nc, Connect(nc, address)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}).Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, err := dial(t.Context(), "tcp", "closed.example:80"); err == nil || err.Error() != "blocked: closed.example was not reached: the session's deny list has it" {
		t.Errorf("%v", err)
	}
}

func TestHosts(t *testing.T) {
	got, err := CheckHosts("x", []string{"Example.com.", "*.Example.com", "bücher.example", "203.0.113.7", "[2001:DB8::1]", "2001:db8::2", "a_b.example"})
	want := []string{"example.com", "*.example.com", "xn--bcher-kva.example", "203.0.113.7", "2001:db8::1", "2001:db8::2", "a_b.example"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for _, wrong := range []string{"", "*", "*.", "http://example.com", "example.com:80", "example.com/", "a*.example.com", "*.10.0.0.1", "127.1", "0x7f.1", "fe80::1%eth0", "a b", strings.Repeat("a", 64) + ".example"} {
		if got, err := CheckHosts("x", []string{wrong}); err == nil {
			t.Errorf("%q became %q", wrong, got)
		}
	}
	if _, err := CheckHosts("x", make([]string, MaxHosts+1)); err == nil {
		t.Error("too many are taken")
	}
}

func TestHideProxy(t *testing.T) {
	for raw, want := range map[string]string{
		"": "", "http://proxy.example:3128": "http://proxy.example:3128",
		"socks5://me:mine@proxy.example:1080": "socks5://…@proxy.example:1080", "https://me@proxy.example:1080": "https://…@proxy.example:1080",
	} {
		if got := HideProxy(raw); got != want {
			t.Errorf("%q is shown as %q", raw, got)
		}
	}
}
