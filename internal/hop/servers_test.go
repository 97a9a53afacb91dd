package hop

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/domain"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// cluster is two servers, of which b has the session "s" of the project "p".
type cluster struct {
	a, b     *httptest.Server
	servers  [2]*Servers
	owner    domain.Owner // as a knows it
	err      error
	ask      func(s *Servers, w http.ResponseWriter, r *http.Request) bool
	seen     []*http.Request // by b
	bodies   []string
	unjudged int              // b answers with this, for it couldn't do or believe what came
	here     http.HandlerFunc // of b, in place of what it does
	// ends of a's Stopping and Ended
	stop, end context.CancelFunc
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{ask: func(s *Servers, w http.ResponseWriter, r *http.Request) bool { return s.Forward(w, r, "p", "s") }}
	stopping, stop := context.WithCancel(t.Context())
	ended, end := context.WithCancel(t.Context())
	c.stop, c.end = stop, end
	serve := func(i int, name string, here http.HandlerFunc) *httptest.Server {
		c.servers[i] = New(&Servers{
			Self: name, Keys: [][]byte{[]byte("key")}, Here: func(string) bool { return i == 1 && c.owner.Node == "b" }, Apart: true, Stopping: t.Context(), Ended: t.Context(), Log: slog.New(slog.DiscardHandler),
			Owner: func(context.Context, string, string) (domain.Owner, error) { return c.owner, c.err },
			Refuse: func(w http.ResponseWriter, code domain.Code, detail string) {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(w, string(code)+" "+detail)
			},
		})
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-Id", "req_"+name)
			r, err := c.servers[i].Arrived(r)
			if err != nil {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			if h := Of(r.Context()); h != nil {
				w.Header().Set("X-Request-Id", h.Request)
				if c.servers[i].Hurry(w, r) {
					return
				}
				if c.unjudged != 0 {
					w.WriteHeader(c.unjudged)
					return
				}
				w.Header().Set(Header, Served)
			}
			if !c.ask(c.servers[i], w, r) {
				here(w, r)
			}
		}))
		t.Cleanup(func() {
			srv.Close()
			c.servers[i].Close()
		})
		return srv
	}
	c.a = serve(0, "a", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a did it") })
	c.servers[0].Stopping, c.servers[0].Ended = stopping, ended
	c.b = serve(1, "b", func(w http.ResponseWriter, r *http.Request) {
		if c.here != nil {
			c.here(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		c.seen, c.bodies = append(c.seen, r), append(c.bodies, string(body))
		if r.Header.Get("Upgrade") != "" {
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			kind, message, err := ws.Read(r.Context())
			if err == nil {
				_ = ws.Write(r.Context(), kind, append(message, " back"...))
			}
			_, _, _ = ws.Read(r.Context())
			_ = ws.CloseNow()
			return
		}
		_, _ = io.WriteString(w, "b did it")
	})
	c.owner = domain.Owner{Node: "b", URL: c.b.URL, Hops: Encrypting}
	return c
}

func (c *cluster) get(t *testing.T, base, path, body string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer bh_caller")
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	r.Host = "public.test"
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw), res.Header
}

// TestForward: a request arrives as it came, with the caller's own key, and once.
func TestForward(t *testing.T) {
	c := newCluster(t)
	const path = "/streams/%2Fx?id=%zz&b=1;2"
	_, body, header := c.get(t, c.a.URL, path, "")
	if body != "b did it" || len(c.seen) != 1 {
		t.Fatalf("%q, %d requests", body, len(c.seen))
	}
	r := c.seen[0]
	if r.RequestURI != path || r.Host != "public.test" || r.Header.Get("Authorization") != "Bearer bh_caller" || r.Header.Get("X-Forwarded-For") != "203.0.113.7, 127.0.0.1" {
		t.Errorf("it arrived as %s %s %v", r.Host, r.RequestURI, r.Header)
	}
	if r.RemoteAddr != "127.0.0.1" {
		t.Errorf("it came from %s", r.RemoteAddr)
	}
	if h := Of(r.Context()); h == nil || h.From != "a" || h.To != "b" || h.Request != "req_a" || r.Header.Get(Header) != "" {
		t.Errorf("it came by %+v, %q", h, r.Header.Get(Header))
	}
	if header.Get(Header) != "" {
		t.Errorf("the caller is told %q", header.Get(Header))
	}
	if ids := header.Values("X-Request-Id"); len(ids) != 1 || ids[0] != "req_a" {
		t.Errorf("its ids: %q", ids)
	}
	// Who owns it at b's, or nobody yet: it is answered there.
	for name, owner := range map[string]domain.Owner{"here": {Here: true}, "nobody": {}} {
		c.owner = owner
		if _, body, _ := c.get(t, c.a.URL, "/", ""); body != "a did it" {
			t.Errorf("%s: %q", name, body)
		}
	}
	c.owner, c.err = domain.Owner{}, errors.New("the store is away")
	if _, body, _ := c.get(t, c.a.URL, "/", ""); body != "a did it" {
		t.Errorf("nobody knows: %q", body)
	}
}

// TestNeverForwardedTwice: each takes the other for the owner.
func TestNeverForwardedTwice(t *testing.T) {
	c := newCluster(t)
	urls := [2]string{c.b.URL, c.a.URL}
	for i, s := range c.servers {
		s.Here = func(string) bool { return false }
		s.Owner = func(context.Context, string, string) (domain.Owner, error) {
			return domain.Owner{Node: []string{"b", "a"}[i], URL: urls[i], Hops: Encrypting}, nil
		}
	}
	if _, body, _ := c.get(t, c.a.URL, "/", ""); body != "b did it" || len(c.seen) != 1 {
		t.Errorf("%q, %d requests", body, len(c.seen))
	}
}

// TestOffer: what can be done here is, when the other can't be reached; what was sent
// and not answered may have been done, and isn't done again.
func TestOffer(t *testing.T) {
	c := newCluster(t)
	given := []byte(`{"steps":[]}`)
	c.ask = func(s *Servers, w http.ResponseWriter, r *http.Request) bool { return s.Offer(w, r, given, "p", "s") }
	if _, body, _ := c.get(t, c.a.URL, "/", string(given)); body != "b did it" || c.bodies[0] != string(given) || !Of(c.seen[0].Context()).Carries(given) {
		t.Errorf("%q with %q", body, c.bodies)
	}
	url := c.owner.URL
	for name, owner := range map[string]domain.Owner{"away": {Away: true}, "starts": {Node: "b", Away: true}, "refuses": {Node: "b", URL: "http://127.0.0.1:1"}} {
		c.owner = owner
		if _, body, header := c.get(t, c.a.URL, "/", string(given)); body != "a did it" || header.Get("X-Request-Id") != "req_a" {
			t.Errorf("%s: %q, %v", name, body, header)
		}
	}
	c.owner = domain.Owner{Node: "b", URL: url}
	for status, want := range map[int]string{403: "a did it", 404: "a did it", 429: "a did it", 503: "a did it", 502: "unavailable " + lost, 504: "unavailable " + lost} {
		c.unjudged = status
		if _, body, header := c.get(t, c.a.URL, "/", string(given)); body != want || header.Get("X-Request-Id") != "req_a" {
			t.Errorf("it is answered %d by who hasn't judged it: %q, %v", status, body, header)
		}
	}
	c.unjudged = 0
	c.here = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) }
	if status, _, _ := c.get(t, c.a.URL, "/", string(given)); status != http.StatusConflict {
		t.Errorf("what the owner refuses is answered %d", status)
	}
	c.b.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if status, body, header := c.get(t, c.a.URL, "/", string(given)); status != http.StatusServiceUnavailable || !strings.Contains(body, "may have been done") || header.Get("X-Request-Id") != "req_a" {
		t.Errorf("cut off: %d %q %v", status, body, header)
	}
}

