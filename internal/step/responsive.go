package step

import (
	"fmt"
	"time"
)

const (
	// minds is how long a step runs before its page is asked whether it is there,
	// and how often it is asked.
	minds = time.Second
	// slow is how long the page may take to answer without a word about it.
	slow = 2 * time.Second
)

// watchResponsiveness asks the page's main thread, beside the step, whether it is there.
func (r *run) watchResponsiveness() {
	ctx, page := r.ctx, r.page
	r.running.Go(func() {
		for {
			select {
			case <-time.After(minds):
			case <-ctx.Done():
				return
			}
			r.minded.Store(time.Now().UnixNano())
			if err := page.Call(ctx, "Runtime.evaluate", object{"expression": "0"}, nil); ctx.Err() != nil || err != nil && !lost(err) {
				return
			}
			r.minded.Store(0)
		}
	})
}

// unresponsiveFor says for how long the page has given no answer; empty: it has, or a
// navigation keeps what it is asked from it.
func (r *run) unresponsiveFor() string {
	since := r.minded.Load()
	if since == 0 || r.leaves || r.page.Main().Document.Navigating {
		return ""
	}
	silent := time.Since(time.Unix(0, since))
	if silent < slow {
		return ""
	}
	return fmt.Sprintf(" The page's main thread has not answered for %s: a script of the page runs on.", silent.Round(100*time.Millisecond))
}
