package postgres

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/storetest"
)

// TestFaults has the connection break at everything that every operation says
// to the database, in turn: before it is said, and after, so that the answer is
// lost. Whether a change was made whose COMMIT had no answer is found out: it
// is made once, and reported as made.
func TestFaults(t *testing.T) {
	for name, said := range map[string]bool{"question lost": false, "answer lost": true} {
		t.Run(name, func(t *testing.T) {
			storetest.RunFaults(t, func(tb testing.TB) (storetest.Open, storetest.Breaker) {
				url, err := server.NewDatabase(context.Background(), "template1")
				if err != nil {
					tb.Fatal(err)
				}
				box, err := seal.New(seal.NewKey())
				if err != nil {
					tb.Fatal(err)
				}
				wire := &faultyWire{said: said}
				return func(notify func(domain.Commit)) (storetest.Store, error) {
					return Open(context.Background(), Config{
						URL: url, Node: "node", Box: box, Notify: notify, Log: slog.New(slog.DiscardHandler), dial: wire.dial,
					})
				}, wire
			}, domain.CodeUnavailable)
		})
	}
}

// breakable is a node whose connections can be broken, with the project. It
// doesn't beat: what is said is what it is asked to do.
func (c *cluster) breakable() (*node, *faultyWire) {
	c.Helper()
	wire := &faultyWire{said: true}
	silent := c.rhythm
	silent.every = time.Hour
	s, err := open(context.Background(), Config{
		URL: c.url, Node: "a", Box: c.box, Notify: func(domain.Commit) {}, Log: slog.New(slog.DiscardHandler), dial: wire.dial,
	}, silent)
	c.ok(err)
	a := &node{Store: s}
	c.project(a)
	return a, wire
}

// TestCloseWhileTheDatabaseIsAway closes a store that waits to hear what became
// of a commit.
func TestCloseWhileTheDatabaseIsAway(t *testing.T) {
	for n := 1; ; n++ {
		c := newCluster(t)
		a, wire := c.breakable()
		session := c.session(a)
		decided := make(chan struct{})
		changed := make(chan error, 1)
		go func() {
			changed <- a.ChangeSession(context.Background(), project, session.ID, func(ch *domain.SessionChange) error {
				ch.Drafts = append(ch.Drafts, domain.DraftSession(ch.Session, domain.EventStepStarted, "", time.Now()))
				wire.Arm(n)
				wire.away.Store(true)
				close(decided)
				return nil
			})
		}()
		<-decided
		began := time.Now()
		err := a.Close()
		took := time.Since(began)
		if <-changed == nil { // what broke was said after the commit
			if n == 1 {
				t.Error("nothing broke")
			}
			return
		}
		if err == nil {
			t.Errorf("%d: closed well while the database is away", n)
		}
		if took > quick.lost+answerWithin {
			t.Errorf("%d: closed after %s", n, took)
		}
	}
}

// TestHurry has an outcome recorded without end while the database is away, as
// the engine does, and breaks all that is said for it in turn: when it waits to
// hear what became of the commit, it gives up once the store is told to hurry.
func TestHurry(t *testing.T) {
	waited := 0
	for n := 1; n <= 6; n++ {
		c := newCluster(t)
		a, wire := c.breakable()
		e := c.endpoint(a, nil)
		c.say(a, c.session(a), 1)
		claim, err := a.Claim(t.Context(), e.ID, time.Now().Add(time.Hour), room(1))
		c.ok(err)
		d := claim.Jobs[0].Delivery
		d.Status, d.EndedAt, d.Attempts = domain.DeliveryDelivered, time.Now(), 1
		outcomes := []domain.Outcome{{Delivery: d, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project}}}
		wire.away.Store(true)
		wire.Arm(n)
		finished := make(chan error, 1)
		go func() { finished <- a.Finish(context.Background(), outcomes, nil) }()
		select {
		case <-finished: // what broke was not the commit
		case <-time.After(time.Second):
			waited++
			a.Hurry()
			select {
			case err := <-finished:
				if err == nil {
					t.Errorf("%d: recorded although nobody said so", n)
				}
			case <-time.After(quick.lost + answerWithin):
				t.Fatalf("%d: it is still waited for", n)
			}
		}
		_ = a.Close() // fails when the database was away by then
		if a.last.Stop() {
			t.Errorf("%d: it is closed, and would still give up", n)
		}
	}
	if waited == 0 {
		t.Error("no commit was ever in doubt")
	}
}

var errWire = &net.OpError{Op: "write", Net: "unix", Err: syscall.ECONNRESET}

// faultyWire has a connection break at something that is said on it.
type faultyWire struct {
	said bool         // after it was sent
	left atomic.Int64 // things said until then; 0 or less: not armed, or done
	away atomic.Bool  // nothing new can be dialed
}

func (w *faultyWire) Arm(n int)    { w.left.Store(int64(n)) }
func (w *faultyWire) Disarm() bool { return w.left.Swap(0) < 0 }

func (w *faultyWire) breaks() bool {
	for {
		n := w.left.Load()
		switch {
		case n <= 0:
			return false
		case n == 1 && w.left.CompareAndSwap(1, -1):
			return true
		case n > 1 && w.left.CompareAndSwap(n, n-1):
			return false
		}
	}
}

func (w *faultyWire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if w.away.Load() {
		return nil, errWire
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &faultyConn{Conn: c, wire: w}, nil
}

type faultyConn struct {
	net.Conn
	wire   *faultyWire
	broken atomic.Bool
}

func (c *faultyConn) Write(p []byte) (int, error) {
	switch {
	case c.broken.Load():
		return 0, errWire
	case !c.wire.breaks():
		return c.Conn.Write(p)
	}
	c.broken.Store(true)
	defer c.Close()
	if c.wire.said {
		return c.Conn.Write(p)
	}
	return 0, errWire
}

func (c *faultyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.broken.Load() {
		return 0, errWire
	}
	return n, err
}
