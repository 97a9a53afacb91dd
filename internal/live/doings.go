package live

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/step"
)

const (
	keepEvery = time.Second // that what somebody does is kept, at most
	// tellEvery is how often the viewer is told, at most, so many bytes; of more, as
	// much less often.
	tellEvery = 200 * time.Millisecond
	tellBytes = 16 << 10
)

// doings are what somebody does with a session by hand, from the moment they take it
// until they give it back, over whichever connections.
type doings struct {
	handler          *Handler
	project, session string
	artifact         string // that they are kept in
	hand             *step.ByHand
	over             chan struct{}
	keeping          sync.WaitGroup

	mu     sync.Mutex
	viewer string // who does it now
	done   step.Doings
	news   chan struct{} // closed when there is more
}

// takeovers are those that go on, by session.
type takeovers struct {
	mu  sync.Mutex
	all map[string]*doings
}

// takenBy follows what a viewer does who has taken the session, or has come again.
func (h *Handler) takenBy(v *viewer, artifact string) *doings {
	h.takeovers.mu.Lock()
	defer h.takeovers.mu.Unlock()
	if d := h.takeovers.all[v.session]; d != nil && d.artifact == artifact {
		d.mu.Lock()
		d.viewer = v.seen.ID
		d.mu.Unlock()
		return d
	}
	page, ok := h.sessions.Page(v.session)
	if !ok || page.Tabs() == nil {
		return nil
	}
	d := &doings{
		handler: h, project: v.stream.ProjectID, session: v.session, artifact: artifact, viewer: v.seen.ID,
		over: make(chan struct{}), news: make(chan struct{}), done: step.Doings{Steps: []step.Spec{}, Missing: []step.Omission{}},
	}
	d.hand = step.FollowHand(page.Tabs(), d.did)
	d.keeping.Go(d.keep)
	h.takeovers.all[v.session] = d
	return d
}

// givenBack is the end of what a viewer did, if it is still the one who does it.
func (h *Handler) givenBack(ctx context.Context, session, viewer string) {
	h.takeovers.mu.Lock()
	d := h.takeovers.all[session]
	if d == nil || d.by() != viewer {
		h.takeovers.mu.Unlock()
		return
	}
	delete(h.takeovers.all, session)
	h.takeovers.mu.Unlock()
	d.did(d.hand.Close())
	close(d.over)
	d.keeping.Wait()
	d.store(ctx)
}

func (d *doings) by() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.viewer
}

func (d *doings) did(all step.Doings) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = all
	close(d.news)
	d.news = make(chan struct{})
}

func (d *doings) known() (step.Doings, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done, d.news
}

// keep keeps what there is while it becomes more.
func (d *doings) keep() {
	for {
		_, news := d.known()
		select {
		case <-news:
		case <-d.handler.stopping: // what there is may not be kept yet
		case <-d.over:
			return
		}
		select {
		case <-time.After(keepEvery):
		case <-d.handler.stopping: // at once
		case <-d.over:
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
		d.store(ctx)
		cancel()
		select {
		case <-d.handler.stopping:
			return
		default:
		}
	}
}

func (d *doings) store(ctx context.Context) {
	done, _ := d.known()
	if len(done.Steps) == 0 {
		return
	}
	raw, err := json.MarshalIndent(done, "", "  ")
	if err == nil {
		err = d.handler.sessions.KeepDoings(ctx, d.project, d.session, d.artifact, append(raw, '\n'))
	}
	if err != nil {
		d.handler.log.Warn("what was done by hand could not be kept", "session", d.session, "err", err)
	}
}

// follow has what is done from now on told to the viewer, and kept.
func (h *hand) follow(artifact string) {
	d := h.takenBy(h.viewer, artifact)
	if h.doings.Store(d); d != nil {
		select {
		case <-h.follows: // that nobody has looked at yet
		default:
		}
		h.follows <- d
	}
}

// tell tells the viewer what it does, as it does it.
func (h *hand) tell(ctx context.Context) {
	var d *doings
	var news <-chan struct{}
	rest := tellEvery
	for {
		if d != nil {
			var done step.Doings
			done, news = d.known()
			raw, err := json.Marshal(did{"did", done})
			if err != nil || h.send(ctx, websocket.MessageText, raw) != nil {
				return
			}
			rest = tellEvery * time.Duration(1+len(raw)/tellBytes)
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
		select {
		case d = <-h.follows:
		case <-news:
		case <-ctx.Done():
			return
		}
	}
}

// did is what the viewer is told that it did.
type did struct {
	Type string `json:"type"` // did
	step.Doings
}

// driving has what comes of an input count as the viewer's doing.
func (h *hand) driving() (done func()) {
	if d := h.doings.Load(); d != nil {
		return d.hand.Input()
	}
	return func() {}
}
