// Package check holds what a receiver saw together with what a server says it
// did. It knows nothing of how either works: it reads the receiver's own log
// and the server's public records, and says what doesn't fit.
package check

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Request is one line of a receiver's log.
type Request struct {
	Endpoint string `json:"endpoint"`
	Event    string `json:"event"` // the webhook-id
	Session  string `json:"session"`
	Sequence int64  `json:"sequence"`
	Status   int    `json:"status"` // that was answered
	Life     string `json:"life"`   // of the process that sent it
	Round    int    `json:"round"`
	Body     string `json:"body"` // its hash
}

func (r *Request) taken() bool { return r.Status/100 == 2 }

// ReadLog reads a receiver's log.
func ReadLog(r io.Reader) ([]Request, error) {
	var all []Request
	for dec := json.NewDecoder(bufio.NewReader(r)); ; {
		var one Request
		switch err := dec.Decode(&one); err {
		case nil:
			all = append(all, one)
		case io.EOF:
			return all, nil
		default:
			return nil, fmt.Errorf("line %d of the receiver's log: %w", len(all)+1, err)
		}
	}
}

// Event is one of the server's log.
type Event struct {
	ID       string
	Session  string
	Sequence int64
	About    string // the endpoint that it is news of, which doesn't get it
}

// Delivery is what the server says it did with an event for an endpoint.
type Delivery struct {
	Event, Endpoint string
	Status          string
	Count           int   // of attempts, as the delivery says
	Attempts        []int // the status of each
}

// Endpoint is who is to get every event.
type Endpoint struct {
	ID      string
	Ordered bool
}

// Said is that the server acknowledged a session's events up to a number.
type Said struct {
	Session  string
	Sequence int64
}

// World is all that is known when nothing is on its way any more.
type World struct {
	Requests   []Request // in the order in which they came
	Events     []Event   // in the order of the log
	Deliveries []Delivery
	Endpoints  []Endpoint
	Said       []Said
	// Before is how far each session's log went before these events.
	Before map[string]int64
	// Died is the round in which a process was killed, by its life. What it
	// had sent in that round may be without a record.
	Died map[string]int
}

type pair struct{ event, endpoint string }

// Check lists what is wrong with the world.
func Check(w *World) []string {
	c := &checker{World: w, events: map[string]Event{}, requests: map[pair][]*Request{}, deliveries: map[pair]*Delivery{}}
	c.index()
	c.sequences()
	c.said()
	c.arrived()
	c.attempts()
	for _, e := range w.Endpoints {
		if e.Ordered {
			c.order(e.ID)
		}
	}
	return c.problems
}

type checker struct {
	*World
	events     map[string]Event
	requests   map[pair][]*Request
	deliveries map[pair]*Delivery
	problems   []string
}

func (c *checker) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *checker) index() {
	for _, e := range c.Events {
		if _, twice := c.events[e.ID]; twice {
			c.problem("event %s is in the log twice", e.ID)
		}
		c.events[e.ID] = e
	}
	bodies := map[string]string{}
	for i := range c.Requests {
		r := &c.Requests[i]
		e, ok := c.events[r.Event]
		switch {
		case !ok:
			c.problem("event %s came to %s in round %d and is not in the log, or was settled before", r.Event, r.Endpoint, r.Round)
			continue
		case e.Session != r.Session || e.Sequence != r.Sequence:
			c.problem("event %s came as number %d of session %q; the log has it as %d of %q", r.Event, r.Sequence, r.Session, e.Sequence, e.Session)
		}
		if before, ok := bodies[r.Event]; ok && before != r.Body {
			c.problem("event %s came with two different bodies", r.Event)
		}
		bodies[r.Event] = r.Body
		k := pair{r.Event, r.Endpoint}
		c.requests[k] = append(c.requests[k], r)
	}
	for i := range c.Deliveries {
		d := &c.Deliveries[i]
		k := pair{d.Event, d.Endpoint}
		if _, twice := c.deliveries[k]; twice {
			c.problem("event %s has two deliveries to %s", d.Event, d.Endpoint)
		}
		c.deliveries[k] = d
	}
}

