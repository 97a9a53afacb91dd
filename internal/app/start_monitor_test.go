package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// machine is where browsers start, or fail: those of sessions, and those that are
// tried.
type machine struct {
	mu                  sync.Mutex
	ofSessions, ofTries error
	tries               int
}

func (m *machine) launch(ctx context.Context, _ string, _ domain.SessionOptions) (session.Browser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return nil, cmp.Or(m.ofSessions, ctx.Err())
}

func (m *machine) trial(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries++
	return cmp.Or(m.ofTries, ctx.Err())
}

func (m *machine) fail(ofSessions, ofTries error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ofSessions, m.ofTries = ofSessions, ofTries
}

// TestStartsThatFail: when three in a row do the server tries one itself, says why
// none can be started, and finds out by itself that one can again.
func TestStartsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		s := newStartMonitor(m.launch, m.trial)
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- s.Run(ctx) }()
		start := func(ctx context.Context) {
			_, _ = s.Launch(ctx, "browser_1", domain.SessionOptions{})
			synctest.Wait()
		}
		is := func(why string, want int) {
			t.Helper()
			synctest.Wait()
			err := s.Broken()
			m.mu.Lock()
			defer m.mu.Unlock()
			if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) || m.tries != want {
				t.Errorf("%v after %d tries, want %q after %d", err, m.tries, why, want)
			}
		}

		odd := errors.New("no such timezone")
		m.fail(odd, nil)
		start(t.Context())
		start(t.Context())
		gone, end := context.WithCancel(t.Context())
		end()
		start(gone) // it was closed meanwhile
		is("", 0)
		start(t.Context())
		is("", 1) // it is the sessions' own fault
		for range doubtAfter - 1 {
			start(t.Context())
		}
		is("", 1)

		m.fail(odd, &domain.Failure{Code: browser.CodeStartFailed, Message: "The disk is full."})
		start(t.Context())
		is("no browser can be started: The disk is full", 2)
		time.Sleep(3*tryEvery + time.Second)
		is("The disk is full", 5)
		m.fail(odd, nil)
		time.Sleep(tryEvery)
		is("", 6)
		time.Sleep(time.Hour)
		is("", 6)

		m.fail(odd, errors.New("broken"))
		for range doubtAfter {
			start(t.Context())
		}
		is("no browser can be started", 7)
		m.fail(nil, errors.New("broken"))
		start(t.Context()) // a session shows it
		is("", 7)
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

// TestWhatBrowsersStandOn: the program, and a folder with room.
func TestWhatBrowsersStandOn(t *testing.T) {
	folder, program := t.TempDir(), filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ program, folder, why string }{
		{program, folder, ""},
		{"", folder, "no Chromium is installed"},
		{program + "x", folder, "Chromium is gone"},
		{program, folder + "x", "can't be written to"},
	} {
		err := checkPrerequisites(tt.program, tt.folder)
		if (err == nil) != (tt.why == "") || err != nil && !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%q, %q: %v, want %q", tt.program, tt.folder, err, tt.why)
		}
	}
}
