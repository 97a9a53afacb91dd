package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

func TestHealthIsSeenOnceASecondHoweverOftenItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		h := newHealth(func(context.Context) error { asked++; return nil }, t.TempDir(), func() error { return nil }, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		asking := make(chan struct{})
		defer func() { <-asking }()
		go func() {
			defer close(asking)
			for ctx.Err() == nil {
				for range 1000 {
					if err := h.Ready(); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
		}()
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
		if asked != 11 {
			t.Errorf("the store was asked %d times in ten seconds", asked)
		}
	})
}

func TestHealthTellsWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var why atomic.Pointer[error] // nil: all is well
		broken := func(err error) { why.Store(&err) }
		folder := filepath.Join(t.TempDir(), "artifacts")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		h := newHealth(func(ctx context.Context) error {
			switch err := why.Load(); {
			case err == nil:
				return nil
			case errors.Is(*err, context.DeadlineExceeded):
				<-ctx.Done()
				return ctx.Err()
			default:
				return *err
			}
		}, folder, func() error { return nil }, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- h.Run(ctx) }()
		is := func(want string) {
			t.Helper()
			time.Sleep(lookEvery + lookWithin)
			synctest.Wait()
			err := h.Ready()
			if want == "" {
				if err != nil {
					t.Errorf("not ready: %v", err)
				}
				return
			}
			if e, ok := errors.AsType[*domain.Error](err); !ok || !strings.Contains(e.Message, want) {
				t.Errorf("ready says %v, want %q", err, want)
			}
		}
		is("")
		broken(domain.Refuse(domain.CodeUnavailable, "the disk is full"))
		is("the disk is full")
		broken(context.DeadlineExceeded)
		is("does not answer")
		why.Store(nil)
		is("")
		if err := os.Remove(folder); err != nil {
			t.Fatal(err)
		}
		is("folder of artifacts is gone")
		if err := os.WriteFile(folder, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		is("folder of artifacts is gone")
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for what, want := range map[string]int{"not ready: /readyz answers 503": 2, "still not ready": 2, "ready again": 1} {
			if n := strings.Count(log.String(), what); n != want {
				t.Errorf("%q is in the log %d times, want %d:\n%s", what, n, want, log.String())
			}
		}
	})
}

// TestHealthWaitsForNothingThatHangs: whatever says nothing, and heeds no deadline,
// isn't ready, is asked once, and is looked at anew when it has come back.
func TestHealthWaitsForNothingThatHangs(t *testing.T) {
	for name, pick := range map[string]func(*health) *look{
		"store":               func(h *health) *look { return &h.store },
		"folder of artifacts": func(h *health) *look { return &h.artifacts },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHealth(func(context.Context) error { return nil }, t.TempDir(), func() error { return nil }, slog.New(slog.DiscardHandler))
				var hangs atomic.Bool
				asked, back := 0, make(chan struct{})
				pick(h).at = func(context.Context) error {
					if hangs.Load() {
						asked++
						<-back
						return errors.New("what was seen long ago")
					}
					return nil
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- h.Run(ctx) }()
				synctest.Wait()
				if err := h.Ready(); err != nil {
					t.Error(err)
				}
				hangs.Store(true)
				time.Sleep(lookEvery + lookWithin)
				synctest.Wait()
				for range 10 {
					if e, ok := errors.AsType[*domain.Error](h.Ready()); !ok || !strings.Contains(e.Message, name+" does not answer") {
						t.Errorf("ready says %v", h.Ready())
					}
					time.Sleep(lookWithin)
				}
				hangs.Store(false)
				close(back)
				time.Sleep(lookEvery + lookWithin)
				synctest.Wait()
				if err := h.Ready(); err != nil {
					t.Errorf("when it has come back: %v", err)
				}
				if asked != 1 {
					t.Errorf("%d looks hung", asked)
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestHealthIsNeverWellBetweenTwoTroubles, however often it is asked.
func TestHealthIsNeverWellBetweenTwoTroubles(t *testing.T) {
	h := newHealth(nil, "", nil, slog.New(slog.DiscardHandler))
	away := errors.New("away")
	h.saw(away)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 2_000_000 {
			h.saw(away)
		}
	}()
	for {
		select {
		case <-done:
			return
		default:
			if h.Ready() == nil {
				t.Error("it is well")
				<-done
				return
			}
		}
	}
}
