package app

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

const (
	// doubtAfter is how many browsers in a row can't be started before the server
	// tries one of its own: a session's options may be at fault.
	doubtAfter = 3
	// tryEvery is how often it tries while none can be started.
	tryEvery = 10 * time.Second
	// roomFor is what a browser's folder needs at least, in bytes.
	roomFor = 16 << 20
)

type launch func(ctx context.Context, sessionID string, opt domain.SessionOptions) (session.Browser, error)

// startMonitor is whether sessions can be started, seen by those that are, and by a try
// when several in a row are not.
type startMonitor struct {
	launch launch
	trial  func(context.Context) error // of a start, for no session
	doubt  chan struct{}               // of capacity 1

	mu     sync.Mutex
	failed int   // in a row
	broken error // why none can be started, as a try has shown
}

func newStartMonitor(launch launch, trial func(context.Context) error) *startMonitor {
	return &startMonitor{launch: launch, trial: trial, doubt: make(chan struct{}, 1)}
}

// Launch starts a session's browser, and remembers how that went.
func (s *startMonitor) Launch(ctx context.Context, sessionID string, opt domain.SessionOptions) (session.Browser, error) {
	b, err := s.launch(ctx, sessionID, opt)
	if ctx.Err() == nil { // else it was closed meanwhile, which says nothing
		s.observe(err)
	}
	return b, err
}

func (s *startMonitor) observe(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.failed, s.broken = 0, nil
		return
	}
	if s.failed++; s.failed >= doubtAfter {
		select {
		case s.doubt <- struct{}{}:
		default:
		}
	}
}

// Broken is why no session can be started; nil when that isn't known.
func (s *startMonitor) Broken() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// Run tries whether any browser can be started when several can't, until one can.
func (s *startMonitor) Run(ctx context.Context) error {
	for {
		select {
		case <-s.doubt:
		case <-ctx.Done():
			return nil
		}
		for s.doubtful() {
			s.try(ctx)
			if s.Broken() == nil {
				continue
			}
			select {
			case <-time.After(tryEvery):
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func (s *startMonitor) doubtful() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed >= doubtAfter
}

// try finds out whether a browser can be started.
func (s *startMonitor) try(ctx context.Context) {
	err := s.trial(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.failed, s.broken = 0, nil
	case ctx.Err() == nil:
		why := "the log says why"
		if f, ok := errors.AsType[*domain.Failure](err); ok {
			why = strings.TrimSuffix(f.Message, ".")
		}
		s.broken = errors.Join(domain.Refuse(domain.CodeUnavailable, "no browser can be started: %s", why), err)
	}
}

// checkPrerequisites is what a browser stands on: the program, which may not be installed, and
// the folder of the sessions' folders.
func checkPrerequisites(program, folder string) error {
	if program == "" {
		return domain.Refuse(domain.CodeUnavailable, "no browser can be started: no Chromium is installed")
	}
	if _, err := os.Stat(program); err != nil {
		return errors.Join(domain.Refuse(domain.CodeUnavailable, "no browser can be started: Chromium is gone"), err)
	}
	if err := unix.Access(folder, unix.W_OK|unix.X_OK); err != nil {
		return errors.Join(domain.Refuse(domain.CodeUnavailable, "no browser can be started: the folder for browsers can't be written to"), err)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err == nil && fs.Blocks > 0 && fs.Bavail*uint64(fs.Bsize) < roomFor {
		return domain.Refuse(domain.CodeUnavailable, "no browser can be started: the disk of the folder for browsers is full")
	}
	return nil
}
