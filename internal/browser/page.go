package browser

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// WorldName is the isolated world that each document has for us: the page's
// own scripts can't see it or change what it works with.
const WorldName = "browserhook"

// BindingName is the function of that world that tells something without being asked:
// "Runtime.bindingCalled". What a document says so is known even when it is
// gone before it can be asked.
const BindingName = "browserhookWord"

// Page is the session's page: a target of the browser with a protocol session
// attached to it. It knows its frames and how far their documents have come.
type Page struct {
	cdp.Session // of the page's target; Call and Send reach the page

	TestID string // the attribute that holds the test ids of the session's pages

	Secrets *domain.Secrets // that the session was given: nothing may tell them
	Origins *Origins        // of the session's documents

	tabs     *Tabs
	number   int   // in the order tabs were opened, from 1
	seen     bool  // a step has been on it; under tabs.mu, as the next two
	ours     bool  // it is one of Empty's
	by       *Page // that opened it; nil: nobody knows
	opener   *Page // the same, or what that was opened by when it is closed; nil: no tab that is open
	log      *slog.Logger
	script   string // evaluated in our world of every document
	traffic  traffic
	crashed  chan struct{}
	prepared chan struct{} // closed when the page's process has been told all
	closed   chan struct{} // closed when it is gone

	// Unsettled is set when a step has ended whose input may still lead the page
	// elsewhere.
	Unsettled atomic.Bool
	choosing  atomic.Int32 // steps that choose files

	mu      sync.Mutex
	main    string // id of the main frame
	frames  map[string]*Frame
	order   []string        // ids of frames as they were attached
	dropped map[string]bool // ids of those that are gone, while it is found out which there are
	stays   int             // it was to be left and is not
	wants   *Ask            // that isn't a dialog; nil: nothing
	capture *capture        // the picture that was asked for last
	changed chan struct{}

	screencast *screencast // nil: nobody has watched it yet
}

// Frame is one document's place in the page.
type Frame struct {
	ID       string
	Parent   string      // empty: the main frame
	Session  cdp.Session // that reaches it: a frame of another site has its own
	Context  int64       // our world in the current document; 0: not there yet
	Document Document

	loaders []string // of the last documents, the current one last
}

// Document is how far a frame's current document has come.
type Document struct {
	Loader     string          // changes with every navigation to another document
	URL        string          // of the main frame, at most its first 64 KiB
	Missing    string          // the address that could not be loaded, when this is the browser's own page that says so; of other frames, any
	Reached    map[string]bool // "DOMContentLoaded", "load", "networkIdle"
	Committed  bool            // URL and Missing are its own: the first sign of a document comes before its address
	Navigating bool            // on the way to another document
}

// Viewport is the size that pages have when the user chose none.
var Viewport = domain.Viewport{Width: 1280, Height: 720}

// newPage is a target that was attached, and what it is told on its way: it can
// be worked with when that is answered.
func (t *Tabs) newPage(a *attachedToTarget) *Page {
	p := &Page{
		Session: cdp.Session{Conn: t.conn, ID: a.SessionID}, tabs: t, log: t.log, script: t.script,
		crashed: make(chan struct{}), prepared: make(chan struct{}), closed: make(chan struct{}), main: a.TargetInfo.TargetID,
		Secrets: t.secrets, Origins: &t.origins, TestID: cmp.Or(t.opt.TestID, "data-testid"), frames: map[string]*Frame{}, changed: make(chan struct{}),
	}
	p.frames[p.main] = &Frame{ID: p.main, Session: p.Session, Document: Document{Reached: map[string]bool{}}}
	p.order = []string{p.main}
	return p
}

// tell sends the page what every page is told before its own scripts run, then
// more.
func (p *Page) tell(opt domain.SessionOptions, more ...command) (pending []*cdp.Pending, err error) {
	for _, c := range slices.Concat(p.enable(), p.tabs.emulation(opt, "page"), more) {
		sent, err := p.Send(c.method, c.params)
		if err != nil {
			return nil, err
		}
		pending = append(pending, sent)
	}
	return pending, nil
}

func (p *Page) prepare(ctx context.Context, pending []*cdp.Pending) error {
	if err := answered(ctx, pending); err != nil {
		return fmt.Errorf("prepare the page: %w", err)
	}
	close(p.prepared)
	return nil
}

// answered waits for all answers.
func answered(ctx context.Context, pending []*cdp.Pending) error {
	for _, sent := range pending {
		if err := sent.Wait(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// Prepared is closed when the page's process runs and can be worked with. To
// navigate before would end that process while it starts.
func (p *Page) Prepared() <-chan struct{} { return p.prepared }

// Closed is closed when the page is gone.
func (p *Page) Closed() <-chan struct{} { return p.closed }

// Tabs are the pages that this one is one of.
func (p *Page) Tabs() *Tabs { return p.tabs }

type object = map[string]any

type command struct {
	method string
	params object
}

// enable is what every session of the page, its own and its frames', is told.
func (p *Page) enable() []command {
	all := []command{
		{"Page.enable", nil},
		{"Page.setLifecycleEventsEnabled", object{"enabled": true}},
		{"Page.addScriptToEvaluateOnNewDocument", object{
			"source": p.script, "worldName": WorldName, "runImmediately": true,
		}},
		{"Runtime.enable", nil},
		// Who listens learns what is loaded; nothing of it is kept.
		{"Network.enable", object{"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}},
		{"Runtime.addBinding", object{"name": BindingName, "executionContextName": WorldName}},
		autoAttach,
	}
	if p.tabs.dialogs.attended() {
		all = append(all, command{"Page.setInterceptFileChooserDialog", object{"enabled": true}})
	}
	return all
}

// autoAttach has a frame of another site wait until it has been told all of this.
// So does a worker, even one that a filter leaves out: each is attached, so that
// it can be told to go on.
var autoAttach = command{"Target.setAutoAttach", object{
	"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true,
}}

// Crashed is closed when the page's renderer has crashed. The page gets another
// renderer, and another channel, with the next document.
func (p *Page) Crashed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.crashed
}

// Has says whether a protocol session is the page's, or that of a frame of it.
func (p *Page) Has(session string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.frames {
		if f.Session.ID == session {
			return true
		}
	}
	return session == p.ID
}

// Changed is closed at the next change of a frame or a document.
func (p *Page) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Main is the main frame as it is now.
func (p *Page) Main() Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frames[p.main].snapshot()
}

// Frames are all frames as they are now, the main frame first.
func (p *Page) Frames() []Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Frame, 0, len(p.order))
	for _, id := range p.order {
		all = append(all, p.frames[id].snapshot())
	}
	return all
}

// snapshot of no frame, as a page has whose own is gone, is one without a document.
func (f *Frame) snapshot() Frame {
	if f == nil {
		return Frame{}
	}
	s := *f
	s.Document.Reached = make(map[string]bool, len(f.Document.Reached))
	for name := range f.Document.Reached {
		s.Document.Reached[name] = true
	}
	return s
}

// Root is the frame whose coordinates the session of f counts in: the nearest
// one above, or f itself, that is the top of its own process's frames.
func (p *Page) Root(f Frame) Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	for f.Parent != "" {
		up, ok := p.frames[f.Parent]
		if !ok || up.Session.ID != f.Session.ID {
			break
		}
		f = up.snapshot()
	}
	return f
}
