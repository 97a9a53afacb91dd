package browser

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// aBrowser is one that takes a second to start, and nothing to end.
type aBrowser struct {
	kind  kind
	given int // how often it was
	done  chan struct{}
	end   sync.Once
}

func (b *aBrowser) Done() <-chan struct{} { return b.done }

func (b *aBrowser) Close(context.Context) error {
	b.end.Do(func() { close(b.done) })
	return nil
}

// yard has a pool, and all browsers that were started for it.
type yard struct {
	*pool[*aBrowser]
	mu     sync.Mutex
	all    []*aBrowser
	at     []time.Duration // when each start began
	began  time.Time
	broken bool // no browser starts
	deaf   bool // one that starts can't be stopped
}

var plain1, plain2 = kind{program: "/shell"}, kind{program: "/shell", locale: "de"}

func newYard(size int) *yard {
	y := &yard{began: time.Now()}
	y.pool = newPool(size, plain1, func(ctx context.Context, k kind) (*aBrowser, error) {
		y.mu.Lock()
		y.at = append(y.at, time.Since(y.began))
		broken := y.broken
		if y.deaf {
			ctx = context.WithoutCancel(ctx)
		}
		y.mu.Unlock()
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if broken {
			return nil, errors.New("it doesn't start")
		}
		b := &aBrowser{kind: k, done: make(chan struct{})}
		y.mu.Lock()
		defer y.mu.Unlock()
		y.all = append(y.all, b)
		return b, nil
	}, slog.New(slog.DiscardHandler))
	return y
}

func (y *yard) begin() {
	y.pool.mu.Lock()
	defer y.pool.mu.Unlock()
	y.fill()
}

// breaks has no browser start any more, or start again.
func (y *yard) breaks(broken bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.broken = broken
}

// waiting are the kinds of those that are ready.
func (y *yard) waiting() (kinds []kind) {
	y.pool.mu.Lock()
	defer y.pool.mu.Unlock()
	for _, s := range y.spares {
		kinds = append(kinds, s.kind)
	}
	return kinds
}

// open is how many browsers have not ended.
func (y *yard) open() (n int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, b := range y.all {
		select {
		case <-b.done:
		default:
			n++
		}
	}
	return n
}

