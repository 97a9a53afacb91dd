// Package event reads the committed log of a project's events and follows it.
// One cursor works for both: an event's id, or what a page says is next.
package event

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/browserhook/browserhook/internal/domain"
)

// Store is where the log is.
type Store interface {
	Events(ctx context.Context, project string, q domain.EventQuery) (domain.EventPage, error)
	Event(ctx context.Context, project, id string) (domain.Event, error)
	EventsEnd(ctx context.Context, project string) (string, error)
}

// Log is the log of all projects.
type Log struct {
	store Store

	mu      sync.Mutex
	changed map[string]chan struct{} // by project that is followed, closed at its next event
}

// New makes a log over a store.
func New(store Store) *Log {
	return &Log{store: store, changed: map[string]chan struct{}{}}
}

// Notify wakes the followers of the projects that have news. It doesn't block.
func (l *Log) Notify(c domain.Commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakeAll(c.Projects)
}

// Signal wakes the followers of the projects that may have news of another
// server. It doesn't block.
func (l *Log) Signal(s domain.Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	projects := s.Elsewhere.Projects
	if s.Missed {
		projects = slices.Collect(maps.Keys(l.changed))
	}
	l.wakeAll(projects)
}

func (l *Log) wakeAll(projects []string) {
	for _, p := range projects {
		if ch, ok := l.changed[p]; ok {
			close(ch)
			delete(l.changed, p)
		}
	}
}

func (l *Log) wake(project string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	ch, ok := l.changed[project]
	if !ok {
		ch = make(chan struct{})
		l.changed[project] = ch
	}
	return ch
}

// Read returns a page of events after the cursor.
func (l *Log) Read(ctx context.Context, project string, q domain.EventQuery) (domain.EventPage, error) {
	return l.store.Events(ctx, project, q)
}

// Event reads one.
func (l *Log) Event(ctx context.Context, project, id string) (domain.Event, error) {
	return l.store.Event(ctx, project, id)
}

// End is the cursor after which there is nothing yet.
func (l *Log) End(ctx context.Context, project string) (string, error) {
	return l.store.EventsEnd(ctx, project)
}

// What a follower holds at a time: so many events, of so many bytes and one
// more event. There are many followers, and each may be slow.
const (
	followPage  = 100
	followBytes = 64 << 10
)

// Follow sends pages of the events after the cursor, then of those that are
// committed, until ctx ends or send fails. A page without events says how far
// the log has gone on without any that the query picks. A slow send slows only
// its own follower.
func (l *Log) Follow(ctx context.Context, project string, q domain.EventQuery, send func(domain.EventPage) error) error {
	q.Limit, q.Bytes = followPage, followBytes
	for {
		// Asked for before reading, so that nothing falls in between.
		changed := l.wake(project)
		page, err := l.store.Events(ctx, project, q)
		if err != nil {
			return err
		}
		if len(page.Events) > 0 || page.Next != q.After {
			if err := send(page); err != nil {
				return err
			}
		}
		q.After = page.Next
		if page.More {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
