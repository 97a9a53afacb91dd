package webhook

import (
	"sync"
	"time"
)

// alarm rings once at a time that can be moved. Whoever owns the group waits
// for what rings.
type alarm struct {
	group *sync.WaitGroup
	ring  func()
	timer *time.Timer
	at    time.Time // zero: it is not set
}

// set moves the alarm; zero stops it.
func (a *alarm) set(at time.Time) {
	switch {
	case at.Equal(a.at):
		return
	case at.IsZero():
		a.stop()
		return
	case a.timer == nil:
		a.group.Add(1)
		a.timer = time.AfterFunc(time.Until(at), func() {
			defer a.group.Done()
			a.ring()
		})
	case !a.timer.Reset(time.Until(at)):
		a.group.Add(1)
	}
	a.at = at
}

// rang is to be called when it has rung.
func (a *alarm) rang() { a.at = time.Time{} }

func (a *alarm) stop() {
	if a.timer != nil && a.timer.Stop() {
		a.group.Done()
	}
	a.at = time.Time{}
}
