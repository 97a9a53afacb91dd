package webhook

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// schedule is how long after a failed try the next one comes, unless the
// endpoint has its own. After the last the delivery has failed: ten tries in
// some 75 hours.
var schedule = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour,
	3 * time.Hour, 8 * time.Hour, 24 * time.Hour, 39 * time.Hour,
}

// orderedTries is how much of the schedule a delivery gets that others wait
// for: it is given up after seven tries in some four hours, and the next one
// goes.
const orderedTries = 6

// scheduleOf is the schedule that the endpoint's deliveries have.
func scheduleOf(w *domain.EndpointSettings) []time.Duration {
	switch {
	case w.RetrySchedule != nil:
		return w.RetrySchedule
	case w.Ordered:
		return schedule[:orderedTries]
	default:
		return schedule
	}
}

const (
	// jitter spreads the tries that failed together: up to a tenth later,
	// never earlier than promised.
	jitter = 0.1
	// maxRetryAfter bounds what a receiver can ask for.
	maxRetryAfter = 24 * time.Hour
)

// decide is what a try, ended at now, does to its delivery, which has the
// waits between its tries. random is in [0,1).
func decide(d domain.Delivery, waits []time.Duration, answer egress.Answer, err error, started, now time.Time, random float64) domain.Outcome {
	a := domain.Attempt{
		ID: domain.NewID(domain.PrefixAttempt), ProjectID: d.ProjectID, DeliveryID: d.ID, Number: d.Attempts + 1,
		StartedAt: started, Duration: now.Sub(started), StatusCode: answer.StatusCode, Response: answer.Body,
		RemoteAddr: answer.RemoteAddr,
	}
	o := domain.Outcome{}
	d.Attempts++
	d.Tries++
	if err == nil {
		transition(&d, domain.DeliveryDelivered)
		d.EndedAt = now
		o.Health = domain.HealthGood
	} else {
		o.Health = domain.HealthBad
		a.ErrorClass, a.Error = "internal", "the attempt could not be made"
		if e, ok := errors.AsType[*egress.Error](err); ok {
			a.ErrorClass, a.Error = string(e.Class), e.Message
			if e.Class == egress.ClassProxy {
				o.Health = domain.HealthUnknown // it is not the endpoint that failed
			}
		}
		switch {
		case answer.StatusCode == http.StatusGone:
			transition(&d, domain.DeliveryFailed)
			d.EndedAt, d.Reason = now, domain.ReasonGone
			o.Health = domain.HealthGone
		case d.Tries > len(waits):
			transition(&d, domain.DeliveryFailed)
			d.EndedAt, d.Reason = now, domain.ReasonExhausted
		default:
			wait := waits[d.Tries-1]
			wait += time.Duration(float64(wait) * jitter * random)
			wait = max(wait, retryAfter(answer.Header.Get("Retry-After"), now))
			transition(&d, domain.DeliveryPending)
			d.NextAt = now.Add(wait)
		}
	}
	o.Delivery, o.Attempt = d, a
	return o
}

// expire is the outcome of a delivery that nobody wants any more.
func expire(d domain.Delivery, now time.Time) domain.Outcome {
	transition(&d, domain.DeliveryCanceled)
	d.EndedAt, d.Reason = now, domain.ReasonExpired
	return domain.Outcome{Delivery: d}
}

// release is the outcome of a try that was not made, or given up because the
// server stops: the delivery is due as before.
func release(d domain.Delivery) domain.Outcome {
	transition(&d, domain.DeliveryPending)
	return domain.Outcome{Delivery: d}
}

// transition takes a delivery that is SENDING, as all are that a store has given out,
// to another state.
func transition(d *domain.Delivery, to domain.DeliveryStatus) {
	if err := d.Transition(to); err != nil {
		panic(err)
	}
}

// retryAfter reads the header: seconds, or a date. What is neither, or lies in
// the past, asks for nothing.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if n, err := strconv.ParseUint(value, 10, 63); err == nil {
		if n > uint64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(n) * time.Second
	}
	if errors.Is(numError(value), strconv.ErrRange) {
		return maxRetryAfter
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

func numError(value string) error {
	_, err := strconv.ParseUint(value, 10, 63)
	return err
}

func random() float64 { return rand.Float64() }
