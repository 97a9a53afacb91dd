// Package egress tries every way around the rules of what a session's browser may
// reach: from a page, by a step and as a program at a connectUrl.
package egress

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/test/harness"
)

func TestMain(m *testing.M) {
	browsertest.Main()
	os.Exit(m.Run())
}

// trap is a port of this machine, of TCP and UDP and at all of its addresses, that
// nothing of a browser's is to reach.
type trap struct {
	port string
	hits atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	for range 20 {
		_, port, _ := net.SplitHostPort(harness.FreeAddress(t)) // where nobody looks for what was there before
		l, err := net.Listen("tcp", ":"+port)
		if err != nil {
			continue
		}
		packets, err := net.ListenPacket("udp", ":"+port)
		if err != nil { // another program has that one
			l.Close()
			continue
		}
		c := &trap{port: port}
		var running sync.WaitGroup
		server := &http.Server{ReadHeaderTimeout: 5 * time.Second, ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				c.hits.Add(1)
			}
		}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			fmt.Fprint(w, "trapped")
		})}
		running.Go(func() { _ = server.Serve(l) })
		running.Go(func() {
			buf := make([]byte, 2000)
			for {
				if _, _, err := packets.ReadFrom(buf); err != nil {
					return
				}
				c.hits.Add(1)
			}
		})
		t.Cleanup(func() {
			server.Close()
			packets.Close()
			running.Wait()
		})
		return c
	}
	t.Fatal("no port is free for both TCP and UDP")
	return nil
}

var (
	// siteRange is where the site is, which browsers may reach.
	siteRange = netip.MustParsePrefix("127.0.0.2/32")
	kinds     = []kind{
		{name: "closed, with a namespace"},
		{name: "closed, without a namespace", noNamespace: true},
		{name: "open, with a namespace", open: true},
	}
)

// hit says whether anything has arrived. What is to arrive is waited for.
func (c *trap) hit(waits bool) bool {
	for tick, late := time.Tick(5*time.Millisecond), time.After(10*time.Second); waits && c.hits.Load() == 0; {
		select {
		case <-tick:
		case <-late:
			waits = false
		}
	}
	return c.hits.Load() > 0
}

// kind is how the browsers of a run of the table are closed in.
type kind struct {
	name        string
	noNamespace bool
	open        bool
	// bare: by nothing at all, as no server's are.
	bare bool
}

// reached says whether a row is to reach its trap.
func (k kind) reached(r row) bool {
	return k.open && !r.never || k.noNamespace && r.leaks || r.always || k.bare
}

// row is a way around.
type row struct {
	name string
	do   string // of a page: a promise; of a step: it as JSON; of a program: commands
	// never: it leads nowhere, even where the address is open.
	never bool
	// depends: whether it leads anywhere depends on the program.
	depends bool
	// leaks: without a namespace it leads there.
	leaks bool
	// always: no namespace of the network holds it.
	always bool
	// around: it goes by UDP, and would lead there from a browser without a proxy.
	around bool
}

// rig is a browser, and the site that it may reach.
type rig struct {
	*browser.Browser
	kind kind
	site string // http://127.0.0.2:port

	traps map[string]*trap // by row
}

// start starts a browser of a kind, with traps for rows. The options are the session's;
// there are none by themselves.
func start(t *testing.T, k kind, options ...domain.SessionOptions) *rig {
	t.Helper()
	r := &rig{kind: k, traps: map[string]*trap{}}
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	r.site = s.URL
	launcher := browsertest.Launcher(t, "", func(c *browser.Config) {
		c.NoNamespace = k.noNamespace
		c.Allow = []netip.Prefix{siteRange}
		if k.open {
			c.Allow = append(browsertest.Loopback, own(t)...)
		}
		if k.bare {
			c.Keeper = []string{bareKeeper(t), browsertest.Self(t)}
		}
	})
	if launcher.NoNamespace != nil && !k.noNamespace {
		t.Skip("this machine has no network namespaces for browsers: ", launcher.NoNamespace)
	}
	r.Browser = browsertest.Launch(t, launcher, append(options, domain.SessionOptions{})[0])
	select {
	case <-r.Page().Prepared():
	case <-t.Context().Done():
	}
	r.navigate(t, r.site+"/")
	return r
}

