package webhook

import "time"

// Load is what an engine has to do now.
type Load struct {
	Deliveries int // in memory: queued, in flight, or on their way in
	Bytes      int // of their bodies
	InFlight   int
	Open       int       // circuits of endpoints that are open
	Oldest     time.Time // since when what is queued longest is due; zero: nothing is
}

// Load tells of all lanes together.
func (e *Engine) Load() Load {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	l := Load{Deliveries: e.budget.deliveries, Bytes: e.budget.bytes, InFlight: e.scheduler.inFlight}
	for _, s := range e.lanes {
		if s.circuit.state(now) == circuitOpen {
			l.Open++
		}
		if len(s.queue.jobs) == 0 {
			continue
		}
		if at := s.queue.jobs[0].Delivery.NextAt; l.Oldest.IsZero() || at.Before(l.Oldest) {
			l.Oldest = at
		}
	}
	return l
}
