package egress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/egress/egresstest"
)

// outside is an address that nobody answers at here: what reaches a receiver of
// a test under it has come through the proxy.
const outside = "93.184.215.14"

var proxyKinds = map[string]egresstest.ProxyKind{
	"http":                {},
	"http with password":  {User: "way", Password: "out pass:word@"},
	"https":               {TLS: true},
	"socks5":              {SOCKS: true},
	"socks5 and password": {SOCKS: true, User: "way", Password: "out"},
}

func TestEverythingGoesThroughTheProxy(t *testing.T) {
	long := bytes.Repeat([]byte("x"), maxDirect+1)
	for name, kind := range proxyKinds {
		for _, secure := range []bool{false, true} {
			var connections atomic.Int64
			receiver := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Header.Get("Proxy-Authorization") != "" || !strings.HasPrefix(r.Host, "hooks.example.com") && r.Host != outside+":81" {
					t.Errorf("%s: the receiver got %q %v", name, r.Host, r.Header)
				}
				_, _ = w.Write(body[:min(len(body), 5)])
			}))
			receiver.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					connections.Add(1)
				}
			}
			receiver.EnableHTTP2 = true
			scheme, port := "http", "80"
			roots := egresstest.Roots()
			if secure {
				scheme, port = "https", "443"
				receiver.StartTLS()
				roots.AddCert(receiver.Certificate())
			} else {
				receiver.Start()
			}
			proxy := egresstest.StartProxy(t, kind, receiver.Listener.Addr().String())
			c := newClient(t, Config{Proxy: &Proxy{URL: proxy.URL}, Resolver: egresstest.Resolver(t, always(outside)), RootCAs: roots})
			if secure {
				// The certificate of net/http/httptest is for example.com and its subdomains.
				answer, err := c.Post(background, mustURL(t, "https://hooks.example.com/in"), http.Header{}, []byte("short"))
				if err != nil || string(answer.Body) != "short" || answer.RemoteAddr != outside+":443" {
					t.Errorf("%s, TLS: %+v, %v", name, answer, err)
				}
			} else {
				for _, body := range [][]byte{[]byte("short"), long, []byte("again")} {
					answer, err := c.Post(background, mustURL(t, "http://hooks.example.com/in?a=1"), http.Header{}, body)
					if err != nil || !bytes.HasPrefix(body, answer.Body) || answer.RemoteAddr != outside+":80" {
						t.Errorf("%s: %+v, %v", name, answer, err)
					}
				}
				if answer, err := c.Post(background, mustURL(t, "http://"+outside+":81/"), http.Header{}, []byte("short")); err != nil || answer.RemoteAddr != outside+":81" {
					t.Errorf("%s, an address: %+v, %v", name, answer, err)
				}
			}
			got := proxy.Targets()
			want := []string{"CONNECT " + outside + ":" + port}
			if !secure {
				want = append(want, "CONNECT "+outside+":81")
			}
			if !slices.Equal(got, want) || connections.Load() != int64(len(want)) {
				t.Errorf("%s, %s: the proxy was asked for %v, want %v; %d connections", name, scheme, got, want, connections.Load())
			}
			c.CloseIdle()
			receiver.Close()
		}
	}
}

// TestAnAddressThatHangsLeavesTimeForTheNext behind a proxy.
func TestAnAddressThatHangsLeavesTimeForTheNext(t *testing.T) {
	for name, kind := range map[string]egresstest.ProxyKind{"http": {IgnoresFirst: true}, "socks5": {SOCKS: true, IgnoresFirst: true}} {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		proxy := egresstest.StartProxy(t, kind, receiver.Listener.Addr().String())
		both := egresstest.Lookup{Addrs: []netip.Addr{netip.MustParseAddr(outside), netip.MustParseAddr("93.184.215.15")}}
		c := newClient(t, Config{
			Proxy: &Proxy{URL: proxy.URL}, Timeout: 2 * time.Second,
			Resolver: egresstest.Resolver(t, func(string, int) egresstest.Lookup { return both }),
		})
		if answer, err := c.Post(background, mustURL(t, "http://hooks.example.com/"), http.Header{}, nil); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
		if got := proxy.Targets(); len(got) != 2 {
			t.Errorf("%s: the proxy was asked for %v", name, got)
		}
		c.CloseIdle()
		receiver.Close()
	}
}

