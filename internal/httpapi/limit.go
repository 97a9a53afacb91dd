package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// An answer that may be long is in memory until its reader has taken it,
	// which can last. So many are at once, and for one project so many of them.
	longAnswers          = 32
	longAnswersOfProject = 8
	// slotWithin is how long a request waits for others' answers to be gone.
	slotWithin = 5 * time.Second
)

// limiter bounds how many long answers there are at once.
type limiter struct {
	all *semaphore.Weighted

	mu   sync.Mutex
	each map[string]*projectSlots
}

// projectSlots are those of one project. It is forgotten with its last user.
type projectSlots struct {
	room  *semaphore.Weighted
	users int
}

func newLimiter() *limiter {
	return &limiter{all: semaphore.NewWeighted(longAnswers), each: map[string]*projectSlots{}}
}

var (
	errManyOfProject = domain.Refuse(domain.CodeTooMany, "too many long answers of this project are being read at once; try again soon")
	errManyAnswers   = domain.Refuse(domain.CodeUnavailable, "too many long answers are being read at once; try again soon")
)

// take waits for room for one more answer, until release.
func (l *limiter) take(ctx context.Context, project string) (release func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, slotWithin)
	defer cancel()
	own := l.enter(project)
	if own.room.Acquire(waiting, 1) != nil {
		l.leave(project, own)
		return nil, errManyOfProject
	}
	if l.all.Acquire(waiting, 1) != nil {
		own.room.Release(1)
		l.leave(project, own)
		return nil, errManyAnswers
	}
	return func() {
		l.all.Release(1)
		own.room.Release(1)
		l.leave(project, own)
	}, nil
}

func (l *limiter) enter(project string) *projectSlots {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.each[project]
	if own == nil {
		own = &projectSlots{room: semaphore.NewWeighted(longAnswersOfProject)}
		l.each[project] = own
	}
	own.users++
	return own
}

func (l *limiter) leave(project string, own *projectSlots) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(l.each, project)
	}
}

// slot is the room that a request has for its answer, once it has asked.
type slot struct{ release func() }

// withSlot gives a request its room back when it has been answered.
func withSlot(r *http.Request) (*http.Request, func()) {
	held := &slot{}
	return r.WithContext(context.WithValue(r.Context(), slotKey, held)), func() {
		if held.release != nil {
			held.release()
		}
	}
}

// takeSlot is called before what may be long is read: it waits for room for the
// answer, which the request then has until its reader has taken that.
func (s *server) takeSlot(ctx context.Context) error {
	held, ok := ctx.Value(slotKey).(*slot)
	if !ok || held.release != nil {
		return nil
	}
	release, err := s.limiter.take(ctx, project(ctx))
	if err == nil {
		held.release = release
	}
	return err
}
