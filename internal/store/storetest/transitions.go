package storetest

import (
	"maps"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var moveTests = []test{
	{"a delivery changes its state only by the table", walkMoves},
}

// moved is what may change a delivery's state.
type moved struct {
	name string
	do   func(w *world, d domain.Delivery)
}

var moves = []moved{
	{"claimed", func(w *world, d domain.Delivery) { w.claim(d.EndpointID, start, 1) }},
	{"canceled", func(w *world, d domain.Delivery) { _, _ = w.store.CancelDelivery(w.ctx, w.project, d.ID, start) }},
	{"retried", func(w *world, d domain.Delivery) { _, _ = w.store.RetryDelivery(w.ctx, w.project, d.ID, start, nil) }},
	{"canceled with others", func(w *world, d domain.Delivery) {
		_, err := w.store.CancelDeliveries(w.ctx, w.project, domain.DeliveryFilter{EndpointID: d.EndpointID}, start)
		w.ok(err)
	}},
	{"retried with others", func(w *world, d domain.Delivery) {
		_, err := w.store.RetryDeliveries(w.ctx, w.project, domain.DeliveryFilter{EndpointID: d.EndpointID}, start, nil)
		w.ok(err)
	}},
	{"recovered", func(w *world, d domain.Delivery) {
		_, err := w.store.Recover(w.ctx, w.project, d.EndpointID, start.Add(-time.Hour), time.Now().Add(time.Hour), start, nil)
		w.ok(err)
	}},
	{"its endpoint deleted", func(w *world, d domain.Delivery) { w.ok(w.store.DeleteEndpoint(w.ctx, w.project, d.EndpointID, start)) }},
	{"its endpoint disabled and its session over", func(w *world, d domain.Delivery) {
		w.ok(w.store.ChangeSession(w.ctx, w.project, d.SessionID, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start
			return nil
		}))
		_ = w.store.ChangeEndpoint(w.ctx, w.project, d.EndpointID, func(c *domain.EndpointChange) error { // it may have ended
			c.Endpoint.Status = domain.EndpointDisabled
			return nil
		})
	}},
	{"its claim released", func(w *world, _ domain.Delivery) { w.ok(w.store.ReleaseClaims(w.ctx)) }},
	{"the server started anew", func(w *world, _ domain.Delivery) {
		w.reopen()
		w.ok(w.store.ReleaseClaims(w.ctx))
	}},
}

// walkMoves has everything that changes deliveries work on one in each state:
// what becomes of it is as it was, or where the state table leads from there.
// Each transition of the table is made.
func walkMoves(w *world) {
	made := map[[2]domain.DeliveryStatus]bool{}
	try := func(from domain.DeliveryStatus, m moved) {
		w.Helper()
		d := w.deliveryIn(from)
		m.do(w, d)
		got, err := w.store.Delivery(w.ctx, w.project, d.ID)
		w.ok(err)
		if got.Status == from {
			return
		}
		if err := (&domain.Delivery{Status: from}).Transition(got.Status); err != nil {
			w.Errorf("%s: %v", m.name, err)
		}
		if got.Status.Ended() == got.EndedAt.IsZero() {
			w.Errorf("%s: it is %s and ended at %v", m.name, got.Status, got.EndedAt)
		}
		made[[2]domain.DeliveryStatus{from, got.Status}] = true
	}
	states := slices.Sorted(maps.Keys(domain.DeliveryTransitions))
	for _, from := range states {
		for _, m := range moves {
			try(from, m)
		}
	}
	for _, to := range states {
		if to == domain.DeliverySending {
			continue
		}
		for _, from := range states { // of one that has ended, the outcome is late
			if from != domain.DeliveryPending {
				try(from, moved{"recorded as " + string(to), func(w *world, d domain.Delivery) { w.finish(d, to, start) }})
			}
		}
	}
	for from, next := range domain.DeliveryTransitions {
		for _, to := range next {
			if !made[[2]domain.DeliveryStatus{from, to}] {
				w.Errorf("nothing goes from %s to %s", from, to)
			}
		}
	}
	// No outcome is being sent.
	d := w.deliveryIn(domain.DeliverySending)
	if err := w.store.Finish(w.ctx, []domain.Outcome{outcome(d, domain.DeliverySending, start)}, nil); err == nil {
		w.Error("an attempt may leave its delivery as being sent")
	}
}

// deliveryIn is a delivery in a state, to an endpoint of its own.
func (w *world) deliveryIn(status domain.DeliveryStatus) domain.Delivery {
	w.Helper()
	s := w.newSession(0)
	e := w.endpoint("*")
	e.SessionID = s.ID
	w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
	w.say(s, domain.EventStepStarted)
	d := w.deliveries(domain.DeliveryFilter{EndpointID: e.ID})[0]
	if status == domain.DeliveryPending {
		return d
	}
	d = w.claim(e.ID, start, 1).Jobs[0].Delivery
	if status != domain.DeliverySending {
		w.finish(d, status, start)
	}
	d, err := w.store.Delivery(w.ctx, w.project, d.ID)
	w.ok(err)
	w.equal("its state", d.Status, status)
	return d
}
