package load

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/webhook"
)

// Producers is how many callers commit events at once.
const Producers = 256

// newClient reaches the receivers, which are on loopback.
func newClient() *egress.Client {
	return egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, RootCAs: roots()})
}

// Prepare makes the project and an endpoint for each URL in an empty database.
func Prepare(ctx context.Context, s Store, urls []string) error {
	project := domain.NewID(domain.PrefixProject)
	if err := s.CreateProject(ctx, domain.Project{ID: project, Name: projectName, CreatedAt: time.Now()}, "", nil); err != nil {
		return err
	}
	client := newClient()
	defer client.CloseIdle()
	service := webhook.NewService(s, client.Guard)
	return Loop(ctx, Producers, len(urls), 0, func(i int, _ time.Time) error {
		_, err := service.Create(ctx, project, webhook.Making{
			EndpointSettings: domain.EndpointSettings{URL: urls[i], Events: domain.Subscription{"*"}},
		}, nil)
		return err
	})
}

// Source commits events to a store.
type Source struct {
	store    Store
	sessions []*session
}

// NewSource makes so many sessions, which the events belong to in turn.
func NewSource(ctx context.Context, s Store, sessions int) (*Source, error) {
	p := &Source{store: s, sessions: make([]*session, sessions)}
	project, err := s.ProjectByName(ctx, projectName)
	if err != nil {
		return nil, err
	}
	err = Loop(ctx, sessions, sessions, 0, func(i int, _ time.Time) error {
		p.sessions[i] = newSession(project.ID)
		return s.CreateSession(ctx, p.sessions[i].made())
	})
	return p, err
}

// Events commits n, each in a call of its own that returns when it is on disk.
// rate is as in [Loop].
func (p *Source) Events(ctx context.Context, n int, rate float64) error {
	return Loop(ctx, Producers, n, rate, func(i int, due time.Time) error { return p.commit(ctx, i, due, 1) })
}

// Fill commits n events, a hundred in a call, to fill a database soon.
func (p *Source) Fill(ctx context.Context, n int) error {
	const atOnce = 100
	return Loop(ctx, len(p.sessions), (n+atOnce-1)/atOnce, 0, func(i int, due time.Time) error {
		return p.commit(ctx, i, due, min(atOnce, n-i*atOnce))
	})
}

func (p *Source) commit(ctx context.Context, i int, due time.Time, n int) error {
	s := p.sessions[i%len(p.sessions)]
	draft := s.draft(due)
	return p.store.ChangeSession(ctx, s.ProjectID, s.ID, func(c *domain.SessionChange) error {
		for range n {
			c.Drafts = append(c.Drafts, draft)
		}
		return nil
	})
}

// Node is a delivery engine on a store, in this process.
type Node struct {
	*Source
	Recorded Counter // deliveries whose good answer is on disk

	client *egress.Client
	stop   context.CancelFunc
	ended  chan error
}

// Start opens the store at a prepared place and starts an engine on it.
// committed, if not nil, is told of every event as soon as it is committed, and
// maybe again; it is called from several goroutines.
func Start(ctx context.Context, k Kind, p Place, committed func(event string)) (*Node, error) {
	var engine atomic.Pointer[webhook.Engine]
	store, err := k.Open(ctx, p, Hears{func(c domain.Commit) {
		if committed != nil {
			for i := range c.Events {
				committed(c.Events[i].ID)
			}
		}
		if k.Telemetry != nil {
			k.Telemetry.Committed(c.Events)
		}
		if e := engine.Load(); e != nil {
			e.Notify(c)
		}
	}, func(s domain.Signal) {
		if e := engine.Load(); e != nil {
			e.Signal(s)
		}
	}})
	if err != nil {
		return nil, err
	}
	if k.Telemetry != nil {
		store.Observe(k.Telemetry.Database)
		store = watchedStore{store, k.Telemetry}
	}
	n := &Node{client: newClient(), ended: make(chan error, 1)}
	if n.Source, err = NewSource(ctx, store, Producers); err != nil {
		return nil, err
	}
	e := webhook.NewEngine(recording{store, &n.Recorded}, n.client, "bench", slog.New(slog.DiscardHandler))
	if k.Telemetry != nil {
		e.Recorded = k.Telemetry.Recorded
		if k.Telemetry.Traced() {
			e.Span = k.Telemetry.Span
		}
	}
	engine.Store(e)
	if committed == nil {
		store.OfferTo(e)
	} else {
		store.OfferTo(watched{e, committed})
	}
	running, stop := context.WithCancel(ctx)
	n.stop = stop
	go func() { n.ended <- e.Run(running) }()
	return n, nil
}

// Stop ends the engine as a server does, and closes the store.
func (n *Node) Stop() error {
	n.stop()
	err := <-n.ended
	if errors.Is(err, context.Canceled) {
		err = nil // it was still starting
	}
	n.client.CloseIdle()
	return errors.Join(err, n.store.Close())
}

// watched is a taker that tells what it is given: a store hands over before it
// notifies.
type watched struct {
	domain.Taker
	committed func(event string)
}

func (w watched) Take(jobs []domain.Job) {
	for i := range jobs {
		w.committed(jobs[i].Delivery.EventID)
	}
	w.Taker.Take(jobs)
}

// recording counts what the engine has recorded.
type recording struct {
	webhook.Queue
	delivered *Counter
}

func (r recording) Finish(ctx context.Context, outcomes []domain.Outcome, drafts []domain.Draft) error {
	if err := r.Queue.Finish(ctx, outcomes, drafts); err != nil {
		return err
	}
	var good int64
	for i := range outcomes {
		if outcomes[i].Delivery.Status == domain.DeliveryDelivered {
			good++
		}
	}
	r.delivered.Add(good)
	return nil
}

// Run has a new node in a fresh place send to the URLs for as long as use
// takes.
func Run(ctx context.Context, k Kind, urls []string, committed func(event string), use func(*Node) error) error {
	p, remove, err := k.Fresh(ctx)
	if err != nil {
		return err
	}
	defer remove()
	store, err := k.Open(ctx, p, Nothing)
	if err != nil {
		return err
	}
	if err := errors.Join(Prepare(ctx, store, urls), store.Close()); err != nil {
		return err
	}
	n, err := Start(ctx, k, p, committed)
	if err != nil {
		return err
	}
	return errors.Join(use(n), n.Stop())
}
