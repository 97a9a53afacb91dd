package webhook

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAlarm(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(set func(seconds int))
		want []int // seconds after which it rings
	}{
		{"not set", func(set func(int)) { set(0) }, nil},
		{"set", func(set func(int)) { set(5) }, []int{5}},
		{"set twice to the same", func(set func(int)) { set(5); set(5) }, []int{5}},
		{"moved", func(set func(int)) { set(5); set(3) }, []int{3}},
		{"moved to later", func(set func(int)) { set(5); set(8) }, []int{8}},
		{"stopped", func(set func(int)) { set(5); set(0) }, nil},
		{"stopped and set again", func(set func(int)) { set(5); set(0); set(5) }, []int{5}},
		{"set again when it has rung", func(set func(int)) { set(5); time.Sleep(6 * time.Second); set(7) }, []int{5, 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var group sync.WaitGroup
				began := time.Now()
				var rang []int
				var mu sync.Mutex
				a := alarm{group: &group}
				a.ring = func() {
					mu.Lock()
					defer mu.Unlock()
					a.rang()
					rang = append(rang, int(time.Since(began).Seconds()))
				}
				c.do(func(seconds int) {
					mu.Lock()
					defer mu.Unlock()
					if seconds == 0 {
						a.set(time.Time{})
					} else {
						a.set(began.Add(time.Duration(seconds) * time.Second))
					}
				})
				group.Wait() // whoever waits for it waits for all that it rings
				if !slices.Equal(rang, c.want) {
					t.Errorf("it rang after %v seconds, want %v", rang, c.want)
				}
			})
		})
	}
}

// TestAlarmRingsWhileItIsMoved: however a ring and a move meet, all that rings
// is waited for.
func TestAlarmRingsWhileItIsMoved(t *testing.T) {
	var group sync.WaitGroup
	var mu sync.Mutex
	a := alarm{group: &group}
	a.ring = func() {
		mu.Lock()
		defer mu.Unlock()
		a.rang()
	}
	for i := range 1000 {
		mu.Lock()
		switch i % 3 {
		case 0, 1:
			a.set(time.Now().Add(time.Duration(i%50) * time.Microsecond))
		default:
			a.stop()
		}
		mu.Unlock()
	}
	group.Wait()
	if mu.Lock(); !a.at.IsZero() && a.at.After(time.Now()) {
		t.Error("it is still set")
	}
	mu.Unlock()
}
