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
		h := &health{ping: func(context.Context) error { asked++; return nil }, artifacts: t.TempDir(), log: slog.New(slog.DiscardHandler)}
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
		h := &health{artifacts: folder, log: slog.New(slog.NewTextHandler(&log, nil)), ping: func(ctx context.Context) error {
			switch err := why.Load(); {
			case err == nil:
				return nil
			case errors.Is(*err, context.DeadlineExceeded):
				<-ctx.Done()
				return ctx.Err()
			default:
				return *err
			}
		}}
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
		for what, want := range map[string]int{"not ready: requests": 2, "still not ready": 2, "ready again": 1} {
			if n := strings.Count(log.String(), what); n != want {
				t.Errorf("%q is in the log %d times, want %d:\n%s", what, n, want, log.String())
			}
		}
	})
}
