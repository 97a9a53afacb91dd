package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Loop has workers take turns at do, from the 0th to the n-1th. With a rate, the
// turns are due at even distances from the start, whatever became of those
// before: who measures from due on sees every delay, the loop's own too. With
// rate 0 a turn is due when a worker is free.
func Loop(ctx context.Context, workers, n int, rate float64, do func(i int, due time.Time) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var turn atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for {
				i := turn.Add(1) - 1
				if i >= int64(n) || ctx.Err() != nil {
					return
				}
				due := time.Now()
				if rate > 0 {
					due = start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				if err := do(int(i), due); err != nil {
					fail(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// Counter counts and tells when it has reached a goal.
type Counter struct {
	mu      sync.Mutex
	n, goal int64
	reached chan struct{}
	each    func(k int64)
}

// Each has f told of everything that is counted from now on.
func (c *Counter) Each(f func(k int64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.each = f
}

// Reset begins to count anew.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n = 0
}

// Add counts k more.
func (c *Counter) Add(k int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += k
	if c.each != nil {
		c.each(k)
	}
	if c.reached != nil && c.n >= c.goal {
		close(c.reached)
		c.reached = nil
	}
}

// Count is how many there were so far.
func (c *Counter) Count() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// Reach waits until there were goal. One caller can wait.
func (c *Counter) Reach(ctx context.Context, goal int64) error {
	c.mu.Lock()
	if c.n >= goal {
		c.mu.Unlock()
		return nil
	}
	reached := make(chan struct{})
	c.goal, c.reached = goal, reached
	c.mu.Unlock()
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d of %d came: %w", c.Count(), goal, context.Cause(ctx))
	}
}
