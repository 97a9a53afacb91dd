package webhook

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// deliveryReader reads deliveries and their attempts.
type deliveryReader interface {
	Delivery(ctx context.Context, project, id string) (domain.Delivery, error)
	Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error)
	AttemptsPage(ctx context.Context, project, delivery string, after, limit int) ([]domain.Attempt, error)
}

// DeliveryStore is what the service of deliveries needs of a store.
type DeliveryStore interface {
	deliveryReader
	RetryDelivery(ctx context.Context, project, id string, now time.Time, idem *domain.Idempotency) (domain.Delivery, error)
	CancelDelivery(ctx context.Context, project, id string, now time.Time) (domain.Delivery, error)
	RetryDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time, idem *domain.Idempotency) (int, error)
	CancelDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time) (int, error)
	Recover(ctx context.Context, project, endpoint string, since, until, now time.Time, idem *domain.Idempotency) (int, error)
}

// Deliveries is what can be done with deliveries beside sending them. It answers
// reads as the store does.
type Deliveries struct {
	deliveryReader
	store DeliveryStore
}

// NewDeliveries makes the service.
func NewDeliveries(store DeliveryStore) *Deliveries {
	return &Deliveries{deliveryReader: store, store: store}
}

// Retry sends a delivery again, now.
func (s *Deliveries) Retry(ctx context.Context, project, id string, idem *domain.Idempotency) (domain.Delivery, error) {
	if idem != nil {
		idem.Refs = []string{id}
	}
	d, err := s.store.RetryDelivery(ctx, project, id, time.Now(), idem)
	if made, again := idem.Again(err); again {
		return s.Delivery(ctx, project, made[0])
	}
	return d, err
}

// Cancel gives up a delivery that has not ended.
func (s *Deliveries) Cancel(ctx context.Context, project, id string) (domain.Delivery, error) {
	return s.store.CancelDelivery(ctx, project, id, time.Now())
}

// RetryMany sends again those that the filter picks, FAILED ones unless it names
// a state, and says how many.
func (s *Deliveries) RetryMany(ctx context.Context, project string, f domain.DeliveryFilter, idem *domain.Idempotency) (int, error) {
	if err := checkPick(f); err != nil {
		return 0, err
	}
	if f.Status == "" {
		f.Status = domain.DeliveryFailed
	}
	n, err := s.store.RetryDeliveries(ctx, project, f, time.Now(), idem)
	return counted(n, err, idem)
}

// CancelMany gives up those that the filter picks and that have not ended, and
// says how many.
func (s *Deliveries) CancelMany(ctx context.Context, project string, f domain.DeliveryFilter) (int, error) {
	if err := checkPick(f); err != nil {
		return 0, err
	}
	if f.Status != "" && f.Status != domain.DeliveryPending {
		return 0, domain.Invalid("status", "only PENDING deliveries can be canceled")
	}
	f.Status = domain.DeliveryPending
	return s.store.CancelDeliveries(ctx, project, f, time.Now())
}

// Recover sends an endpoint what it missed from since until until, or now when
// that is zero, and says how much.
func (s *Deliveries) Recover(ctx context.Context, project, endpoint string, since, until time.Time, idem *domain.Idempotency) (int, error) {
	now := time.Now()
	if until.IsZero() {
		until = now
	}
	if !since.Before(until) {
		return 0, domain.Invalid("since", "must be before until")
	}
	n, err := s.store.Recover(ctx, project, endpoint, since, until, now, idem)
	return counted(n, err, idem)
}

// checkPick refuses a filter that picks everything: a mistyped request must not
// reach all that there is.
func checkPick(f domain.DeliveryFilter) error {
	if f == (domain.DeliveryFilter{}) {
		return domain.Invalid("", "name at least one of endpointId, status, eventType, eventId, sessionId, from, to")
	}
	return nil
}

// counted answers a call that was done to so many, or was made before, to so many.
func counted(n int, err error, idem *domain.Idempotency) (int, error) {
	made, again := idem.Again(err)
	if !again {
		return n, err
	}
	if n, err = strconv.Atoi(made[0]); err != nil {
		return 0, fmt.Errorf("read the number of an earlier call: %w", err)
	}
	return n, nil
}
