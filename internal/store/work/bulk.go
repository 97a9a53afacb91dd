package work

import (
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// Bulk is a change of state that one statement makes of many deliveries, without
// a [domain.Delivery] for each. The state table is asked where it is declared,
// and its SQL is made of it.
type Bulk struct {
	to   domain.DeliveryStatus
	from []domain.DeliveryStatus
}

func bulk(to domain.DeliveryStatus, from ...domain.DeliveryStatus) Bulk {
	for _, s := range from {
		must((&domain.Delivery{Status: s}).Transition(to))
	}
	return Bulk{to, from}
}

var (
	// CancelOpen gives up what is still to be sent, whether or not somebody is
	// sending it: all rows that have not ended.
	CancelOpen = bulk(domain.DeliveryCanceled, domain.DeliveryPending, domain.DeliverySending)
	// SendAgain makes due what was given up.
	SendAgain = bulk(domain.DeliveryPending, domain.DeliveryFailed, domain.DeliveryCanceled)
)

// Changes says whether it changes a delivery with the status.
func (b Bulk) Changes(s domain.DeliveryStatus) bool { return slices.Contains(b.from, s) }

// To is the state to which, in SQL.
func (b Bulk) To() string { return literal(b.to) }

// From lists the states from which, in SQL.
func (b Bulk) From() string {
	all := make([]string, len(b.from))
	for i, s := range b.from {
		all[i] = literal(s)
	}
	return strings.Join(all, ", ")
}

func literal(s domain.DeliveryStatus) string { return "'" + string(s) + "'" }

// CheckOutcomes says whether the state table allows what became of deliveries
// that were being sent.
func CheckOutcomes(outcomes []domain.Outcome) error {
	for i := range outcomes {
		if err := (&domain.Delivery{Status: domain.DeliverySending}).Transition(outcomes[i].Delivery.Status); err != nil {
			return err
		}
	}
	return nil
}
