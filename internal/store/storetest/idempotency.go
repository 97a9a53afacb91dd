package storetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// creation is a creating call that takes an idempotency key.
type creation struct {
	name string
	// prepare makes what the call needs and returns the call: it makes
	// something new each time and says what, or nothing if the store chooses.
	prepare func(*world) func(*domain.Idempotency) error
	count   func(*world) int // of what is created
}

var creations = []creation{
	{
		"session",
		func(w *world) func(*domain.Idempotency) error {
			return func(i *domain.Idempotency) error {
				n := w.draftSession(2)
				n.Idempotency = i
				return w.store.CreateSession(w.ctx, n)
			}
		},
		func(w *world) int {
			all, _, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{})
			w.ok(err)
			return len(all)
		},
	},
	{
		"steps",
		func(w *world) func(*domain.Idempotency) error {
			s := w.newSession(0)
			var calls atomic.Int64
			return func(i *domain.Idempotency) error {
				return w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
					c.Idempotency = i
					if calls.Add(1) > 1 && i != nil && i.Key == "closed since" {
						return domain.Refuse(domain.CodeEnded, "the session has ended")
					}
					st := step(c.Session, c.Session.StepCount)
					c.Session.StepCount++
					c.NewSteps = append(c.NewSteps, &st)
					return nil
				})
			}
		},
		func(w *world) int {
			all, _, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{})
			w.ok(err)
			steps, err := w.store.Steps(w.ctx, w.project, all[0].ID, -1, 100)
			w.ok(err)
			return len(steps)
		},
	},
	{
		"stream",
		func(w *world) func(*domain.Idempotency) error {
			s := w.newSession(0)
			return func(i *domain.Idempotency) error {
				return w.store.CreateStream(w.ctx, domain.Stream{
					ID: domain.NewID(domain.PrefixStream), ProjectID: w.project, SessionID: s.ID,
					Token: domain.NewToken(), Mode: domain.StreamView, CreatedAt: start,
				}, i)
			}
		},
		func(w *world) int {
			all, _, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{})
			w.ok(err)
			streams, err := w.store.Streams(w.ctx, w.project, all[0].ID)
			w.ok(err)
			return len(streams) - 1 // the session's own
		},
	},
	{
		"key",
		func(w *world) func(*domain.Idempotency) error {
			return func(i *domain.Idempotency) error {
				return w.store.CreateKey(w.ctx, domain.APIKey{ID: domain.NewID(domain.PrefixKey), ProjectID: w.project, Role: domain.RoleProject, Hash: []byte{1}, CreatedAt: start}, w.project, i)
			}
		},
		func(w *world) int {
			all, _, err := w.store.Keys(w.ctx, domain.PageFilter{})
			w.ok(err)
			return len(all)
		},
	},
	{
		"project",
		func(w *world) func(*domain.Idempotency) error {
			return func(i *domain.Idempotency) error {
				id := domain.NewID(domain.PrefixProject)
				return w.store.CreateProject(w.ctx, domain.Project{ID: id, Name: id, CreatedAt: start}, w.project, i)
			}
		},
		func(w *world) int {
			all, _, err := w.store.ProjectsPage(w.ctx, domain.PageFilter{})
			w.ok(err)
			return len(all) - 1 // the world's own
		},
	},
	{
		"endpoint",
		func(w *world) func(*domain.Idempotency) error {
			return func(i *domain.Idempotency) error { return w.store.CreateEndpoint(w.ctx, w.endpoint("*"), i) }
		},
		func(w *world) int {
			all, _, err := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{})
			w.ok(err)
			return len(all)
		},
	},
	{
		"test event",
		func(w *world) func(*domain.Idempotency) error {
			e := w.newEndpoint("*")
			return func(i *domain.Idempotency) error {
				_, err := w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), i)
				return err
			}
		},
		func(w *world) int { return len(w.events(domain.EventQuery{})) },
	},
	{
		"rotation",
		func(w *world) func(*domain.Idempotency) error {
			e := w.newEndpoint("*")
			return func(i *domain.Idempotency) error {
				return w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
					c.Idempotency = i
					c.Endpoint.Secrets = append(c.Endpoint.Secrets, domain.Secret{Value: "whsec_bW9yZQ=="})
					return nil
				})
			}
		},
		func(w *world) int {
			all, _, err := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{})
			w.ok(err)
			return len(all[0].Secrets) - 2 // those that it had
		},
	},
	{
		"retry",
		func(w *world) func(*domain.Idempotency) error {
			d := w.failed(1)[0]
			return func(i *domain.Idempotency) error {
				_, err := w.store.RetryDelivery(w.ctx, w.project, d.ID, start.Add(time.Minute), i)
				if err == nil {
					w.giveUp(d.EndpointID)
				}
				return err
			}
		},
		func(w *world) int { return w.deliveries(domain.DeliveryFilter{})[0].Attempts - 1 },
	},
	{
		"retry of many",
		func(w *world) func(*domain.Idempotency) error {
			e := w.failed(1)[0].EndpointID
			return func(i *domain.Idempotency) error {
				_, err := w.store.RetryDeliveries(w.ctx, w.project, domain.DeliveryFilter{EndpointID: e, Status: domain.DeliveryFailed}, start.Add(time.Minute), i)
				if err == nil {
					w.giveUp(e)
				}
				return err
			}
		},
		func(w *world) int { return w.deliveries(domain.DeliveryFilter{})[0].Attempts - 1 },
	},
	{
		"recovery",
		func(w *world) func(*domain.Idempotency) error {
			e := w.failed(1)[0].EndpointID
			return func(i *domain.Idempotency) error {
				now := time.Now().Add(time.Minute)
				_, err := w.store.Recover(w.ctx, w.project, e, now.Add(-time.Hour), now, now, i)
				if err == nil {
					w.giveUp(e)
				}
				return err
			}
		},
		func(w *world) int { return w.deliveries(domain.DeliveryFilter{})[0].Attempts - 1 },
	},
}

