package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// receiver is a handler that counts what it was given.
type receiver struct {
	*Handler
	calls atomic.Int64
	fail  atomic.Bool
	log   bytes.Buffer
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	h, err := NewHandler(func(context.Context, Event) error {
		r.calls.Add(1)
		if r.fail.Load() {
			return errors.New("the queue is full")
		}
		return nil
	}, secret)
	if err != nil {
		t.Fatal(err)
	}
	h.Log = slog.New(slog.NewTextHandler(&r.log, nil))
	r.Handler = h
	return r
}

func post(t *testing.T, h http.Handler, id, body string) int {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	req.Header = signed(t, secret, id, time.Now(), body)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Code
}

func TestHandlerTakesAnEventOnce(t *testing.T) {
	r := newReceiver(t)
	for range 3 {
		if got := post(t, r, "evt_1", body); got != 204 {
			t.Errorf("answered %d", got)
		}
	}
	if got := post(t, r, "evt_2", body); got != 204 || r.calls.Load() != 2 {
		t.Errorf("answered %d after %d calls", got, r.calls.Load())
	}
}

func TestHandlerForgetsWhatFailed(t *testing.T) {
	r := newReceiver(t)
	r.fail.Store(true)
	if got := post(t, r, "evt_1", body); got != 500 {
		t.Errorf("answered %d", got)
	}
	r.fail.Store(false)
	if got := post(t, r, "evt_1", body); got != 204 || r.calls.Load() != 2 {
		t.Errorf("the retry: answered %d after %d calls", got, r.calls.Load())
	}
	if log := r.log.String(); !strings.Contains(log, "the queue is full") || !strings.Contains(log, "id=evt_1") {
		t.Errorf("the log says %q", log)
	}
}

func TestHandlerRefuses(t *testing.T) {
	r := newReceiver(t)
	r.MaxBody = 1000
	for name, c := range map[string]struct {
		method, body string
		change       func(http.Header)
		want         int
	}{
		"another method":    {http.MethodGet, body, nil, 405},
		"a big body":        {http.MethodPost, body + strings.Repeat(" ", 1000), nil, 413},
		"no signature":      {http.MethodPost, body, func(h http.Header) { h.Del(HeaderSignature) }, 401},
		"another signature": {http.MethodPost, body, func(h http.Header) { h.Set(HeaderSignature, "v1,AAAA") }, 401},
		"no event":          {http.MethodPost, `{"type":"browser"}`, nil, 400},
		"no JSON":           {http.MethodPost, `hello`, nil, 400},
	} {
		req := httptest.NewRequest(c.method, "/hook", strings.NewReader(c.body))
		req.Header = signed(t, secret, "evt_1", time.Now(), c.body)
		if c.change != nil {
			c.change(req.Header)
		}
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if w.Code != c.want {
			t.Errorf("%s: answered %d, want %d", name, w.Code, c.want)
		}
	}
	if r.calls.Load() != 0 {
		t.Error("what was refused was processed")
	}
	if strings.Contains(r.log.String(), secret[10:]) {
		t.Error("the secret is in the log")
	}
}

// TestHandlerWaitsForTheSameEvent sends one event twice at once: the second
// request learns what became of the first, and does it again only if it failed.
func TestHandlerWaitsForTheSameEvent(t *testing.T) {
	for _, fails := range []bool{false, true} {
		t.Run(fmt.Sprintf("the first fails: %t", fails), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				h, err := NewHandler(func(context.Context, Event) error {
					calls++
					<-time.After(time.Second)
					if fails && calls == 1 {
						return errors.New("no")
					}
					return nil
				}, secret)
				if err != nil {
					t.Fatal(err)
				}
				h.Log = slog.New(slog.DiscardHandler)
				codes := make(chan int, 2)
				go func() { codes <- post(t, h, "evt_1", body) }()
				synctest.Wait()
				go func() { codes <- post(t, h, "evt_1", body) }()
				first, second := <-codes, <-codes
				wantFirst, wantCalls := 204, 1
				if fails {
					wantFirst, wantCalls = 500, 2
				}
				if first != wantFirst || second != 204 || calls != wantCalls {
					t.Errorf("answered %d and %d after %d calls", first, second, calls)
				}
			})
		})
	}
}

// TestHandlerAnswersInTime ends the function's context before the sender gives
// up, and that of a request that waits for another with the same id.
func TestHandlerAnswersInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := NewHandler(func(ctx context.Context, _ Event) error {
			<-ctx.Done()
			return ctx.Err()
		}, secret)
		if err != nil {
			t.Fatal(err)
		}
		h.Log = slog.New(slog.DiscardHandler)
		start := time.Now()
		if got := post(t, h, "evt_1", body); got != 500 || time.Since(start) != 10*time.Second {
			t.Errorf("answered %d after %s", got, time.Since(start))
		}
	})
}

// brokenMemory fails at what its name says.
type brokenMemory struct{ has, add error }

func (b brokenMemory) Has(context.Context, string) (bool, error) { return false, b.has }
func (b brokenMemory) Add(context.Context, string) error         { return b.add }

func TestHandlerNeedsItsMemory(t *testing.T) {
	broken := errors.New("the database is away")
	for name, m := range map[string]struct {
		memory brokenMemory
		calls  int64
	}{"to look": {brokenMemory{has: broken}, 0}, "to remember": {brokenMemory{add: broken}, 1}} {
		r := newReceiver(t)
		r.Memory = m.memory
		if got := post(t, r, "evt_1", body); got != 500 || r.calls.Load() != m.calls {
			t.Errorf("%s: answered %d after %d calls", name, got, r.calls.Load())
		}
	}
}

// TestHandlerPanics leaves nothing behind that the retry would wait for.
func TestHandlerPanics(t *testing.T) {
	panics := true
	h, err := NewHandler(func(context.Context, Event) error {
		if panics {
			panic("a bug")
		}
		return nil
	}, secret)
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		post(t, h, "evt_1", body)
	}()
	panics = false
	if got := post(t, h, "evt_1", body); got != 204 {
		t.Errorf("the retry: answered %d", got)
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r, ctx := NewRecent(3), t.Context()
	for i := range 5 {
		_ = r.Add(ctx, fmt.Sprint(i))
		_ = r.Add(ctx, fmt.Sprint(i)) // takes no room
	}
	for i := range 5 {
		if got, _ := r.Has(ctx, fmt.Sprint(i)); got != (i >= 2) {
			t.Errorf("%d is known: %t", i, got)
		}
	}
	if len(r.known) != 3 {
		t.Errorf("it holds %d", len(r.known))
	}
}
