package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var eventTests = []test{
	{"committed as sealed", func(w *world) {
		s := w.newSession(0)
		beginning := w.end()
		w.empty("an empty log", w.page(domain.EventQuery{After: beginning}).Events)
		w.say(s, domain.EventBrowserReady, domain.EventBrowserClosed)
		told := w.committed(2)[len(w.committed(2))-1].Events
		w.reopen()
		got := w.events(domain.EventQuery{})
		for i := range told { // known only while it was being committed
			w.equal("metadata", told[i].Metadata, s.Metadata)
			told[i].Metadata = nil
		}
		w.equal("events", got, told)
		for i, e := range got {
			p := body(e)
			w.equal("id in the body", p.ID, e.ID)
			w.equal("sequence in the body", p.Sequence, int64(i+1))
			w.equal("session in the body", p.SessionID, s.ID)
			one, err := w.store.Event(w.ctx, w.project, e.ID)
			w.ok(err)
			w.equal("event", one, e)
		}
		w.empty("after the end", w.events(domain.EventQuery{After: w.end()}))
		w.equal("after the beginning", len(w.events(domain.EventQuery{After: beginning})), 2)
		_, err := w.store.Event(w.ctx, w.project, "evt_none")
		w.missing("event", err)
	}},
	{"the last of a session", func(w *world) {
		a, b := w.newSession(0), w.newSession(0)
		w.say(a, domain.EventBrowserReady, domain.EventStepStarted)
		w.say(b, domain.EventBrowserReady)
		w.say(a, domain.EventStepCompleted)
		of := w.events(domain.EventQuery{SessionID: a.ID})
		last := func(before int64, limit int) []domain.Event {
			all, err := w.store.LastEvents(w.ctx, w.project, a.ID, before, limit)
			w.ok(err)
			return all
		}
		w.equal("two", last(0, 2), []domain.Event{of[2], of[1]})
		w.equal("those before", last(of[1].Sequence, 2), []domain.Event{of[0]})
		w.empty("before the first", last(1, 2))
	}},
	{"queries", func(w *world) {
		a, b := w.newSession(0), w.newSession(0)
		w.say(a, domain.EventBrowserReady)                           // 0
		w.say(b, domain.EventBrowserReady)                           // 1
		w.say(a, domain.EventStepStarted, domain.EventStepFailed)    // 2 3
		w.say(b, domain.EventStepStarted, domain.EventBrowserClosed) // 4 5
		all := w.events(domain.EventQuery{})
		place := map[string]int{}
		for i, e := range all {
			place[e.ID] = i
		}
		for _, c := range []struct {
			q    domain.EventQuery
			want []int
		}{
			{domain.EventQuery{}, []int{0, 1, 2, 3, 4, 5}},
			{domain.EventQuery{Limit: 2}, []int{0, 1}},
			{domain.EventQuery{After: all[1].ID, Limit: 3}, []int{2, 3, 4}},
			{domain.EventQuery{After: all[5].ID}, nil},
			{domain.EventQuery{SessionID: a.ID}, []int{0, 2, 3}},
			{domain.EventQuery{SessionID: a.ID, After: all[0].ID}, []int{2, 3}},
			{domain.EventQuery{SessionID: a.ID, After: all[1].ID}, []int{2, 3}}, // a cursor of another session
			{domain.EventQuery{SessionID: b.ID, After: all[3].ID, Limit: 1}, []int{4}},
			{domain.EventQuery{SessionID: "browser_none"}, nil},
			{domain.EventQuery{Types: []domain.EventType{domain.EventBrowserReady}}, []int{0, 1}},
			{domain.EventQuery{Types: []domain.EventType{domain.EventStepFailed, domain.EventBrowserClosed}, After: all[0].ID}, []int{3, 5}},
			{domain.EventQuery{Types: []domain.EventType{domain.EventStepStarted}, SessionID: b.ID}, []int{4}},
			{domain.EventQuery{Types: []domain.EventType{"none"}}, nil},
		} {
			var got []int
			for _, e := range w.events(c.q) {
				got = append(got, place[e.ID])
			}
			w.equal(fmt.Sprintf("%+v", c.q), got, c.want)
		}
		_, err := w.store.Events(w.ctx, w.project, domain.EventQuery{After: "evt_none"})
		w.refused("unknown cursor", err, domain.CodeInvalid)
	}},
	{"sequences have no gaps, whoever writes and fails", func(w *world) {
		const sessions, writers, changes = 4, 6, 25
		var all []domain.Session
		for range sessions {
			all = append(all, w.newSession(0))
		}
		var wg sync.WaitGroup
		for i := range sessions * writers {
			s := all[i%sessions]
			wg.Go(func() {
				for n := range changes {
					err := w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
						_ = draftEvents(start, domain.EventStepStarted, domain.EventStepCompleted)(c)
						if n%5 == 0 {
							return fmt.Errorf("no")
						}
						if n%5 == 1 {
							panic("no")
						}
						return nil
					})
					if (err != nil) != (n%5 < 2) {
						w.Errorf("change %d: %v", n, err)
					}
				}
			})
		}
		wg.Wait()
		const each = writers * changes / 5 * 3 * 2
		for _, s := range all {
			got := w.events(domain.EventQuery{SessionID: s.ID, Limit: 1000})
			w.equal("events", len(got), each)
			for i, e := range got {
				w.equal("sequence", e.Sequence, int64(i+1))
				w.equal("sequence in the body", body(e).Sequence, e.Sequence)
			}
			row, err := w.store.Session(w.ctx, w.project, s.ID)
			w.ok(err)
			w.equal("sequence of the session", row.Sequence, int64(each))
		}
		position := int64(0)
		for _, e := range w.events(domain.EventQuery{Limit: 10_000}) {
			if e.Position <= position {
				w.Fatalf("position %d after %d", e.Position, position)
			}
			position = e.Position
		}
	}},
	{"news without a session is numbered by project", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		test := func(project string) domain.Draft {
			return domain.DraftEndpoint(&domain.Endpoint{ID: e.ID, ProjectID: project}, domain.EventEndpointDisabled, "gone", start)
		}
		other := w.newProject("other")
		w.ok(w.store.Finish(w.ctx, nil, []domain.Draft{test(w.project), test(other), test(w.project)}))
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			_ = draftEvents(start, domain.EventBrowserReady)(c)
			c.Drafts = append(c.Drafts, test(w.project))
			return nil
		}))
		w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
			c.Drafts = append(c.Drafts, test(w.project), domain.Draft{
				ProjectID: w.project, SessionID: s.ID, At: start, Data: domain.EventData{EventType: domain.EventBrowserClosed},
			})
			return nil
		}))
		var got []string
		for _, e := range w.events(domain.EventQuery{}) {
			got = append(got, fmt.Sprintf("%s %d", e.Type, e.Sequence))
		}
		w.equal("events", got, []string{
			"endpoint_disabled 1", "endpoint_disabled 2", "browser_ready 1", "endpoint_disabled 3",
			"endpoint_disabled 4", "browser_closed 2",
		})
		theirs, err := w.store.Events(w.ctx, other, domain.EventQuery{})
		w.ok(err)
		w.equal("the other project's", theirs.Events[0].Sequence, int64(1))
	}},
	{"a reader sees what has returned", func(w *world) {
		s := w.newSession(0)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					var id string
					at := time.Now()
					err := w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
						st := step(c.Session, c.Session.StepCount)
						c.Session.StepCount++
						id = st.ID
						c.NewSteps = append(c.NewSteps, &st)
						return draftEvents(at, domain.EventStepStarted)(c)
					})
					if err != nil {
						w.Errorf("change: %v", err)
						return
					}
					if _, err := w.store.Step(w.ctx, w.project, s.ID, id); err != nil {
						w.Errorf("read what was written: %v", err)
					}
				}
			})
		}
		wg.Wait()
	}},
}
