package event

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/browserhook/browserhook/internal/domain"
)

// memory is a store of one project's events.
type memory struct {
	mu     sync.Mutex
	events []domain.Event
}

func (m *memory) add(n int) domain.Commit {
	m.mu.Lock()
	defer m.mu.Unlock()
	var c domain.Commit
	for range n {
		e := domain.Event{ID: fmt.Sprint(len(m.events) + 1), ProjectID: "p"}
		m.events = append(m.events, e)
		c.Events = append(c.Events, e)
	}
	c.Projects = []string{"p"}
	return c
}

func (m *memory) Events(_ context.Context, _ string, q domain.EventQuery) ([]domain.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := 0
	_, _ = fmt.Sscan(q.After, &after)
	page := m.events[after:]
	return append([]domain.Event(nil), page[:min(len(page), q.Limit)]...), nil
}

func (m *memory) LastEventID(context.Context, string) (string, error) { return "", nil }

func TestFollowersMissNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		l := New(m)
		m.add(followPage + 5) // more than a page before it begins
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		got := make([]int, 3)
		for i := range got {
			wg.Go(func() {
				err := l.Follow(ctx, "p", domain.EventQuery{}, func(e domain.Event) error {
					if got[i]++; e.ID != fmt.Sprint(got[i]) {
						t.Errorf("follower %d got %s as its event %d", i, e.ID, got[i])
					}
					return nil
				})
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		for range 50 {
			l.Notify(m.add(3))
		}
		synctest.Wait()
		m.add(2) // of which no news came
		l.Notify(domain.Commit{Missed: true})
		l.Notify(domain.Commit{Projects: []string{"another"}})
		synctest.Wait()
		cancel()
		wg.Wait()
		for i, n := range got {
			if n != followPage+157 {
				t.Errorf("follower %d got %d events", i, n)
			}
		}
	})
}

func TestAFollowerThatFailsEndsAlone(t *testing.T) {
	m := &memory{}
	l := New(m)
	m.add(3)
	gone := errors.New("gone")
	if err := l.Follow(t.Context(), "p", domain.EventQuery{}, func(domain.Event) error { return gone }); !errors.Is(err, gone) {
		t.Error(err)
	}
}
