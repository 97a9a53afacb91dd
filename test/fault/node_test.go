package fault

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/store/postgres"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/storetest"
	"github.com/browserhook/browserhook/internal/webhook"
)

// A node is the test binary, started again: a store and a delivery engine as
// the server has them, without browsers. These tell it where its database is,
// what it is called as a node, and what this life of it is called.
const (
	nodeDatabase = "FAULT_NODE_DATABASE"
	nodeName     = "FAULT_NODE_NAME"
	nodeLife     = "FAULT_NODE_LIFE"
)

const project = "proj_fault"

// database is a store that takes an engine.
type database interface {
	storetest.Store
	OfferTo(t domain.Taker)
}

// openDatabase opens the database at a postgres URL or in a file.
func openDatabase(ctx context.Context, where, name string, notify func(domain.Commit), signal func(domain.Signal), log *slog.Logger) (database, error) {
	box, err := seal.New("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(where, "postgres://") {
		return postgres.Open(ctx, postgres.Config{URL: where, Node: name, Box: box, Notify: notify, Signal: signal, Log: log})
	}
	return sqlite.Open(ctx, where, box, notify, log)
}

// node is what runs in the child.
type node struct {
	store  *skewed
	engine *webhook.Engine

	say     sync.Mutex
	out     io.Writer
	workers sync.WaitGroup
	resting context.CancelFunc
}

// runNode is the child's main: it does what it is told on standard input, and
// tells on standard output what it has acknowledged.
func runNode(ctx context.Context, in io.Reader, out io.Writer) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	n := &node{out: out}
	var running atomic.Pointer[webhook.Engine]
	store, err := openDatabase(ctx, os.Getenv(nodeDatabase), os.Getenv(nodeName), func(c domain.Commit) {
		if e := running.Load(); e != nil {
			e.Notify(c)
		}
	}, func(s domain.Signal) {
		if e := running.Load(); e != nil {
			e.Signal(s)
		}
	}, log)
	if err != nil {
		return err
	}
	n.store = &skewed{database: store}
	client := egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	n.engine = webhook.NewEngine(n.store, client, os.Getenv(nodeLife), log)
	running.Store(n.engine)
	n.store.OfferTo(n.engine)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- n.engine.Run(ctx) }()
	n.tell("up")
	told := make(chan error, 1)
	go func() { told <- n.obey(ctx, in) }()
	select {
	case err := <-ended:
		return errors.Join(errors.New("the engine ended"), err)
	case err = <-told:
	}
	stop()
	return errors.Join(err, <-ended, n.store.Close())
}

func (n *node) tell(format string, args ...any) {
	n.say.Lock()
	defer n.say.Unlock()
	fmt.Fprintf(n.out, format+"\n", args...)
}

func (n *node) obey(ctx context.Context, in io.Reader) error {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var seed uint64
		switch verb, arg, _ := strings.Cut(lines.Text(), " "); verb {
		case "work":
			if _, err := fmt.Sscan(arg, &seed); err != nil {
				return err
			}
			working, rest := context.WithCancel(ctx)
			n.resting = rest
			for i := range uint64(4) {
				random := rand.New(rand.NewPCG(seed, i))
				n.workers.Go(func() { n.work(working, random) })
			}
		case "rest":
			if n.resting != nil {
				n.resting()
			}
			n.workers.Wait()
			n.tell("rested")
		case "clock":
			d, err := time.ParseDuration(arg)
			if err != nil {
				return err
			}
			n.store.by.Store(int64(d))
		case "settle":
			if err := n.settle(ctx); err != nil {
				return err
			}
			n.tell("settled")
		}
	}
	return nil
}

// work makes sessions and has things happen in them, its own and those of
// others, until it is to rest. What is acknowledged is told.
func (n *node) work(ctx context.Context, random *rand.Rand) {
	for ctx.Err() == nil {
		if err := n.step(ctx, random); err != nil && ctx.Err() == nil {
			verdict := "wrong"
			if e, ok := errors.AsType[*domain.Error](err); ok && e.Code == domain.CodeUnavailable {
				verdict = "refused"
			}
			n.tell("%s %v", verdict, err)
			pause(ctx, 20*time.Millisecond)
		}
	}
}

func (n *node) step(ctx context.Context, random *rand.Rand) error {
	open, _, err := n.store.Sessions(ctx, project, domain.SessionFilter{Limit: 6})
	if err != nil {
		return err
	}
	if len(open) == 0 || random.IntN(8) == 0 {
		s := newSession()
		if err := n.store.CreateSession(context.WithoutCancel(ctx), s); err != nil {
			return err
		}
		n.tell("said %s 0", s.Session.ID)
		return nil
	}
	id, events := open[random.IntN(len(open))].ID, 1+random.IntN(3)
	var last int64
	// Told to rest, a worker still hears what became of its last change.
	err = n.store.ChangeSession(context.WithoutCancel(ctx), project, id, func(c *domain.SessionChange) error {
		last = c.Session.Sequence + int64(events)
		for range events {
			c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventStepStarted, "", n.store.now()))
		}
		return nil
	})
	if err != nil {
		return err
	}
	n.tell("said %s %d", id, last)
	pause(ctx, time.Duration(random.IntN(4))*time.Millisecond)
	return nil
}

func newSession() *domain.NewSession {
	s := domain.Session{
		ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionReady, StreamToken: domain.NewToken(), CreatedAt: time.Now(),
	}
	return &domain.NewSession{Session: s, Stream: domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: s.ID, Token: s.StreamToken, Mode: domain.StreamView, CreatedAt: s.CreatedAt,
	}}
}

// settle has everything sent that waits for a later try, until nothing is on
// its way any more.
func (n *node) settle(ctx context.Context) error {
	// Twice, because a delivery can go from one list to the other in between.
	for quiet := 0; quiet < 2; {
		left, err := n.retry(ctx)
		if err != nil {
			return err
		}
		if quiet++; left > 0 {
			quiet = 0
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// retry brings forward what failed, and counts what has not ended.
func (n *node) retry(ctx context.Context) (left int, err error) {
	for _, status := range []domain.DeliveryStatus{domain.DeliveryPending, domain.DeliverySending} {
		page, _, err := n.store.Deliveries(ctx, project, domain.DeliveryFilter{Status: status, Limit: 1000})
		if err != nil {
			return left, err
		}
		left += len(page)
		for _, d := range page {
			if status != domain.DeliveryPending || time.Until(d.NextAt) < time.Second {
				continue
			}
			_, err := n.store.RetryDelivery(ctx, project, d.ID, time.Now(), nil)
			if e, ok := errors.AsType[*domain.Error](err); err != nil && (!ok || e.Code != domain.CodeConflict) {
				return left, err
			}
		}
	}
	return left, nil
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
