package egress

import "time"

const (
	// stallWithin is how long a server may take for the next part of what it is sent, at
	// most a buffer of it.
	stallWithin = 5 * time.Minute
	sweepEvery  = time.Minute
)

// sweepLoop ends, until Close, connections to servers that take nothing. They would have no
// end by themselves: that the browser has gone isn't seen before what it had sent is taken.
func (f *ForwardProxy) sweepLoop() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			f.sweep(now)
		case <-f.ctx.Done():
			return
		}
	}
}

func (f *ForwardProxy) sweep(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for nc, out := range f.open {
		if out == nil {
			continue
		}
		if since := out.writes.Load(); since != nil && now.Sub(*since) > stallWithin {
			nc.Close()
		}
	}
}
