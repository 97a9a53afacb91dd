package webhook

import (
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
)

// queue is what a lane sends next, in the order of the store. Of an ordered
// endpoint it gives out one delivery of each session at a time.
type queue struct {
	ordered bool
	jobs    []domain.Job
	busy    map[string]struct{} // sessions that have one in flight, when ordered
	skip    int                 // so many at the front are of busy sessions, so that they aren't searched each time
}

// order says whether the endpoint is ordered, which may change.
func (q *queue) order(ordered bool) { q.ordered, q.skip = ordered, 0 }

func (q *queue) push(jobs ...domain.Job) { q.jobs = append(q.jobs, jobs...) }

// first is the index of the job that can be sent next; -1 when there is none.
func (q *queue) first() int {
	if !q.ordered {
		return min(len(q.jobs), 1) - 1
	}
	for ; q.skip < len(q.jobs); q.skip++ {
		if _, busy := q.busy[q.jobs[q.skip].Delivery.SessionID]; !busy {
			return q.skip
		}
	}
	return -1
}

// ready says whether one can be sent.
func (q *queue) ready() bool { return q.first() >= 0 }

// pop takes out the job that is to be sent next. There must be one.
func (q *queue) pop() domain.Job {
	at := q.first()
	job := q.jobs[at]
	if q.ordered {
		if q.busy == nil {
			q.busy = map[string]struct{}{}
		}
		q.busy[job.Delivery.SessionID] = struct{}{}
		q.jobs = slices.Delete(q.jobs, at, at+1)
		return job
	}
	q.jobs[0] = domain.Job{} // its body isn't kept
	q.jobs = q.jobs[1:]
	return job
}

// done lets the next of the session be sent.
func (q *queue) done(session string) {
	delete(q.busy, session)
	q.skip = 0
}

// hasSession says whether something of the session is queued.
func (q *queue) hasSession(session string) bool {
	return slices.ContainsFunc(q.jobs, func(j domain.Job) bool { return j.Delivery.SessionID == session })
}

// contains says whether the delivery is queued.
func (q *queue) contains(delivery string) bool {
	return slices.ContainsFunc(q.jobs, func(j domain.Job) bool { return j.Delivery.ID == delivery })
}

// evict takes out everything.
func (q *queue) evict() []domain.Job {
	jobs := q.jobs
	q.jobs, q.skip = nil, 0
	return jobs
}

// evictSession takes out everything of one session.
func (q *queue) evictSession(session string) (jobs []domain.Job) {
	q.jobs = slices.DeleteFunc(q.jobs, func(j domain.Job) bool {
		if j.Delivery.SessionID == session {
			jobs = append(jobs, j)
			return true
		}
		return false
	})
	q.skip = 0
	return jobs
}