// TestAnOwnerThatIsAway is told of, to be tried again.
func TestAnOwnerThatIsAway(t *testing.T) {
	c := newCluster(t)
	for name, owner := range map[string]domain.Owner{"away": {Away: true}, "refuses": {Node: "b", URL: "http://127.0.0.1:1"}, "no address": {Node: "b", URL: "http://["}} {
		c.owner = owner
		if status, body, _ := c.get(t, c.a.URL, "/", ""); status != http.StatusServiceUnavailable || body != "unavailable "+away {
			t.Errorf("%s: %d %q", name, status, body)
		}
	}
	c.owner, c.unjudged = domain.Owner{Node: "b", URL: c.b.URL, Hops: Encrypting}, http.StatusForbidden // it is another by now, or its clock is wrong
	if status, body, _ := c.get(t, c.a.URL, "/", ""); status != http.StatusServiceUnavailable || body != "unavailable "+away {
		t.Errorf("another: %d %q", status, body)
	}
}

// TestTLSThatFails: nothing was sent, so that it can be done here.
func TestTLSThatFails(t *testing.T) {
	c := newCluster(t)
	c.ask = func(s *Servers, w http.ResponseWriter, r *http.Request) bool {
		return s.Offer(w, r, []byte("{}"), "p", "s")
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler()) // of an authority that nobody knows
	defer secure.Close()
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	c.owner.URL = secure.URL
	if _, body, _ := c.get(t, c.a.URL, "/", "{}"); body != "a did it" {
		t.Errorf("%q", body)
	}
}

