package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var cursorTests = []test{
	{"every page has a cursor, an empty one and one of an empty log too", func(w *world) {
		s := w.newSession(0)
		empty := w.page(domain.EventQuery{})
		w.equal("page", len(empty.Events), 0)
		w.say(s, domain.EventBrowserReady)
		for _, q := range []domain.EventQuery{{After: empty.Next}, {After: empty.Next, SessionID: s.ID}, {After: empty.Next, Types: []domain.EventType{domain.EventBrowserReady}}} {
			w.equal("after the empty log", len(w.events(q)), 1)
		}
	}},
	{"a cursor moves on past what was looked at and not picked", func(w *world) {
		quiet, loud := w.newSession(0), w.newSession(0)
		w.say(quiet, domain.EventBrowserReady)
		for _, q := range []domain.EventQuery{
			{Types: []domain.EventType{domain.EventBrowserCrashed}},
			{SessionID: "browser_none"},
			{SessionID: quiet.ID, Types: []domain.EventType{domain.EventStepFailed}},
		} {
			w.say(loud, domain.EventStepStarted, domain.EventStepCompleted)
			last := w.events(domain.EventQuery{Limit: 1000})
			page := w.page(q)
			w.empty("page", page.Events)
			w.equal("more", page.More, false)
			// Everything is behind it: of what there was, no query finds any.
			w.empty("what was looked at", w.events(domain.EventQuery{After: page.Next}))
			w.equal("the next page", w.page(domain.EventQuery{After: page.Next, SessionID: q.SessionID, Types: q.Types}).Next, page.Next)
			w.say(loud, domain.EventStepFailed)
			w.equal("what comes", w.events(domain.EventQuery{After: page.Next}), w.events(domain.EventQuery{After: last[len(last)-1].ID}))
		}
	}},
	{"one cursor works for every query, whatever it comes from", func(w *world) {
		var all []domain.Event
		a, b := w.newSession(0), w.newSession(0)
		for range 4 {
			w.say(a, domain.EventStepStarted, domain.EventStepFailed, domain.EventBrowserReady)
			w.say(b, domain.EventStepStarted, domain.EventStepCompleted)
		}
		all = w.events(domain.EventQuery{})
		queries := []domain.EventQuery{
			{}, {SessionID: a.ID}, {SessionID: b.ID}, {Types: []domain.EventType{domain.EventStepFailed}},
			{Types: []domain.EventType{domain.EventBrowserReady, domain.EventStepFailed, domain.EventBrowserReady, domain.EventStepFailed}},
			{SessionID: b.ID, Types: []domain.EventType{domain.EventStepStarted}},
		}
		picked := func(q domain.EventQuery, from int) (want []string) {
			for _, e := range all[from:] {
				if (q.SessionID == "" || q.SessionID == e.SessionID) && (len(q.Types) == 0 || slices.Contains(q.Types, e.Type)) {
					want = append(want, e.ID)
				}
			}
			return want
		}
		for i, e := range all {
			next := w.page(domain.EventQuery{Limit: i + 1}).Next
			for _, q := range queries {
				for _, q.After = range []string{e.ID, next} {
					w.equal(fmt.Sprintf("%+v after event %d", q, i), ids(w.events(q), id), picked(q, i+1))
				}
			}
		}
		for _, q := range queries {
			var got []string
			want := picked(q, 0)
			for q.Limit = 2; ; {
				page := w.page(q)
				got = append(got, ids(page.Events, id)...)
				if q.After = page.Next; !page.More {
					break
				}
			}
			w.equal(fmt.Sprintf("%+v page by page", q), got, want)
		}
	}},
	{"what is no cursor is refused", func(w *world) {
		e := w.newEndpoint("*")
		w.say(w.newSession(0), domain.EventBrowserReady)
		delivery := w.deliveries(domain.DeliveryFilter{})[0].ID
		next := w.page(domain.EventQuery{}).Next
		other := []byte(next)
		other[len(other)-3] ^= 1
		for _, cursor := range []string{
			"x", "evt_1", "evt_none", "cur_none", delivery, e.ID, string(other), next + "x", "\x00", "beginning",
			domain.IDAt(domain.PrefixEvent, time.Now().Add(time.Hour)), domain.NewID(domain.PrefixCursor),
		} {
			_, err := w.store.Events(w.ctx, w.project, domain.EventQuery{After: cursor})
			w.refused("cursor "+cursor, err, domain.CodeInvalid)
		}
	}},
	{"a cursor that retention has overtaken", func(w *world) {
		o := w.old()
		all, next := o.events()
		w.prune()
		left := w.events(domain.EventQuery{})
		w.equal("left", ids(left, id), []string{all[0].ID, all[2].ID}) // of the open session
		for i, e := range all[:7] {
			overtaken := []string{e.ID, next[i]}
			if i == 0 || i == 2 { // it is there, and so a place
				overtaken = overtaken[1:]
				w.equal(fmt.Sprintf("after event %d, which is left", i), w.events(domain.EventQuery{After: e.ID}), left[1+i/2:])
			}
			for _, after := range overtaken {
				_, err := w.store.Events(w.ctx, w.project, domain.EventQuery{After: after})
				w.refused(fmt.Sprintf("cursor %s after event %d", after, i), err, domain.CodeExpired)
				_, err = w.store.Events(w.ctx, w.project, domain.EventQuery{After: after, SessionID: o.ended.ID})
				w.refused("for the session", err, domain.CodeExpired)
			}
			// Nothing of a session that is open is lost.
			w.equal(fmt.Sprintf("the open session after event %d", i), w.events(domain.EventQuery{After: next[i], SessionID: o.open.ID}), left[1:][:max(0, 1-i/2)])
			if again := w.events(domain.EventQuery{After: e.ID, SessionID: o.open.ID}); i < 2 && !slices.ContainsFunc(again, func(e domain.Event) bool { return e.ID == left[1].ID }) {
				w.Errorf("the open session after %s lacks what came after it: %v", e.ID, again)
			}
		}
		// Where nothing that came later is lost, all go on from where they stood,
		// though the event isn't there any more.
		w.say(o.open, domain.EventStepFailed)
		for _, after := range []string{all[7].ID, next[7]} {
			w.equal("after the last that was deleted", ids(w.events(domain.EventQuery{After: after}), id), ids(w.events(domain.EventQuery{})[2:], id))
		}
	}},
	{"a reader that begins with what is left gets through it, page by page", func(w *world) {
		o := w.old()
		o.events()
		w.prune()
		var got []domain.Event
		for q := (domain.EventQuery{Limit: 1}); ; {
			page := w.page(q)
			got = append(got, page.Events...)
			if q.After = page.Next; !page.More {
				break
			}
		}
		w.equal("events", got, w.events(domain.EventQuery{}))
	}},
	{"a reader that goes on from event to event gets through what is left", func(w *world) {
		o := w.old()
		o.events()
		w.prune()
		left := w.events(domain.EventQuery{})
		var got []domain.Event
		for q := (domain.EventQuery{Limit: 1}); ; q.After = got[len(got)-1].ID {
			page := w.page(q)
			if got = append(got, page.Events...); len(page.Events) == 0 {
				break
			}
		}
		w.equal("events", got, left)
		// What is still to be sent stays as well, long after those around it.
		e := w.newEndpoint("step_started")
		w.say(o.ended, domain.EventStepStarted)
		kept := w.events(domain.EventQuery{After: left[1].ID})[0]
		w.equal("due", len(w.deliveries(domain.DeliveryFilter{EndpointID: e.ID})), 1)
		w.ok(w.store.Finish(w.ctx, nil, []domain.Draft{domain.DraftDelivery(&domain.Delivery{ProjectID: w.project}, time.Now())}))
		w.prune()
		w.empty("after it", w.events(domain.EventQuery{After: kept.ID}))
	}},
	{"what one project prunes is nothing to another", func(w *world) {
		home := w.project
		o := w.old()
		_, next := o.events()
		neighbour := w.in(w.newProject("neighbour"))
		theirs := neighbour.newSession(0)
		at := time.Now()
		for range 3 {
			w.ok(w.store.ChangeSession(w.ctx, neighbour.project, theirs.ID, draftEvents(at, domain.EventStepStarted)))
		}
		before := neighbour.page(domain.EventQuery{Limit: 1}).Next
		w.prune()
		w.equal("theirs", len(neighbour.events(domain.EventQuery{After: before})), 2)
		w.project = home
		_, err := w.store.Events(w.ctx, home, domain.EventQuery{After: next[0]})
		w.refused("ours", err, domain.CodeExpired)
	}},
	{"a cursor goes on when its event was forgotten with its session", func(w *world) {
		forgotten, other := w.newSession(0), w.newSession(0)
		said := func(s domain.Session) domain.Event {
			w.Helper()
			before := w.end()
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(time.Now(), domain.EventStepStarted)))
			return w.events(domain.EventQuery{After: before})[0]
		}
		said(other)
		under := said(forgotten)
		next := w.end()
		want := []string{said(other).ID}
		last := said(forgotten)
		end := w.end()
		w.ok(w.store.ChangeSession(w.ctx, w.project, forgotten.ID, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, time.Now()
			return nil
		}))
		w.forget(forgotten)
		w.reopen() // positions are not given out again
		want = append(want, said(other).ID)
		w.equal("after the place", ids(w.events(domain.EventQuery{After: next}), id), want)
		w.equal("after the end", ids(w.events(domain.EventQuery{After: end}), id), want[1:])
		// Of the event itself only the time is known: nothing is missed.
		for cursor, want := range map[string][]string{under.ID: want, last.ID: want[1:]} {
			got := ids(w.events(domain.EventQuery{After: cursor}), id)
			if len(got) < len(want) || !slices.Equal(got[len(got)-len(want):], want) {
				w.Errorf("after %s: %v, want at least %v", cursor, got, want)
			}
		}
	}},
	{"a cursor at the end goes on after all was deleted and the server started anew", func(w *world) {
		o := w.old()
		all, _ := o.events()
		end := w.end()
		w.ok(w.store.ChangeSession(w.ctx, w.project, o.open.ID, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, time.Now()
			return nil
		}))
		w.prune()
		w.reopen()
		s := w.newSession(0)
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(time.Now(), domain.EventBrowserReady)))
		for _, after := range []string{end, all[len(all)-1].ID} {
			w.equal("after the end", ids(w.events(domain.EventQuery{After: after}), func(e domain.Event) string { return e.SessionID }), []string{s.ID})
		}
	}},
}

