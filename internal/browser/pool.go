package browser

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// ready is a browser that no session has yet.
type ready interface {
	Done() <-chan struct{}
	Close(ctx context.Context) error
}

// pool keeps browsers ready for sessions that are still to come. Each is used
// once. There are as many as kinds: a kind that sessions ask for twice in a row takes
// the place of the one that was asked for longest ago. They are started one after
// the other, while no session is being started.
type pool[B ready] struct {
	start func(ctx context.Context, k kind) (B, error)
	log   *slog.Logger

	work sync.WaitGroup
	end  chan struct{} // closed with the pool

	mu       sync.Mutex
	kinds    []kind // that are kept, the newest last
	last     kind   // of the session that came last
	spares   []spare[B]
	starting *pendingStart[B] // is being started
	busy     int              // sessions that are being started
	failed   int              // starts that failed in a row
	hits     int64            // sessions that got one
	misses   int64            // that did not
	pause    *time.Timer
	closed   bool
}

// spare is a browser that is ready.
type spare[B ready] struct {
	kind    kind
	browser B
	taken   chan struct{}
}

// pendingStart is a browser that is being started.
type pendingStart[B ready] struct {
	kind   kind
	cancel context.CancelFunc
	taken  bool // by a session that waits for it
	done   chan struct{}
	// After that:
	browser B
	err     error
}

// newPool makes one without a browser, as it is to be for so many of a kind.
func newPool[B ready](size int, k kind, start func(context.Context, kind) (B, error), log *slog.Logger) *pool[B] {
	return &pool[B]{start: start, log: log, end: make(chan struct{}), kinds: slices.Repeat([]kind{k}, size), last: k}
}

// take is for a session that is started: a browser of its kind, if one is ready or
// on its way. In any case started follows.
func (p *pool[B]) take(ctx context.Context, k kind) (b B, ok bool) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if ok {
			p.hits++
		} else {
			p.misses++
		}
	}()
	return p.find(ctx, k)
}

func (p *pool[B]) find(ctx context.Context, k kind) (b B, ok bool) {
	p.mu.Lock()
	p.busy++
	if p.closed || len(p.kinds) == 0 {
		p.mu.Unlock()
		return b, false
	}
	if k == p.last {
		p.kinds = append(p.kinds[1:], k)
	}
	p.last = k
	if i := slices.IndexFunc(p.spares, func(s spare[B]) bool { return s.kind == k }); i >= 0 {
		b = p.remove(i)
		p.mu.Unlock()
		return b, true
	}
	c := p.starting
	if c == nil || c.kind != k || c.taken {
		p.mu.Unlock()
		return b, false
	}
	c.taken = true
	p.mu.Unlock()
	select {
	case <-c.done:
		return c.browser, c.err == nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.taken = false; p.starting != c && c.err == nil { // it has come all the same
		p.keep(k, c.browser)
	}
	return b, false
}

// startDone is for a session after take, when it has been started or could not be.
func (p *pool[B]) startDone() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.fill()
}

// fill begins to start what is missing, if anything and if this is the time.
// mu is held.
func (p *pool[B]) fill() {
	if p.closed || p.busy > 0 || p.starting != nil || p.pause != nil {
		return
	}
	missing, _ := p.compare()
	if len(missing) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &pendingStart[B]{kind: missing[len(missing)-1], cancel: cancel, done: make(chan struct{})}
	p.starting = c
	p.work.Go(func() {
		defer cancel()
		b, err := p.start(ctx, c.kind)
		p.startEnded(c, b, err)
	})
}

// compare tells of which kinds there should be a browser that isn't there, and the
// places of those that nobody needs. mu is held.
func (p *pool[B]) compare() (missing []kind, surplus []int) {
	missing = slices.Clone(p.kinds)
	for i, s := range p.spares {
		if at := slices.Index(missing, s.kind); at >= 0 {
			missing = slices.Delete(missing, at, at+1)
		} else {
			surplus = append(surplus, i)
		}
	}
	return missing, surplus
}

// startEnded takes in the browser that was started, or why there is none.
func (p *pool[B]) startEnded(c *pendingStart[B], b B, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.browser, c.err, p.starting = b, err, nil
	close(c.done)
	if err != nil {
		p.backOff("a browser could not be started beforehand", err)
	} else if p.failed = 0; !c.taken {
		p.keep(c.kind, b)
	}
	p.fill()
}

// keep adds a browser, in the place of one that nobody needs any more if there are
// enough. mu is held.
func (p *pool[B]) keep(k kind, b B) {
	if p.closed {
		p.discard(b)
		return
	}
	s := spare[B]{k, b, make(chan struct{})}
	p.spares = append(p.spares, s)
	p.work.Go(func() { p.watch(s) })
	if _, surplus := p.compare(); len(p.spares) > len(p.kinds) {
		p.discard(p.remove(surplus[0]))
	}
}

// watch sees that a browser that ends while it waits is replaced.
func (p *pool[B]) watch(s spare[B]) {
	select {
	case <-s.taken:
		return
	case <-p.end:
		return
	case <-s.browser.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.spares, func(o spare[B]) bool { return o.taken == s.taken }); i >= 0 {
		p.remove(i)
		p.backOff("a browser ended before a session had it", nil)
	}
}

// remove takes a browser out. mu is held.
func (p *pool[B]) remove(i int) B {
	s := p.spares[i]
	p.spares = slices.Delete(p.spares, i, i+1)
	close(s.taken)
	return s.browser
}

func (p *pool[B]) discard(b B) {
	p.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), keeperEnds)
		defer cancel()
		_ = b.Close(ctx)
	})
}

// backOff has nothing be started for a while, longer each time. mu is held.
func (p *pool[B]) backOff(why string, err error) {
	if p.closed {
		return
	}
	p.log.Warn(why, "err", err)
	wait := min(minBackOff<<min(p.failed, 10), maxBackOff)
	p.failed++
	p.pause = time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.pause = nil
		p.fill()
	})
}

const minBackOff, maxBackOff = time.Second, time.Minute

// close ends the browsers that no session has, and those that are being started.
func (p *pool[B]) close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.end)
	}
	if p.starting != nil {
		p.starting.cancel()
	}
	if p.pause != nil {
		p.pause.Stop()
	}
	for len(p.spares) > 0 {
		p.discard(p.remove(0))
	}
	p.mu.Unlock()
	p.work.Wait()
}