func TestPool(t *testing.T) {
	settle := func(seconds int) {
		time.Sleep(time.Duration(seconds)*time.Second + time.Millisecond)
		synctest.Wait()
	}
	same := func(t *testing.T, what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(kind{})); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", what, diff)
		}
	}
	for name, test := range map[string]func(t *testing.T, y *yard){
		"is filled, one browser after the other": func(t *testing.T, y *yard) {
			settle(10)
			same(t, "starts", []time.Duration{0, time.Second}, y.at)
			same(t, "ready", []kind{plain1, plain1}, y.waiting())
		},
		"gives each once, and is filled when no session is being started": func(t *testing.T, y *yard) {
			settle(2)
			a, ok := y.take(t.Context(), plain1)
			b, also := y.take(t.Context(), plain1)
			if !ok || !also || a == b {
				t.Error("not two browsers")
			}
			if _, ok := y.take(t.Context(), plain1); ok {
				t.Error("a third one")
			}
			y.startDone()
			y.startDone()
			settle(5)
			same(t, "starts while a session is being started", 2, len(y.at))
			y.startDone()
			settle(5)
			same(t, "starts", 4, len(y.at))
			same(t, "ready", []kind{plain1, plain1}, y.waiting())
			same(t, "sessions that got one, and didn't", []int64{2, 1}, []int64{y.hits, y.misses})
		},
		"has a session wait for what is on its way": func(t *testing.T, y *yard) {
			time.Sleep(500 * time.Millisecond)
			before := time.Now()
			if _, ok := y.take(t.Context(), plain1); !ok || time.Since(before) != 500*time.Millisecond {
				t.Errorf("%t after %s", ok, time.Since(before))
			}
			y.startDone()
			settle(5)
			same(t, "starts", 3, len(y.at))
		},
		"keeps what a session has not waited for": func(t *testing.T, y *yard) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if _, ok := y.take(ctx, plain1); ok {
				t.Error("there was one at once")
			}
			y.startDone()
			settle(5)
			same(t, "starts", 2, len(y.at))
			same(t, "ready", []kind{plain1, plain1}, y.waiting())
		},
		"has those that sessions ask for": func(t *testing.T, y *yard) {
			settle(2)
			for _, want := range []bool{false, false, true} {
				b, ok := y.take(t.Context(), plain2)
				if ok != want {
					t.Errorf("there is one of the kind: %t", ok)
				}
				if ok {
					_ = b.Close(t.Context())
				}
				y.startDone()
				settle(5)
			}
			same(t, "ready", []kind{plain2, plain2}, y.waiting())
			same(t, "open", 2, y.open())
			same(t, "starts", 5, len(y.at))
		},
		"stays as it is while each session asks for another kind": func(t *testing.T, y *yard) {
			settle(2)
			for n := range 10 {
				if _, ok := y.take(t.Context(), kind{locale: strconv.Itoa(n)}); ok {
					t.Error("of another kind")
				}
				y.startDone()
				settle(5)
			}
			same(t, "ready", []kind{plain1, plain1}, y.waiting())
			same(t, "starts", 2, len(y.at))
		},
		"replaces one that ends": func(t *testing.T, y *yard) {
			settle(2)
			_ = y.all[0].Close(t.Context())
			settle(5)
			same(t, "starts", []time.Duration{0, time.Second, y.at[0] + 3*time.Second + time.Millisecond}, y.at)
			same(t, "open", 2, y.open())
			same(t, "ready", 2, len(y.waiting()))
		},
		"rests longer each time that no browser starts": func(t *testing.T, y *yard) {
			settle(2)
			y.breaks(true)
			y.take(t.Context(), plain1)
			y.startDone()
			settle(600)
			var waits []time.Duration
			y.mu.Lock()
			for i := range y.at[3:] { // those after the two that came, and the one that is missing
				waits = append(waits, y.at[i+3]-y.at[i+2]-time.Second)
			}
			y.mu.Unlock()
			same(t, "waits", []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute}, waits[:8])
			y.breaks(false)
			settle(120)
			same(t, "ready", 2, len(y.waiting()))
			y.breaks(true)
			before := len(y.at)
			y.take(t.Context(), plain1)
			y.startDone()
			settle(10)
			same(t, "the first wait again", 2*time.Second, y.at[before+1]-y.at[before])
		},
		"is closed while one is started": func(t *testing.T, y *yard) {
			time.Sleep(1500 * time.Millisecond)
			before := time.Now()
			y.close()
			same(t, "it took", time.Duration(0), time.Since(before))
			same(t, "browsers", 1, len(y.all))
			same(t, "open", 0, y.open())
			if _, ok := y.take(t.Context(), plain1); ok {
				t.Error("there is one still")
			}
			y.startDone()
			settle(100)
			same(t, "starts", 2, len(y.at))
		},
		"is closed while one is started that can't be stopped": func(t *testing.T, y *yard) {
			y.mu.Lock()
			y.deaf = true
			y.mu.Unlock()
			time.Sleep(1500 * time.Millisecond)
			y.close()
			same(t, "browsers", 2, len(y.all))
			same(t, "open", 0, y.open())
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newYard(2)
				y.begin()
				test(t, y)
				if !y.closed {
					y.close()
				}
			})
		})
	}
}

// TestPoolAtTheSameTime: a session gives up when its browser comes, and one of them
// has it.
func TestPoolAtTheSameTime(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			y := newYard(1)
			y.begin()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			b, ok := y.take(ctx, plain1)
			synctest.Wait()
			if ok {
				_ = b.Close(ctx)
			} else if n := len(y.waiting()); n != 1 {
				t.Errorf("%d are ready", n)
			}
			y.close()
			if n := y.open(); n > 0 {
				t.Errorf("%d of %d browsers are left", n, len(y.all))
			}
		})
	}
}

// TestPoolAmongMany: whatever comes together, no browser is given twice, and none
// is left.
func TestPoolAmongMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(3)
		y.begin()
		var sessions sync.WaitGroup
		for range 200 {
			sessions.Go(func() {
				time.Sleep(rand.N(2 * time.Minute))
				k := plain1
				if rand.N(3) == 0 {
					k = plain2
				}
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(2*time.Second))
				defer cancel()
				b, ok := y.take(ctx, k)
				if ok {
					if b.given++; b.given > 1 || b.kind != k {
						t.Errorf("a browser of %v was given to %d, now as one of %v", b.kind, b.given, k)
					}
				}
				time.Sleep(rand.N(100 * time.Millisecond)) // it is being started
				y.startDone()
				if ok {
					time.Sleep(rand.N(10 * time.Second))
					_ = b.Close(ctx)
				}
			})
		}
		for range 20 { // some die while they wait
			sessions.Go(func() {
				time.Sleep(rand.N(2 * time.Minute))
				y.pool.mu.Lock()
				defer y.pool.mu.Unlock()
				if len(y.spares) > 0 {
					_ = y.spares[0].browser.Close(t.Context())
				}
			})
		}
		sessions.Wait()
		y.close()
		if n := y.open(); n > 0 {
			t.Errorf("%d of %d browsers are left", n, len(y.all))
		}
		if len(y.all) < 20 {
			t.Errorf("only %d browsers were started", len(y.all))
		}
	})
}
