package webhook

import "github.com/browserhook/browserhook/internal/domain"

const (
	maxDeliveries = 65_536   // deliveries in memory
	maxBytes      = 64 << 20 // of their bodies
	maxClaims     = 64       // in progress: each may bring one body that is longer than expected

	quotaPart = 16       // one lane's may be no more than this part of what is free,
	minQueue  = 64       // but so many,
	minBytes  = 64 << 10 // of so many bytes

	claimFactor = 16  // deliveries claimed for each request at once
	queueFactor = 128 // that may wait in memory for each
	maxQueue    = 512 // and no more than these if the endpoint has an order, in which they are searched, or a rate

	// When so many are in memory no lane takes in more, so that a claim always
	// gets what it asks for: small ones cost as much as large ones.
	fullAt = maxDeliveries - maxLimit*claimFactor
)

// budget counts what the engine has in memory: what is queued, in flight,
// reserved for a hand-off, or asked for by a claim. It bounds all lanes
// together.
type budget struct {
	deliveries int
	bytes      int // of their bodies, as far as they are known
	claims     int // in progress
}

func (b *budget) full() bool { return b.deliveries >= fullAt || b.bytes >= maxBytes }

func (b *budget) add(deliveries, bytes int) {
	b.deliveries += deliveries
	b.bytes += bytes
}

// claimable says whether a claim may begin.
func (b *budget) claimable() bool { return !b.full() && b.claims < maxClaims }

// beginClaim counts what a claim asks for as if it were here.
func (b *budget) beginClaim(room domain.Capacity) {
	b.claims++
	b.add(room.Deliveries, room.Bytes)
}

func (b *budget) endClaim(room domain.Capacity) {
	b.claims--
	b.add(-room.Deliveries, -room.Bytes)
}

// quota is how much of it one lane may use: as much as fits to what its
// endpoint copes with, and a part of what is free now, so that something is,
// even when many lanes are full of what goes slowly.
func (b *budget) quota(limit int, capped bool) domain.Capacity {
	deliveries := min((fullAt-b.deliveries)/quotaPart, limit*queueFactor)
	if capped {
		deliveries = min(deliveries, maxQueue)
	}
	return domain.Capacity{Deliveries: max(minQueue, deliveries), Bytes: max(minBytes, (maxBytes-b.bytes)/quotaPart)}
}

// account is one lane's part of the memory: its queue, and its reservations
// for deliveries that are being committed and will then be handed off. What is
// in flight has left it and still counts in the memory.
type account struct {
	budget   *budget
	queued   int  // bytes of the bodies in the queue
	reserved int  // deliveries
	promised int  // bytes of their bodies
	average  int  // bytes of one body, about; 0 while nothing is known
	revoked  bool // what is reserved may not be queued when it comes
}

func (a *account) bytes() int { return a.queued + a.promised }

func (a *account) promise(bytes int) {
	a.promised += bytes
	a.budget.bytes += bytes
}

// reserve keeps room for a delivery that is being committed.
func (a *account) reserve(bytes int) {
	a.budget.deliveries++
	a.reserved++
	a.promise(bytes)
}

// revoke has what is reserved now not be queued.
func (a *account) revoke() { a.revoked = a.reserved > 0 }

// handOff ends a reservation whose delivery has come, and says whether it may
// be queued. If so, it goes on counting in the memory, but for its bytes.
func (a *account) handOff(bytes int) (ok bool) {
	if ok = !a.revoked; !ok {
		a.budget.deliveries--
	}
	a.promise(-bytes)
	a.settle()
	return ok
}

// abandon ends a reservation whose delivery won't come.
func (a *account) abandon() {
	a.promise(-a.promised / a.reserved)
	a.budget.deliveries--
	a.settle()
}

func (a *account) settle() {
	if a.reserved--; a.reserved == 0 {
		a.promise(-a.promised)
		a.revoked = false
	}
}

// queue counts the bytes of a delivery that is put into the queue.
func (a *account) queue(bytes int) {
	a.queued += bytes
	a.budget.bytes += bytes
	a.average += (bytes - a.average) / 4
}

// send counts a delivery out of the queue that is in flight from now on.
func (a *account) send(bytes int) { a.queued -= bytes }

// sent counts one out that was in flight.
func (a *account) sent(bytes int) { a.budget.add(-1, -bytes) }

// evict counts one out of the queue that goes back to the store.
func (a *account) evict(bytes int) {
	a.queued -= bytes
	a.budget.add(-1, -bytes)
}
