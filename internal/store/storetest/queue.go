package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// claims takes sessions out of the queue, at most so many, and says which.
func (w *world) claims(most int) (all []domain.SessionRef) {
	w.Helper()
	for range most {
		ref, err := w.store.ClaimSession(w.ctx)
		if errors.Is(err, domain.ErrNotFound) {
			break
		}
		w.ok(err)
		all = append(all, ref)
	}
	return all
}

// queue makes sessions of a project that wait, in order.
func (w *world) queue(project string, n int) (refs []domain.SessionRef) {
	w.Helper()
	for range n {
		s := w.in(project).newSession(0)
		refs = append(refs, domain.SessionRef{ProjectID: project, ID: s.ID})
	}
	return refs
}

// crowd is queue for many, in any order.
func (w *world) crowd(project string, n int) {
	w.Helper()
	drafts := make(chan *domain.NewSession, n)
	for range n {
		drafts <- w.in(project).draftSession(0)
	}
	close(drafts)
	errs := make(chan error, n)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for d := range drafts {
				errs <- w.store.CreateSession(w.ctx, d)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		w.ok(err)
	}
}

// over has a session end.
func (w *world) over(ref domain.SessionRef) {
	w.Helper()
	w.ok(w.store.ChangeSession(w.ctx, ref.ProjectID, ref.ID, func(c *domain.SessionChange) error {
		c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start.Add(time.Minute)
		return nil
	}))
}

func (w *world) positions(project string, refs ...domain.SessionRef) (all []int) {
	w.Helper()
	got, err := w.store.QueuePositions(w.ctx, project, ids(refs, func(r domain.SessionRef) string { return r.ID }))
	w.ok(err)
	for _, r := range refs {
		all = append(all, got[r.ID])
	}
	return all
}

