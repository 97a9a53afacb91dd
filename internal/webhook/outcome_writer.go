package webhook

import (
	"context"
	"log/slog"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	recordSize  = 1024                  // outcomes recorded together,
	recordTime  = 10 * time.Millisecond // those that come within this of the first: each commit costs as much as many of them
	recordAgain = 50 * time.Millisecond // until they are offered again to a store that failed, and twice that, and so on,
	maxAgain    = 5 * time.Second       // and at most
	lastTries   = 2 * time.Second       // a store that fails is offered more after the stop
)

// outcomeWriter records what attempts have come to, many in one transaction.
type outcomeWriter struct {
	queue    Queue
	log      *slog.Logger
	results  chan result
	stopped  func() bool            // the engine is
	recorded func([]domain.Outcome) // told of each transaction
	failing  time.Time              // since when the store fails after the stop
}

// batch is what goes into one transaction.
type batch struct {
	outcomes []domain.Outcome
	drafts   []domain.Draft
	flush    bool
}

func (b *batch) add(r result) {
	b.outcomes, b.flush = append(b.outcomes, r.outcome), b.flush || r.flush
	if r.draft != nil {
		b.drafts = append(b.drafts, *r.draft)
	}
}

// put hands in a result. It blocks while the store is slow, which bounds
// everything.
func (r *outcomeWriter) put(one result) { r.results <- one }

// run records until the results are closed.
func (r *outcomeWriter) run(ctx context.Context) {
	outcomes := make([]domain.Outcome, 0, recordSize)
	enough := time.NewTimer(recordTime)
	defer enough.Stop()
	for first := range r.results {
		b := batch{outcomes: outcomes[:0]}
		b.add(first)
		enough.Reset(recordTime)
		r.fill(&b, enough.C)
		r.record(ctx, &b)
		r.recorded(b.outcomes)
	}
}

// fill collects results until there are many, or it is time, or something may
// wait for one of them and no more are here.
func (r *outcomeWriter) fill(b *batch, enough <-chan time.Time) {
	for len(b.outcomes) < recordSize && (!b.flush || len(r.results) > 0) {
		select {
		case one, ok := <-r.results:
			if !ok {
				return
			}
			b.add(one)
		case <-enough:
			return
		}
	}
}

// record offers a batch to the store until that takes it: an attempt that was
// made is never forgotten while the server lives.
func (r *outcomeWriter) record(ctx context.Context, b *batch) {
	for wait := recordAgain; ; wait = min(2*wait, maxAgain) {
		err := r.queue.Finish(ctx, b.outcomes, b.drafts)
		if err == nil {
			r.failing = time.Time{}
			return
		}
		r.log.Error("record webhook attempts; trying again", "err", err, "attempts", len(b.outcomes))
		if r.stopped() {
			if r.failing.IsZero() {
				r.failing, wait = time.Now(), recordAgain
			}
			if time.Since(r.failing) > lastTries {
				return // they will be sent again after the next start
			}
		}
		<-time.After(wait)
	}
}
