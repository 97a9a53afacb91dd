package httpapi_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/access"
	"github.com/browserhook/browserhook/internal/domain"
)

// stuck asks for something and reads no more of the answer than its status. The
// connection stays open until the test ends.
func (r *rig) stuck(target string, header ...string) (status int, err error) {
	c, err := (&net.Dialer{}).DialContext(r.t.Context(), "tcp", r.Listener.Addr().String())
	if err != nil {
		return 0, err
	}
	r.t.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		return 0, err
	}
	head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n", target, r.key, strings.Join(header, ""))
	if _, err := c.Write([]byte(head)); err != nil {
		return 0, err
	}
	var line [12]byte // HTTP/1.1 200
	for n := 0; n < len(line); {
		more, err := c.Read(line[n:])
		if err != nil {
			return 0, err
		}
		n += more
	}
	_, err = fmt.Sscanf(string(line[:]), "HTTP/1.1 %d", &status)
	return status, err
}

// TestReadersThatDoNotRead hold a bounded amount of memory, however many they
// are, and hold up neither those of other projects nor what says that the server
// is well.
func TestReadersThatDoNotRead(t *testing.T) {
	onBothStores(t, func(r *rig) {
		for range 2 {
			r.longSession(20)
		}
		other := domain.NewID(domain.PrefixProject)
		if err := r.store.CreateProject(t.Context(), domain.Project{ID: other, Name: "other", CreatedAt: time.Now()}, "", nil); err != nil {
			t.Fatal(err)
		}
		_, key, err := r.access.CreateKey(t.Context(), access.NewKey{Project: other, Name: "other", Role: domain.RoleProject}, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		debug.FreeOSMemory()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, kind := range []struct {
			target string
			header []string
			held   int // of 100 answers
		}{
			{"/v1/events?limit=1000", nil, 8},
			{"/v1/events?after=beginning", []string{"Accept: text/event-stream\r\n"}, 100},
		} {
			var mu sync.Mutex
			got := map[int]int{}
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					status, err := r.stuck(kind.target, kind.header...)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					got[status]++
				})
			}
			wg.Wait()
			if got[200] != kind.held || got[429] != 100-kind.held {
				t.Errorf("%s: %v", kind.target, got)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := r.store.Ping(ctx); err != nil {
				t.Error(err)
			}
			for _, path := range []string{"/readyz", "/v1/sessions", "/v1/events"} {
				begun := time.Now()
				if a := r.ask("GET", path, "", "Authorization: Bearer "+key); a.status != http.StatusOK || time.Since(begun) > 3*time.Second {
					t.Errorf("%s: %d after %s", path, a.status, time.Since(begun))
				}
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&now)
		took := (int64(now.HeapInuse) - int64(before.HeapInuse)) >> 20
		t.Logf("%d MB", took)
		if took > 256 {
			t.Errorf("%d MB are held", took)
		}
	})
}
