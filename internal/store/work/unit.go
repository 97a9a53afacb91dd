// Package work is the unit of work of a store: what a transaction has decided
// about the rows that it has loaded, what is new in the log and for whom, and
// what is told when it is durable. A unit is pure: it asks no database and no
// clock. A store reads rows into it, writes what it says, and commits. What is
// done in parts, in a transaction each, is here too (parts.go).
package work

import (
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// Unit collects what one transaction does. Its zero value is ready.
type Unit struct {
	Commit     domain.Commit
	Entries    []*Entry   // new in the log
	Deliveries []Delivery // new ones
}

// Key is the row of a delivery: the position of its event and the number of its
// endpoint.
type Key struct{ Event, Endpoint int64 }

// SessionKey names a session.
type SessionKey struct{ Project, ID string }

// Endpoint is one with the number of its row. It is never changed, only
// replaced.
type Endpoint struct {
	domain.Endpoint
	Num int64
}

// Delivery is a new one.
type Delivery struct {
	Event    *domain.Event
	Endpoint *Endpoint
	Project  int64 // the numbers of its event's project and session
	Session  int64
	Backlog  bool // the event isn't new: it waits in the store for its turn
	Reserved bool // it will be handed off, so that nobody is to claim it
}

// Key is its row.
func (d *Delivery) Key() Key { return Key{d.Event.Position, d.Endpoint.Num} }

// Turn is with whom it has an order: its session's number and one, or 0 if its
// endpoint has none.
func (d *Delivery) Turn() int64 {
	if !d.Endpoint.Ordered {
		return 0
	}
	return 1 + d.Session
}

// Append puts entries into the log, whose events have been made.
func (u *Unit) Append(entries ...*Entry) { u.Entries = append(u.Entries, entries...) }

// Deliver makes one delivery of the entry for each of the endpoints, due at
// once.
func (u *Unit) Deliver(e *Entry, endpoints ...*Endpoint) {
	for _, ep := range endpoints {
		u.Deliveries = append(u.Deliveries, Delivery{Event: &e.Event, Endpoint: ep, Project: e.Project, Session: e.Session})
	}
}

// DeliverAgain makes a delivery of an event that isn't new.
func (u *Unit) DeliverAgain(e *Entry, ep *Endpoint) {
	u.Deliver(e, ep)
	u.Deliveries[len(u.Deliveries)-1].Backlog = true
}

// Wanting are those of the endpoints that want the event.
func Wanting(e *domain.Event, audiences ...[]*Endpoint) (wanting []*Endpoint) {
	for _, endpoints := range audiences {
		for _, ep := range endpoints {
			if ep.Wants(e) {
				wanting = append(wanting, ep)
			}
		}
	}
	return wanting
}

// Reserve asks the taker, from the nth new delivery on, which it will be handed.
// Those that may refuses are not asked about.
func (u *Unit) Reserve(t domain.Taker, n int, may func(*domain.Endpoint) bool) {
	for i := n; i < len(u.Deliveries); i++ {
		d := &u.Deliveries[i]
		d.Reserved = !d.Backlog && may(&d.Endpoint.Endpoint) && t.Reserve(&d.Endpoint.Endpoint, len(d.Event.Body))
	}
}

// Reserved are the rows of those that will be.
func (u *Unit) Reserved() (keys []Key) {
	for i := range u.Deliveries {
		if u.Deliveries[i].Reserved {
			keys = append(keys, u.Deliveries[i].Key())
		}
	}
	return keys
}

// Abandon tells the taker that what it has reserved isn't to come: nothing of
// the unit has happened.
func (u *Unit) Abandon(t domain.Taker) {
	var back []domain.EndpointRef
	for i := range u.Deliveries {
		if u.Deliveries[i].Reserved {
			back = append(back, u.Deliveries[i].Endpoint.Ref())
		}
	}
	u.Deliveries = nil
	if len(back) > 0 {
		t.Abandon(back)
	}
}

// Complete ends the collecting, when all is decided: it adds what follows from
// the rest, and names each thing one time.
func (u *Unit) Complete() {
	c := &u.Commit
	for i := range u.Deliveries {
		if !u.Deliveries[i].Reserved {
			c.Due = append(c.Due, u.Deliveries[i].Endpoint.Ref())
		}
	}
	for _, e := range u.Entries {
		c.Events = append(c.Events, e.Event)
		c.Projects = append(c.Projects, e.Event.ProjectID)
	}
	c.Due, c.Changed, c.Gone = codec.Unique(c.Due), codec.Unique(c.Changed), codec.Unique(c.Gone)
	c.Sessions, c.Projects = codec.Unique(c.Sessions), codec.Unique(c.Projects)
}

// Tell is for the moment after the commit: it hands off the new deliveries that
// were reserved, by ids, and then tells of the commit if there is something to
// tell.
func (u *Unit) Tell(t domain.Taker, id func(Key) string, notify func(domain.Commit)) {
	jobs := make([]domain.Job, 0, len(u.Deliveries))
	for i := range u.Deliveries {
		if d := &u.Deliveries[i]; d.Reserved {
			jobs = append(jobs, d.job(id(d.Key())))
		}
	}
	u.Deliveries = nil
	if len(jobs) > 0 {
		t.Take(jobs)
	}
	c := &u.Commit
	if len(c.Events)+len(c.Due)+len(c.Changed)+len(c.Sessions)+len(c.Keys) > 0 || c.KeyPairs || c.Queue {
		notify(*c)
	}
}

func (d *Delivery) job(id string) domain.Job {
	e := d.Event
	j := domain.Job{Endpoint: &d.Endpoint.Endpoint, Body: e.Body, Trace: e.Trace, Delivery: domain.Delivery{
		ID: id, ProjectID: e.ProjectID, EventID: e.ID, EventType: e.Type, SessionID: e.SessionID, EndpointID: d.Endpoint.ID,
		Status: domain.DeliveryPending, NextAt: e.CreatedAt, CreatedAt: e.CreatedAt,
	}}
	Lease(&j.Delivery)
	return j
}

// Savepoint is how much a unit has collected.
type Savepoint struct {
	entries, due, changed, gone, sessions, keys, deliveries int
	keyPairs, queue                                         bool
}

// Savepoint says how much there is, for Reset.
func (u *Unit) Savepoint() Savepoint {
	c := &u.Commit
	return Savepoint{len(u.Entries), len(c.Due), len(c.Changed), len(c.Gone), len(c.Sessions), len(c.Keys), len(u.Deliveries), c.KeyPairs, c.Queue}
}

// Reset forgets what was collected since: the change that did has failed.
func (u *Unit) Reset(m Savepoint) {
	c := &u.Commit
	u.Entries, c.Due, c.Changed, c.Gone = u.Entries[:m.entries], c.Due[:m.due], c.Changed[:m.changed], c.Gone[:m.gone]
	c.Sessions, c.Keys, u.Deliveries = c.Sessions[:m.sessions], c.Keys[:m.keys], u.Deliveries[:m.deliveries]
	c.KeyPairs, c.Queue = m.keyPairs, m.queue
}

// Gone tells that endpoints are no more.
func (u *Unit) Gone(refs ...domain.EndpointRef) {
	u.Commit.Changed, u.Commit.Gone = append(u.Commit.Changed, refs...), append(u.Commit.Gone, refs...)
}
