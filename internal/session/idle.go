package session

import "time"

// idle is a timer that may be off.
type idle struct {
	after time.Duration
	timer *time.Timer
}

// newIdle is one that has run for a while.
func newIdle(after, since time.Duration) *idle {
	i := &idle{after: after}
	if after > 0 {
		i.timer = time.NewTimer(after - since)
	}
	return i
}

func (i *idle) c() <-chan time.Time {
	if i.timer == nil {
		return nil
	}
	return i.timer.C
}

func (i *idle) restart() {
	if i.timer != nil {
		i.timer.Reset(i.after)
	}
}

func (i *idle) pause() { i.stop() }

func (i *idle) stop() {
	if i.timer != nil {
		i.timer.Stop()
	}
}
