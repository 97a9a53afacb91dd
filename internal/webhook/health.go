package webhook

import "github.com/browserhook/browserhook/internal/domain"

// health is what an endpoint's last attempt has shown, so that the log tells
// of changes only.
type health int

const (
	healthUnknown health = iota // there was none
	healthy
	failing
)

// observe takes in an outcome and returns what the log is to say: that the
// endpoint fails, or that it works again. stored is what the store knew before
// the first.
func (h *health) observe(o *domain.Outcome, stored health) string {
	if o.Attempt.ID == "" {
		return "" // there was none
	}
	before := *h
	if before == healthUnknown {
		before = stored
	}
	if *h = failing; o.Delivery.Status == domain.DeliveryDelivered {
		*h = healthy
	}
	switch {
	case *h == failing && before != failing:
		return "an endpoint fails"
	case *h == healthy && before == failing:
		return "an endpoint works again"
	}
	return ""
}

// storedHealth is what the store knew when the endpoint was read.
func storedHealth(e *domain.Endpoint) health {
	if e.FailingSince.IsZero() {
		return healthy
	}
	return failing
}