// TestTLSOfAnAuthorityOfOnesOwn is believed by who has it.
func TestTLSOfAnAuthorityOfOnesOwn(t *testing.T) {
	c := newCluster(t)
	secure := httptest.NewTLSServer(c.b.Config.Handler)
	defer secure.Close()
	c.servers[0].Roots = x509.NewCertPool()
	c.servers[0].Roots.AddCert(secure.Certificate())
	New(c.servers[0])
	c.owner.URL = secure.URL
	if _, body, _ := c.get(t, c.a.URL, "/", ""); body != "b did it" {
		t.Errorf("%q", body)
	}
}

// TestAServerThatIsDead: who waits for its answer is told when it is no server any more,
// however long it says nothing.
func TestAServerThatIsDead(t *testing.T) {
	c := newCluster(t)
	came, goes := make(chan struct{}), make(chan struct{})
	defer close(goes)
	c.here = func(http.ResponseWriter, *http.Request) {
		close(came)
		<-goes
	}
	nodes := []domain.Node{{ID: "a"}, {ID: "b"}}
	c.servers[0].All = func(context.Context) ([]domain.Node, error) { return nodes, nil }
	answered := make(chan string)
	go func() {
		_, body, _ := c.get(t, c.a.URL, "/", "")
		answered <- body
	}()
	<-came
	c.servers[0].Missed()
	c.servers[0].looks.Wait()
	select {
	case body := <-answered:
		t.Errorf("%q while it lives", body)
	default:
	}
	nodes = nodes[:1]
	c.servers[0].Missed()
	if body := <-answered; body != "unavailable "+away {
		t.Errorf("%q", body)
	}
}

// TestAStopHurries what is waited for elsewhere: it is answered as it is.
func TestAStopHurries(t *testing.T) {
	c := newCluster(t)
	c.ask = func(s *Servers, w http.ResponseWriter, r *http.Request) bool {
		return s.Offer(w, r, []byte("{}"), "p", "s")
	}
	came := make(chan struct{})
	c.here = func(w http.ResponseWriter, r *http.Request) {
		close(came)
		<-Hurried(r.Context())
		_, _ = io.WriteString(w, "b has done some of it")
	}
	answered := make(chan string)
	go func() {
		_, body, _ := c.get(t, c.a.URL, "/", "{}")
		answered <- body
	}()
	<-came
	c.stop()
	if body := <-answered; body != "b has done some of it" {
		t.Errorf("%q", body)
	}
	if s := c.servers[1]; len(s.hurries) > 0 {
		t.Errorf("%d requests are remembered", len(s.hurries))
	}
}

