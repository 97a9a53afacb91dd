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

// held is the error of a takeover that is refused because another viewer has the session.
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
func (c *controller) act(ctx context.Context, inputs <-chan input) {
	defer func() {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), inputWithin)
		defer cancel()
		c.releaseDevices(release)
	}()
	for in := range inputs {
		if ctx.Err() != nil {
			return
		}
		one, cancel := context.WithTimeout(ctx, inputWithin)
		if err := c.do(one, in); err != nil {
			c.log.Debug("viewer's input", "session", c.session, "err", err)
		}
		cancel()
		c.probe.after(in)
	}
}

// releaseDevices lets go of all keys and buttons that are held down.
func (c *controller) releaseDevices(ctx context.Context) {
	if c.devices != nil {
		c.devices.Release(ctx)
		c.devices = nil
	}
}

func (c *controller) do(ctx context.Context, in input) error {
	switch {
	case in.Type == "take":
		return c.take(ctx)
	case !c.holds:
		return nil
	case in.Type == "release":
		c.releaseDevices(ctx)
		return c.give(ctx)
	}
	page, ok := c.sessions.Page(c.session)
	width, height := c.size()
	if !ok || width == 0 && in.points() {
		return nil // at nothing: there is no picture yet
	}
	c.sessions.Touch(c.session)
	defer c.trackInput()()
	switch in.Type {
	case "use":
		if other := page.Tabs().Numbered(in.Number); other != nil {
			c.wish(func() { c.tab = 0 })
			page.Tabs().Use(other)
			if t := c.takeover.Load(); t != nil {
				t.tracker.SwitchTab(other)
			}
		}
		return nil
	case "copy":
		text, err := page.Selection(ctx)
		if err != nil || text == "" {
			return err
		}
		return c.sendJSON(ctx, notice{Type: "copied", Text: domain.CleanText(text[:min(len(text), maxCopied)])})
	}
	if c.devices == nil || c.devices.Page() != page {
		c.releaseDevices(ctx)
		c.devices = page.Devices()
	}
	return in.on(ctx, c.devices, width, height)
}

func (c *controller) take(ctx context.Context) error {
	if c.holds {
		return nil
	}
	by, err := c.sessions.TakeOver(ctx, c.stream.ProjectID, c.session, domain.Control{
		StreamID: c.stream.ID, Name: c.stream.Name, Viewer: c.seen.ID, Resume: c.resume, Artifact: domain.NewID(domain.PrefixArtifact),
	})
	if err == nil {
		c.holds = true
		c.takeAsks()
		c.track(ctx, by.Artifact)
		c.wish(func() { c.tab = 0 }) // it sees what it does
		return nil
	}
	why := "The server can't do that right now."
	if e, ok := errors.AsType[held](err); ok {
		why = e.Held()
	}
	return errors.Join(err, c.sendJSON(ctx, notice{Type: "refused", Message: why}))
}

func (c *controller) give(ctx context.Context) error {
	c.endTakeover(ctx, c.session, c.seen.ID)
	err := c.sessions.GiveBack(ctx, c.stream.ProjectID, c.session, c.seen.ID)
	if c.holds = c.holds && err != nil; !c.holds {
		c.stopAsks()
	}
	return err
}

// leave gives the session back when the viewer is gone: at once when it has said so or
// may not come again, or else after a while, in which it may.
func (c *controller) leave(now bool) {
	defer c.stopAsks()
	if !c.holds {
		return
	}
	if !now {
		select {
		case <-time.After(reconnectWithin):
		case <-c.stopping:
			return // the session goes on without it, or ends
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	if err := c.give(ctx); err != nil {
		c.log.Warn("a session that was controlled could not be given back", "session", c.session, "err", err)
	}
}
