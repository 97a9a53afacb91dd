package session_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// TestWhatCannotBeRecordedIsLeft: a step ends when the server does, and its store takes
// nothing. Its browser is left all the same, and the next start finds the step RUNNING.
func TestWhatCannotBeRecordedIsLeft(t *testing.T) {
	for name, fails := range map[string]func(*memory){
		"the store is away": func(m *memory) { m.awayTill = time.Now().Add(life) },
		"its disk is full":  func(m *memory) { m.fullTill = time.Now().Add(life) },
	} {
		for _, within := range []time.Duration{stopWithin, 10 * stopWithin} { // to give up in and not
			t.Run(name+", "+within.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := open(t, 0, nil, func(cfg *session.Config) { cfg.StopWithin = within })
					p.apart()
					settle()
					p.store.set(fails)
					p.leaveAnd(func() { p.endStep(nil) })
					if p.browser.left != 1 || p.browser.closed != 0 {
						t.Errorf("the browser was left %d times and closed %d times", p.browser.left, p.browser.closed)
					}
					p.restart(time.Second, nil)
					settle()
					if got := p.store.states(); got != "READY, INTERRUPTED, RUNNING" {
						t.Error(got)
					}
					p.out()
				})
			})
		}
	}
}

// TestASessionWhoseNextStepCannotBeRecordedIsLeft: it came from another server, and
// then the store took nothing any more.
func TestASessionWhoseNextStepCannotBeRecordedIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t, 0, nil)
		settle()
		p.endBoth()
		settle()
		p.store.set((*memory).add)
		p.injects(2, func() { p.store.set(func(m *memory) { m.awayTill = time.Now().Add(life) }) }) // it has been looked at
		p.service.Signal(domain.Signal{Missed: true})
		settle()
		p.leave()
		if got := p.store.states(); got != "READY, COMPLETED, COMPLETED, PENDING" || p.browser.left != 1 || p.browser.closed != 0 {
			t.Errorf("%s; the browser was left %d times and closed %d times", got, p.browser.left, p.browser.closed)
		}
	})
}

// TestAServerThatEndsWhileItRecovers starts no step any more, and leaves the browser.
func TestAServerThatEndsWhileItRecovers(t *testing.T) {
	for _, takes := range []time.Duration{time.Second, stopWithin * 9 / 10, 2 * stopWithin} {
		t.Run(takes.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := open(t, 0, nil)
				p.apart()
				settle()
				p.leave()
				p.injects(3, func() { time.Sleep(takes) }) // it is attached to
				p.restart(time.Second, nil)
				settle()
				p.leave()
				if got := p.store.states(); got != "READY, INTERRUPTED, PENDING" {
					t.Error(got)
				}
				if p.browser.left != 2 || p.browser.closed != 0 {
					t.Errorf("the browser was left %d times and closed %d times", p.browser.left, p.browser.closed)
				}
			})
		})
	}
}

// TestARecoveryIsTriedAgain when the store has not taken the first, and so is a start.
func TestARecoveryIsTriedAgain(t *testing.T) {
	full := func(m *memory) { m.fullTill = time.Now().Add(time.Minute) }
	for _, tt := range []struct {
		name   string
		attach error
		want   string
	}{
		{"a recovery", nil, "READY, INTERRUPTED, RUNNING"},
		{"one whose browser is gone", errors.New("there is none"), "CLOSED node_lost, INTERRUPTED, CANCELED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := open(t, 0, nil)
				p.apart()
				settle()
				p.leave()
				p.restart(time.Second, tt.attach)
				p.store.set(full)
				time.Sleep(2 * time.Minute)
				if got := p.store.states(); got != tt.want {
					t.Error(got)
				}
				p.out()
			})
		})
	}
	t.Run("a start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := open(t, 0, nil)
			p.store.set(full)
			time.Sleep(2 * time.Minute)
			if got := p.store.states(); got != "READY, RUNNING, PENDING" {
				t.Error(got)
			}
			p.out()
		})
	})
}

// looked is a store of which something happens between its answer and who asked.
type looked struct {
	*memory
	then func()
}

func (l *looked) OpenSessions(ctx context.Context) ([]domain.Session, error) {
	open, err := l.memory.OpenSessions(ctx)
	l.then()
	return open, err
}

