package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/browserhook/browserhook/internal/domain"
)

var commitTests = []test{
	{"what changes key pairs is told, and nothing else is so", func(w *world) {
		signing := func(fn func()) (n int) {
			w.Helper()
			w.mu.Lock()
			before := len(w.commits)
			w.mu.Unlock()
			fn()
			s := w.newSession(0) // what came before it has been told when it has
			w.told("the session", func(c domain.Commit) bool { return slices.Contains(c.Sessions, s.ID) })
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, c := range w.commits[before:] {
				if c.KeyPairs {
					n++
				}
			}
			return n
		}
		e, plain := w.endpoint("*"), w.endpoint("*")
		e.Secrets = append(e.Secrets, domain.Secret{Value: domain.PrivateKeyPrefix + "MQ=="})
		change := func(id string, fn func(*domain.Endpoint)) func() {
			return func() {
				w.Helper()
				w.ok(w.store.ChangeEndpoint(w.ctx, w.project, id, func(c *domain.EndpointChange) error {
					fn(c.Endpoint)
					return nil
				}))
			}
		}
		rotate := func(e *domain.Endpoint) {
			e.Secrets = append(slices.Clone(e.Secrets), domain.Secret{Value: domain.PrivateKeyPrefix + "Mg=="})
		}
		for _, turn := range []struct {
			name string
			do   func()
			want int
		}{
			{"made", func() { w.ok(w.store.CreateEndpoint(w.ctx, e, nil)) }, 1},
			{"made without one", func() { w.ok(w.store.CreateEndpoint(w.ctx, plain, nil)) }, 0},
			{"described", change(e.ID, func(e *domain.Endpoint) { e.Description = "d" }), 0},
			{"rotated", change(e.ID, rotate), 1},
			{"shortened", change(e.ID, func(e *domain.Endpoint) { e.Secrets[len(e.Secrets)-1].ExpiresAt = start }), 1},
			{"deleted without one", func() { w.ok(w.store.DeleteEndpoint(w.ctx, w.project, plain.ID, start)) }, 0},
			{"deleted", func() { w.ok(w.store.DeleteEndpoint(w.ctx, w.project, e.ID, start)) }, 1},
		} {
			w.equal(turn.name, signing(turn.do), turn.want)
		}
	}},
	{"told only of what is committed", func(w *world) {
		s := w.newSession(0)
		w.newEndpoint("*")
		// The store is read from inside the notification: what it tells of is
		// there for everybody, and nothing that failed is told of.
		var told []string
		var mu sync.Mutex
		w.ok(w.store.Close())
		var store atomic.Pointer[Store]
		opened, err := w.open(func(c domain.Commit) {
			for _, e := range c.Events {
				if _, err := (*store.Load()).Event(context.Background(), e.ProjectID, e.ID); err != nil {
					w.Errorf("told of event %s before it is there: %v", e.ID, err)
				}
				mu.Lock()
				told = append(told, e.ID)
				mu.Unlock()
			}
		})
		w.ok(err)
		store.Store(&opened)
		w.store = opened
		const writers, changes = 8, 30
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for n := range changes {
					_ = w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
						_ = draftEvents(start, domain.EventStepStarted)(c)
						if (i+n)%3 == 0 { // fails in the database, after it has written
							c.Drafts = append(c.Drafts, domain.Draft{ProjectID: "proj_none"})
						}
						return nil
					})
				}
			})
		}
		wg.Wait()
		w.reopen() // the notifications are over when Close returns
		want := ids(w.events(domain.EventQuery{Limit: 1000}), func(e domain.Event) string { return e.ID })
		w.equal("number", len(want), writers*changes/3*2)
		w.equal("told, in the order of the log", told, want)
	}},
	{"one who fails doesn't take others along", func(w *world) {
		const writers = 24
		sessions := make([]domain.Session, writers)
		for i := range sessions {
			sessions[i] = w.newSession(1)
		}
		w.newEndpoint("*")
		var wg sync.WaitGroup
		for i, s := range sessions {
			wg.Go(func() {
				for range 10 {
					err := w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
						_ = draftEvents(start, domain.EventStepStarted)(c)
						if i%2 == 1 { // fails in the database, after it has written
							c.Drafts = append(c.Drafts, domain.Draft{ProjectID: "proj_none"})
						}
						return nil
					})
					if (err != nil) != (i%2 == 1) {
						w.Errorf("writer %d: %v", i, err)
					}
				}
			})
		}
		wg.Wait()
		for i, s := range sessions {
			w.equal(fmt.Sprintf("events of writer %d", i), len(w.events(domain.EventQuery{SessionID: s.ID})), 10*(1-i%2))
		}
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), writers/2*10)
	}},
	{"each endpoint and session is named once", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		w.say(s, domain.EventStepStarted, domain.EventStepCompleted)
		commits := w.committed(2)
		last := commits[len(commits)-1]
		w.equal("endpoints", last.Due, []domain.EndpointRef{e.Ref()})
		w.equal("sessions", last.Sessions, []string{s.ID})
	}},
	{"a caller who has gone isn't served", func(w *world) {
		ctx, cancel := context.WithCancelCause(w.ctx)
		gone := errors.New("gone")
		cancel(gone)
		e := w.endpoint("*")
		if err := w.store.CreateEndpoint(ctx, e, nil); !errors.Is(err, gone) {
			w.Errorf("got %v", err)
		}
		_, err := w.store.Endpoint(w.ctx, w.project, e.ID)
		w.missing("endpoint", err)
	}},
	{"closing commits what was accepted", func(w *world) {
		s := w.newSession(0)
		var said, refused atomic.Int64
		var wg sync.WaitGroup
		started := make(chan struct{})
		var once sync.Once
		for range 16 {
			wg.Go(func() {
				for {
					err := w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start, domain.EventStepStarted))
					if err != nil {
						if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeUnavailable {
							w.Errorf("got %v", err)
						}
						refused.Add(1)
						return
					}
					if said.Add(1) == 50 {
						once.Do(func() { close(started) })
					}
				}
			})
		}
		<-started
		w.ok(w.store.Close())
		wg.Wait()
		w.ok(w.store.Close()) // twice is fine
		w.start()
		got, err := w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("events", got.Sequence, said.Load())
		w.equal("refused", refused.Load(), int64(16))
	}},
}
