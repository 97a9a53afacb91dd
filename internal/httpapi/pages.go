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
	pagesInAll     = 32
	pagesOfProject = 8
	// pageWithin is how long a request waits for others' answers to be gone.
	pageWithin = 5 * time.Second
)

// pages bounds how many long answers there are at once.
type pages struct {
	all *semaphore.Weighted

	mu   sync.Mutex
	each map[string]*projectPages
}

// projectPages are those of one project. It is forgotten with its last user.
type projectPages struct {
	room  *semaphore.Weighted
	users int
}

func newPages() *pages {
	return &pages{all: semaphore.NewWeighted(pagesInAll), each: map[string]*projectPages{}}
}

var (
	errManyOfProject = domain.Refuse(domain.CodeTooMany, "too many long answers of this project are being read at once; try again soon")
	errManyPages     = domain.Refuse(domain.CodeUnavailable, "too many long answers are being read at once; try again soon")
)

// take waits for room for one more answer, until release.
func (p *pages) take(ctx context.Context, project string) (release func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, pageWithin)
	defer cancel()
	own := p.enter(project)
	if own.room.Acquire(waiting, 1) != nil {
		p.leave(project, own)
		return nil, errManyOfProject
	}
	if p.all.Acquire(waiting, 1) != nil {
		own.room.Release(1)
		p.leave(project, own)
		return nil, errManyPages
	}
	return func() {
		p.all.Release(1)
		own.room.Release(1)
		p.leave(project, own)
	}, nil
}

func (p *pages) enter(project string) *projectPages {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.each[project]
	if own == nil {
		own = &projectPages{room: semaphore.NewWeighted(pagesOfProject)}
		p.each[project] = own
	}
	own.users++
	return own
}

func (p *pages) leave(project string, own *projectPages) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(p.each, project)
	}
}

// heldPage is the room that a request has for its answer, once it has asked.
type heldPage struct{ release func() }

// holding gives a request its room back when it has been answered.
func holding(r *http.Request) (*http.Request, func()) {
	held := &heldPage{}
	return r.WithContext(context.WithValue(r.Context(), pageKey, held)), func() {
		if held.release != nil {
			held.release()
		}
	}
}

// takePage is called before what may be long is read: it waits for room for the
// answer, which the request then has until its reader has taken that.
func (s *server) takePage(ctx context.Context) error {
	held, ok := ctx.Value(pageKey).(*heldPage)
	if !ok || held.release != nil {
		return nil
	}
	release, err := s.pages.take(ctx, project(ctx))
	if err == nil {
		held.release = release
	}
	return err
}
