package storetest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
)

// model is what the deliveries of a store should be, kept the simple way.
type model struct {
	*world
	now        time.Time
	session    domain.Session
	endpoints  map[string]domain.EndpointStatus // without the deleted ones
	ordered    map[string]bool                  // endpoints
	deliveries map[string]*domain.Delivery      // by keyOf, as the next two
	inFlight   map[string]domain.Delivery       // claimed by us, perhaps canceled since
	attempts   map[string]int                   // rows
}

// keyOf sorts deliveries in the order of their making, which their ids don't.
func keyOf(d domain.Delivery) string { return d.EventID + d.EndpointID }

// deliveriesFollowTheModel does the same to a store and to a model, whatever
// rapid thinks of, and compares the two after every step.
func deliveriesFollowTheModel(t *testing.T, fresh func(testing.TB) Open) {
	w := newWorld(t, fresh(t))
	rapid.Check(t, func(r *rapid.T) {
		// A project of its own is as good as a store of its own.
		w := &world{TB: t, ctx: w.ctx, open: w.open, store: w.store}
		w.project = w.newProject(domain.NewID(domain.PrefixProject))
		m := &model{
			world: w, now: start, session: w.newSession(0), endpoints: map[string]domain.EndpointStatus{}, ordered: map[string]bool{},
			deliveries: map[string]*domain.Delivery{}, inFlight: map[string]domain.Delivery{}, attempts: map[string]int{},
		}
		m.addEndpoint(r)
		r.Repeat(map[string]func(*rapid.T){
			"say": m.tell, "say again": m.tell, "add endpoint": m.addEndpoint, "claim": m.claimSome, "claim more": m.claimSome,
			"finish": m.finish, "finish more": m.finish, "expire": m.expire, "retry": m.retry, "cancel": m.cancel, "switch": m.turn, "delete": m.remove,
			"wait": func(r *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(1, 9).Draw(r, "seconds")) * time.Second)
			},
			"restart": m.restart, "": m.compare,
		})
		m.compareAttempts(r)
		// The next run is not to find what is none of its own.
		m.restart(r)
		for id := range m.endpoints {
			must(r, m.store.DeleteEndpoint(m.ctx, m.project, id, m.now))
		}
	})
}

// one draws a key of the map; the order of the keys is the order of their making.
func one[T any](r *rapid.T, all map[string]T, what string) string {
	if len(all) == 0 {
		r.Skip("there is no " + what)
	}
	keys := slices.Sorted(maps.Keys(all))
	return keys[rapid.IntRange(0, len(keys)-1).Draw(r, what)]
}

