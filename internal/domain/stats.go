package domain

import (
	"math"
	"time"
)

const (
	// StatsSpan is the time of which one [EndpointStats] tells. Spans begin at its
	// multiples.
	StatsSpan = 5 * time.Minute
	// StatsKept is for how long they are kept.
	StatsKept = 7 * 24 * time.Hour
	// BacklogAtMost is up to how many waiting deliveries of an endpoint are counted: more
	// than that is this.
	BacklogAtMost = 10_000
)

// What the buckets of [Latencies] hold: the first what took up to a millisecond, each
// further one what took up to a quarter longer than that before, the last the rest.
const (
	latencyBuckets = 45
	latencyGrowth  = 1.25
)

// Latencies counts durations in buckets, so that those of many spans and servers can be
// added. A percentile of them is right within a quarter.
type Latencies [latencyBuckets]int

// Note counts a duration.
func (l *Latencies) Note(d time.Duration) {
	ms := float64(d) / float64(time.Millisecond)
	i := 0
	for top := 1.0; ms > top && i < latencyBuckets-1; i++ {
		top *= latencyGrowth
	}
	l[i]++
}

// Percentile is the duration that the share p of all is not longer than, for p from 0 to
// 1; ok: there are any.
func (l *Latencies) Percentile(p float64) (d time.Duration, ok bool) {
	total := 0
	for _, n := range l {
		total += n
	}
	if total == 0 {
		return 0, false
	}
	rank, below := p*float64(total), 0.0
	for i, n := range l {
		if n == 0 || below+float64(n) < rank {
			below += float64(n)
			continue
		}
		top := math.Pow(latencyGrowth, float64(i))
		bottom := top / latencyGrowth
		if i == 0 {
			bottom = 0
		}
		share := max(0, rank-below) / float64(n)
		return time.Duration((bottom + (top-bottom)*share) * float64(time.Millisecond)), true
	}
	return 0, false
}

// EndpointStats is what the attempts to deliver to an endpoint came to in a span of time,
// and what waited.
type EndpointStats struct {
	From      time.Time `json:"-"`                   // when it began
	Succeeded int       `json:"succeeded,omitempty"` // attempts that were answered with 2xx
	Failed    int       `json:"failed,omitempty"`    // and those that weren't
	GivenUp   int       `json:"givenUp,omitempty"`   // deliveries that failed with them
	Waiting   int       `json:"waiting,omitempty"`   // deliveries that had not ended, the most that were seen, up to [BacklogAtMost]
	Latencies Latencies `json:"latencies"`           // of the attempts
}

// Note counts what became of a delivery.
func (s *EndpointStats) Note(o *Outcome) {
	if o.Attempt.ID == "" {
		return // it was not tried
	}
	if o.Delivery.Status == DeliveryDelivered {
		s.Succeeded++
	} else {
		s.Failed++
	}
	if o.Delivery.Status == DeliveryFailed {
		s.GivenUp++
	}
	s.Latencies.Note(o.Attempt.Duration)
}

// Add adds what happened at other times, or was seen by others, to it.
func (s *EndpointStats) Add(other *EndpointStats) {
	s.Succeeded += other.Succeeded
	s.Failed += other.Failed
	s.GivenUp += other.GivenUp
	s.Waiting = max(s.Waiting, other.Waiting)
	for i, n := range other.Latencies {
		s.Latencies[i] += n
	}
}

// EndpointSpan is one of an endpoint's.
type EndpointSpan struct {
	Endpoint EndpointRef
	EndpointStats
}

// Backlog is what waits for an endpoint now.
type Backlog struct {
	Endpoint EndpointRef
	Waiting  int       // deliveries that have not ended, up to [BacklogAtMost]
	DueSince time.Time // of the one that is due longest, or when the first will be; zero: none waits
}
