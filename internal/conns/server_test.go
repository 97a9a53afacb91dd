package conns

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOneAddressHasItsShare: whoever opens connections and leaves them fills
// nothing but a quarter, and the health check is answered to them too.
func TestOneAddressHasItsShare(t *testing.T) {
	run(t, Config{Most: 16}, ok, func(r *rig) {
		var stalled []*client
		for range 4 {
			c := r.dial("192.0.2.1")
			c.send("POST /v1/sessions HTTP/1.1", "Host: x", "Content-Length: 5", "", "")
			stalled = append(stalled, c)
		}
		if got := r.dial("192.0.2.1").get("/v1/sessions"); got != 503 {
			t.Errorf("the fifth of one address: %d", got)
		}
		c := r.dial("192.0.2.1")
		if got := c.get("/healthz"); got != 200 {
			t.Errorf("its health check: %d", got)
		}
		if c.open() {
			t.Error("a connection without room is kept")
		}
		if got := r.dial("192.0.2.2").get("/v1/sessions"); got != 200 {
			t.Errorf("another address: %d", got)
		}
		_ = stalled[0].Close()
		synctest.Wait()
		if got := r.dial("192.0.2.1").get("/v1/sessions"); got != 200 {
			t.Errorf("with room again: %d", got)
		}
	})
}

// TestWhenAllIsFullHealthIsAnswered: also while more keep coming, and say
// nothing.
func TestWhenAllIsFullHealthIsAnswered(t *testing.T) {
	run(t, Config{Most: 16}, ok, func(r *rig) {
		for i := range 16 {
			r.dial(fmt.Sprintf("192.0.2.%d", i))
		}
		var silent []*client
		for i := range 3 * spares {
			silent = append(silent, r.dial(fmt.Sprintf("198.51.100.%d", i%256)))
		}
		if got := r.dial("203.0.113.1").get("/healthz"); got != 200 {
			t.Errorf("health check: %d", got)
		}
		if got := r.dial("203.0.113.1").get("/v1/sessions"); got != 503 {
			t.Errorf("request: %d", got)
		}
		synctest.Wait()
		if silent[0].open() || !silent[len(silent)-1].open() {
			t.Error("the oldest of those without room goes first")
		}
		time.Sleep(spareLife + time.Second)
		if silent[len(silent)-1].open() {
			t.Error("a connection without room outlives its time")
		}
		time.Sleep(headerWithin)
		if got := r.dial("203.0.113.1").get("/v1/sessions"); got != 200 {
			t.Errorf("when those that said nothing are gone: %d", got)
		}
	})
}

// TestARequestWithoutItsBodyIsCut, whether the handler reads it or not.
func TestARequestWithoutItsBodyIsCut(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"read": ok, "not read": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, Config{Most: 8}, h, func(r *rig) {
				c := r.dial("192.0.2.1")
				c.send("POST / HTTP/1.1", "Host: x", "Content-Length: 10", "", "12345")
				began := time.Now()
				status, _ := c.answer()
				took := time.Since(began)
				if name == "read" && (status != 400 || took != stall) || name == "not read" && (status != 401 || took > restWithin) {
					t.Errorf("%d after %s", status, took)
				}
				time.Sleep(2 * time.Second)
				if c.open() {
					t.Error("the connection is kept")
				}
			})
		})
	}
}

// TestASlowUploadGoesOn as long as it moves.
func TestASlowUploadGoesOn(t *testing.T) {
	run(t, Config{Most: 8}, ok, func(r *rig) {
		c := r.dial("192.0.2.1")
		c.send("POST / HTTP/1.1", "Host: x", "Content-Length: 100", "", "")
		for range 100 {
			time.Sleep(stall - time.Second)
			c.send("x")
		}
		if status, _ := c.answer(); status != 200 {
			t.Errorf("%d", status)
		}
		if got := c.get("/"); got != 200 {
			t.Errorf("the next request on the connection: %d", got)
		}
	})
}

// TestAnUnreadBodyCostsNoConnection: one that is there is read over, and the
// connection goes on.
func TestAnUnreadBodyCostsNoConnection(t *testing.T) {
	run(t, Config{Most: 8}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, func(r *rig) {
		c := r.dial("192.0.2.1")
		for range 3 {
			c.send("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "", "12345")
			if status, _ := c.answer(); status != 404 {
				t.Errorf("%d", status)
			}
		}
	})
}

const long = 1 << 20

// TestAnAnswerThatIsNotReadIsDropped, and its handler ends.
func TestAnAnswerThatIsNotReadIsDropped(t *testing.T) {
	var failed chan error
	run(t, Config{Most: 8}, func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, strings.Repeat("x", long))
		failed <- err
	}, func(r *rig) {
		failed = make(chan error, 1)
		c := r.dial("192.0.2.1")
		c.send("GET / HTTP/1.1", "Host: x", "", "")
		began := time.Now()
		if err := <-failed; err == nil {
			t.Error("it was written")
		}
		if took := time.Since(began); took > stall {
			t.Errorf("dropped after %s", took)
		}
	})
}