// TestKeysAreNotSentOpenly: without TLS only to who is near.
func TestKeysAreNotSentOpenly(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "10.0.0.1:80": true, "192.168.1.1:80": true, "172.20.0.1:8080": true, "100.64.0.1:80": true, "[::1]:80": true, "[fd00::1]:80": true, "[fe80::1%eth0]:80": true, "[::ffff:10.0.0.1]:80": true,
		"8.8.8.8:80": false, "[2606:4700::1]:80": false, "100.128.0.1:80": false, "[::ffff:8.8.8.8]:80": false, "": false,
	} {
		if err := near("tcp", address, nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestAnywhere: the first that has it answers, and if none has, nothing was.
func TestAnywhere(t *testing.T) {
	c := newCluster(t)
	c.ask = func(s *Servers, w http.ResponseWriter, r *http.Request) bool { return s.Anywhere(w, r) }
	lacks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(Header) == "" {
			t.Error("it came without a hop")
		}
		w.Header().Set(Header, Served)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer lacks.Close()
	nodes := []domain.Node{{ID: "a", URL: c.a.URL}, {ID: "starts"}, {ID: "gone", URL: "http://127.0.0.1:1"}, {ID: "lacks", URL: lacks.URL, Hops: Encrypting}, {ID: "b", URL: c.b.URL, Hops: Encrypting}}
	c.servers[0].All = func(context.Context) ([]domain.Node, error) { return nodes, nil }
	if _, body, _ := c.get(t, c.a.URL, "/", ""); body != "b did it" || len(c.seen) != 1 {
		t.Errorf("%q, %d requests", body, len(c.seen))
	}
	c.servers[0].Apart = false
	if _, body, _ := c.get(t, c.a.URL, "/", ""); body != "a did it" {
		t.Errorf("all have the same files: %q", body)
	}
	c.servers[0].Apart = true
	// One that cuts the connection doesn't hide another that has it.
	lacks.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if _, body, _ := c.get(t, c.a.URL, "/", ""); body != "b did it" {
		t.Errorf("behind one that says nothing: %q", body)
	}
	nodes = nodes[:4]
	if _, body, header := c.get(t, c.a.URL, "/", ""); body != "a did it" || header.Get("X-Request-Id") != "req_a" {
		t.Errorf("%q, %v", body, header)
	}
}

// TestForgedHops: who isn't of the cluster is refused, and never served as if.
func TestForgedHops(t *testing.T) {
	c := newCluster(t)
	h := Hop{From: "a", To: "b", At: time.Now()}
	for _, lines := range [][]string{{""}, {"v=1"}, {h.sign([][]byte{[]byte("other")}, "GET", "/")}, {"x", "y"}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.b.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header[Header] = lines
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden || len(c.seen) > 0 {
			t.Errorf("%q: %d", lines, res.StatusCode)
		}
	}
}

// TestSockets go through, both ways, and end when this server does, not when it begins to.
func TestSockets(t *testing.T) {
	c := newCluster(t)
	ws, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(c.a.URL, "http")+"/streams/ws?id=x", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.CloseNow() }()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte("there")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := ws.Read(t.Context()); err != nil || !bytes.Equal(got, []byte("there back")) {
		t.Errorf("%q, %v", got, err)
	}
	c.stop()
	gone := ws.CloseRead(t.Context())
	if err := ws.Ping(gone); err != nil {
		t.Errorf("it ends too soon: %v", err)
	}
	c.end()
	<-gone.Done()
}
