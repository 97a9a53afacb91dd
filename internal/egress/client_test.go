package egress

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/browserhook/browserhook/internal/egress/egresstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	loopbackOpen = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	background   = context.Background()
)

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c := New(cfg)
	t.Cleanup(c.CloseIdle)
	return c
}

func mustURL(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// always is a name server to which every name has one address.
func always(addr string) func(string, int) egresstest.Lookup {
	return func(string, int) egresstest.Lookup { return egresstest.To(addr) }
}

func wantClass(t *testing.T, err error, want Class) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Class != want {
		t.Errorf("got error %v, want class %s", err, want)
	}
}

// TestClosedAddressesAreNeverReached dials every spelling for real. Names and
// odd spellings resolve to the listener, so nothing but the guard is in the way.
func TestClosedAddressesAreNeverReached(t *testing.T) {
	var accepted atomic.Int64
	ports := map[string]string{}
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		ln, err := net.Listen("tcp", at)
		if err != nil {
			t.Logf("no listener on %s: %v", at, err)
			continue
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				accepted.Add(1)
			}
		}}
		go srv.Serve(ln)
		t.Cleanup(func() { srv.Close() })
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		ports[at] = port
	}
	resolver := egresstest.Resolver(t, always("127.0.0.1"))
	closed := newClient(t, Config{Resolver: resolver, Timeout: 5 * time.Second})
	for _, host := range append(closedSpellings, "rebind.example", "metadata.google.internal") {
		for _, port := range ports {
			u, err := url.Parse("http://" + host + ":" + port + "/")
			if err != nil {
				continue // can't even be asked for
			}
			_, err = closed.Post(background, u, http.Header{}, nil)
			var e *Error
			if !errors.As(err, &e) || (e.Class != ClassBlocked && e.Class != ClassDNS && e.Class != ClassProtocol) {
				t.Errorf("%s: got %v, want a refusal", host, err)
			}
		}
	}
	if n := accepted.Load(); n != 0 {
		t.Fatalf("%d connections reached the listener", n)
	}
	// The same name and listener, opened: the test would have noticed.
	open := newClient(t, Config{Resolver: resolver, Allow: loopbackOpen})
	answer, err := open.Post(background, mustURL(t, "http://rebind.example:"+ports["127.0.0.1:0"]), http.Header{}, nil)
	if err != nil || accepted.Load() != 1 || answer.RemoteAddr != "127.0.0.1:"+ports["127.0.0.1:0"] {
		t.Fatalf("opened: %v, %d connections, remote %q", err, accepted.Load(), answer.RemoteAddr)
	}
}

func TestNameThatChangesAfterTheCheck(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the receiver was reached")
	}))
	defer srv.Close()
	resolver := egresstest.Resolver(t, func(_ string, nth int) egresstest.Lookup {
		if nth == 1 {
			return egresstest.To("93.184.215.14")
		}
		return egresstest.To("127.0.0.1")
	})
	c := newClient(t, Config{Resolver: resolver, Timeout: 5 * time.Second})
	raw := "http://rebind.example:" + mustURL(t, srv.URL).Port() + "/"
	if _, err := c.Guard.CheckURL("url", raw); err != nil {
		t.Fatal(err)
	}
	addrs, err := resolver.LookupNetIP(background, "ip4", "rebind.example")
	if err != nil || c.Guard.Check(addrs[0]) != nil {
		t.Fatalf("the first look must find a public address: %v %v", addrs, err)
	}
	answer, err := c.Post(background, mustURL(t, raw), http.Header{}, nil)
	wantClass(t, err, ClassBlocked)
	if answer.RemoteAddr != "" || answer.StatusCode != 0 || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("got %+v %v, want nothing about the address", answer, err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer inner.Close()
	for _, code := range []int{300, 301, 302, 303, 304, 307, 308} {
		outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", inner.URL)
			w.WriteHeader(code)
		}))
		c := newClient(t, Config{Allow: loopbackOpen})
		answer, err := c.Post(background, mustURL(t, outer.URL), http.Header{}, []byte("{}"))
		wantClass(t, err, ClassRedirect)
		if answer.StatusCode != code {
			t.Errorf("got status %d, want %d", answer.StatusCode, code)
		}
		c.CloseIdle()
		outer.Close()
	}
}

