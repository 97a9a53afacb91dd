package cursor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// logOf is a log of some events, the number of which is its end.
func logOf(l *State, events ...string) *Log {
	return &Log{
		State: func(context.Context) (State, error) { return *l, nil },
		At: func(_ context.Context, _ int64, id string) (int64, error) {
			for i, e := range events {
				if e == id {
					return int64(i + 1), nil
				}
			}
			return 0, nil
		},
		After: func(_ context.Context, _ int64, id string) (int64, error) {
			for i, e := range events {
				if e > id {
					return int64(i + 1), nil
				}
			}
			return 0, nil
		},
		Open: func(context.Context, string) (bool, error) { return false, nil },
		Page: func(context.Context, int64, int64, domain.EventQuery) ([]domain.Event, bool, error) {
			return nil, false, nil
		},
	}
}

func places(t testing.TB) *Places {
	p, err := New(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAnEventThatIsThereIsAPlace: it was kept, as what is still to be sent is,
// while later ones were deleted.
func TestAnEventThatIsThereIsAPlace(t *testing.T) {
	p := places(t)
	kept := domain.NewID(domain.PrefixEvent)
	l := &State{Project: 7, End: 200, Pruned: 100, PrunedID: domain.NewID(domain.PrefixEvent), Prunes: 4}
	log := logOf(l, "", "", "", "", kept)
	began := int64(-1)
	log.Page = func(_ context.Context, _, after int64, _ domain.EventQuery) ([]domain.Event, bool, error) {
		began = after
		return nil, false, nil
	}
	if page, err := p.Read(t.Context(), log, domain.EventQuery{After: kept}); err != nil || began != 5 || page.Next != p.End(*l) {
		t.Errorf("went on after %d: %+v, %v", began, page, err)
	}
}

// TestAPageThatLosesEventsWhileItIsRead is refused, and so is a cursor of a
// database that was since restored.
func TestAPageThatLosesEventsWhileItIsRead(t *testing.T) {
	p := places(t)
	l := &State{Project: 7, End: 9, Pruned: 3, PrunedID: domain.NewID(domain.PrefixEvent), Prunes: 4}
	log := logOf(l)
	cursor := p.after(*l, 5)
	if page, err := p.Read(t.Context(), log, domain.EventQuery{After: cursor}); err != nil || page.Next != p.after(*l, 9) || page.More {
		t.Fatalf("%+v, %v", page, err)
	}
	log.Page = func(context.Context, int64, int64, domain.EventQuery) ([]domain.Event, bool, error) {
		l.Pruned, l.Prunes = 6, 5
		return nil, false, nil
	}
	if _, err := p.Read(t.Context(), log, domain.EventQuery{After: cursor}); !errors.Is(err, errExpired) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Read(t.Context(), log, domain.EventQuery{}); err != nil {
		t.Errorf("from the beginning: %v", err)
	}
	if _, err := p.Read(t.Context(), log, domain.EventQuery{After: p.after(*l, 10)}); !errors.Is(err, errExpired) {
		t.Errorf("beyond the end: %v", err)
	}
	other := *l
	other.Project = 8
	if _, err := p.Read(t.Context(), log, domain.EventQuery{After: p.after(other, 5)}); err == nil || errors.Is(err, errExpired) {
		t.Errorf("another project's: %v", err)
	}
}

// FuzzCursor reads from wherever a stranger says: it is refused, or goes on at a
// place of the log.
func FuzzCursor(f *testing.F) {
	p := places(f)
	now := time.Now()
	l := &State{Project: 1, End: 3, Pruned: 1, PrunedID: domain.IDAt(domain.PrefixEvent, now.Add(-time.Hour)), Prunes: 1}
	events := []string{"", domain.IDAt(domain.PrefixEvent, now.Add(-10*time.Minute)), domain.IDAt(domain.PrefixEvent, now)}
	for _, seed := range []string{
		"", "x", events[1], p.End(*l), p.after(*l, 0), p.after(State{Project: 2}, 1), l.PrunedID,
		domain.IDAt(domain.PrefixEvent, now.Add(-5*time.Minute)), domain.IDAt(domain.PrefixEvent, time.Time{}), "evt_zzzzzzzzzzzzzzzzzzzzzzzzzz",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		log := logOf(l, events...)
		log.Page = func(_ context.Context, _, after int64, _ domain.EventQuery) ([]domain.Event, bool, error) {
			if after < 0 {
				t.Errorf("%q goes on after %d", cursor, after)
			}
			return nil, false, nil
		}
		page, err := p.Read(t.Context(), log, domain.EventQuery{After: cursor})
		if refused, ok := errors.AsType[*domain.Error](err); err != nil && (!ok || refused.Field != "after") {
			t.Errorf("%q: %v", cursor, err)
		}
		if err == nil && page.Next != p.End(*l) {
			t.Errorf("%q: ends at %s", cursor, page.Next)
		}
	})
}