// TestWhatHasBeenLeftIsNotTakenUp by a server that was looking for more as it ended.
func TestWhatHasBeenLeftIsNotTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &looked{then: func() {}}
		attached := 0
		p := open(t, 0, nil, func(cfg *session.Config) {
			store.memory = cfg.Store.(*memory)
			cfg.Store = store
			cfg.Attach = func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
				attached++
				return nil, errors.New("there is none")
			}
		})
		settle()
		p.endBoth()
		settle()
		store.then = func() {
			p.service.Leave()
			p.end()
			settle()
		}
		p.service.Signal(domain.Signal{Missed: true})
		if err := <-p.over; err != nil {
			t.Error(err)
		}
		if got := p.store.states(); got != "READY, COMPLETED, COMPLETED" || attached != 0 || p.browser.left != 1 {
			t.Errorf("%s, attached to %d times, left %d times", got, attached, p.browser.left)
		}
	})
}

// many is a store of several sessions.
type many struct {
	session.Store
	mu  sync.Mutex
	all []*memory
}

func (m *many) list() []*memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all)
}

func (m *many) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	all := m.list()
	i := slices.IndexFunc(all, func(one *memory) bool { return one.id() == id })
	return all[i].ChangeSession(ctx, project, id, fn)
}

func (m *many) ClaimSession(ctx context.Context) (domain.SessionRef, error) {
	for _, one := range m.list() {
		if ref, err := one.ClaimSession(ctx); err == nil {
			return ref, nil
		}
	}
	return domain.SessionRef{}, domain.ErrNotFound
}

func (m *many) OpenSessions(ctx context.Context) (open []domain.Session, err error) {
	for _, one := range m.list() {
		of, _ := one.OpenSessions(ctx)
		open = append(open, of...)
	}
	return open, nil
}

// found runs a server that finds sessions of an earlier one, which are called by their
// status, and returns how to end it.
func found(t *testing.T, store *many, cfg session.Config, all ...domain.Session) (s *session.Service, end func()) {
	for _, sess := range all {
		if sess.ID == "" {
			sess.ID = string(sess.Status)
		}
		sess.ReadyAt, sess.Options.Timeout = time.Now(), life
		store.all = append(store.all, &memory{sess: sess, point: func() {}, notify: func(domain.Commit) {}})
	}
	if cfg.Store == nil {
		cfg.Store = store
	}
	cfg.PublicURL, cfg.Log, cfg.StopWithin = func() string { return "" }, slog.New(slog.DiscardHandler), stopWithin
	start := func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
		return &fake{done: make(chan struct{})}, nil
	}
	if cfg.Attach = start; cfg.Launch == nil {
		cfg.Launch = start
	}
	s = session.New(cfg)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error)
	go func() { over <- s.Run(ctx) }()
	settle()
	return s, func() {
		s.Stop()
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	}
}

// TestRecoveredSessionsCount among those that may run: the next waits until there are
// fewer.
func TestRecoveredSessionsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &many{}
		s, end := found(t, store, session.Config{MaxSessions: 2},
			domain.Session{ID: "a", Status: domain.SessionReady}, domain.Session{ID: "b", Status: domain.SessionReady}, domain.Session{ID: "c", Status: domain.SessionReady},
			domain.Session{ID: "d", Status: domain.SessionQueued}, domain.Session{ID: "e", Status: domain.SessionQueued})
		defer end()
		for _, tt := range []struct{ closes, want string }{
			{"a", "CLOSED requested READY READY QUEUED QUEUED "},
			{"c", "CLOSED requested READY CLOSED requested READY QUEUED "},
			{"b", "CLOSED requested CLOSED requested CLOSED requested READY READY "},
		} {
			if _, err := s.Close(t.Context(), "", tt.closes); err != nil {
				t.Fatal(err)
			}
			settle()
			got := ""
			for _, one := range store.all {
				got += one.states() + " "
			}
			if got != tt.want {
				t.Errorf("%s is closed: %s", tt.closes, got)
			}
		}
	})
}

// TestNoBrowserOutlivesItsSession that the next server closes without attaching to it.
func TestNoBrowserOutlivesItsSession(t *testing.T) {
	for _, tt := range []struct {
		sess domain.Session
		want string
	}{
		{domain.Session{Status: domain.SessionClosing, CloseReason: domain.ClosedRequested}, "CLOSED requested"},
		{domain.Session{Status: domain.SessionReady, Options: domain.SessionOptions{Sealed: []byte("with another master key")}}, "CLOSED node_lost"},
	} {
		synctest.Test(t, func(t *testing.T) {
			store, discarded := &many{}, ""
			_, end := found(t, store, session.Config{MaxSessions: 1, Box: box(t), Discard: func(id string) {
				discarded += id + " as " + store.all[0].states()
			}}, tt.sess)
			defer end()
			status := string(tt.sess.Status)
			if got := store.all[0].states(); got != tt.want || !strings.HasPrefix(discarded, status+" as "+status) {
				t.Errorf("%s; discarded: %q", got, discarded)
			}
		})
	}
}
