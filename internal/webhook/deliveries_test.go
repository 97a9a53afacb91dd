package webhook

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// manyDeliveries is a store that remembers what it was asked to do to many.
type manyDeliveries struct {
	DeliveryStore

	f            domain.DeliveryFilter
	since, until time.Time
	made         []string // what an earlier call made, if there was one
}

func (s *manyDeliveries) answer() (int, error) {
	if s.made != nil {
		return 0, &domain.Replay{Refs: s.made}
	}
	return 7, nil
}

func (s *manyDeliveries) RetryDeliveries(_ context.Context, _ string, f domain.DeliveryFilter, _ time.Time, _ *domain.Idempotency) (int, error) {
	s.f = f
	return s.answer()
}

func (s *manyDeliveries) CancelDeliveries(_ context.Context, _ string, f domain.DeliveryFilter, _ time.Time) (int, error) {
	s.f = f
	return s.answer()
}

func (s *manyDeliveries) Recover(_ context.Context, _, _ string, since, until, _ time.Time, _ *domain.Idempotency) (int, error) {
	s.since, s.until = since, until
	return s.answer()
}

// TestManyDeliveriesAtOnce: a filter that picks everything is refused, and what
// isn't said has its default.
func TestManyDeliveriesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &manyDeliveries{}
		s, ctx := NewDeliveries(store), t.Context()
		refused := func(what, field string, _ int, err error) {
			t.Helper()
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeInvalid || e.Field != field {
				t.Errorf("%s: %v", what, err)
			}
		}
		n, err := s.RetryMany(ctx, "p", domain.DeliveryFilter{}, nil)
		refused("retry all", "", n, err)
		n, err = s.CancelMany(ctx, "p", domain.DeliveryFilter{})
		refused("cancel all", "", n, err)
		n, err = s.CancelMany(ctx, "p", domain.DeliveryFilter{Status: domain.DeliveryFailed})
		refused("cancel what has ended", "status", n, err)
		n, err = s.Recover(ctx, "p", "we", time.Now(), time.Time{}, nil)
		refused("recover nothing", "since", n, err)

		if n, err := s.RetryMany(ctx, "p", domain.DeliveryFilter{EndpointID: "we"}, nil); n != 7 || err != nil || store.f.Status != domain.DeliveryFailed {
			t.Errorf("%d, %v, %+v", n, err, store.f)
		}
		if n, err := s.RetryMany(ctx, "p", domain.DeliveryFilter{Status: domain.DeliveryCanceled}, nil); n != 7 || err != nil || store.f.Status != domain.DeliveryCanceled {
			t.Errorf("%d, %v, %+v", n, err, store.f)
		}
		if n, err := s.CancelMany(ctx, "p", domain.DeliveryFilter{EndpointID: "we"}); n != 7 || err != nil || store.f.Status != domain.DeliveryPending {
			t.Errorf("%d, %v, %+v", n, err, store.f)
		}
		ago := time.Now().Add(-time.Hour)
		if n, err := s.Recover(ctx, "p", "we", ago, time.Time{}, nil); n != 7 || err != nil || !store.since.Equal(ago) || !store.until.Equal(time.Now()) {
			t.Errorf("%d, %v, from %s until %s", n, err, store.since, store.until)
		}

		store.made = []string{"12"}
		idem := &domain.Idempotency{}
		if n, err := s.Recover(ctx, "p", "we", ago, time.Now(), idem); n != 12 || err != nil || !idem.Replayed {
			t.Errorf("again: %d, %v, %+v", n, err, idem)
		}
	})
}