// bareKeeper is a command that starts a keeper without its proxy, and Chromium without
// what keeps it to that.
func bareKeeper(t *testing.T) string {
	t.Helper()
	script := filepath.Join(browsertest.RunDir(t), "keeper")
	if err := os.WriteFile(script, []byte(`#!/bin/sh
self=$1
shift
case "$1" in
{*) set -- "$(printf %s "$1" | sed 's/,"forwards":true//; s/"--\(force-\)\?webrtc-ip-handling-policy=[^"]*",//g; s/"--disable-quic",//')";;
esac
exec "$self" keeper "$@"
`), 0o755); err != nil {
		t.Fatal(err)
	}
	return script
}

// own are this machine's addresses.
func own(t *testing.T) (all []netip.Prefix) {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, netip.PrefixFrom(p.Addr(), p.Addr().BitLen()))
		}
	}
	return append(all, netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("::/128"))
}

// serve is the site. What a page of it asks for with ?to= is elsewhere.
func (r *rig) serve(w http.ResponseWriter, req *http.Request) {
	to := req.URL.Query().Get("to")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch req.URL.Path {
	case "/redirect":
		http.Redirect(w, req, to, http.StatusFound)
	case "/redirect307":
		http.Redirect(w, req, to, http.StatusTemporaryRedirect)
	case "/redirect308":
		http.Redirect(w, req, to, http.StatusPermanentRedirect)
	case "/refreshes":
		w.Header().Set("Refresh", "0;url="+to)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<p>refreshes`)
	case "/speculates":
		w.Header().Set("Speculation-Rules", `"`+to+`"`)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<p>speculates`)
	case "/list.m3u8":
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n%s\n#EXT-X-ENDLIST\n", to)
	case "/styled.xml":
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<?xml version="1.0"?><?xml-stylesheet type="text/css" href="%s"?><a>styled</a>`, to)
	case "/entity.xml":
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<?xml version="1.0"?><!DOCTYPE a SYSTEM "%s" [<!ENTITY x SYSTEM "%s">]><a>&x;</a>`, to, to)
	case "/manifest":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<link rel=manifest href="%s">`, to)
	case "/refresh":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<meta http-equiv=refresh content="0;url=%s">`, to)
	case "/preload":
		w.Header().Set("Link", "<"+to+">; rel=preload; as=image")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<p>preloads`)
	case "/hints":
		w.Header().Set("Link", "<"+to+">; rel=preload; as=image")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<p>hints`)
	case "/reports":
		w.Header().Set("Content-Security-Policy", "default-src 'none'; report-uri "+to)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<img src="/missing.png">`)
	case "/worker.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `onmessage = async (e) => postMessage(await fetch(e.data).then(() => 1, () => 0))`)
	case "/imports.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `try { importScripts(%q) } catch {} postMessage(1)`, to)
	case "/shared.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `onconnect = (e) => e.ports[0].onmessage = async (m) => e.ports[0].postMessage(await fetch(m.data).then(() => 1, () => 0))`)
	case "/service.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `oninstall = (e) => e.waitUntil(fetch(%q).catch(() => 0))`, to)
	case "/base":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<base href="%s/"><img src="x.png">`, to)
	default:
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>site</title><body>`)
	}
}

func (r *rig) navigate(t *testing.T, address string) {
	t.Helper()
	var res struct {
		Error string `json:"errorText"`
	}
	if err := r.Page().Call(t.Context(), "Page.navigate", map[string]any{"url": address}, &res); err != nil || res.Error != "" {
		t.Fatalf("open the site: %v %s", err, res.Error)
	}
	// It is there at once, its body isn't.
	if err := r.evaluate(t.Context(), `if (document.readyState !== "complete") await new Promise(r => addEventListener("load", r))`); err != nil {
		t.Fatal(err)
	}
}

// helpers are what rows of pages have.
const helpers = `
	const soon = (ms = 700) => new Promise(r => setTimeout(r, ms));
	const add = (html) => { const d = document.createElement("div"); d.innerHTML = html; document.body.append(d); return d };
	const element = (name, members) => new Promise(done => { const e = Object.assign(document.createElement(name), members); e.onload = e.onerror = done; document.body.append(e); setTimeout(done, 1500) });
	const ends = (o, ...events) => new Promise(done => { for (const e of events) o.addEventListener(e, done); setTimeout(done, 1500) });