// sequences: every session's events are numbered without gaps, in the order of
// the log.
func (c *checker) sequences() {
	last := map[string]int64{}
	for _, e := range c.Events {
		before, ok := last[e.Session]
		if !ok {
			before = c.Before[e.Session]
		}
		if e.Sequence != before+1 {
			c.problem("session %q: event %s is number %d after %d", e.Session, e.ID, e.Sequence, before)
		}
		last[e.Session] = e.Sequence
	}
}

// said: what was acknowledged is in the log.
func (c *checker) said() {
	last := map[string]int64{}
	for _, e := range c.Events {
		last[e.Session] = max(last[e.Session], e.Sequence)
	}
	for _, s := range c.Said {
		if have := max(last[s.Session], c.Before[s.Session]); have < s.Sequence {
			c.problem("session %q: number %d was acknowledged and the log ends at %d", s.Session, s.Sequence, have)
		}
	}
}

// arrived: every event was taken by every endpoint, and the server knows.
func (c *checker) arrived() {
	for _, e := range c.Events {
		for _, to := range c.Endpoints {
			k := pair{e.ID, to.ID}
			if e.About == to.ID {
				if len(c.requests[k]) > 0 || c.deliveries[k] != nil {
					c.problem("event %s went to %s, which it is about", e.ID, to.ID)
				}
				continue
			}
			if !slices.ContainsFunc(c.requests[k], (*Request).taken) {
				c.problem("event %s (session %q, number %d) never arrived at %s; %d requests failed", e.ID, e.Session, e.Sequence, to.ID, len(c.requests[k]))
			}
			switch d := c.deliveries[k]; {
			case d == nil:
				c.problem("event %s has no delivery to %s", e.ID, to.ID)
			case d.Status != "DELIVERED":
				c.problem("the delivery of event %s to %s is %s", e.ID, to.ID, d.Status)
			}
		}
	}
}

// attempts: every request has a record, but for those whose sender died before
// it could write one; and no record is of a request that nobody saw.
func (c *checker) attempts() {
	for k, d := range c.deliveries {
		if len(d.Attempts) != d.Count {
			c.problem("the delivery of event %s to %s counts %d attempts and has %d", k.event, k.endpoint, d.Count, len(d.Attempts))
		}
		seen, excused, recorded := map[int]int{}, map[int]int{}, map[int]int{}
		for _, r := range c.requests[k] {
			seen[r.Status]++
			if round, died := c.Died[r.Life]; died && round == r.Round {
				excused[r.Status]++
			}
		}
		cut := 0 // attempts that got no answer although the receiver sent one
		for _, status := range d.Attempts {
			if status == 0 {
				cut++
			}
			recorded[status]++
		}
		if cut > 0 {
			c.problem("%d attempts of event %s at %s have no answer; the receiver answered every request", cut, k.event, k.endpoint)
		}
		for status, n := range recorded {
			if status != 0 && n > seen[status] {
				c.problem("event %s at %s: %d attempts with status %d, and the receiver saw %d", k.event, k.endpoint, n, status, seen[status])
			}
		}
		for status, n := range seen {
			if recorded[status] < n-excused[status] {
				c.problem("event %s at %s: the receiver answered %d to %d requests (%d of them by processes that died), and %d attempts are recorded",
					k.event, k.endpoint, status, n, excused[status], recorded[status])
			}
		}
	}
}

// order: a session's event is not sent before the one before it was taken. News
// of no session has gaps for an endpoint, which isn't told of itself: of that,
// nothing earlier comes for the first time after something later was taken.
func (c *checker) order(endpoint string) {
	taken := map[string]int64{} // up to which number, by session
	news := map[int64]bool{}    // of no session, that came
	for i := range c.Requests {
		r := &c.Requests[i]
		if r.Endpoint != endpoint {
			continue
		}
		last, ok := taken[r.Session]
		if !ok {
			last = c.Before[r.Session]
		}
		if r.Session == "" {
			if r.Sequence < last && !news[r.Sequence] {
				c.problem("news of no session: number %d came to ordered %s first when %d had been taken", r.Sequence, endpoint, last)
			}
			news[r.Sequence] = true
		} else if r.Sequence > last+1 {
			c.problem("session %q: number %d came to ordered %s when only %d had been taken", r.Session, r.Sequence, endpoint, last)
		}
		if r.taken() {
			taken[r.Session] = max(last, r.Sequence)
		}
	}
}
