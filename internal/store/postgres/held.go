package postgres

import "sync"

// deliveryKey is a delivery's row within its project: the position of its
// event and the number of its endpoint.
type deliveryKey struct{ event, endpoint int64 }

// held is what this node has been handed to send and has not given back, with
// the number that it had as a node then. The rows say the same; this tells
// what an outcome may still change when the node has got another number.
type held struct {
	mu    sync.Mutex
	hands int64
	all   map[deliveryKey]holding
}

// holding is by which hand, of a transaction, a delivery was handed out, and to
// which number.
type holding struct{ hand, node int64 }

func newHeld() *held { return &held{all: map[deliveryKey]holding{}} }

// hand names a transaction that hands something out.
func (h *held) hand() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hands++
	return h.hands
}

func (h *held) add(hand int64, k deliveryKey, node int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[k] = holding{hand, node}
}

// undo forgets what a transaction handed out that has not happened. By the time
// that is known, another may have made a row at the same place.
func (h *held) undo(hand int64, keys ...deliveryKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		if h.all[k].hand == hand {
			delete(h.all, k)
		}
	}
}

// take releases keys, and says how they were held.
func (h *held) take(keys []deliveryKey) map[deliveryKey]holding {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := make(map[deliveryKey]holding, len(keys))
	for _, k := range keys {
		if held, ok := h.all[k]; ok {
			was[k] = held
			delete(h.all, k)
		}
	}
	return was
}

// restore undoes take, but for what has been handed out again since.
func (h *held) restore(was map[deliveryKey]holding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, held := range was {
		if _, again := h.all[k]; !again {
			h.all[k] = held
		}
	}
}

// node is the number under which the delivery is held; 0: it isn't.
func (h *held) node(k deliveryKey) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all[k].node
}

func (h *held) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.all)
}
