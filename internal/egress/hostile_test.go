package egress

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/egress/egresstest"
)

const (
	// short is the timeout where a receiver is to run into it, and
	short = 3 * time.Second
	// long is the one that must not be what ends an exchange.
	long = time.Minute
	// costsAtMost is what an exchange may allocate, here with what its receiver
	// does, however much it is sent.
	costsAtMost = 16 << 20
)

// TestHostileReceivers has each of them sent one request: the exchange ends,
// with the right class, and costs little.
func TestHostileReceivers(t *testing.T) {
	egresstest.Bomb() // isn't what is measured
	// Those that make it wait do so side by side, before the others, which are
	// alone when their memory is measured.
	var waiting sync.WaitGroup
	for _, b := range egresstest.Hostile() {
		if Class(b.Class) != ClassTimeout {
			continue
		}
		for how, body := range bodies(b) {
			waiting.Go(func() {
				t.Run(b.Name+"/"+how, func(t *testing.T) { meet(t, b, body, short) })
			})
		}
	}
	waiting.Wait()
	for _, b := range egresstest.Hostile() {
		if Class(b.Class) == ClassTimeout {
			continue
		}
		for how, body := range bodies(b) {
			t.Run(b.Name+"/"+how, func(t *testing.T) {
				if allocated := meet(t, b, body, long); allocated > costsAtMost {
					t.Errorf("it cost %d bytes", allocated)
				}
			})
		}
	}
}

// bodies are what the receiver is sent: a short request is written before its
// answer comes, and a long one, which doesn't fit into the buffers on the way,
// while it may.
func bodies(b egresstest.Behaviour) map[string][]byte {
	all := map[string][]byte{"short": []byte("{}"), "long": longBody}
	switch {
	case b.Long:
		delete(all, "short")
	case Class(b.Class) == ClassTimeout && b.Status > 0:
		delete(all, "long") // it is to come to an answer
	}
	return all
}

var longBody = bytes.Repeat([]byte("x"), 16<<20)

// meet posts to the receiver and says how many bytes were allocated meanwhile.
func meet(t *testing.T, b egresstest.Behaviour, body []byte, timeout time.Duration) (allocated uint64) {
	r := egresstest.Start(t, b)
	c := newClient(t, Config{Allow: loopbackOpen, Timeout: timeout, RootCAs: egresstest.Roots()})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	answer, err := c.Post(background, mustURL(t, r.URL()+"/?token=hidden"), http.Header{}, body)
	took := time.Since(started)
	runtime.ReadMemStats(&after)

	if took > timeout+long/2 {
		t.Errorf("took %s", took)
	}
	if b.Class != "" {
		wantClass(t, err, Class(b.Class))
		if e := err; e != nil && (len(e.Error()) > 500 || strings.Contains(e.Error(), "hidden") || strings.Contains(e.Error(), r.Addr)) {
			t.Errorf("the message says too much: %q", e)
		}
	} else if err != nil {
		t.Errorf("got %v, want it received", err)
	}
	if b.Status >= 0 && answer.StatusCode != b.Status {
		t.Errorf("got status %d, want %d", answer.StatusCode, b.Status)
	}
	if connected := answer.RemoteAddr == r.Addr; !connected && answer.StatusCode != 0 {
		t.Errorf("an answer from %q, want %q", answer.RemoteAddr, r.Addr)
	}
	if len(answer.Body) > MaxAnswer || (b.Body >= 0 && len(answer.Body) != b.Body) {
		t.Errorf("kept %d bytes of the answer, want %d", len(answer.Body), b.Body)
	}
	if n := r.Requests(); n > max(1, b.Resends) {
		t.Errorf("%d requests were sent", n)
	}
	c.CloseIdle()
	if b.Floods {
		// Nobody listens to it any more.
		r.Wait()
	}
	return after.TotalAlloc - before.TotalAlloc
}

