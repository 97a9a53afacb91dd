package webhook

import (
	"testing"

	"pgregory.net/rapid"
)

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(*window)
		limit int
	}{
		{"new", func(*window) {}, firstLimit},
		{"an answer", func(w *window) { w.grow() }, firstLimit + 1},
		{"none", func(w *window) { w.shrink() }, firstLimit / 2},
		{"none at all", func(w *window) { w.shrink(); w.shrink(); w.shrink(); w.shrink() }, 1},
		{"back from the bottom", func(w *window) { w.shrink(); w.shrink(); w.shrink(); w.grow() }, 2},
		{"the endpoint wants one at a time", func(w *window) { w.bound(1); w.grow() }, 1},
		{"it may get more than it gets at first", func(w *window) { w.bound(100) }, firstLimit},
		{"it wants no bound any more", func(w *window) { w.bound(1); w.bound(0); w.grow() }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWindow()
			c.do(&w)
			if w.limit != c.limit {
				t.Errorf("the limit is %d, want %d", w.limit, c.limit)
			}
			w.inFlight = w.limit - 1
			if w.full() {
				t.Error("full with one free")
			}
			if w.inFlight++; !w.full() {
				t.Error("not full with none free")
			}
		})
	}
}

// TestWindowStaysWithinItsBounds walks it at random.
func TestWindowStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWindow()
		bound := maxLimit
		for range rapid.IntRange(1, 100).Draw(r, "steps") {
			before := w.limit
			switch rapid.IntRange(0, 6).Draw(r, "what") {
			case 0:
				if bound = rapid.IntRange(0, maxConcurrency).Draw(r, "bound"); bound == 0 {
					w.bound(0)
					bound = maxLimit
				} else {
					w.bound(bound)
				}
			case 1, 2:
				if w.shrink(); w.limit > max(before/2, 1) {
					r.Fatalf("it shrinks from %d to %d", before, w.limit)
				}
			default:
				if w.grow(); w.limit != min(before+1, bound) {
					r.Fatalf("it grows from %d to %d of %d", before, w.limit, bound)
				}
			}
			if w.limit < 1 || w.limit > bound {
				r.Fatalf("the limit is %d of %d", w.limit, bound)
			}
		}
	})
}
