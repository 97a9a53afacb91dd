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
	saveEvery = time.Second // that the actions are saved, at most
	// sendEvery is how often the viewer is told, at most, so many bytes; of more, as
	// much less often.
	sendEvery = 200 * time.Millisecond
	sendBytes = 16 << 10
)

// takeover is what somebody does with a session by hand, from the moment they take it
// until they give it back, over whichever connections.
type takeover struct {
	handler          *Handler
	project, session string
	artifact         string // that the actions are saved in
	tracker          *step.ManualTracker
	ended            chan struct{}
	saving           sync.WaitGroup

	mu      sync.Mutex
	viewer  string // who does it now
	actions step.ManualActions
	more    chan struct{} // closed when there are more
}

// takeovers are those that go on, by session.
type takeovers struct {
	mu  sync.Mutex
	all map[string]*takeover
}

// startTakeover tracks what a viewer does who has taken the session, or has come again.
func (h *Handler) startTakeover(v *viewer, artifact string) *takeover {
	h.takeovers.mu.Lock()
	defer h.takeovers.mu.Unlock()
	if t := h.takeovers.all[v.session]; t != nil && t.artifact == artifact {
		t.mu.Lock()
		t.viewer = v.seen.ID
		t.mu.Unlock()
		return t
	}
	page, ok := h.sessions.Page(v.session)
	if !ok || page.Tabs() == nil {
		return nil
	}
	t := &takeover{
		handler: h, project: v.stream.ProjectID, session: v.session, artifact: artifact, viewer: v.seen.ID,
		ended: make(chan struct{}), more: make(chan struct{}), actions: step.ManualActions{Steps: []step.Spec{}, Missing: []step.Omission{}},
	}
	more := t.more
	t.tracker = step.TrackManual(page.Tabs(), t.update)
	t.saving.Go(func() { t.saveLoop(more) })
	h.takeovers.all[v.session] = t
	return t
}

// endTakeover is the end of what a viewer did, if it is still the one who does it.
func (h *Handler) endTakeover(ctx context.Context, session, viewer string) {
	h.takeovers.mu.Lock()
	t := h.takeovers.all[session]
	if t == nil || t.currentViewer() != viewer {
		h.takeovers.mu.Unlock()
		return
	}
	delete(h.takeovers.all, session)
	h.takeovers.mu.Unlock()
	t.update(t.tracker.Close())
	close(t.ended)
	t.saving.Wait()
	t.save(ctx)
}

func (t *takeover) currentViewer() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.viewer
}

func (t *takeover) update(all step.ManualActions) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.actions = all
	close(t.more)
	t.more = make(chan struct{})
}

// current is what was done so far; more is closed when there is more.
func (t *takeover) current() (actions step.ManualActions, more <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.actions, t.more
}

// saveLoop saves what there is while it becomes more; more is closed when there is something.
func (t *takeover) saveLoop(more <-chan struct{}) {
	for {
		select {
		case <-more:
		case <-t.handler.stopping: // what there is may not be saved yet
		case <-t.ended:
			return
		}
		select {
		case <-time.After(saveEvery):
		case <-t.handler.stopping: // at once
		case <-t.ended:
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
		more = t.save(ctx)
		cancel()
		select {
		case <-t.handler.stopping:
			return
		default:
		}
	}
}

// save saves what there is. When there is more than that, the channel is closed: it may be so
// before this returns.
func (t *takeover) save(ctx context.Context) (more <-chan struct{}) {
	actions, more := t.current()
	if len(actions.Steps) == 0 {
		return more
	}
	raw, err := json.MarshalIndent(actions, "", "  ")
	if err == nil {
		err = t.handler.sessions.SaveManualActions(ctx, t.project, t.session, t.artifact, append(raw, '\n'))
	}
	if err != nil {
		t.handler.log.Warn("manual actions could not be saved", "session", t.session, "err", err)
	}
	return more
}

// track has what is done from now on told to the viewer, and saved.
func (c *controller) track(ctx context.Context, artifact string) {
	t := c.startTakeover(c.viewer, artifact)
	if c.takeover.Store(t); t != nil {
		select {
		case <-c.started: // that nobody has looked at yet
		default:
		}
		c.started <- t
		select {
		case <-t.tracker.Begun(): // or what it does first would not be told
		case <-ctx.Done():
		}
	}
}

// sendActions tells the viewer what it does, as it does it.
func (c *controller) sendActions(ctx context.Context) {
	var t *takeover
	var more <-chan struct{}
	rest := sendEvery
	for {
		if t != nil {
			var actions step.ManualActions
			actions, more = t.current()
			raw, err := json.Marshal(actionsMessage{"actions", actions})
			if err != nil || c.send(ctx, websocket.MessageText, raw) != nil {
				return
			}
			rest = sendEvery * time.Duration(1+len(raw)/sendBytes)
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
		select {
		case t = <-c.started:
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

// actionsMessage is what the viewer is told that it did.
type actionsMessage struct {
	Type string `json:"type"` // actions
	step.ManualActions
}

// trackInput has what comes of an input count as done by the viewer.
func (c *controller) trackInput() (done func()) {
	if t := c.takeover.Load(); t != nil {
		return t.tracker.Input()
	}
	return func() {}
}