// failed are deliveries of events of now that have failed.
func (w *world) failed(n int) []domain.Delivery {
	w.Helper()
	e, s := w.newEndpoint("*"), w.newSession(0)
	types := make([]domain.EventType, n)
	for i := range types {
		types[i] = domain.EventStepStarted
	}
	w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(time.Now().Truncate(time.Millisecond), types...)))
	w.giveUp(e.ID)
	return w.deliveries(domain.DeliveryFilter{EndpointID: e.ID})
}

// giveUp fails what is due to an endpoint.
func (w *world) giveUp(endpoint string) {
	w.Helper()
	at := time.Now().Add(time.Hour)
	var all []domain.Outcome
	for _, j := range w.claim(endpoint, at, 10_000).Jobs {
		all = append(all, outcome(j.Delivery, domain.DeliveryFailed, at))
	}
	w.ok(w.store.Finish(w.ctx, all, nil))
}

var idempotencyTests = func() []test {
	var all []test
	for _, c := range creations {
		all = append(all,
			test{c.name + " once", c.once},
			test{c.name + " in a race", c.race},
		)
	}
	return append(all,
		test{"a replay outlives what the request needed", func(w *world) {
			call := creations[1].prepare(w)
			i := &domain.Idempotency{Key: "closed since", Fingerprint: "f", Refs: []string{"a"}}
			w.ok(call(i))
			w.replayed(call(i), []string{"a"})
		}},
		test{"a refused request leaves its key free", func(w *world) {
			s := w.newSession(0)
			i := &domain.Idempotency{Key: "k", Fingerprint: "f"}
			refuse := true
			call := func() error {
				return w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
					c.Idempotency = i
					if refuse {
						return domain.Refuse(domain.CodeConflict, "no")
					}
					return nil
				})
			}
			w.refused("first", call(), domain.CodeConflict)
			refuse = false
			w.ok(call())
		}},
		test{"keys are a project's own", func(w *world) {
			i := &domain.Idempotency{Key: "k", Fingerprint: "f"}
			w.ok(w.store.CreateEndpoint(w.ctx, w.endpoint("*"), i))
			w.project = w.newProject("other")
			w.ok(w.store.CreateEndpoint(w.ctx, w.endpoint("*"), i))
		}},
		test{"keys are forgotten", func(w *world) {
			i := &domain.Idempotency{Key: "k", Fingerprint: "f", Refs: []string{"a"}}
			w.ok(w.store.CreateEndpoint(w.ctx, w.endpoint("*"), i))
			w.ok(w.store.ForgetIdempotency(w.ctx, time.Now().Add(-time.Hour)))
			w.replayed(w.store.CreateEndpoint(w.ctx, w.endpoint("*"), i), i.Refs)
			w.ok(w.store.ForgetIdempotency(w.ctx, time.Now().Add(time.Hour)))
			w.ok(w.store.CreateEndpoint(w.ctx, w.endpoint("*"), i))
		}},
		test{"what takes many transactions goes on where it was cut off", func(w *world) {
			const many = 1300 // more than two transactions of either store
			all := w.failed(many)
			e, now := all[0].EndpointID, time.Now().Add(time.Minute)
			for name, call := range map[string]func(context.Context, *domain.Idempotency) (int, error){
				"retry": func(ctx context.Context, i *domain.Idempotency) (int, error) {
					return w.store.RetryDeliveries(ctx, w.project, domain.DeliveryFilter{EndpointID: e, Status: domain.DeliveryFailed}, now, i)
				},
				"recover": func(ctx context.Context, i *domain.Idempotency) (int, error) {
					return w.store.Recover(ctx, w.project, e, now.Add(-time.Hour), now, now, i)
				},
			} {
				i := &domain.Idempotency{Key: name, Fingerprint: "f"}
				ctx, cancel := context.WithCancel(w.ctx)
				w.onCommit(cancel)
				if _, err := call(ctx, i); !errors.Is(err, context.Canceled) {
					w.Fatalf("%s: got %v, want to be cut off", name, err)
				}
				w.onCommit(nil)
				pending := len(w.deliveries(domain.DeliveryFilter{Status: domain.DeliveryPending}))
				if pending == 0 || pending == many {
					w.Fatalf("%s: cut off after %d", name, pending)
				}
				w.giveUp(e) // so that doing it again would show
				n, err := call(w.ctx, i)
				w.ok(err)
				w.equal(name+": in all", n, many)
				w.equal(name+": the rest", len(w.deliveries(domain.DeliveryFilter{Status: domain.DeliveryPending})), many-pending)
				_, err = call(w.ctx, i)
				w.replayed(err, []string{strconv.Itoa(many)})
				w.giveUp(e)
			}
		}},
		test{"a test event's key remembers the delivery", func(w *world) {
			e := w.newEndpoint("*")
			i := &domain.Idempotency{Key: "k", Fingerprint: "f"}
			send := func() (string, error) {
				return w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), i)
			}
			id, err := send()
			w.ok(err)
			_, err = send()
			w.replayed(err, []string{id})
			w.ok(w.store.DeleteEndpoint(w.ctx, w.project, e.ID, start))
			_, err = send()
			w.replayed(err, []string{id})
		}},
	)
}()

