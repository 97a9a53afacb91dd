package work

import (
	"math"
	"sync"
)

// Turns remembers, for each ordered endpoint, where the last claim had enough,
// for the next one to go on with the sessions after it. They are passed through
// again and again, each pass as far as there were sessions when it began: those
// that come meanwhile, however many, don't put off the turn of the others. Its
// zero value is ready; it is safe for concurrent use.
type Turns struct {
	mu     sync.Mutex
	passes map[int64]pass
}

// pass has come as far as one session, by its number, and ends with another.
type pass struct{ last, end int64 }

// Spans are the sessions in the order in which they have their turn: in each
// span those after the first number, up to the second.
func (t *Turns) Spans(endpoint int64) [][2]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.passes[endpoint]
	if !ok {
		return [][2]int64{{0, math.MaxInt64}}
	}
	return [][2]int64{{p.last, p.end}, {0, p.last}, {p.end, math.MaxInt64}}
}

// Stop says at which session a claim had enough; 0: it has seen all of them.
// newest is the last session that has something open.
func (t *Turns) Stop(endpoint, session, newest int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if session == 0 {
		delete(t.passes, endpoint)
		return
	}
	p, ok := t.passes[endpoint]
	if !ok || session <= p.last || session > p.end {
		p.end = newest // another pass has begun
	}
	p.last = session
	if t.passes == nil {
		t.passes = map[int64]pass{}
	}
	t.passes[endpoint] = p
}
