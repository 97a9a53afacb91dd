package webhook

import (
	"time"

	"golang.org/x/time/rate"
)

// rateBurst: a tenth of a second's worth may go at once.
const rateBurst = 10

// rateLimit holds an endpoint to so many deliveries a second, if it asks for
// that.
type rateLimit struct {
	limiter *rate.Limiter // nil: no limit
	until   time.Time     // no delivery may go before; zero: not known
}

// set changes the limit; 0 is none.
func (r *rateLimit) set(perSecond int) {
	burst := max(1, perSecond/rateBurst)
	switch {
	case perSecond == 0:
		*r = rateLimit{}
	case r.limiter == nil:
		r.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
	default:
		r.limiter.SetLimit(rate.Limit(perSecond))
		r.limiter.SetBurst(burst)
	}
}

// take takes one delivery's part of the rate, or notes when there is one.
func (r *rateLimit) take(now time.Time) bool {
	if r.limiter == nil {
		return true
	}
	reservation := r.limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait <= 0 {
		r.until = time.Time{}
		return true
	}
	reservation.CancelAt(now)
	r.until = now.Add(wait)
	return false
}

// limited says whether the next delivery has to wait.
func (r *rateLimit) limited(now time.Time) bool { return r.until.After(now) }