`

// evaluate runs a row of a page.
func (r *rig) evaluate(ctx context.Context, expression string) error {
	var res struct {
		Details json.RawMessage `json:"exceptionDetails"`
	}
	err := r.Page().Call(ctx, "Runtime.evaluate", map[string]any{
		"expression": "(async () => {" + helpers + expression + "})()", "awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &res)
	if err == nil && res.Details != nil {
		err = fmt.Errorf("%s", res.Details)
	}
	return err
}

// fill puts a trap's and the site's address into a row.
func (r *rig) fill(t *testing.T, w row) string {
	c := newTrap(t)
	r.traps[w.name] = c
	return strings.NewReplacer("{trap}", "127.0.0.1:"+c.port, "{port}", c.port, "{site}", r.site, "{name}", hostname(), "{own}", mine(t), "{own6}", mine6(t), "{issued}", issued(t, w, c)).Replace(w.do)
}

// issued is a site whose certificate is by one that it doesn't show, and says where
// that and what became of it are to be had: in the trap. Empty for rows without.
func issued(t *testing.T, w row, c *trap) string {
	t.Helper()
	if !strings.Contains(w.do, "{issued}") {
		return ""
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	where := "http://127.0.0.1:" + c.port + "/"
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issued"}, Issuer: pkix.Name{CommonName: "issuer"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{siteRange.Addr().AsSlice()}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IssuingCertificateURL: []string{where + "issuer.crt"}, OCSPServer: []string{where + "ocsp"}, CRLDistributionPoints: []string{where + "crl"},
	}
	issuer := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "issuer"}, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, IsCA: true, BasicConstraintsValid: true}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, cert, issuer, &key.PublicKey, other)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.2:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() {
		server.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// mine6 is an IPv6 address of this machine's, in brackets; where there is no other,
// that of loopback.
func mine6(t *testing.T) string {
	for _, p := range own(t) {
		if a := p.Addr(); a.Is6() && !a.Is4In6() && !a.IsLoopback() && !a.IsUnspecified() && !a.IsLinkLocalUnicast() {
			return "[" + a.String() + "]"
		}
	}
	return "[::1]"
}

func hostname() string {
	name, _ := os.Hostname()
	return name
}

// mine is an address of this machine's that isn't loopback; where there is none, one
// that is.
func mine(t *testing.T) string {
	for _, p := range own(t) {
		if a := p.Addr(); a.Is4() && !a.IsLoopback() && !a.IsUnspecified() {
			return a.String()
		}
	}
	return "127.0.0.1"
}

// settle is how long what is on its way to a trap may take to arrive.
const settle = 500 * time.Millisecond

// judge looks at what has arrived.
func (r *rig) judge(t *testing.T, rows []row) {
	t.Helper()
	<-time.After(settle) // nothing tells that nothing comes
	for _, w := range rows {
		if w.depends && r.kind.open {
			continue
		}
		want := r.kind.reached(w)
		if hit := r.traps[w.name].hit(want); hit != want {
			t.Errorf("%s: it was reached: %v", w.name, hit)
		}
	}
}
