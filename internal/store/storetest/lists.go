package storetest

import (
	"encoding/base64"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// list is something that is read in pages.
type list struct {
	name string
	add  func(*world) string // makes one more and returns its id
	page func(w *world, cursor string, limit int) ([]string, string, error)
}

var lists = []list{
	{
		"sessions",
		func(w *world) string { return w.newSession(0).ID },
		func(w *world, cursor string, limit int) ([]string, string, error) {
			all, next, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{Cursor: cursor, Limit: limit})
			return ids(all, func(s domain.Session) string { return s.ID }), next, err
		},
	},
	{
		"endpoints",
		func(w *world) string { return w.newEndpoint("*").ID },
		func(w *world, cursor string, limit int) ([]string, string, error) {
			all, next, err := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{Cursor: cursor, Limit: limit})
			return ids(all, func(e domain.Endpoint) string { return e.ID }), next, err
		},
	},
	{
		"deliveries",
		func(w *world) string {
			e := w.newEndpoint("webhook_test")
			id, err := w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), nil)
			w.ok(err)
			return id
		},
		func(w *world, cursor string, limit int) ([]string, string, error) {
			all, next, err := w.store.Deliveries(w.ctx, w.project, domain.DeliveryFilter{Cursor: cursor, Limit: limit})
			return ids(all, func(d domain.Delivery) string { return d.ID }), next, err
		},
	},
}

