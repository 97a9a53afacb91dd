package webhook

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRateOfNothing(t *testing.T) {
	var r rateLimit
	for range 1000 {
		if !r.take(now) || r.limited(now) {
			t.Fatal("limited without a limit")
		}
	}
	r.set(1)
	if !r.take(now) || r.take(now) || !r.limited(now) || !r.until.Equal(now.Add(time.Second)) {
		t.Errorf("one a second: the next goes at %s", r.until)
	}
	r.set(0)
	if r.limited(now) || !r.take(now) {
		t.Error("limited after the limit was taken away")
	}
}

// TestRateIsKept takes at random times and with changing limits: never more
// than the limit and a burst in any stretch, and what has to wait goes when it
// was said.
func TestRateIsKept(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var l rateLimit
		perSecond := rapid.IntRange(1, 200).Draw(r, "rate")
		l.set(perSecond)
		burst := max(1, perSecond/rateBurst)
		at := now
		var taken []time.Time
		for range rapid.IntRange(1, 300).Draw(r, "steps") {
			if rapid.IntRange(0, 4).Draw(r, "pause") == 0 {
				at = at.Add(time.Duration(rapid.IntRange(0, 300).Draw(r, "ms")) * time.Millisecond)
			}
			if !l.take(at) {
				if !l.limited(at) {
					r.Fatal("it has to wait, and is not limited")
				}
				if at = l.until; l.limited(at) || !l.take(at.Add(time.Microsecond)) {
					r.Fatal("it can't go when it was said")
				}
				at = at.Add(time.Microsecond)
			}
			taken = append(taken, at)
			for i := range taken {
				n, within := len(taken)-i, at.Sub(taken[i]).Seconds()
				if float64(n) > float64(burst)+within*float64(perSecond)+0.01 {
					r.Fatalf("%d in %g s at %d a second", n, within, perSecond)
				}
			}
		}
	})
}
