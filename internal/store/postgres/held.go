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
type holding struct {
	hand, node int64
	made       bool // the transaction has been committed; else its row may never be
}

func newHeld() *held { return &held{all: map[deliveryKey]holding{}} }

// hand names a transaction that hands something out.
func (h *held) hand() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hands++
	return h.hands
}

// expect adds what a transaction hands out once it is committed.
func (h *held) expect(hand, node int64, keys ...deliveryKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		h.all[k] = holding{hand: hand, node: node}
	}
}

// confirm says that a transaction has been committed.
func (h *held) confirm(hand int64, keys ...deliveryKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		if was := h.all[k]; was.hand == hand {
			was.made = true
			h.all[k] = was
		}
	}
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

// claim adds a row that was free, and says whether it is on its way already: its
// claim was lost with the database's last moments, or this node was taken for
// dead. What a transaction only expects isn't: its row would not have been free.
func (h *held) claim(hand, node int64, k deliveryKey) (onItsWay bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	onItsWay = h.all[k].made
	h.all[k] = holding{hand: hand, node: node, made: true}
	return onItsWay
}

// take releases keys, and says how they were held.
func (h *held) take(keys []deliveryKey) map[deliveryKey]holding {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := make(map[deliveryKey]holding, len(keys))
	for _, k := range keys {
		if one, ok := h.all[k]; ok {
			was[k] = one
			delete(h.all, k)
		}
	}
	return was
}

// restore undoes take, but for what has been handed out again since.
func (h *held) restore(was map[deliveryKey]holding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, one := range was {
		if _, again := h.all[k]; !again {
			h.all[k] = one
		}
	}
}

// onItsWay says whether the delivery is in this node's hands.
func (h *held) onItsWay(k deliveryKey) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all[k].made
}

func (h *held) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.all)
}