func TestNoProxyFromTheEnvironment(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was used") }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	c := newClient(t, Config{Allow: loopbackOpen, Resolver: egresstest.Resolver(t, always("10.0.0.1"))})
	_, err := c.Post(background, mustURL(t, "http://target.example/"), http.Header{}, nil)
	wantClass(t, err, ClassBlocked)
}

func TestPostSendsAndReports(t *testing.T) {
	var connections atomic.Int64
	type got struct {
		method, path, body string
		header             http.Header
	}
	seen := make(chan got, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- got{r.Method, r.URL.RequestURI(), string(body), r.Header}
		w.Header().Set("Content-Encoding", "gzip") // not decoded, whatever it says
		io.WriteString(w, "thanks")
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	c := newClient(t, Config{Allow: loopbackOpen})
	u := mustURL(t, srv.URL+"/hook?a=1")
	for range 50 {
		answer, err := c.Post(background, u, http.Header{"X-A": {"b"}}, []byte(`{"a":1}`))
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != 200 || string(answer.Body) != "thanks" || answer.RemoteAddr != u.Host {
			t.Fatalf("got %+v", answer)
		}
		r := <-seen
		if r.method != "POST" || r.path != "/hook?a=1" || r.body != `{"a":1}` || r.header.Get("X-A") != "b" || r.header.Get("Accept-Encoding") != "" {
			t.Fatalf("the receiver got %+v", r)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 50 requests, want 1", n)
	}
}

func TestPostSpeaksHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	c := newClient(t, Config{Allow: loopbackOpen, RootCAs: roots})
	u := mustURL(t, srv.URL)
	answer, err := c.Post(background, u, http.Header{}, []byte("{}"))
	if err != nil || string(answer.Body) != "HTTP/2.0" || answer.RemoteAddr != u.Host {
		t.Fatalf("got %q from %q, %v", answer.Body, answer.RemoteAddr, err)
	}
	c.CloseIdle()
}

// TestTLSIsResumed: a new connection to a receiver goes on where the last ended.
func TestTLSIsResumed(t *testing.T) {
	var resumed []bool
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resumed = append(resumed, r.TLS.DidResume)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	c := newClient(t, Config{Allow: loopbackOpen, RootCAs: pool})
	for range 2 {
		if _, err := c.Post(background, mustURL(t, srv.URL), http.Header{}, nil); err != nil {
			t.Fatal(err)
		}
		c.CloseIdle()
	}
	srv.Close() // and its handlers have ended
	if !slices.Equal(resumed, []bool{false, true}) {
		t.Errorf("resumed: %v", resumed)
	}
}

func TestGivenUpIsNotAFailure(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(arrived); <-release }))
	defer srv.Close()
	defer close(release)
	c := newClient(t, Config{Allow: loopbackOpen})
	ctx, cancel := context.WithCancel(background)
	go func() { <-arrived; cancel() }()
	_, err := c.Post(ctx, mustURL(t, srv.URL), http.Header{}, nil)
	var e *Error
	if errors.As(err, &e) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's own error", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	defer srv.Close()
	c := newClient(t, Config{Allow: loopbackOpen})
	u := mustURL(t, srv.URL)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			body := bytes.Repeat([]byte{byte('a' + i)}, 100+i)
			for range 20 {
				if answer, err := c.Post(background, u, http.Header{}, body); err != nil || !bytes.Equal(answer.Body, body) {
					t.Errorf("got %q, %v", answer.Body, err)
				}
			}
		})
	}
	wg.Wait()
}
