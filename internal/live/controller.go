package live

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// reconnectWithin is how long who drives a session may be away, when its connection was
// lost, before steps run again.
const reconnectWithin = 10 * time.Second

// maxCopied bounds what is copied at once, in bytes.
const maxCopied = 1 << 20

// controller is what a viewer with a link for control does to the session. It has the
// session when it has taken it, and nobody else has; what it does else changes nothing.
type controller struct {
	*viewer
	holds    bool
	devices  *browser.Devices
	probe    *probe
	detach   func()                   // has what the page asks wait for it no more
	takeover atomic.Pointer[takeover] // what it does while it holds the session
	started  chan *takeover           // takeovers that the viewer is to be told of
}

// held is that somebody else has the session, and how to say so.
type held interface {
	error
	Held() string
}

// notice is what the viewer is told of what it did.
type notice struct {
	Type    string `json:"type"`              // refused, copied
	Message string `json:"message,omitempty"` // why
	Text    string `json:"text,omitempty"`
}

// act does what the viewer asks for, in order, until it can ask no more or ctx ends.
func (h *controller) act(ctx context.Context, inputs <-chan input) {
	defer func() {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), inputWithin)
		defer cancel()
		h.releaseDevices(release)
	}()
	for in := range inputs {
		if ctx.Err() != nil {
			return
		}
		one, cancel := context.WithTimeout(ctx, inputWithin)
		if err := h.do(one, in); err != nil {
			h.log.Debug("viewer's input", "session", h.session, "err", err)
		}
		cancel()
		h.probe.after(in)
	}
}

// releaseDevices lets go of all keys and buttons that are held down.
func (h *controller) releaseDevices(ctx context.Context) {
	if h.devices != nil {
		h.devices.Release(ctx)
		h.devices = nil
	}
}

func (h *controller) do(ctx context.Context, in input) error {
	switch {
	case in.Type == "take":
		return h.take(ctx)
	case !h.holds:
		return nil
	case in.Type == "release":
		h.releaseDevices(ctx)
		return h.give(ctx)
	}
	page, ok := h.sessions.Page(h.session)
	width, height := h.size()
	if !ok || width == 0 && in.points() {
		return nil // at nothing: there is no picture yet
	}
	h.sessions.Touch(h.session)
	defer h.trackInput()()
	switch in.Type {
	case "use":
		if other := page.Tabs().Numbered(in.Number); other != nil {
			h.wish(func() { h.tab = 0 })
			page.Tabs().Use(other)
			if d := h.takeover.Load(); d != nil {
				d.tracker.SwitchTab(other)
			}
		}
		return nil
	case "copy":
		text, err := page.Selection(ctx)
		if err != nil || text == "" {
			return err
		}
		return h.sendJSON(ctx, notice{Type: "copied", Text: domain.CleanText(text[:min(len(text), maxCopied)])})
	}
	if h.devices == nil || h.devices.Page() != page {
		h.releaseDevices(ctx)
		h.devices = page.Devices()
	}
	return in.on(ctx, h.devices, width, height)
}

func (h *controller) take(ctx context.Context) error {
	if h.holds {
		return nil
	}
	by, err := h.sessions.TakeOver(ctx, h.stream.ProjectID, h.session, domain.Control{
		StreamID: h.stream.ID, Name: h.stream.Name, Viewer: h.seen.ID, Resume: h.resume, Artifact: domain.NewID(domain.PrefixArtifact),
	})
	if err == nil {
		h.holds = true
		h.takeAsks()
		h.track(ctx, by.Artifact)
		h.wish(func() { h.tab = 0 }) // it sees what it does
		return nil
	}
	why := "The server can't do that right now."
	if e, ok := errors.AsType[held](err); ok {
		why = e.Held()
	}
	return errors.Join(err, h.sendJSON(ctx, notice{Type: "refused", Message: why}))
}

func (h *controller) give(ctx context.Context) error {
	h.endTakeover(ctx, h.session, h.seen.ID)
	err := h.sessions.GiveBack(ctx, h.stream.ProjectID, h.session, h.seen.ID)
	if h.holds = h.holds && err != nil; !h.holds {
		h.stopAsks()
	}
	return err
}

// leave gives the session back when the viewer is gone: at once when it has said so or
// may not come again, or else after a while, in which it may.
func (h *controller) leave(now bool) {
	defer h.stopAsks()
	if !h.holds {
		return
	}
	if !now {
		select {
		case <-time.After(reconnectWithin):
		case <-h.stopping:
			return // the session goes on without it, or ends
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	if err := h.give(ctx); err != nil {
		h.log.Warn("a session that was controlled could not be given back", "session", h.session, "err", err)
	}
}
