package postgres

import (
	"sync"

	"github.com/browserhook/browserhook/internal/store/work"
)

// leases are the deliveries that this node sends: what it was given and has not
// given back, with the number that it had as a node then. The rows say the same;
// this tells what an outcome may still change when the node has got another
// number.
type leases struct {
	mu   sync.Mutex
	last int64 // grant
	all  map[work.Key]lease
}

// lease is by which grant, of a transaction, a delivery was given, and to which
// node.
type lease struct {
	grant, node int64
	made        bool // the transaction has been committed; else its row may never be
}

func newLeases() *leases { return &leases{all: map[work.Key]lease{}} }

// grant names a transaction that gives leases.
func (ls *leases) grant() int64 {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.last++
	return ls.last
}

// expect adds what a transaction gives once it is committed.
func (ls *leases) expect(grant, node int64, keys ...work.Key) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, k := range keys {
		ls.all[k] = lease{grant: grant, node: node}
	}
}

// confirm says that a transaction has been committed.
func (ls *leases) confirm(grant int64, keys ...work.Key) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, k := range keys {
		if was := ls.all[k]; was.grant == grant {
			was.made = true
			ls.all[k] = was
		}
	}
}

// undo forgets what a transaction gave that has not happened. By the time that
// is known, another may have made a row at the same place.
func (ls *leases) undo(grant int64, keys ...work.Key) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, k := range keys {
		if ls.all[k].grant == grant {
			delete(ls.all, k)
		}
	}
}

// claim adds a row that was free, and says whether it is on its way already: its
// claim was lost with the database's last moments, or this node was taken for
// dead. What a transaction only expects isn't: its row would not have been free.
func (ls *leases) claim(grant, node int64, k work.Key) (onItsWay bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	onItsWay = ls.all[k].made
	ls.all[k] = lease{grant: grant, node: node, made: true}
	return onItsWay
}

// take ends the leases of keys, and says what they were.
func (ls *leases) take(keys []work.Key) map[work.Key]lease {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	was := make(map[work.Key]lease, len(keys))
	for _, k := range keys {
		if one, ok := ls.all[k]; ok {
			was[k] = one
			delete(ls.all, k)
		}
	}
	return was
}

// restore undoes take, but for what has been given again since.
func (ls *leases) restore(was map[work.Key]lease) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for k, one := range was {
		if _, again := ls.all[k]; !again {
			ls.all[k] = one
		}
	}
}

// onItsWay says whether this node sends the delivery.
func (ls *leases) onItsWay(k work.Key) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.all[k].made
}

func (ls *leases) clear() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	clear(ls.all)
}