var listTests = func() []test {
	var all []test
	for _, l := range lists {
		all = append(all, test{l.name + " in pages while more come", l.pages}, test{l.name + " with a wrong cursor", l.wrongCursor})
	}
	return append(all,
		test{"sessions by status", func(w *world) {
			w.newSession(0)
			n := w.draftSession(0)
			n.Session.Status = domain.SessionFailed
			w.ok(w.store.CreateSession(w.ctx, n))
			got, next, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{Status: domain.SessionFailed, Limit: 1})
			w.ok(err)
			w.equal("failed", got, []domain.Session{n.Session})
			w.equal("next", next, "")
		}},
		test{"sessions by what is known of them", func(w *world) {
			before := time.Now()
			open := w.newSession(0)
			n := w.draftSession(0)
			n.Session.Status, n.Session.Metadata = domain.SessionFailed, map[string]string{"a.b \"c\"": "1", "order": "18"}
			w.ok(w.store.CreateSession(w.ctx, n))
			bare := w.draftSession(0)
			bare.Session.Metadata = nil
			w.ok(w.store.CreateSession(w.ctx, bare))
			for _, tt := range []struct {
				what string
				f    domain.SessionFilter
				want []string
			}{
				{"open", domain.SessionFilter{Open: new(true)}, []string{bare.Session.ID, open.ID}},
				{"open and failed", domain.SessionFilter{Open: new(true), Status: domain.SessionFailed}, nil},
				{"ended", domain.SessionFilter{Open: new(false)}, []string{n.Session.ID}},
				{"of an order", domain.SessionFilter{Name: "order", Value: "18"}, []string{n.Session.ID}},
				{"of a name that is none of JSONPath's", domain.SessionFilter{Name: `a.b "c"`, Value: "1"}, []string{n.Session.ID}},
				{"of an order and open", domain.SessionFilter{Name: "order", Value: "17", Open: new(true)}, []string{open.ID}},
				{"of no order", domain.SessionFilter{Name: "order"}, nil},
				{"from a time on", domain.SessionFilter{From: before.Add(-time.Second)}, []string{bare.Session.ID, n.Session.ID, open.ID}},
				{"until a time", domain.SessionFilter{To: before.Add(-time.Second)}, nil},
				{"from later on", domain.SessionFilter{From: before.Add(time.Hour)}, nil},
				{"open, after the newest", domain.SessionFilter{Open: new(true), Limit: 1, Cursor: cursorOf(w, domain.SessionFilter{Open: new(true), Limit: 1})}, []string{open.ID}},
			} {
				got, _, err := w.store.Sessions(w.ctx, w.project, tt.f)
				w.ok(err)
				w.equal(tt.what, ids(got, func(s domain.Session) string { return s.ID }), tt.want)
			}
		}},
		test{"sessions by metadata, when some are forgotten", func(w *world) {
			older, newer := w.newSession(0), w.newSession(0)
			f := domain.SessionFilter{Name: "order", Value: "17"}
			find := func() []string {
				got, _, err := w.store.Sessions(w.ctx, w.project, f)
				w.ok(err)
				return ids(got, func(s domain.Session) string { return s.ID })
			}
			w.equal("both", find(), []string{newer.ID, older.ID})
			w.ok(w.store.ChangeSession(w.ctx, w.project, newer.ID, func(c *domain.SessionChange) error {
				c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start
				return nil
			}))
			f.Status = domain.SessionClosed
			w.equal("of those, closed", find(), []string{newer.ID})
			w.ok(w.store.ForgetSession(w.ctx, w.project, newer.ID, start))
			w.empty("closed, when it is forgotten", find())
			f.Status = ""
			w.equal("what is left", find(), []string{older.ID})
		}},
		test{"deliveries by all there is", deliveryFilters},
		test{"deliveries of what is rare", rareDeliveries},
		test{"deliveries after an id that was never given out", func(w *world) {
			for range 20 {
				cursor := base64.RawURLEncoding.EncodeToString([]byte(domain.NewID(domain.PrefixDelivery)))
				_, _, err := w.store.Deliveries(w.ctx, w.project, domain.DeliveryFilter{Cursor: cursor})
				w.refused("cursor", err, domain.CodeInvalid)
			}
		}},
		test{"endpoints after one that was deleted", func(w *world) {
			older, between, newer := w.newEndpoint("*"), w.newEndpoint("*"), w.newEndpoint("*")
			page, next, err := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{Limit: 2})
			w.ok(err)
			w.equal("first page", ids(page, func(e domain.Endpoint) string { return e.ID }), []string{newer.ID, between.ID})
			w.ok(w.store.DeleteEndpoint(w.ctx, w.project, between.ID, start))
			page, next, err = w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{Cursor: next, Limit: 2})
			w.ok(err)
			w.equal("second page", page, []domain.Endpoint{older})
			w.equal("next", next, "")
		}},
		test{"deliveries after one that retention has deleted", func(w *world) {
			e := w.newEndpoint("*")
			var want []string
			for range 3 {
				s := w.newSession(0)
				w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(time.Now(), domain.EventStepStarted)))
				want = append(want, s.ID)
			}
			page, next, err := w.store.Deliveries(w.ctx, w.project, domain.DeliveryFilter{Limit: 2})
			w.ok(err)
			w.ok(w.store.ChangeSession(w.ctx, w.project, page[1].SessionID, func(c *domain.SessionChange) error {
				c.Session.Status, c.Session.EndedAt = domain.SessionClosed, time.Now()
				return nil
			}))
			claim := w.claim(e.ID, time.Now(), 3)
			for _, j := range claim.Jobs {
				w.finish(j.Delivery, domain.DeliveryDelivered, time.Now())
			}
			w.prune()
			_, err = w.store.Delivery(w.ctx, w.project, page[1].ID)
			w.missing("the delivery under the cursor", err)
			page, next, err = w.store.Deliveries(w.ctx, w.project, domain.DeliveryFilter{Cursor: next, Limit: 2})
			w.ok(err)
			w.equal("second page", ids(page, func(d domain.Delivery) string { return d.SessionID }), want[:1])
			w.equal("next", next, "")
		}},
	)
}()

