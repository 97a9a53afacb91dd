package apiclient

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	for failures, want := range map[int]time.Duration{0: 250 * time.Millisecond, 1: 500 * time.Millisecond, 3: 2 * time.Second, 6: 15 * time.Second, 1000: 15 * time.Second} {
		low, middle, high := pause(failures, 0), pause(failures, 0.5), pause(failures, 1)
		if middle != want || low != want*3/4 || high != want*5/4 {
			t.Errorf("%d failures: %s, %s, %s", failures, low, middle, high)
		}
	}
}