var queueTests = []test{
	{"what waits is started, the longest first", func(w *world) {
		w.empty("an empty queue", w.claims(1))
		refs := w.queue(w.project, 3)
		w.equal("places", w.positions(w.project, refs...), []int{1, 2, 3})
		w.told("something to start", func(c domain.Commit) bool { return c.Queue })
		w.reopen()
		w.equal("claimed", w.claims(2), refs[:2])
		w.equal("places", w.positions(w.project, refs...), []int{0, 0, 1})
		for i, status := range []domain.SessionStatus{domain.SessionStarting, domain.SessionStarting, domain.SessionQueued} {
			got, err := w.store.Session(w.ctx, w.project, refs[i].ID)
			w.ok(err)
			w.equal("status", got.Status, status)
		}
		// What the store remembers of it has changed too.
		w.ok(w.store.ChangeSession(w.ctx, w.project, refs[0].ID, func(c *domain.SessionChange) error {
			if !c.Owned || c.Session.Status != domain.SessionStarting {
				return fmt.Errorf("it is %s, and this server's: %v", c.Session.Status, c.Owned)
			}
			return c.Session.Transition(domain.SessionReady)
		}))
		w.over(refs[2])
		w.empty("one that has ended", w.claims(1))
	}},
	{"three thousand of one project hold up nobody", func(w *world) {
		many, few, one := w.project, w.newProject("few"), w.newProject("one")
		w.crowd(many, 3000)
		theirs, its := w.queue(few, 2), w.queue(one, 1)
		w.equal("places of few", w.positions(few, theirs...), []int{2, 5})
		w.equal("place of one", w.positions(one, its...), []int{3})
		last := w.queue(many, 1)
		w.equal("place of the last", w.positions(many, last...), []int{3004})
		w.equal("places with one that has none", w.positions(many, its[0], last[0]), []int{0, 3004})
		var turns []string
		for _, ref := range w.claims(7) {
			turns = append(turns, ref.ProjectID)
		}
		w.equal("turns", turns, []string{many, few, one, many, few, many, many})
		w.queue(one, 1)
		w.queue(w.newProject("new"), 1)
		turns = nil
		for _, ref := range w.claims(3) {
			turns = append(turns, ref.ProjectID)
		}
		w.equal("turns of who comes", turns[1:], []string{one, many})
	}},
	{"a project has at most as many as it may", func(w *world) {
		other := w.newProject("other")
		w.ok(w.store.LimitProject(w.ctx, w.project, 2))
		got, err := w.store.Project(w.ctx, w.project)
		w.ok(err)
		w.equal("limit", got.Sessions, 2)
		refs, theirs := w.queue(w.project, 5), w.queue(other, 2)
		w.equal("claimed", w.claims(9), []domain.SessionRef{refs[0], theirs[0], refs[1], theirs[1]})
		w.equal("places", w.positions(w.project, refs...), []int{0, 0, 1, 2, 3})
		w.ok(w.store.ChangeSession(w.ctx, w.project, refs[1].ID, func(c *domain.SessionChange) error { return c.Session.Transition(domain.SessionReady) }))
		w.empty("while they live", w.claims(1))
		w.mu.Lock()
		w.commits = nil
		w.mu.Unlock()
		w.over(refs[1])
		w.told("that one may be started", func(c domain.Commit) bool { return c.Queue })
		w.equal("when one has ended", w.claims(9), refs[2:3])
		w.ok(w.store.LimitProject(w.ctx, w.project, 1))
		w.over(refs[0])
		w.empty("with a lower limit", w.claims(1))
		w.ok(w.store.LimitProject(w.ctx, w.project, 0))
		w.equal("without a limit", w.claims(9), refs[3:])
		w.missing("no project", w.store.LimitProject(w.ctx, "proj_none", 1))
		p := domain.Project{ID: domain.NewID(domain.PrefixProject), Name: "limited", Sessions: 7, CreatedAt: start}
		w.ok(w.store.CreateProject(w.ctx, p, "", nil))
		got, err = w.store.Project(w.ctx, p.ID)
		w.ok(err)
		w.equal("made with a limit", got, p)
	}},
	{"of many who claim at once each gets another", func(w *world) {
		other := w.newProject("other")
		w.ok(w.store.LimitProject(w.ctx, other, 3))
		want := slices.Concat(w.queue(w.project, 12), w.queue(other, 12)[:3])
		var mu sync.Mutex
		var got []domain.SessionRef
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					ref, err := w.store.ClaimSession(w.ctx)
					if err != nil {
						if !errors.Is(err, domain.ErrNotFound) {
							w.Error(err)
						}
						return
					}
					mu.Lock()
					got = append(got, ref)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		sort := func(a, b domain.SessionRef) int { return strings.Compare(a.ID, b.ID) }
		slices.SortFunc(got, sort)
		slices.SortFunc(want, sort)
		w.equal("claimed", got, want)
	}},
	{"a full queue takes no more of who waits already", func(w *world) {
		other := w.newProject("other")
		create := func(project, key string) (ref domain.SessionRef, err error) {
			n := w.in(project).draftSession(0)
			n.MaxQueued = 2
			n.Idempotency = &domain.Idempotency{Key: key, Fingerprint: "f", Refs: []string{n.Session.ID}}
			return domain.SessionRef{ProjectID: project, ID: n.Session.ID}, w.store.CreateSession(w.ctx, n)
		}
		for _, key := range []string{"1", "2"} {
			_, err := create(w.project, key)
			w.ok(err)
		}
		third, err := create(w.project, "3")
		w.refused("the third", err, domain.CodeQueueFull)
		_, err = w.store.Session(w.ctx, w.project, third.ID)
		w.missing("the third", err)
		_, err = create(w.project, "1")
		if _, again := errors.AsType[*domain.Replay](err); !again {
			w.Errorf("a call that is repeated: %v", err)
		}
		// Who has none that waits is let in all the same.
		_, err = create(other, "1")
		w.ok(err)
		_, err = create(other, "2")
		w.refused("the other's second", err, domain.CodeQueueFull)
		w.equal("claimed", len(w.claims(2)), 2)
		_, err = create(w.project, "3") // under the key that was refused
		w.ok(err)
	}},
	{"a full queue is shared by who has something waiting", func(w *world) {
		many, few, one := w.project, w.newProject("few"), w.newProject("one")
		let := func(project string) (n int) {
			for {
				d := w.in(project).draftSession(0)
				d.MaxQueued = 6
				if err := w.store.CreateSession(w.ctx, d); err != nil {
					w.refused("one too many", err, domain.CodeQueueFull)
					return n
				}
				n++
			}
		}
		w.equal("let in of many", let(many), 6)
		w.equal("let in of few", let(few), 3)
		w.equal("let in of one", let(one), 2)
		w.equal("let in of many again", let(many), 0)
		w.equal("claimed", len(w.claims(11)), 11)
		w.equal("let in when the queue is empty", let(few), 6)
	}},
	{"a full queue is full however many come at once", func(w *world) {
		const most, come = 10, 40
		var wg sync.WaitGroup
		errs := make([]error, come)
		drafts := make([]*domain.NewSession, come)
		for i := range drafts {
			drafts[i] = w.draftSession(0)
			drafts[i].MaxQueued = most
		}
		for i, d := range drafts {
			wg.Go(func() { errs[i] = w.store.CreateSession(w.ctx, d) })
		}
		wg.Wait()
		let := 0
		for _, err := range errs {
			if err == nil {
				let++
				continue
			}
			w.refused("one too many", err, domain.CodeQueueFull)
		}
		w.equal("let in", let, most)
	}},
}