func must(r *rapid.T, err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (m *model) addEndpoint(r *rapid.T) {
	e := m.endpoint("step_*")
	e.Ordered = rapid.Bool().Draw(r, "ordered")
	must(r, m.store.CreateEndpoint(m.ctx, e, nil))
	m.endpoints[e.ID], m.ordered[e.ID] = e.Status, e.Ordered
}

func (m *model) tell(r *rapid.T) {
	before, err := m.store.EventsEnd(m.ctx, m.project)
	must(r, err)
	must(r, m.store.ChangeSession(m.ctx, m.project, m.session.ID, draftEvents(m.now, domain.EventStepStarted)))
	page, err := m.store.Events(m.ctx, m.project, domain.EventQuery{After: before})
	must(r, err)
	last := page.Events[0].ID
	told := map[string]bool{}
	all, _, err := m.store.Deliveries(m.ctx, m.project, domain.DeliveryFilter{Limit: 1000})
	must(r, err)
	for _, d := range all {
		if d.EventID == last {
			told[d.EndpointID] = true
			m.deliveries[keyOf(d)] = &domain.Delivery{
				ID: d.ID, ProjectID: m.project, EventID: last, EventType: domain.EventStepStarted, SessionID: m.session.ID,
				EndpointID: d.EndpointID, Status: domain.DeliveryPending, NextAt: m.now, CreatedAt: m.now,
			}
		}
	}
	for id, status := range m.endpoints {
		if told[id] != (status != domain.EndpointDisabled) {
			r.Fatalf("%s endpoint %s: told is %v", status, id, told[id])
		}
		delete(told, id)
	}
	if len(told) > 0 {
		r.Fatalf("deliveries to deleted endpoints: %v", told)
	}
}

// pending are the model's deliveries that an endpoint has to send, in order.
func (m *model) pending(endpoint string) []*domain.Delivery {
	var all []*domain.Delivery
	for _, d := range m.deliveries {
		if d.EndpointID == endpoint && d.Status == domain.DeliveryPending {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *domain.Delivery) int {
		if c := a.NextAt.Compare(b.NextAt); c != 0 {
			return c
		}
		if a.EventID < b.EventID {
			return -1
		}
		return 1
	})
	return all
}

// due are the model's deliveries that can be claimed, and when there are more.
func (m *model) due(r *rapid.T, endpoint string, limit int) (due []*domain.Delivery, next time.Time) {
	if m.ordered[endpoint] {
		return m.dueInTurn(r, endpoint, limit)
	}
	for _, d := range m.pending(endpoint) {
		if len(due) == limit || d.NextAt.After(m.now) {
			return due, d.NextAt
		}
		due = append(due, d)
	}
	return due, next
}

// dueInTurn is due of an ordered endpoint: the first of the session's that has
// not ended, and those after it up to one that isn't due.
func (m *model) dueInTurn(r *rapid.T, endpoint string, limit int) (due []*domain.Delivery, next time.Time) {
	open := m.open(endpoint)
	if len(open) == 0 || open[0].Status == domain.DeliverySending {
		return nil, next
	}
	if open[0].NextAt.After(m.now) || limit == 0 {
		return nil, open[0].NextAt
	}
	for _, d := range open {
		switch {
		case d.Status == domain.DeliverySending:
			// Nobody claims when one before what is being sent has come back.
			r.Skip("a later one is being sent")
		case d.NextAt.After(m.now) || len(due) == limit:
			return due, next
		}
		due = append(due, d)
	}
	return due, next
}

// open are the model's deliveries to an endpoint that have not ended, in the
// order of their events.
func (m *model) open(endpoint string) []*domain.Delivery {
	var all []*domain.Delivery
	for _, key := range slices.Sorted(maps.Keys(m.deliveries)) {
		if d := m.deliveries[key]; d.EndpointID == endpoint && !d.Status.Ended() {
			all = append(all, d)
		}
	}
	return all
}

func (m *model) claimSome(r *rapid.T) {
	id := one(r, m.endpoints, "endpoint")
	limit := rapid.IntRange(1, 3).Draw(r, "limit")
	var want []domain.Delivery
	var next time.Time
	if m.endpoints[id] == domain.EndpointEnabled {
		var due []*domain.Delivery
		due, next = m.due(r, id, limit)
		for _, d := range due {
			d.Status = domain.DeliverySending
			want = append(want, *d)
			m.inFlight[keyOf(*d)] = *d
		}
	}
	got, err := m.store.Claim(m.ctx, id, m.now, capacityFor(limit))
	must(r, err)
	var claimed []domain.Delivery
	for _, j := range got.Jobs {
		claimed = append(claimed, j.Delivery)
	}
	if d := cmp.Diff(want, claimed); d != "" {
		r.Fatalf("claimed (-want +got):\n%s", d)
	}
	// With as many as were asked for it may not know more than that there may be more.
	if !got.Next.Equal(next) && (len(claimed) < limit || !got.Next.Equal(m.now)) {
		r.Fatalf("next is %v, want %v", got.Next, next)
	}
}

func (m *model) finish(r *rapid.T) {
	id := one(r, m.inFlight, "delivery in flight")
	to := rapid.SampledFrom([]domain.DeliveryStatus{
		domain.DeliveryDelivered, domain.DeliveryPending, domain.DeliveryFailed,
	}).Draw(r, "to")
	o := outcome(m.inFlight[id], to, m.now)
	if to == domain.DeliveryFailed && rapid.Bool().Draw(r, "gone") {
		o.Health = domain.HealthGone
	}
	must(r, m.store.Finish(m.ctx, []domain.Outcome{o}, nil))
	delete(m.inFlight, id)
	m.attempts[id]++
	d := m.deliveries[id]
	if d.Status == domain.DeliverySending {
		*d = o.Delivery
	} else {
		d.Attempts = o.Delivery.Attempts
	}
	if _, ok := m.endpoints[d.EndpointID]; ok && o.Health == domain.HealthGone {
		m.endpoints[d.EndpointID] = domain.EndpointDisabled
	}
}

// expire gives up what nobody wants any more, untried.
func (m *model) expire(r *rapid.T) {
	id := one(r, m.inFlight, "delivery in flight")
	d := m.inFlight[id]
	d.Status, d.EndedAt, d.Reason = domain.DeliveryCanceled, m.now, domain.ReasonExpired
	must(r, m.store.Finish(m.ctx, []domain.Outcome{{Delivery: d}}, nil))
	delete(m.inFlight, id)
	if m.deliveries[id].Status == domain.DeliverySending {
		*m.deliveries[id] = d
	}
}

func (m *model) cancel(r *rapid.T) {
	d := m.deliveries[one(r, m.deliveries, "delivery")]
	_, err := m.store.CancelDelivery(m.ctx, m.project, d.ID, m.now)
	if d.Status.Ended() {
		if err == nil {
			r.Fatalf("a %s delivery is canceled", d.Status)
		}
		return
	}
	must(r, err)
	d.Status, d.EndedAt, d.Reason = domain.DeliveryCanceled, m.now, domain.ReasonRequested
}

func (m *model) retry(r *rapid.T) {
	id := one(r, m.deliveries, "delivery")
	d := m.deliveries[id]
	_, err := m.store.RetryDelivery(m.ctx, m.project, d.ID, m.now, nil)
	if _, sent := m.inFlight[id]; sent || m.endpoints[d.EndpointID] != domain.EndpointEnabled {
		if err == nil {
			r.Fatalf("a %s delivery of a %q endpoint is retried", d.Status, m.endpoints[d.EndpointID])
		}
		return
	}
	must(r, err)
	d.Status, d.Tries, d.NextAt, d.EndedAt, d.Reason = domain.DeliveryPending, 0, m.now, time.Time{}, ""
}

// turn switches an endpoint off or on, or has it wait.
func (m *model) turn(r *rapid.T) {
	id := one(r, m.endpoints, "endpoint")
	to := rapid.SampledFrom([]domain.EndpointStatus{
		domain.EndpointEnabled, domain.EndpointEnabled, domain.EndpointPaused, domain.EndpointDisabled,
	}).Draw(r, "to")
	must(r, m.store.ChangeEndpoint(m.ctx, m.project, id, func(c *domain.EndpointChange) error {
		c.Endpoint.Status = to
		return nil
	}))
	m.endpoints[id] = to
}

func (m *model) remove(r *rapid.T) {
	id := one(r, m.endpoints, "endpoint")
	must(r, m.store.DeleteEndpoint(m.ctx, m.project, id, m.now))
	delete(m.endpoints, id)
	for _, d := range m.deliveries {
		if d.EndpointID == id && (d.Status == domain.DeliveryPending || d.Status == domain.DeliverySending) {
			d.Status, d.EndedAt, d.Reason = domain.DeliveryCanceled, m.now, domain.ReasonEndpointDeleted
		}
	}
}

// restart is a server that dies and comes back: what it was sending is due.
func (m *model) restart(r *rapid.T) {
	must(r, m.store.ReleaseClaims(m.ctx))
	clear(m.inFlight)
	for _, d := range m.deliveries {
		if d.Status == domain.DeliverySending {
			d.Status = domain.DeliveryPending
		}
	}
}

func (m *model) compare(r *rapid.T) {
	all, _, err := m.store.Deliveries(m.ctx, m.project, domain.DeliveryFilter{Limit: 1000})
	must(r, err)
	if len(all) != len(m.deliveries) {
		r.Fatalf("%d deliveries, want %d", len(all), len(m.deliveries))
	}
	due := map[string]time.Time{}
	for _, d := range all {
		if diff := cmp.Diff(*m.deliveries[keyOf(d)], d); diff != "" {
			r.Fatalf("delivery (-want +got):\n%s", diff)
		}
		waiting := m.pending(d.EndpointID)
		if m.ordered[d.EndpointID] {
			waiting = m.open(d.EndpointID)
		}
		if len(waiting) > 0 && waiting[0].Status == domain.DeliveryPending {
			due[d.EndpointID] = waiting[0].NextAt
		}
	}
	got := map[string]time.Time{}
	listed, err := m.store.DueEndpoints(m.ctx)
	must(r, err)
	for _, d := range listed {
		if d.ProjectID == m.project {
			got[d.EndpointID] = d.At
		}
	}
	if diff := cmp.Diff(due, got); diff != "" {
		r.Fatalf("due (-want +got):\n%s", diff)
	}
}

func (m *model) compareAttempts(r *rapid.T) {
	for key, d := range m.deliveries {
		attempts, err := m.store.Attempts(m.ctx, m.project, d.ID)
		must(r, err)
		if len(attempts) != m.attempts[key] {
			r.Fatalf("%d attempts, want %d", len(attempts), m.attempts[key])
		}
		for i, a := range attempts {
			if a.Number != i+1 {
				r.Fatalf("attempt %d has the number %d", i+1, a.Number)
			}
		}
	}
}
