package storetest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// longTests fill pages by bytes before they are full by number.
var longTests = []test{
	{"a page of long events ends, and the next goes on", func(w *world) {
		s := w.newSession(1)
		text := json.RawMessage(`"` + strings.Repeat("x", 256<<10) + `"`)
		for range 20 {
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
				st := *c.Open[0]
				st.Result = text
				c.Drafts = append(c.Drafts, domain.DraftStep(c.Session, &st, domain.EventStepStarted, "https://bh.example.com", start))
				return nil
			}))
		}
		for _, q := range []domain.EventQuery{
			{Limit: 1000}, {Limit: 1000, SessionID: s.ID}, {Limit: 1000, Types: []domain.EventType{domain.EventStepStarted}}, {Limit: 17}, {Limit: 1000, Bytes: 64 << 10}, {Limit: 1000, Bytes: 300 << 10, SessionID: s.ID},
		} {
			var seen []int64
			for pages := 0; ; pages++ {
				page, err := w.store.Events(w.ctx, w.project, q)
				w.ok(err)
				size := 0
				for _, e := range page.Events {
					seen, size = append(seen, e.Sequence), size+len(e.Body)
				}
				if size > 5<<20 || q.Bytes > 0 && size > q.Bytes+300<<10 {
					w.Errorf("%+v: a page of %d bytes", q, size)
				}
				if q.After = page.Next; !page.More {
					break
				}
				if len(page.Events) == 0 || pages > 40 {
					w.Fatalf("%+v: a page of nothing", q)
				}
			}
			want := make([]int64, 20)
			for i := range want {
				want[i] = int64(i + 1)
			}
			w.equal(fmt.Sprintf("%+v", q), seen, want)
		}
	}},
	{"a page of long steps ends, and the next goes on", func(w *world) {
		s := w.newSession(40)
		text := json.RawMessage(`"` + strings.Repeat("x", 256<<10) + `"`)
		for range 40 {
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
				c.Open[0].Status, c.Open[0].Result, c.Open[0].FinishedAt = domain.StepCompleted, text, start
				return nil
			}))
		}
		seen := 0
		for seen < 40 {
			page, err := w.store.Steps(w.ctx, w.project, s.ID, seen-1, 100)
			w.ok(err)
			if len(page) == 0 || len(page) > 20 || page[0].Index != seen {
				w.Fatalf("%d steps after %d", len(page), seen)
			}
			seen += len(page)
		}
		last, err := w.store.LastSteps(w.ctx, w.project, s.ID, domain.StepsEnd, 50)
		w.ok(err)
		for _, st := range last {
			if st.Result != nil {
				w.Fatalf("the last steps come with their results")
			}
		}
	}},
	{"steps by id come without what is long", func(w *world) {
		s := w.newSession(1)
		var id string
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			st := c.Open[0]
			id, st.Status, st.Result, st.FinishedAt = st.ID, domain.StepCompleted, json.RawMessage(`"long"`), start
			return nil
		}))
		got, err := w.store.StepsByID(w.ctx, w.project, s.ID, []string{id})
		w.ok(err)
		if st := got[0]; st.Status != domain.StepCompleted || len(st.Params) > 0 || len(st.Result) > 0 {
			w.Errorf("%s with %q and %q", st.Status, st.Params, st.Result)
		}
	}},
	{"pages of long sessions and of long endpoints end, and the next goes on", func(w *world) {
		const n = 48
		url := "https://example.com/" + strings.Repeat("x", 100<<10)
		for range n {
			s := w.draftSession(0)
			s.Session.Options.URL = url
			w.ok(w.store.CreateSession(w.ctx, s))
			e := w.endpoint()
			e.Description = url
			w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
		}
		read := func(what string, page func(cursor string) (int, string, error)) {
			seen := 0
			for cursor, pages := "", 1; ; pages++ {
				got, next, err := page(cursor)
				w.ok(err)
				if seen += got; got*(100<<10) > 5<<20 || pages > 3 {
					w.Fatalf("%s: page %d has %d", what, pages, got)
				}
				if cursor = next; next == "" {
					break
				}
			}
			w.equal(what, seen, n)
		}
		read("sessions", func(cursor string) (int, string, error) {
			page, next, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{Cursor: cursor})
			return len(page), next, err
		})
		read("endpoints", func(cursor string) (int, string, error) {
			page, next, err := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{Cursor: cursor})
			return len(page), next, err
		})
	}},
}
