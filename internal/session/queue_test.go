package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// TestDrain: a server that drains starts nothing more, and is done when the last of its
// sessions has ended.
func TestDrain(t *testing.T) {
	for name, drain := range map[string]func(*session.Service){
		"asked here":      (*session.Service).Drain,
		"asked elsewhere": func(s *session.Service) { s.Signal(domain.Signal{Drain: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &many{}
				s, end := found(t, store, session.Config{MaxSessions: 2}, domain.Session{ID: "a", Status: domain.SessionReady}, domain.Session{ID: "b", Status: domain.SessionStarting})
				defer end()
				if sessions, room, draining := s.Load(); sessions != 2 || room != 0 || draining {
					t.Errorf("%d, %d, %v", sessions, room, draining)
				}
				drain(s)
				store.add("c", domain.SessionQueued)
				for i, id := range []string{"a", "b"} {
					if sessions, room, draining := s.Load(); sessions != 2-i || room != 0 || !draining || over(s.Drained()) {
						t.Errorf("%d, %d, %v, and it is done: %v", sessions, room, draining, over(s.Drained()))
					}
					if _, err := s.Close(t.Context(), "", id); err != nil {
						t.Fatal(err)
					}
					settle()
				}
				time.Sleep(time.Hour)
				if got := store.all[2].states(); got != "QUEUED" || !over(s.Drained()) {
					t.Errorf("the next is %s, and it is done: %v", got, over(s.Drained()))
				}
			})
		})
	}
	t.Run("with nothing to finish", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, end := found(t, &many{}, session.Config{MaxSessions: 2})
			defer end()
			drain := s.Drained()
			if over(drain) {
				t.Error("it is done before it drains")
			}
			s.Drain()
			s.Drain()
			settle()
			if !over(drain) {
				t.Error("it is not done")
			}
		})
	})
}

// slow is a store whose claims are made, and answered only when they may be.
type slow struct {
	*many
	may chan struct{}
}

func (s slow) ClaimSession(ctx context.Context) (domain.SessionRef, error) {
	ref, err := s.many.ClaimSession(ctx)
	if err == nil {
		<-s.may
	}
	return ref, err
}

// TestDrainWithAClaimUnderWay: what has been claimed is started and finished, and is not
// forgotten over the last that ends meanwhile.
func TestDrainWithAClaimUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := slow{&many{}, make(chan struct{})}
		s, end := found(t, store.many, session.Config{MaxSessions: 2, Store: store}, domain.Session{ID: "a", Status: domain.SessionReady})
		defer end()
		store.add("b", domain.SessionQueued)
		s.Notify(domain.Commit{Queue: true})
		settle()
		s.Drain()
		if _, err := s.Close(t.Context(), "", "a"); err != nil {
			t.Fatal(err)
		}
		settle()
		if over(s.Drained()) {
			t.Error("it is done, and has claimed another")
		}
		close(store.may)
		settle()
		if got := store.all[1].states(); got != "READY" || over(s.Drained()) {
			t.Errorf("what was claimed is %s, and it is done: %v", got, over(s.Drained()))
		}
		if _, err := s.Close(t.Context(), "", "b"); err != nil {
			t.Fatal(err)
		}
		settle()
		if !over(s.Drained()) {
			t.Error("it is not done")
		}
	})
}

// TestDrainWhileItYields: a server that is about to claim doesn't any more.
func TestDrainWhileItYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &many{}
		s, end := found(t, store, session.Config{MaxSessions: 2, Others: func() bool { return true }}, domain.Session{ID: "a", Status: domain.SessionReady})
		defer end()
		time.Sleep(time.Second)
		store.add("b", domain.SessionQueued)
		s.Notify(domain.Commit{Queue: true})
		time.Sleep(5 * time.Millisecond)
		s.Drain()
		time.Sleep(time.Hour)
		if got := store.all[1].states(); got != "QUEUED" {
			t.Errorf("it is %s", got)
		}
	})
}

