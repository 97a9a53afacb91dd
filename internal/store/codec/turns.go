package codec

import "sync"

// Turns remembers, for each ordered endpoint, the session where the last claim
// had enough, for the next one to go on with those after it. Its zero value is
// ready; it is safe for concurrent use.
type Turns struct {
	mu   sync.Mutex
	last map[int64]int64
}

// Last is the session, by its number, after which it is to go on; 0: the first
// one's turn has come.
func (t *Turns) Last(endpoint int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last[endpoint]
}

// Set says where a claim had enough; 0: it has seen every session.
func (t *Turns) Set(endpoint, session int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if session == 0 {
		delete(t.last, endpoint)
		return
	}
	if t.last == nil {
		t.last = map[int64]int64{}
	}
	t.last[endpoint] = session
}
