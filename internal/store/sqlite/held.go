package sqlite

import "sync"

// deliveryKey is a delivery's row: the position of its event and the number of
// its endpoint.
type deliveryKey struct{ event, endpoint int64 }

// held is what has been handed out to be sent and not come back. It is kept in
// memory alone: it ends with the process, as the sending does.
type held struct {
	mu    sync.Mutex
	lanes map[int64]*heldLane // by endpoint
}

// heldLane is what is held of one endpoint. Whoever looks for more to hand out
// reads the last commit, which may be older than the news here: what came back
// while somebody reads counts as held until they have read.
type heldLane struct {
	events  map[int64]struct{}
	back    map[int64]struct{}
	reading int
}

func newHeld() *held { return &held{lanes: map[int64]*heldLane{}} }

func (h *held) lane(endpoint int64) *heldLane {
	l, ok := h.lanes[endpoint]
	if !ok {
		l = &heldLane{events: map[int64]struct{}{}, back: map[int64]struct{}{}}
		h.lanes[endpoint] = l
	}
	return l
}

func (h *held) tidy(endpoint int64, l *heldLane) {
	if l.reading == 0 {
		clear(l.back)
		if len(l.events) == 0 {
			delete(h.lanes, endpoint)
		}
	}
}

// add holds what nobody else can have seen: it is not committed yet.
func (h *held) add(keys ...deliveryKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		h.lane(k.endpoint).events[k.event] = struct{}{}
	}
}

// release gives back what was held.
func (h *held) release(keys ...deliveryKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		l := h.lane(k.endpoint)
		delete(l.events, k.event)
		if l.reading > 0 {
			l.back[k.event] = struct{}{}
		}
		h.tidy(k.endpoint, l)
	}
}

func (h *held) has(k deliveryKey) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, ok := h.lanes[k.endpoint]
	if !ok {
		return false
	}
	_, ok = l.events[k.event]
	return ok
}

// busy is has for whoever reads, between begin and end.
func (h *held) busy(endpoint, event int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lane(endpoint)
	_, isHeld := l.events[event]
	_, wasHeld := l.back[event]
	return isHeld || wasHeld
}

// all lists what is held.
func (h *held) all() []deliveryKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	var keys []deliveryKey
	for endpoint, l := range h.lanes {
		for event := range l.events {
			keys = append(keys, deliveryKey{event, endpoint})
		}
	}
	return keys
}

func (h *held) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.lanes)
}

// begin announces that somebody will read what is due to the endpoint, and
// says how many rows of it they may have to skip. end must follow.
func (h *held) begin(endpoint int64) (skip int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lane(endpoint)
	l.reading++
	return len(l.events)
}

// end holds those of the events, in their order, that nobody else holds, up to
// limit, and tells which they are.
func (h *held) end(endpoint int64, read []int64, limit int) (free map[int64]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lane(endpoint)
	free = make(map[int64]bool, limit)
	for _, event := range read {
		_, isHeld := l.events[event]
		_, wasHeld := l.back[event]
		if isHeld || wasHeld {
			continue
		}
		if limit--; limit < 0 {
			free[event] = false // free, and left for the next
			break
		}
		l.events[event] = struct{}{}
		free[event] = true
	}
	l.reading--
	h.tidy(endpoint, l)
	return free
}