// TestASlowDownloadGoesOn as long as it moves.
func TestASlowDownloadGoesOn(t *testing.T) {
	run(t, Config{Most: 8}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", long))
	}, func(r *rig) {
		c := r.dial("192.0.2.1")
		c.send("GET / HTTP/1.1", "Host: x", "Connection: close", "", "")
		buf := make([]byte, 4096)
		total := 0
		for {
			time.Sleep(stall - time.Second)
			n, err := c.Read(buf)
			total += n
			if err != nil {
				break
			}
		}
		if total < long {
			t.Errorf("%d bytes came", total)
		}
	})
}

// TestWhatWaitsIsNotCut: an answer that takes its time and a stream with nothing
// to say stand still by themselves, and their connections are good.
func TestWhatWaitsIsNotCut(t *testing.T) {
	run(t, Config{Most: 8}, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		for range 3 {
			time.Sleep(10 * stall)
			if r.Context().Err() != nil {
				t.Error("the request has ended")
			}
			_, _ = io.WriteString(w, ".")
			_ = http.NewResponseController(w).Flush()
		}
	}, func(r *rig) {
		c := r.dial("192.0.2.1")
		for range 2 {
			c.send("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "", "12345")
			if status, body := c.answer(); status != 200 || body != "..." {
				t.Errorf("%d %s", status, body)
			}
		}
	})
}

// TestBehindAProxyEachClientHasItsShare, and the proxy any number of connections.
func TestBehindAProxyEachClientHasItsShare(t *testing.T) {
	var hold chan struct{}
	run(t, Config{Most: 16, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-hold
		}
	}, func(r *rig) {
		hold = make(chan struct{})
		var waiting []*client
		for range 4 {
			c := r.dial("10.0.0.1")
			c.send("GET /wait HTTP/1.1", "Host: x", "X-Forwarded-For: 203.0.113.9, 192.0.2.1", "", "")
			waiting = append(waiting, c)
		}
		synctest.Wait()
		for header, want := range map[string]int{
			"X-Forwarded-For: 192.0.2.1": 429, "X-Forwarded-For: 203.0.113.9": 200, "X-Forwarded-For: 192.0.2.1, 203.0.113.9": 200,
			"X-Forwarded-For: 192.0.2.1, 10.0.0.7": 429, "X-Nothing: 1": 200,
		} {
			if got := r.dial("10.0.0.1").get("/", header); got != want {
				t.Errorf("%s: %d", header, got)
			}
		}
		if got := r.dial("10.0.0.1").get("/healthz", "X-Forwarded-For: 192.0.2.1"); got != 200 {
			t.Errorf("health check: %d", got)
		}
		// Nobody else is believed.
		if got := r.dial("192.0.2.7").get("/", "X-Forwarded-For: 192.0.2.1"); got != 200 {
			t.Errorf("by somebody who is no proxy: %d", got)
		}
		close(hold)
		for _, c := range waiting {
			if status, _ := c.answer(); status != 200 {
				t.Errorf("%d", status)
			}
		}
		synctest.Wait()
		if got := r.dial("10.0.0.1").get("/", "X-Forwarded-For: 192.0.2.1"); got != 200 {
			t.Errorf("afterwards: %d", got)
		}
	})
}

// TestBehindAProxyWhoIsNotNamedHasAShareToo: one that writes no address, an
// unreadable one, or only trusted ones, is itself the client.
func TestBehindAProxyWhoIsNotNamedHasAShareToo(t *testing.T) {
	for header, also := range map[string]string{
		"X-Nothing: 1":                        "X-Forwarded-For: unknown",
		"X-Forwarded-For: 192.0.2.1, _hidden": "X-Nothing: 1",
		"X-Forwarded-For: 10.0.0.7":           "X-Forwarded-For: 10.0.0.7, 10.0.0.8",
	} {
		t.Run(header, func(t *testing.T) {
			var hold chan struct{}
			run(t, Config{Most: 16, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/wait" {
					<-hold
				}
			}, func(r *rig) {
				hold = make(chan struct{})
				for range 4 {
					r.dial("10.0.0.1").send("GET /wait HTTP/1.1", "Host: x", header, "", "")
				}
				synctest.Wait()
				for _, one := range []string{header, also} {
					if got := r.dial("10.0.0.1").get("/", one); got != 429 {
						t.Errorf("the fifth, %s: %d", one, got)
					}
				}
				if got := r.dial("10.0.0.1").get("/", "X-Forwarded-For: 192.0.2.1"); got != 200 {
					t.Errorf("who is named: %d", got)
				}
				if got := r.dial("10.0.0.1").get("/healthz", header); got != 200 {
					t.Errorf("health check: %d", got)
				}
				close(hold)
				synctest.Wait()
				if got := r.dial("10.0.0.1").get("/", header); got != 200 {
					t.Errorf("afterwards: %d", got)
				}
			})
		})
	}
}
