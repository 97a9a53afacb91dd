package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	lookWithin       = 10 * time.Second
	lookAgain        = time.Second            // while the store is away
	lookEvery        = 100 * time.Millisecond // at most, however much happens
	shownSteps       = 50
	keptLastPictures = 32
)

// hubs are those of the sessions that somebody watches.
type hubs struct {
	mu           sync.Mutex
	open         map[string]*hub // by session
	lastPictures []lastPicture   // of sessions that were watched, the latest last
}

// lastPicture is the last picture that was seen of a session: it is what there is to see
// when it has ended.
type lastPicture struct {
	session string
	picture browser.Picture
}

// hub serves all viewers of one session. What the store says of it is read once for all
// of them, when it changes.
type hub struct {
	handler          *Handler
	project, session string
	stop             context.CancelFunc
	running          sync.WaitGroup

	viewers int // under hubs.mu

	mu      sync.Mutex
	stored  *stored       // what the store said last; nil: nothing yet
	changed chan struct{} // closed when it says something else
	last    browser.Picture
}

// stored is what the store says of a session.
type stored struct {
	session domain.Session
	place   int // in the queue
	steps   []domain.Step
	links   map[string]domain.Stream // by id
	gone    bool                     // the session was forgotten

	elsewhere bool // another server runs it
}

// joinHub is the hub of the session, until it is left.
func (h *Handler) joinHub(project, session string) *hub {
	h.hubs.mu.Lock()
	defer h.hubs.mu.Unlock()
	b, ok := h.hubs.open[session]
	if !ok {
		ctx, cancel := context.WithCancel(context.Background())
		b = &hub{handler: h, project: project, session: session, stop: cancel, changed: make(chan struct{})}
		if i := slices.IndexFunc(h.hubs.lastPictures, func(f lastPicture) bool { return f.session == session }); i >= 0 {
			b.last = h.hubs.lastPictures[i].picture
		}
		h.hubs.open[session] = b
		b.running.Go(func() { b.refresh(ctx) })
	}
	b.viewers++
	return b
}

// leave is the end of one viewer. The last picture is kept after the last of them.
func (b *hub) leave() {
	all := &b.handler.hubs
	all.mu.Lock()
	b.viewers--
	last := b.viewers == 0
	if last {
		delete(all.open, b.session)
		all.lastPictures = slices.DeleteFunc(all.lastPictures, func(f lastPicture) bool { return f.session == b.session })
		if picture := b.lastPicture(); picture.JPEG != nil {
			all.lastPictures = append(all.lastPictures, lastPicture{b.session, picture})
		}
		if len(all.lastPictures) > keptLastPictures {
			all.lastPictures = slices.Delete(all.lastPictures, 0, 1)
		}
	}
	all.mu.Unlock()
	if last {
		b.stop()
		b.running.Wait()
	}
}

func (b *hub) viewerCount() int {
	b.handler.hubs.mu.Lock()
	defer b.handler.hubs.mu.Unlock()
	return b.viewers
}

// current is what the store said last, nil at first; changed is closed when it says
// something else.
func (b *hub) current() (_ *stored, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stored, b.changed
}

// remember keeps the picture that was sent last.
func (b *hub) remember(p browser.Picture) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = p
}

func (b *hub) lastPicture() browser.Picture {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// refresh reads the store whenever the session has changed. The picture doesn't wait
// for it: a store that is away is asked again.
func (b *hub) refresh(ctx context.Context) {
	for {
		// Asked for before looking, so that no change falls in between.
		changed := b.handler.sessions.Changed(b.session)
		stored, err := b.read(ctx)
		rest := lookEvery
		if err == nil {
			b.mu.Lock()
			b.stored = stored
			close(b.changed)
			b.changed = make(chan struct{})
			b.mu.Unlock()
		} else if ctx.Err() == nil {
			b.handler.log.Debug("look at a session", "session", b.session, "err", err)
			rest, changed = lookAgain, nil
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
		if changed == nil {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (b *hub) read(ctx context.Context) (*stored, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	h := b.handler
	session, err := h.store.Session(ctx, b.project, b.session)
	if opensNothing(err) {
		return &stored{gone: true}, nil
	}
	if err != nil {
		return nil, err
	}
	s := &stored{session: session, links: map[string]domain.Stream{}}
	if s.steps, err = h.store.LastSteps(ctx, b.project, b.session, domain.StepsEnd, shownSteps); err != nil {
		return nil, err
	}
	links, err := h.store.Streams(ctx, b.project, b.session)
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		s.links[link.ID] = link
	}
	if session.Status == domain.SessionQueued {
		places, err := h.store.QueuePositions(ctx, b.project, []string{b.session})
		if err != nil {
			return nil, err
		}
		s.place = places[b.session]
	}
	if session.Status == domain.SessionReady && h.Servers != nil {
		s.elsewhere = h.Servers.Elsewhere(ctx, b.project, b.session)
	}
	return s, nil
}

// Load is what the live pages have to do.
type Load struct {
	Viewers       int
	Sent, Skipped int64 // pictures, since the start: to viewers, and that one of them was too slow for
}

// Load tells of all viewers together.
func (h *Handler) Load() Load {
	l := Load{Sent: h.sent.Load(), Skipped: h.skipped.Load()}
	h.hubs.mu.Lock()
	defer h.hubs.mu.Unlock()
	for _, r := range h.hubs.open {
		l.Viewers += r.viewers
	}
	return l
}
