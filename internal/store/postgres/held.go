package postgres

import (
	"maps"
	"sync"
)

// deliveryKey is a delivery's row within its project: the position of its
// event and the number of its endpoint.
type deliveryKey struct{ event, endpoint int64 }

// held is what this node has been handed to send and has not given back, with
// the number that it had as a node then. The rows say the same; this tells
// what an outcome may still change when the node has got another number.
type held struct {
	mu    sync.Mutex
	nodes map[deliveryKey]int64
}

func newHeld() *held { return &held{nodes: map[deliveryKey]int64{}} }

func (h *held) add(k deliveryKey, node int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes[k] = node
}

// take releases keys and says under which numbers they were held.
func (h *held) take(keys []deliveryKey) map[deliveryKey]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := make(map[deliveryKey]int64, len(keys))
	for _, k := range keys {
		if node, ok := h.nodes[k]; ok {
			was[k] = node
			delete(h.nodes, k)
		}
	}
	return was
}

// restore undoes take.
func (h *held) restore(was map[deliveryKey]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.Copy(h.nodes, was)
}

func (h *held) release(keys ...deliveryKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		delete(h.nodes, k)
	}
}

// node is the number under which the delivery is held; 0: it isn't.
func (h *held) node(k deliveryKey) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.nodes[k]
}

func (h *held) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.nodes)
}
