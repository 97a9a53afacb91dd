package webhook

import "time"

const (
	tripAfter = 8                // attempts in a row without a usable answer open the circuit
	firstOpen = time.Second      // for so long at first, then twice that, and so on,
	maxOpen   = 60 * time.Second // and at most
)

// circuit is the circuit breaker of an endpoint. Closed, it lets everything
// through. Enough missing answers in a row open it: nothing is sent for a
// while. Then it is half-open: one delivery at a time goes, until an answer
// closes it or a missing one opens it for longer.
//
// An endpoint that did not answer when last tried, or was never tried, is
// suspect: it shares the room for such endpoints, whatever its circuit's state.
type circuit struct {
	failures  int       // missing answers in a row
	opened    int       // how often in a row it has opened
	openUntil time.Time // zero: it is closed
	answered  bool      // at least once
}

type circuitState int

const (
	circuitClosed circuitState = iota
	circuitOpen
	circuitHalfOpen
)

func (c *circuit) state(now time.Time) circuitState {
	switch {
	case c.openUntil.IsZero():
		return circuitClosed
	case c.openUntil.After(now):
		return circuitOpen
	default:
		return circuitHalfOpen
	}
}

func (c *circuit) suspect() bool { return !c.answered || c.failures > 0 }

// succeed notes an answer, and says whether that closes the circuit.
func (c *circuit) succeed() (closes bool) {
	closes = !c.openUntil.IsZero()
	*c = circuit{answered: true}
	return closes
}

// fail notes a missing answer, and says whether that opens the circuit. What
// was in flight when it opened doesn't open it again.
func (c *circuit) fail(now time.Time) (opens bool) {
	c.failures++
	if c.failures < tripAfter || c.state(now) == circuitOpen {
		return false
	}
	c.openUntil = now.Add(min(firstOpen<<min(c.opened, 10), maxOpen))
	c.opened++
	return true
}