func (w *world) replayed(err error, refs []string) {
	w.Helper()
	r, ok := errors.AsType[*domain.Replay](err)
	if !ok {
		w.Fatalf("got %v, want a replay", err)
	}
	if refs != nil {
		w.equal("refs", r.Refs, refs)
	}
}

func (c creation) once(w *world) {
	call := c.prepare(w)
	w.ok(call(nil))
	w.ok(call(nil))
	w.equal("without a key", c.count(w), 2)
	i := &domain.Idempotency{Key: "k", Fingerprint: "f", Refs: []string{"a", "b"}}
	refs := i.Refs
	if slices.Contains([]string{"test event", "retry of many", "recovery"}, c.name) {
		refs = nil // the store chooses
	}
	w.ok(call(i))
	w.replayed(call(i), refs)
	w.refused("another request", call(&domain.Idempotency{Key: "k", Fingerprint: "g"}), domain.CodeIdempotency)
	w.reopen()
	w.replayed(call(i), refs)
	w.equal("with a key", c.count(w), 3)
	w.ok(call(&domain.Idempotency{Key: "l", Fingerprint: "f"}))
	w.equal("with two keys", c.count(w), 4)
}

func (c creation) race(w *world) {
	call := c.prepare(w)
	var created, replayed atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			err := call(&domain.Idempotency{Key: "k", Fingerprint: "f", Refs: []string{"a"}})
			if _, ok := errors.AsType[*domain.Replay](err); ok {
				replayed.Add(1)
			} else if err == nil {
				created.Add(1)
			} else {
				w.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	w.equal("created", created.Load(), int64(1))
	w.equal("replayed", replayed.Load(), int64(19))
	w.equal("rows", c.count(w), 1)
}
