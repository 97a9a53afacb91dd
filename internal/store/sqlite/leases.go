package sqlite

import (
	"sync"

	"github.com/browserhook/browserhook/internal/store/work"
)

// leases are the deliveries that are being sent: what was given out and has not
// come back. They are kept in memory alone: they end with the process, as the
// sending does.
type leases struct {
	mu        sync.Mutex
	endpoints map[int64]*endpointLeases
}

// endpointLeases are those of one endpoint. Whoever looks for more to give out
// reads the last commit, which may be older than what is here: what came back
// while somebody reads counts as leased until they have read.
type endpointLeases struct {
	events  map[int64]struct{}
	back    map[int64]struct{}
	reading int
}

func newLeases() *leases { return &leases{endpoints: map[int64]*endpointLeases{}} }

func (ls *leases) of(endpoint int64) *endpointLeases {
	l, ok := ls.endpoints[endpoint]
	if !ok {
		l = &endpointLeases{events: map[int64]struct{}{}, back: map[int64]struct{}{}}
		ls.endpoints[endpoint] = l
	}
	return l
}

func (ls *leases) tidy(endpoint int64, l *endpointLeases) {
	if l.reading == 0 {
		clear(l.back)
		if len(l.events) == 0 {
			delete(ls.endpoints, endpoint)
		}
	}
}

// add leases what nobody else can have seen: it is not committed yet.
func (ls *leases) add(keys ...work.Key) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, k := range keys {
		ls.of(k.Endpoint).events[k.Event] = struct{}{}
	}
}

// release gives leases back.
func (ls *leases) release(keys ...work.Key) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, k := range keys {
		l := ls.of(k.Endpoint)
		delete(l.events, k.Event)
		if l.reading > 0 {
			l.back[k.Event] = struct{}{}
		}
		ls.tidy(k.Endpoint, l)
	}
}

func (ls *leases) has(k work.Key) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l, ok := ls.endpoints[k.Endpoint]
	if !ok {
		return false
	}
	_, ok = l.events[k.Event]
	return ok
}

// busy is has for whoever reads, between begin and end.
func (ls *leases) busy(endpoint, event int64) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.of(endpoint)
	_, leased := l.events[event]
	_, was := l.back[event]
	return leased || was
}

// all lists what is leased.
func (ls *leases) all() []work.Key {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	var keys []work.Key
	for endpoint, l := range ls.endpoints {
		for event := range l.events {
			keys = append(keys, work.Key{Event: event, Endpoint: endpoint})
		}
	}
	return keys
}

func (ls *leases) clear() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	clear(ls.endpoints)
}

// begin announces that somebody will read what is due to the endpoint, and
// says how many rows of it they may have to skip. end must follow.
func (ls *leases) begin(endpoint int64) (skip int) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.of(endpoint)
	l.reading++
	return len(l.events)
}

// end leases those of the events, in their order, that nobody has, up to limit,
// and tells which they are.
func (ls *leases) end(endpoint int64, read []int64, limit int) (free map[int64]bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.of(endpoint)
	free = make(map[int64]bool, limit)
	for _, event := range read {
		_, leased := l.events[event]
		_, was := l.back[event]
		if leased || was {
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
	ls.tidy(endpoint, l)
	return free
}
