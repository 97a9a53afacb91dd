package webhook

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/egress/egresstest"
)

// elsewhere sends what is for a name to a URL.
type elsewhere struct {
	*egress.Client
	urls map[string]string
}

func (s elsewhere) Post(ctx context.Context, u *url.URL, h http.Header, body []byte) (egress.Answer, error) {
	there, err := url.Parse(s.urls[u.Host])
	if err != nil {
		return egress.Answer{}, err
	}
	return s.Client.Post(ctx, there, h, body)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestHostileReceiversHarmNobodyElse sends to every hostile receiver at once,
// and to a few good ones, over real connections. The good ones have all of
// theirs before the first of those that hang has used up its time.
func TestHostileReceiversHarmNobodyElse(t *testing.T) {
	const (
		timeout = time.Minute
		good    = 5
		each    = 200 // to a good one
		bad     = 6   // to a hostile one
	)
	m := newMemory()
	urls := map[string]string{}
	client := egress.New(egress.Config{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: timeout, RootCAs: egresstest.Roots(),
		Resolver: egresstest.Resolver(t, func(name string, _ int) egresstest.Lookup {
			return map[string]egresstest.Lookup{
				"fails.example": {Fails: true}, "inside.example": egresstest.To("10.0.0.1"),
			}[name]
		}),
	})
	var receivers []*egresstest.Receiver
	add := func(id, target string, n int) {
		urls[id] = target
		m.add("p/"+id, n)
	}
	for i, b := range egresstest.Hostile() {
		r := egresstest.Start(t, b)
		receivers = append(receivers, r)
		add(fmt.Sprintf("bad%d", i), r.URL(), bad)
	}
	for _, name := range []string{"nobody", "fails", "inside"} {
		add(name, "http://"+name+".example:8080", bad)
	}
	for i, after := range []string{"31536000", "-1", "0", "Sat, 01 Jan 2000 00:00:00 GMT", "soon", "99999999999999999999"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		defer srv.Close()
		add(fmt.Sprintf("later%d", i), srv.URL, bad)
	}
	var arrived atomic.Int64
	all := make(chan struct{})
	for i := range good {
		srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if arrived.Add(1) == good*each {
				close(all)
			}
		}))
		defer srv.Close()
		add(fmt.Sprintf("good%d", i), srv.URL, each)
	}

	e := NewEngine(m, elsewhere{client, urls}, "test", slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- e.Run(ctx) }()
	select {
	case <-all:
	case <-time.After(timeout):
		t.Errorf("%d of %d arrived in the time of one timeout", arrived.Load(), good*each)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	t.Logf("all arrived after %s; heap %d MiB", time.Since(began), mem.HeapAlloc>>20)
	if mem.HeapAlloc > 256<<20 {
		t.Errorf("%d bytes in use", mem.HeapAlloc)
	}
	// What hangs is let go, so that the engine needn't wait for it.
	var closing sync.WaitGroup
	cancel()
	for _, r := range receivers {
		closing.Go(r.Close)
	}
	closing.Wait()
	if err := <-done; err != nil {
		t.Error(err)
	}
	client.CloseIdle()

	for _, d := range m.rows {
		host := d.EndpointID
		switch wait := d.NextAt.Sub(began); {
		case d.Status == domain.DeliverySending:
			t.Errorf("%s: still claimed", host)
		case d.Status == domain.DeliveryPending && d.Attempts > 0 && (wait < schedule[0] || wait > maxRetryAfter+timeout):
			t.Errorf("%s: sent again after %s", host, wait)
		}
	}
}
