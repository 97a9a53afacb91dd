package fault

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// skewed stands between an engine and its store and has the engine's clock be
// wrong: what the engine says the time is, and what the store says is due, are
// apart by so much. Like the clock of a machine it can jump; timers that run
// don't notice, as Go's don't.
type skewed struct {
	database
	by atomic.Int64
}

func (s *skewed) skew() time.Duration { return time.Duration(s.by.Load()) }

// now is the time by the wrong clock.
func (s *skewed) now() time.Time { return time.Now().Add(s.skew()) }

// right turns a time by the wrong clock into one by the engine's own.
func (s *skewed) right(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-s.skew())
}

func (s *skewed) wrong(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(s.skew())
}

func (s *skewed) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	due, err := s.database.DueEndpoints(ctx)
	for i := range due {
		due[i].At = s.right(due[i].At)
	}
	return due, err
}

func (s *skewed) Claim(ctx context.Context, endpoint string, now time.Time, room domain.Capacity) (domain.Claim, error) {
	c, err := s.database.Claim(ctx, endpoint, s.wrong(now), room)
	c.Next = s.right(c.Next)
	return c, err
}

func (s *skewed) Finish(ctx context.Context, outcomes []domain.Outcome, news []domain.Draft) error {
	told := make([]domain.Outcome, len(outcomes))
	for i, o := range outcomes {
		if o.Attempt.ID != "" { // else it is given back as it came
			o.Attempt.StartedAt = s.wrong(o.Attempt.StartedAt)
			o.Delivery.EndedAt, o.Delivery.NextAt = s.wrong(o.Delivery.EndedAt), s.wrong(o.Delivery.NextAt)
		}
		told[i] = o
	}
	return s.database.Finish(ctx, told, news)
}

// TestClock has the clock of one node jump an hour ahead and an hour back
// while events are committed and half of the requests fail. Nothing is lost,
// nothing is sent again and again, and nobody is taken for dead.
func TestClock(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		r := newRig(t, filepath.Join(t.TempDir(), "fault.db"))
		r.nodes = []*process{r.start("a")}
		r.jump()
	})
	t.Run("postgres", func(t *testing.T) {
		r := newRig(t, postgresFor(t).where)
		r.nodes = []*process{r.start("a"), r.start("b")}
		r.jump()
	})
}

func (r *rig) jump() {
	r.Helper()
	r.round = 1
	r.receiver.round.Store(1)
	for i, p := range r.nodes {
		p.tell(fmt.Sprintf("work %d", *seed+uint64(i)))
	}
	said := 0
	for _, to := range []time.Duration{0, time.Hour, -time.Hour, time.Hour, 0} {
		r.nodes[0].tell("clock " + to.String())
		said += 30
		r.waitSaid(said)
	}
	for _, p := range r.nodes {
		p.tell("rest")
		p.wait("rested")
	}
	all, err := r.receiver.requests()
	if err != nil {
		r.Fatal(err)
	}
	// One that fails has five seconds before its next try, then five minutes,
	// then half an hour: an hour more brings on no more than these.
	times := map[string]int{}
	for _, q := range all {
		if times[q.Event+q.Endpoint]++; times[q.Event+q.Endpoint] > 6 {
			r.Errorf("event %s was sent to %s %d times", q.Event, q.Endpoint, times[q.Event+q.Endpoint])
		}
	}
	r.settle()
	events, requests := r.check()
	for _, p := range r.nodes {
		if strings.Contains(p.errors.String(), "dead") {
			r.Errorf("%s said:\n%s", p.life, p.errors)
		}
	}
	r.Logf("%d events, %d requests at the receiver", events, requests)
}
