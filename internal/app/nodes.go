package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/hop"
	"github.com/browserhook/browserhook/internal/httpapi"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/store/postgres"
)

// errDrained is the cause of a stop when a node that drains has no more sessions.
var errDrained = errors.New("the node has been drained")

// join makes this server one of those that share the database, or the only one.
func (a *App) join(ctx context.Context) error {
	started := time.Now()
	self := func() domain.Node {
		n := domain.Node{URL: a.settings.NodeAddress(a.listener.Addr()), Version: Version, Browsers: a.browsers(), Hops: hop.Encrypting, State: domain.NodeReady, StartedAt: started, SeenAt: time.Now()}
		var draining bool
		if n.Sessions, n.FreeSlots, draining = a.sessions.Load(); draining {
			n.State = domain.NodeDraining
		}
		return n
	}
	p, ok := a.store.(*postgres.Store)
	if !ok {
		a.nodes = alone{self, a.sessions}
		return nil
	}
	keys, err := a.box.Derive("hops")
	if err != nil {
		return err
	}
	roots, err := a.settings.NodeRoots()
	if err != nil {
		return err
	}
	a.nodes = p
	a.hops = hop.New(&hop.Servers{
		Self: p.Self(), Keys: keys, Owner: p.SessionOwner, All: p.Nodes, Here: a.sessions.Here, Roots: roots, Apart: a.blobs.folder != "",
		Stopping: a.intake, Ended: a.serving, Refuse: httpapi.Refuse, Log: a.log,
	})
	if err := p.Announce(ctx, self); err != nil {
		return fmt.Errorf("join the nodes of the database: %w", err)
	}
	return nil
}

// drain has this server start no more sessions, and end with its last. The others are
// told too, if the database answers.
func (a *App) drain(ctx context.Context) {
	a.sessions.Drain()
	if p, ok := a.store.(*postgres.Store); ok {
		if _, err := p.DrainNode(ctx, p.Self()); err != nil {
			a.log.Warn("the other servers are not told that this one drains", "err", err)
		}
	}
}

// browsers are those that can be started here; none is not nil, which is unknown.
func (a *App) browsers() []string { return append([]string{}, a.launcher.Browsers()...) }

// ready is why the server is not to get requests now; nil when it is.
func (a *App) ready() error {
	if _, _, draining := a.sessions.Load(); draining {
		return domain.Refuse(domain.CodeUnavailable, "the server is draining: it ends with its last session")
	}
	return a.health.Ready()
}

// alone is the only server of a database.
type alone struct {
	self     func() domain.Node
	sessions *session.Service
}

// onlyNode is its id: there is no other to tell it from.
const onlyNode = "node_1"

// Nodes lists it.
func (a alone) Nodes(context.Context) ([]domain.Node, error) {
	n := a.self()
	n.ID = onlyNode
	return []domain.Node{n}, nil
}

// DrainNode has it start no more sessions, and end with its last.
func (a alone) DrainNode(ctx context.Context, id string) (domain.Node, error) {
	if id != onlyNode {
		return domain.Node{}, domain.ErrNotFound
	}
	a.sessions.Drain()
	all, err := a.Nodes(ctx)
	return all[0], err
}