func TestCompressionIsNotUndone(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("it asks for %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, egresstest.Bomb())
	}))
	defer srv.Close()
	c := newClient(t, Config{Allow: loopbackOpen})
	answer, err := c.Post(background, mustURL(t, srv.URL), http.Header{}, nil)
	if err != nil || string(answer.Body) != egresstest.Bomb()[:MaxAnswer] {
		t.Errorf("got %d bytes, %v, want those of the bomb as they are", len(answer.Body), err)
	}
}

func TestAThousandRedirects(t *testing.T) {
	var requests atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	}))
	defer srv.Close()
	c := newClient(t, Config{Allow: loopbackOpen})
	for range 1000 {
		_, err := c.Post(background, mustURL(t, srv.URL), http.Header{}, nil)
		wantClass(t, err, ClassRedirect)
	}
	if n := requests.Load(); n != 1000 {
		t.Errorf("%d requests for 1000 redirects, want one each", n)
	}
}

func TestNoConnection(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	c := newClient(t, Config{Allow: loopbackOpen, Timeout: long})
	_, err = c.Post(background, mustURL(t, "http://"+addr), http.Header{}, nil)
	wantClass(t, err, ClassConnect)

	_, err = c.Post(background, mustURL(t, "ftp://example.com"), http.Header{}, nil)
	wantClass(t, err, ClassProtocol)
}

func TestBadDNS(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(srv.Close)
	port := mustURL(t, srv.URL).Port()
	private, public := egresstest.To("10.0.0.1"), egresstest.To("127.0.0.1")
	for _, tt := range []struct {
		name    string
		lookups []egresstest.Lookup // in turn, then the last again
		timeout time.Duration
		classes []Class // of the requests in turn; "": received
	}{
		{"no such name", []egresstest.Lookup{{}}, long, []Class{ClassDNS}},
		{"a server that fails", []egresstest.Lookup{{Fails: true}}, long, []Class{ClassDNS}},
		{"no answer", []egresstest.Lookup{{Silent: true}}, short, []Class{ClassTimeout}},
		{"answers that are none", []egresstest.Lookup{{Noise: true}}, short, []Class{ClassTimeout}},
		{"a closed address", []egresstest.Lookup{private}, long, []Class{ClassBlocked}},
		{"many closed addresses", []egresstest.Lookup{{Addrs: slicesOf(private.Addrs[0], 60)}}, long, []Class{ClassBlocked}},
		{"an open address, then a closed one", []egresstest.Lookup{public, private}, long, []Class{"", ClassBlocked, ClassBlocked}},
		{"a closed address, then an open one", []egresstest.Lookup{private, public}, long, []Class{ClassBlocked, ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resolver := egresstest.Resolver(t, func(name string, nth int) egresstest.Lookup {
				if name != "hooks.example" {
					return egresstest.Lookup{} // the system's search list
				}
				return tt.lookups[min(nth, len(tt.lookups))-1]
			})
			c := newClient(t, Config{Allow: loopbackOpen, Timeout: tt.timeout, Resolver: resolver})
			for i, class := range tt.classes {
				c.CloseIdle() // a kept connection asks nobody
				answer, err := c.Post(background, mustURL(t, "http://hooks.example:"+port), http.Header{}, nil)
				if class == "" {
					if err != nil {
						t.Errorf("request %d: got %v, want it received", i+1, err)
					}
					continue
				}
				wantClass(t, err, class)
				var e *Error
				if errors.As(err, &e) && strings.Contains(e.Message, "10.0.0.1") {
					t.Errorf("it tells the address: %s", e.Message)
				}
				if answer.RemoteAddr != "" || answer.StatusCode != 0 {
					t.Errorf("request %d: got %+v", i+1, answer)
				}
			}
		})
	}
}

func slicesOf(a netip.Addr, n int) (all []netip.Addr) {
	for range n {
		all = append(all, a)
	}
	return all
}
