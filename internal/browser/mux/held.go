package mux

import (
	"errors"
	"sync"
)

// maxTogether is how much may be held here for all programs of a session, in bytes:
// what waits for them to read it, and what they have said of long messages. One alone
// may have what may wait for it.
const maxTogether = 384 << 20

// ErrTogether is a client that was cut off because it held most when all held too much.
var ErrTogether = errors.New("the session's programs have too much under way, and this one most of it")

// held is what is held of clients with rules.
type held struct {
	limit int // bytes

	mu  sync.Mutex
	all int
	by  map[*client]int // of those that have not left and were not cut off for it
}

func (h *held) join(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.by[c] = 0
}

// grow counts so many bytes more of a client's, or fewer. Who it returns is to be cut
// off, and counts no more: it holds most.
func (h *held) grow(c *client, n int) (most *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.by[c]; !ok {
		return nil
	}
	h.by[c] += n
	if h.all += n; h.all <= h.limit {
		return nil
	}
	for other, has := range h.by {
		if most == nil || has > h.by[most] {
			most = other
		}
	}
	h.give(most)
	return most
}

// leave gives up what is held of a client.
func (h *held) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.give(c)
}

func (h *held) give(c *client) {
	h.all -= h.by[c]
	delete(h.by, c)
}

// holds counts so many bytes more of a client's, or fewer, and cuts off who holds most
// when all hold too much. No lock of an outbox is held.
func (c *client) holds(n int) {
	if c.held == nil || n == 0 {
		return
	}
	if most := c.held.grow(c, n); most != nil {
		most.cut(ErrTogether)
	}
}