func (l list) pages(w *world) {
	for _, limit := range []int{0, 3} {
		got, next, err := l.page(w, "", limit)
		w.ok(err)
		w.empty("empty", got)
		w.equal("empty next", next, "")
	}
	var want []string
	for range 7 {
		want = append(want, l.add(w))
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 2, 3, 6, 7, 8, 0} {
		var got []string
		cursor := ""
		for range len(want) + 1 {
			page, next, err := l.page(w, cursor, limit)
			w.ok(err)
			if len(page) == 0 || limit > 0 && len(page) > limit {
				w.Errorf("a page of %d with a limit of %d", len(page), limit)
			}
			got = append(got, page...)
			l.add(w) // newer: not for who is on the way to older ones
			if cursor = next; cursor == "" {
				break
			}
		}
		if len(got) != len(want) || !slices.Equal(got, want) {
			w.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
		all, _, err := l.page(w, "", 1000)
		w.ok(err)
		want = all
	}
}

func (l list) wrongCursor(w *world) {
	l.add(w)
	for _, cursor := range []string{"x", "!", "\x00", "ZXZ0XzE", "YnJvd3Nlcl8nIE9SIDE9MQ", "a\nb"} {
		_, _, err := l.page(w, cursor, 10)
		w.refused("cursor "+cursor, err, domain.CodeInvalid)
	}
}

func deliveryFilters(w *world) {
	start := time.Now().Truncate(time.Millisecond)
	a, b := w.newSession(0), w.newSession(0)
	e, f := w.newEndpoint("*"), w.newEndpoint("step_*")
	w.ok(w.store.ChangeSession(w.ctx, w.project, a.ID, draftEvents(start, domain.EventBrowserReady)))
	w.ok(w.store.ChangeSession(w.ctx, w.project, b.ID, draftEvents(start.Add(time.Minute), domain.EventStepStarted)))
	w.ok(w.store.ChangeSession(w.ctx, w.project, a.ID, draftEvents(start.Add(2*time.Minute), domain.EventStepStarted)))
	failed := w.claim(f.ID, start.Add(time.Minute), 1).Jobs[0].Delivery
	w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(failed, domain.DeliveryFailed, start)}, nil))
	w.claim(e.ID, start, 1)
	all := w.deliveries(domain.DeliveryFilter{})
	for _, c := range []struct {
		name string
		f    domain.DeliveryFilter
		want func(domain.Delivery) bool
	}{
		{"endpoint", domain.DeliveryFilter{EndpointID: e.ID}, func(d domain.Delivery) bool { return d.EndpointID == e.ID }},
		{"session", domain.DeliveryFilter{SessionID: a.ID}, func(d domain.Delivery) bool { return d.SessionID == a.ID }},
		{"type", domain.DeliveryFilter{EventType: domain.EventStepStarted}, func(d domain.Delivery) bool { return d.EventType == domain.EventStepStarted }},
		{"pending", domain.DeliveryFilter{Status: domain.DeliveryPending}, func(d domain.Delivery) bool { return d.Status == domain.DeliveryPending }},
		{"sending", domain.DeliveryFilter{Status: domain.DeliverySending}, func(d domain.Delivery) bool { return d.EventType == domain.EventBrowserReady }},
		{"failed", domain.DeliveryFilter{Status: domain.DeliveryFailed}, func(d domain.Delivery) bool { return d.ID == failed.ID }},
		{"canceled", domain.DeliveryFilter{Status: domain.DeliveryCanceled}, func(domain.Delivery) bool { return false }},
		{"from", domain.DeliveryFilter{From: start.Add(time.Minute)}, func(d domain.Delivery) bool { return !d.CreatedAt.Before(start.Add(time.Minute)) }},
		{"to", domain.DeliveryFilter{To: start.Add(time.Minute)}, func(d domain.Delivery) bool { return d.CreatedAt.Before(start.Add(time.Minute)) }},
		{
			"everything", domain.DeliveryFilter{
				EndpointID: f.ID, SessionID: b.ID, EventType: domain.EventStepStarted,
				Status: domain.DeliveryFailed, From: start, To: start.Add(2 * time.Minute),
			}, func(d domain.Delivery) bool { return d.ID == failed.ID },
		},
	} {
		var want []domain.Delivery
		for _, d := range all {
			if c.want(d) {
				want = append(want, d)
			}
		}
		if len(want) == len(all) || len(want) == 0 && c.name != "canceled" {
			w.Errorf("%s: picks %d of %d: shows nothing", c.name, len(want), len(all))
		}
		w.equal(c.name, w.deliveries(c.f), want)
	}
}

