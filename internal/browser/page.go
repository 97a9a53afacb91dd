package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// WorldName is the isolated world that each document has for us: the page's
// own scripts can't see it or change what it works with.
const WorldName = "browserhook"

// Word is the function of that world that tells something without being asked:
// "Runtime.bindingCalled". What a document says so is known even when it is
// gone before it can be asked.
const Word = "browserhookWord"

// Page is the session's page: a target of the browser with a protocol session
// attached to it. It knows its frames and how far their documents have come.
type Page struct {
	cdp.Session // of the page's target; Call and Send reach the page

	TestID string // the attribute that holds the test ids of the session's pages

	Secrets *domain.Secrets // that the session was given: nothing may tell them

	log      *slog.Logger
	opt      domain.SessionOptions
	locales  locales
	opening  *domain.Viewport // that the next window has asked for; only heard knows it
	script   string           // evaluated in our world of every document
	crashed  chan struct{}
	prepared chan struct{} // closed when the page's process has been told all

	mu      sync.Mutex
	main    string // id of the main frame
	frames  map[string]*Frame
	adopted map[string]bool // protocol sessions of frames of other sites
	order   []string        // ids of frames as they were attached
	changed chan struct{}
}

// Frame is one document's place in the page.
type Frame struct {
	ID       string
	Parent   string      // empty: the main frame
	Session  cdp.Session // that reaches it: a frame of another site has its own
	Context  int64       // our world in the current document; 0: not there yet
	Document Document
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

// attach finds the browser's first page and makes it ready for use. Commands
// that don't need each other's answers are on their way together: each answer
// waited for alone would be a good part of what starting costs.
func attach(ctx context.Context, conn *cdp.Conn, script string, opt domain.SessionOptions, log *slog.Logger) (*Page, error) {
	first := make(chan attachedToTarget, 1)
	stop := conn.Listen("", func(e cdp.Event) {
		var a attachedToTarget
		if json.Unmarshal(e.Params, &a) != nil || a.TargetInfo.Type != "page" {
			return
		}
		select {
		case first <- a:
		default: // a window that the page opened: see heard
		}
	}, "Target.attachedToTarget")
	defer stop()
	browser := cdp.Session{Conn: conn}
	// Each window that a page opens waits until it is attached and told to go on:
	// without that, Chromium would have it wait for the page's own session, which
	// learns nothing of it, and its opener with it.
	auto, err := browser.Send(autoAttach.method, autoAttach.params)
	if err != nil {
		return nil, err
	}
	downloads, err := browser.Send("Browser.setDownloadBehavior", object{"behavior": "deny"})
	if err != nil {
		return nil, err
	}
	var target attachedToTarget
	select {
	case target = <-first:
	case <-conn.Done():
		return nil, conn.Err()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	p := &Page{
		Session: cdp.Session{Conn: conn, ID: target.SessionID}, log: log, opt: opt, Secrets: secretsOf(opt), script: script,
		crashed: make(chan struct{}), prepared: make(chan struct{}), main: target.TargetInfo.TargetID,
		TestID: cmp.Or(opt.TestID, "data-testid"), frames: map[string]*Frame{}, adopted: map[string]bool{}, changed: make(chan struct{}),
	}
	p.frames[p.main] = &Frame{ID: p.main, Session: p.Session, Document: Document{Reached: map[string]bool{}}}
	p.order = []string{p.main}
	conn.ListenAll(p.heard, news...)
	pending := []*cdp.Pending{auto, downloads}
	if opt.Credentials != nil {
		answerLogins(conn, *opt.Credentials)
	}
	for _, c := range ofBrowser(opt) {
		sent, err := browser.Send(c.method, c.params)
		if err != nil {
			return nil, err
		}
		pending = append(pending, sent)
	}
	all := append(p.enable(), emulation(opt, "page")...)
	if opt.Locale != "" {
		all = append(all, command{"Emulation.setLocaleOverride", object{"locale": opt.Locale}})
	}
	for _, c := range all {
		sent, err := p.Send(c.method, c.params)
		if err != nil {
			return nil, err
		}
		pending = append(pending, sent)
	}
	if opt.Locale != "" || opt.Timezone != "" {
		// Chromium may not know what was asked for: that must be told now.
		return p, p.prepare(ctx, pending)
	}
	// The page's process is still starting. A session needn't wait for that
	// with its news; its first step does.
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cdp.DefaultTimeout)
		defer cancel()
		if err := p.prepare(ctx, pending); err != nil && conn.Err() == nil {
			log.Error("a page could not be prepared: its browser is ended", "err", err)
			_ = conn.Close()
		}
	}()
	return p, nil
}

func (p *Page) prepare(ctx context.Context, pending []*cdp.Pending) error {
	for _, sent := range pending {
		if err := sent.Wait(ctx, nil); err != nil {
			return fmt.Errorf("prepare the page: %w", err)
		}
	}
	close(p.prepared)
	return nil
}

// Prepared is closed when the page's process runs and can be worked with. To
// navigate before would end that process while it starts.
func (p *Page) Prepared() <-chan struct{} { return p.prepared }

type object = map[string]any

type command struct {
	method string
	params object
}

// enable is what every session of the page, its own and its frames', is told.
func (p *Page) enable() []command {
	return []command{
		{"Page.enable", nil},
		{"Page.setLifecycleEventsEnabled", object{"enabled": true}},
		{"Page.addScriptToEvaluateOnNewDocument", object{
			"source": p.script, "worldName": WorldName, "runImmediately": true,
		}},
		{"Runtime.enable", nil},
		// Who listens learns what is loaded; nothing of it is kept.
		{"Network.enable", object{"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}},
		{"Runtime.addBinding", object{"name": Word, "executionContextName": WorldName}},
		autoAttach,
	}
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
