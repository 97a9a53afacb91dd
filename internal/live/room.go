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
	lookWithin = 10 * time.Second
	lookAgain  = time.Second            // while the store is away
	lookEvery  = 100 * time.Millisecond // at most, however much happens
	shownSteps = 50
	keptFaces  = 32
)

// rooms are the sessions that somebody watches.
type rooms struct {
	mu    sync.Mutex
	open  map[string]*room // by session
	faces []face           // of sessions that were watched, the latest last
}

// face is the last picture that was seen of a session: it is what there is to see
// when it has ended.
type face struct {
	session string
	picture browser.Picture
}

// room is a session that somebody watches. What the store says of it is asked once
// for all who do, when it changes.
type room struct {
	handler          *Handler
	project, session string
	leave            context.CancelFunc
	running          sync.WaitGroup

	viewers int // under rooms.mu

	mu   sync.Mutex
	saw  *saw          // what the store said last; nil: nothing yet
	news chan struct{} // closed when it says something else
	face browser.Picture
}

// saw is what the store says of a session.
type saw struct {
	session domain.Session
	place   int // in the queue
	steps   []domain.Step
	links   map[string]domain.Stream // by id
	gone    bool                     // the session was forgotten

	elsewhere bool // another server runs it
}

// enter is the room of the session, until it is left.
func (h *Handler) enter(project, session string) *room {
	h.rooms.mu.Lock()
	defer h.rooms.mu.Unlock()
	r, ok := h.rooms.open[session]
	if !ok {
		ctx, cancel := context.WithCancel(context.Background())
		r = &room{handler: h, project: project, session: session, leave: cancel, news: make(chan struct{})}
		if i := slices.IndexFunc(h.rooms.faces, func(f face) bool { return f.session == session }); i >= 0 {
			r.face = h.rooms.faces[i].picture
		}
		h.rooms.open[session] = r
		r.running.Go(func() { r.look(ctx) })
	}
	r.viewers++
	return r
}

func (r *room) left() {
	all := &r.handler.rooms
	all.mu.Lock()
	r.viewers--
	last := r.viewers == 0
	if last {
		delete(all.open, r.session)
		all.faces = slices.DeleteFunc(all.faces, func(f face) bool { return f.session == r.session })
		if picture := r.lastFace(); picture.JPEG != nil {
			all.faces = append(all.faces, face{r.session, picture})
		}
		if len(all.faces) > keptFaces {
			all.faces = slices.Delete(all.faces, 0, 1)
		}
	}
	all.mu.Unlock()
	if last {
		r.leave()
		r.running.Wait()
	}
}

func (r *room) many() int {
	r.handler.rooms.mu.Lock()
	defer r.handler.rooms.mu.Unlock()
	return r.viewers
}

// known is what the store said last, nil at first; news is closed when it is else.
func (r *room) known() (*saw, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.saw, r.news
}

// sees remembers the picture that is seen.
func (r *room) sees(p browser.Picture) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.face = p
}

func (r *room) lastFace() browser.Picture {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.face
}

// look asks the store whenever the session has changed. The picture doesn't wait
// for it: a store that is away is asked again.
func (r *room) look(ctx context.Context) {
	for {
		// Asked for before looking, so that no change falls in between.
		changed := r.handler.sessions.Changed(r.session)
		saw, err := r.ask(ctx)
		rest := lookEvery
		if err == nil {
			r.mu.Lock()
			r.saw = saw
			close(r.news)
			r.news = make(chan struct{})
			r.mu.Unlock()
		} else if ctx.Err() == nil {
			r.handler.log.Debug("look at a session", "session", r.session, "err", err)
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

func (r *room) ask(ctx context.Context) (*saw, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	h := r.handler
	session, err := h.store.Session(ctx, r.project, r.session)
	if opensNothing(err) {
		return &saw{gone: true}, nil
	}
	if err != nil {
		return nil, err
	}
	s := &saw{session: session, links: map[string]domain.Stream{}}
	if s.steps, err = h.store.LastSteps(ctx, r.project, r.session, shownSteps); err != nil {
		return nil, err
	}
	links, err := h.store.Streams(ctx, r.project, r.session)
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		s.links[link.ID] = link
	}
	if session.Status == domain.SessionQueued {
		places, err := h.store.QueuePositions(ctx, r.project, []string{r.session})
		if err != nil {
			return nil, err
		}
		s.place = places[r.session]
	}
	if session.Status == domain.SessionReady && h.Servers != nil {
		s.elsewhere = h.Servers.Elsewhere(ctx, r.project, r.session)
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
	h.rooms.mu.Lock()
	defer h.rooms.mu.Unlock()
	for _, r := range h.rooms.open {
		l.Viewers += r.viewers
	}
	return l
}