func id(e domain.Event) string { return e.ID }

// old is a log with an open and an ended session, all of it a little old.
type old struct {
	w           *world
	open, ended domain.Session
}

func (w *world) old() *old { return &old{w, w.newSession(0), w.newSession(0)} }

// events says eight of them: one of the open session, one of the ended, and so
// on, the last two of the ended and of none. With each comes the cursor after it.
func (o *old) events() (all []domain.Event, next []string) {
	o.w.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	for i := range 7 {
		s := o.open
		if i%2 == 1 || i > 2 {
			s = o.ended
		}
		o.w.ok(o.w.store.ChangeSession(o.w.ctx, o.w.project, s.ID, draftEvents(at, domain.EventStepStarted)))
		next = append(next, o.w.end())
	}
	o.w.ok(o.w.store.ChangeSession(o.w.ctx, o.w.project, o.ended.ID, func(c *domain.SessionChange) error {
		c.Session.Status, c.Session.EndedAt = domain.SessionClosed, at
		return nil
	}))
	e := o.w.newEndpoint("step_failed")
	o.w.ok(o.w.store.Finish(o.w.ctx, nil, []domain.Draft{domain.DraftEndpoint(&e, domain.EventEndpointFailing, "failing", at)}))
	next = append(next, o.w.end())
	return o.w.events(domain.EventQuery{}), next
}

// prune deletes all that may be.
func (w *world) prune() {
	w.Helper()
	_, err := w.store.Prune(w.ctx, time.Now().Add(time.Hour))
	w.ok(err)
}