func TestTheProxyIsNotAskedForWhatIsClosed(t *testing.T) {
	answers := map[string]egresstest.Lookup{
		"inside.example":   egresstest.To("10.0.0.1"),
		"metadata.example": egresstest.To("169.254.169.254"),
		"mixed.example":    {Addrs: []netip.Addr{netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr(outside)}},
		"broken.example":   {Fails: true},
	}
	for name, kind := range proxyKinds {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		proxy := egresstest.StartProxy(t, kind, receiver.Listener.Addr().String())
		resolver := egresstest.Resolver(t, func(name string, _ int) egresstest.Lookup { return answers[name] })
		c := newClient(t, Config{Proxy: &Proxy{URL: proxy.URL}, Resolver: resolver, RootCAs: egresstest.Roots()})
		for target, want := range map[string]Class{
			"http://inside.example/": ClassBlocked, "http://metadata.example/": ClassBlocked, "https://inside.example/": ClassBlocked,
			"http://127.0.0.1/": ClassBlocked, "http://[::1]:8080/": ClassBlocked, "http://[::ffff:10.0.0.1]/": ClassBlocked, "http://100.64.0.1/": ClassBlocked,
			"http://none.example/": ClassDNS, "http://broken.example/": ClassDNS,
		} {
			answer, err := c.Post(background, mustURL(t, target), http.Header{}, nil)
			wantClass(t, err, want)
			if answer.RemoteAddr != "" || strings.Contains(err.Error(), "10.0.0.1") {
				t.Errorf("%s, %s: %+v, %v", name, target, answer, err)
			}
		}
		if got := proxy.Targets(); len(got) != 0 {
			t.Errorf("%s: the proxy was asked for %v", name, got)
		}
		if _, err := c.Post(background, mustURL(t, "http://mixed.example/"), http.Header{}, nil); err != nil {
			t.Error(err)
		}
		if got := proxy.Targets(); !slices.Equal(got, []string{"CONNECT " + outside + ":80"}) {
			t.Errorf("%s: of a name that means both it was asked for %v", name, got)
		}
		// Opened by the operator: the same place, through the same proxy.
		open := newClient(t, Config{Proxy: &Proxy{URL: proxy.URL}, Resolver: resolver, RootCAs: egresstest.Roots(), Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		if _, err := open.Post(background, mustURL(t, "http://inside.example/"), http.Header{}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		open.CloseIdle()
		c.CloseIdle()
		receiver.Close()
	}
}

// TestNamesForTheProxy has the proxy resolve names; spellings of addresses are
// still refused here.
func TestNamesForTheProxy(t *testing.T) {
	for name, kind := range proxyKinds {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		proxy := egresstest.StartProxy(t, kind, receiver.Listener.Addr().String())
		nobody := egresstest.Resolver(t, func(name string, _ int) egresstest.Lookup {
			t.Errorf("%s was looked up", name)
			return egresstest.Lookup{}
		})
		c := newClient(t, Config{Proxy: &Proxy{URL: proxy.URL, Names: true}, Resolver: nobody, RootCAs: egresstest.Roots()})
		for _, closed := range []string{"http://127.0.0.1/", "http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://localhost/", "http://a.localhost:81/", "http://[::1]/"} {
			_, err := c.Post(background, mustURL(t, closed), http.Header{}, nil)
			wantClass(t, err, ClassBlocked)
		}
		answer, err := c.Post(background, mustURL(t, "http://hooks.example.com/"), http.Header{}, nil)
		if err != nil || answer.RemoteAddr != "hooks.example.com:80" {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
		if got := proxy.Targets(); !slices.Equal(got, []string{"CONNECT hooks.example.com:80"}) {
			t.Errorf("%s: asked for %v", name, got)
		}
		c.CloseIdle()
		receiver.Close()
	}
}

// endless is headers without an end.
type endless struct{ begun bool }

func (e *endless) Read(p []byte) (int, error) {
	if !e.begun {
		e.begun = true
		return copy(p, "HTTP/1.1 200 OK\r\n"), nil
	}
	n := 0
	for n+8 <= len(p) {
		n += copy(p[n:], "a: bcd\r\n")
	}
	return n, nil
}

func TestHostileProxies(t *testing.T) {
	const timeout = 300 * time.Millisecond
	said := func(text string) egresstest.ProxyKind { return egresstest.ProxyKind{Answer: strings.NewReader(text)} }
	socks := func(text string) egresstest.ProxyKind {
		return egresstest.ProxyKind{SOCKS: true, Answer: strings.NewReader(text)}
	}
	for name, c := range map[string]struct {
		kind egresstest.ProxyKind
		want Class
	}{
		"hangs":                     {egresstest.ProxyKind{Hangs: true}, ClassTimeout},
		"hangs in TLS":              {egresstest.ProxyKind{Hangs: true, TLS: true}, ClassTimeout},
		"hangs in SOCKS":            {egresstest.ProxyKind{Hangs: true, SOCKS: true}, ClassTimeout},
		"says half an answer":       {said("HTTP/1.1 200"), ClassTimeout},
		"says nothing of a kind":    {said("220 smtp.example ESMTP\r\n"), ClassProxy},
		"has endless headers":       {egresstest.ProxyKind{Answer: &endless{}}, ClassProxy},
		"wants a password":          {said("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), ClassProxy},
		"forbids":                   {said("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nsecret"), ClassBlocked},
		"reaches nobody":            {said("HTTP/1.1 502 Bad Gateway\r\n\r\n"), ClassConnect},
		"redirects":                 {said("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n"), ClassProxy},
		"makes no tunnels":          {said("HTTP/1.1 405 Method Not Allowed\r\n\r\n"), ClassProxy},
		"speaks before it is asked": {said("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ClassProxy},
		"SOCKS of another version":  {socks("\x04\x00\x00\x01\x00\x00\x00\x00\x00\x00"), ClassProxy},
		"SOCKS wants a password":    {egresstest.ProxyKind{SOCKS: true, User: "other", Password: "x"}, ClassProxy},
		"SOCKS forbids":             {socks("\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"), ClassBlocked},
		"SOCKS reaches nobody":      {socks("\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"), ClassConnect},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := egresstest.StartProxy(t, c.kind, "127.0.0.1:1")
			at := *proxy.URL
			at.User = url.UserPassword("me", "hunter2")
			within := timeout
			if c.want != ClassTimeout {
				within = time.Minute // what answers is heard out, however busy the machine is
			}
			client := newClient(t, Config{Proxy: &Proxy{URL: &at}, Timeout: within, Resolver: egresstest.Resolver(t, always(outside)), RootCAs: egresstest.Roots()})
			began := time.Now()
			answer, err := client.Post(background, mustURL(t, "http://hooks.example.com/"), http.Header{}, []byte("{}"))
			wantClass(t, err, c.want)
			if took := time.Since(began); took > 20*within {
				t.Errorf("took %s", took)
			}
			if answer.StatusCode != 0 || answer.RemoteAddr != "" {
				t.Errorf("the proxy's answer was taken for the target's: %+v", answer)
			}
			for _, secret := range []string{"hunter2", at.Host, "secret"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%v tells %q", err, secret)
				}
			}
		})
	}
	t.Run("is not there", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
		for _, scheme := range []string{"http", "https", "socks5"} {
			client := newClient(t, Config{Proxy: &Proxy{URL: &url.URL{Scheme: scheme, Host: ln.Addr().String()}}, Resolver: egresstest.Resolver(t, always(outside))})
			_, err = client.Post(background, mustURL(t, "http://hooks.example.com/"), http.Header{}, nil)
			wantClass(t, err, ClassProxy)
			if strings.Contains(err.Error(), ln.Addr().String()) {
				t.Error(err)
			}
		}
	})
	t.Run("has a certificate of a stranger", func(t *testing.T) {
		proxy := egresstest.StartProxy(t, egresstest.ProxyKind{TLS: true}, "127.0.0.1:1")
		client := newClient(t, Config{Proxy: &Proxy{URL: proxy.URL}, Resolver: egresstest.Resolver(t, always(outside))})
		_, err := client.Post(background, mustURL(t, "http://hooks.example.com/"), http.Header{}, nil)
		wantClass(t, err, ClassProxy)
	})
	t.Run("hangs, and the attempt is given up", func(t *testing.T) {
		proxy := egresstest.StartProxy(t, egresstest.ProxyKind{Hangs: true}, "127.0.0.1:1")
		client := newClient(t, Config{Proxy: &Proxy{URL: proxy.URL}, Timeout: 2 * time.Second, Resolver: egresstest.Resolver(t, always(outside))})
		ctx, cancel := context.WithCancel(background)
		cancel()
		if _, err := client.Post(ctx, mustURL(t, "http://hooks.example.com/"), http.Header{}, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