// TestAClaimOfWhatIsHereStill: a server that was taken for dead claims again what it is
// starting, before its actor has heard of the one or of the other.
func TestAClaimOfWhatIsHereStill(t *testing.T) {
	for name, hears := range map[string]bool{"it hears that it has lost it": true, "it hears nothing": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &many{}
				launched, at := 0, 0
				launch := func(ctx context.Context, _ string, _ domain.SessionOptions) (session.Browser, error) {
					launched++
					at++
					defer func() { at-- }()
					if at > 1 {
						t.Error("two browsers of one session are started at once")
					}
					select {
					case <-ctx.Done():
						time.Sleep(time.Second) // until nothing is left of it
						return nil, ctx.Err()
					case <-time.After(10 * time.Second):
						return &fake{done: make(chan struct{})}, nil
					}
				}
				store.add("a", domain.SessionQueued)
				s, end := found(t, store, session.Config{MaxSessions: 3, Launch: launch})
				defer end()
				one := store.all[0]
				one.set(func(m *memory) { m.sess.Status, m.theirs = domain.SessionQueued, true })
				if hears {
					s.Signal(domain.Signal{Missed: true})
					settle()
				}
				one.set(func(m *memory) { m.theirs = false })
				s.Notify(domain.Commit{Queue: true})
				settle()
				s.Signal(domain.Signal{Missed: true})
				time.Sleep(time.Minute)
				want := 1
				if hears {
					want = 2
				}
				if got := one.states(); got != "READY" || launched != want || !s.Here("a") {
					t.Errorf("it is %s, and was started %d times, here: %v", got, launched, s.Here("a"))
				}
				if _, err := s.Close(t.Context(), "", "a"); err != nil {
					t.Fatal(err)
				}
				settle()
				if got := one.states(); got != "CLOSED requested" {
					t.Errorf("it is %s", got)
				}
			})
		})
	}
}

func over(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// add is that a session is made, of which nobody is told.
func (m *many) add(id string, status domain.SessionStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, &memory{sess: domain.Session{ID: id, Status: status, Options: domain.SessionOptions{Timeout: life}}, point: func() {}, notify: func(domain.Commit) {}})
}

// TestWhatNobodyToldOf is started all the same, soon.
func TestWhatNobodyToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &many{}
		_, end := found(t, store, session.Config{MaxSessions: 2, Others: func() bool { return true }})
		defer end()
		store.add("a", domain.SessionQueued)
		time.Sleep(time.Minute)
		if got := store.all[0].states(); got != "READY" {
			t.Errorf("it is %s", got)
		}
	})
}

// unheard is a store whose answers to claims are lost.
type unheard struct {
	*many
	lost  int // so many
	made  bool
	asked int
}

func (u *unheard) ClaimSession(ctx context.Context) (ref domain.SessionRef, err error) {
	u.asked++
	if u.lost == 0 {
		return u.many.ClaimSession(ctx)
	}
	if u.lost--; u.made {
		_, _ = u.many.ClaimSession(ctx)
	}
	return ref, domain.Refuse(domain.CodeUnavailable, "the store does not answer")
}

// TestAClaimOfWhichNothingIsHeard: the session is started whether it was made or not.
func TestAClaimOfWhichNothingIsHeard(t *testing.T) {
	for _, made := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			store := &unheard{many: &many{}, lost: 3, made: made}
			store.add("a", domain.SessionQueued)
			_, end := found(t, store.many, session.Config{MaxSessions: 1, Store: store})
			defer end()
			time.Sleep(5*time.Second + time.Millisecond)
			if got := store.all[0].states(); got != "READY" || store.asked > 6 {
				t.Errorf("made %v: it is %s, and the store was asked %d times", made, got, store.asked)
			}
		})
	}
}

// TestAFullerServerYields: one with half of its room used leaves a session to others for
// a moment; one that is empty, or alone, takes it at once.
func TestAFullerServerYields(t *testing.T) {
	for _, tt := range []struct {
		uses   int
		others bool
		want   time.Duration
	}{{0, true, 0}, {2, false, 0}, {2, true, 10 * time.Millisecond}, {3, true, 15 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			store := &many{}
			var has []domain.Session
			for i := range tt.uses {
				has = append(has, domain.Session{ID: string(rune('a' + i)), Status: domain.SessionReady})
			}
			s, end := found(t, store, session.Config{MaxSessions: 4, Others: func() bool { return tt.others }}, has...)
			defer end()
			time.Sleep(time.Second)
			store.add("q", domain.SessionQueued)
			began := time.Now()
			s.Notify(domain.Commit{Queue: true})
			for store.all[tt.uses].states() == "QUEUED" && time.Since(began) < time.Second {
				time.Sleep(time.Millisecond)
			}
			if took := time.Since(began).Truncate(5 * time.Millisecond); took != tt.want {
				t.Errorf("with %d of 4, others %v: after %s, want %s", tt.uses, tt.others, took, tt.want)
			}
		})
	}
}