// rareDeliveries looks for one among more than are looked at for a page.
func rareDeliveries(w *world) {
	start := time.Now().Truncate(time.Millisecond)
	say := func(s domain.Session, types ...domain.EventType) {
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start, types...)))
	}
	e, few, s := w.newEndpoint("*"), w.newSession(0), w.newSession(0)
	say(few, domain.EventStepStarted, domain.EventStepStarted)
	gone := w.claim(e.ID, start, 1).Jobs[0].Delivery
	w.finish(gone, domain.DeliveryFailed, start)
	say(s, domain.EventBrowserReady)
	say(s, domain.EventStepCompleted)
	many := make([]domain.EventType, domain.LooksAtMost/4+10)
	for i := range many {
		many[i] = domain.EventStepStarted
	}
	for range 4 {
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start.Add(time.Minute), many...)))
	}
	for _, tt := range []struct {
		name  string
		f     domain.DeliveryFilter
		pages []int
	}{
		{"of all of the type that is rarer", domain.DeliveryFilter{EventType: domain.EventStepCompleted}, []int{0, 1}},
		{"of the endpoint's of that type", domain.DeliveryFilter{EventType: domain.EventStepCompleted, EndpointID: e.ID}, []int{0, 1}},
		{"of those that were there before", domain.DeliveryFilter{To: start.Add(time.Second)}, []int{0, 4}},
		{"of those of a day ago", domain.DeliveryFilter{To: start.Add(-24 * time.Hour)}, []int{0}},
		{"of the endpoint's of a day ago", domain.DeliveryFilter{To: start.Add(-24 * time.Hour), EndpointID: e.ID}, []int{0}},
		{"of those of a day hence", domain.DeliveryFilter{From: start.Add(24 * time.Hour)}, []int{0}},
		{"of the type that is rarer, from then on", domain.DeliveryFilter{EventType: domain.EventStepCompleted, From: start}, []int{0, 1}},
		{"that were delivered", domain.DeliveryFilter{Status: domain.DeliveryDelivered}, []int{0, 0}},
		{"of a type that has an index", domain.DeliveryFilter{EventType: domain.EventBrowserReady}, []int{1}},
		{"of a type that there is none of", domain.DeliveryFilter{EventType: domain.EventBrowserCrashed}, []int{0}},
		{"of the endpoint's of the session that has few", domain.DeliveryFilter{SessionID: few.ID, EndpointID: e.ID}, []int{2}},
		{"of the endpoint's of an event", domain.DeliveryFilter{EventID: gone.EventID, EndpointID: e.ID}, []int{1}},
		{"that failed of the session that has few", domain.DeliveryFilter{SessionID: few.ID, Status: domain.DeliveryFailed}, []int{1}},
		{"that failed of the endpoint's of that session", domain.DeliveryFilter{SessionID: few.ID, EndpointID: e.ID, Status: domain.DeliveryFailed}, []int{1}},
		{"that failed of the endpoint's of an event", domain.DeliveryFilter{EventID: gone.EventID, EndpointID: e.ID, Status: domain.DeliveryFailed}, []int{1}},
	} {
		var pages []int
		tt.f.Limit = 10
		for more := true; more && len(pages) < 5; more = tt.f.Cursor != "" {
			page, next, err := w.store.Deliveries(w.ctx, w.project, tt.f)
			w.ok(err)
			pages, tt.f.Cursor = append(pages, len(page)), next
		}
		w.equal(tt.name, pages, tt.pages)
	}
	first, _, err := w.store.Deliveries(w.ctx, w.project, domain.DeliveryFilter{EventType: domain.EventStepStarted, Limit: 10})
	w.ok(err)
	w.equal("of those that are many", len(first), 10)
}

// cursorOf is what leads to what comes after a page of sessions.
func cursorOf(w *world, f domain.SessionFilter) string {
	_, next, err := w.store.Sessions(w.ctx, w.project, f)
	w.ok(err)
	return next
}
