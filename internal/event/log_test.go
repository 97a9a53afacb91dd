package event

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/browserhook/browserhook/internal/domain"
)

// memory is a store of one project's events.
type memory struct {
	Store  // what the log asks nothing of here
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

func (m *memory) Events(_ context.Context, _ string, q domain.EventQuery) (domain.EventPage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := 0
	_, _ = fmt.Sscan(q.After, &after)
	all := m.events[after:]
	n := min(len(all), q.Limit)
	page := domain.EventPage{Next: fmt.Sprint(after + n), More: n == q.Limit}
	for _, e := range all[:n] {
		if len(q.Types) == 0 || slices.Contains(q.Types, e.Type) {
			page.Events = append(page.Events, e)
		}
	}
	return page, nil
}

func (m *memory) EventsEnd(context.Context, string) (string, error) { return "", nil }

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
				err := l.Follow(ctx, "p", domain.EventQuery{}, func(page domain.EventPage) error {
					for _, e := range page.Events {
						if got[i]++; e.ID != fmt.Sprint(got[i]) {
							t.Errorf("follower %d got %s as its event %d", i, e.ID, got[i])
						}
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
		l.Signal(domain.Signal{Missed: true})
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
	if err := l.Follow(t.Context(), "p", domain.EventQuery{}, func(domain.EventPage) error { return gone }); !errors.Is(err, gone) {
		t.Error(err)
	}
}

func TestAFollowerWithAFilterHearsHowFarTheLogIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		l := New(m)
		m.add(followPage + 5)
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		done := make(chan error)
		go func() {
			done <- l.Follow(ctx, "p", domain.EventQuery{Types: []domain.EventType{domain.EventBrowserReady}}, func(page domain.EventPage) error {
				if len(page.Events) > 0 {
					t.Errorf("got %v", page.Events)
				}
				got = append(got, page.Next)
				return nil
			})
		}()
		synctest.Wait()
		l.Notify(m.add(3))
		synctest.Wait()
		l.Notify(domain.Commit{Projects: []string{"p"}}) // of nothing
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if want := []string{"100", "105", "108"}; !slices.Equal(got, want) {
			t.Errorf("heard of %v, want %v", got, want)
		}
	})
}
