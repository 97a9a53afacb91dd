package domain

import (
	"math"
	"time"
)

// SessionFilter picks a page of a project's sessions, newest first.
type SessionFilter struct {
	Status SessionStatus // empty: any
	Open   *bool         // only those that have not ended or, false, that have; nil: both
	Name   string        // of a member of the metadata, and its Value; empty: any
	Value  string
	From   time.Time // made at or after; zero: whenever
	To     time.Time // made before; zero: whenever
	Cursor string    // opaque, from the page before; empty: the first page
	Limit  int       // 0: 100
}

// StepsEnd is past the index of every step.
const StepsEnd = math.MaxInt32

// EventQuery picks events of a project's log, oldest first.
type EventQuery struct {
	After     string      // an event's id or a page's Next; empty: from the oldest that there is
	SessionID string      // empty: any
	Types     []EventType // empty: any
	Limit     int         // 0: 100
	Bytes     int         // the page ends with the event whose body reaches it; 0: some MiB
}

// EventPage is what a query finds.
type EventPage struct {
	Events []Event
	Next   string // the cursor after all that was looked at, however little of it was picked
	More   bool   // what was looked at is not yet all that there is
}

// PageFilter picks a page of what belongs to no project, newest first.
type PageFilter struct {
	Cursor string // opaque, from the page before; empty: the first page
	Limit  int    // 0: 100
}

// EndpointFilter picks a page of a project's endpoints, newest first.
type EndpointFilter struct {
	Cursor string
	Limit  int // 0: 100
}

// DeliveryFilter picks a page of a project's deliveries, newest first.
type DeliveryFilter struct {
	EndpointID string
	Status     DeliveryStatus
	EventType  EventType
	SessionID  string
	EventID    string
	From, To   time.Time // of creation; zero: open
	Cursor     string
	Limit      int // 0: 100
}

// LooksAtMost is at how many deliveries a page of them looks, unless they are all of one
// event or session, or being sent. One of what is rarer among them is short, perhaps empty,
// and its cursor leads to what comes after those.
const LooksAtMost = 10_000

// AheadAtMost is how many deliveries are counted that another one waits for.
const AheadAtMost = 1000

// Due says when an endpoint has its next delivery to send.
type Due struct {
	ProjectID  string
	EndpointID string
	At         time.Time
}

// Capacity is what a claimer has room for: so many deliveries, of so many bytes of
// bodies in all, or one of whatever length.
type Capacity struct {
	Deliveries int
	Bytes      int
}

// Claim is a batch of deliveries that the claimer alone may send.
type Claim struct {
	Jobs []Job
	Next time.Time // when the endpoint may have more to send; zero: nothing more
}
