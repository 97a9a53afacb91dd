package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// shelf is a store that keeps how many outcomes each transaction had, and when
// it was.
type shelf struct {
	Queue
	failures atomic.Int64 // so many calls fail; below 0: all do
	began    time.Time
	batches  []string
	drafts   int
}

func (s *shelf) Finish(_ context.Context, outcomes []domain.Outcome, drafts []domain.Draft) error {
	if s.failures.Add(-1) >= 0 || s.failures.Load() < -1_000_000 {
		return errors.New("away")
	}
	s.batches = append(s.batches, fmt.Sprintf("%d after %s", len(outcomes), time.Since(s.began)))
	s.drafts += len(drafts)
	return nil
}

func TestRecorder(t *testing.T) {
	late := recordTime + recordTime/2
	for _, c := range []struct {
		name     string
		failures int64
		stopped  bool
		do       func(put func(n int, flush bool))
		want     []string
	}{
		{"one", 0, false, func(put func(int, bool)) { put(1, false) }, []string{"1 after 10ms"}},
		{"those that come in time", 0, false, func(put func(int, bool)) { put(3, false); time.Sleep(recordTime / 2); put(2, false) }, []string{"5 after 10ms"}},
		{"one too late", 0, false, func(put func(int, bool)) { put(3, false); time.Sleep(late); put(2, false) }, []string{"3 after 10ms", "2 after 25ms"}},
		{"many at once", 0, false, func(put func(int, bool)) { put(recordSize+1, false) }, []string{"1024 after 0s", "1 after 10ms"}},
		{"one that others wait for", 0, false, func(put func(int, bool)) { put(1, true) }, []string{"1 after 0s"}},
		{"one of them that others wait for", 0, false, func(put func(int, bool)) { put(2, false); time.Sleep(recordTime / 2); put(1, true) }, []string{"3 after 5ms"}},
		{"the store is away", 3, false, func(put func(int, bool)) { put(1, true) }, []string{"1 after 350ms"}},
		{"it is away at the stop", 3, true, func(put func(int, bool)) { put(1, true) }, []string{"1 after 350ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{began: time.Now()}
				s.failures.Store(c.failures)
				told := 0
				r := outcomeWriter{
					queue: s, log: slog.New(slog.DiscardHandler), results: make(chan result, 2*recordSize),
					stopped: func() bool { return c.stopped }, recorded: func(o []domain.Outcome) { told += len(o) },
				}
				put := 0
				// What is put in at once is there when it begins to run.
				c.do(func(n int, flush bool) {
					for range n {
						r.put(result{flush: flush, draft: &domain.Draft{}})
						put++
					}
					if put == n {
						go r.run(t.Context())
					}
				})
				time.Sleep(time.Minute)
				close(r.results)
				synctest.Wait()
				if !slices.Equal(s.batches, c.want) || told != put || s.drafts != put {
					t.Errorf("%v, want %v; %d of %d are told of, %d drafts", s.batches, c.want, told, put, s.drafts)
				}
			})
		})
	}
}

// TestRecorderGivesUpAfterTheStop: a store that stays away doesn't keep the
// server from ending, however many batches there are.
func TestRecorderGivesUpAfterTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		s.failures.Store(-2_000_000)
		r := outcomeWriter{
			queue: s, log: slog.New(slog.DiscardHandler), results: make(chan result, 5*recordSize),
			stopped: func() bool { return true }, recorded: func([]domain.Outcome) {},
		}
		for range 5 * recordSize {
			r.put(result{})
		}
		close(r.results)
		began := time.Now()
		r.run(t.Context())
		if took := time.Since(began); took < lastTries || took > 2*lastTries+maxAgain {
			t.Errorf("it took %s", took)
		}
	})
}
