package browser

import (
	"slices"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

type attachedToTarget struct {
	SessionID  string `json:"sessionId"`
	TargetInfo struct {
		TargetID string `json:"targetId"`
		Type     string `json:"type"`
		URL      string `json:"url"`
		OpenerID string `json:"openerId"`
	} `json:"targetInfo"`
}

// frameInfo is what the protocol says of a frame with a document.
type frameInfo struct {
	ID       string `json:"id"`
	ParentID string `json:"parentId"`
	LoaderID string `json:"loaderId"`
	URL      string `json:"url"`
	Fragment string `json:"urlFragment"`
	Missing  string `json:"unreachableUrl"`
}

// frameEvent is the members that the events about frames have, each its own.
type frameEvent struct {
	FrameID       string    `json:"frameId"`
	ParentFrameID string    `json:"parentFrameId"`
	LoaderID      string    `json:"loaderId"`
	Name          string    `json:"name"`
	URL           string    `json:"url"`
	Reason        string    `json:"reason"`
	Disposition   string    `json:"disposition"`
	Type          string    `json:"type"`
	Navigation    string    `json:"navigationType"`
	Features      []string  `json:"windowFeatures"`
	Frame         frameInfo `json:"frame"`
	Context       struct {
		ID     int64  `json:"id"`
		Name   string `json:"name"`
		Origin string `json:"origin"`
		Aux    struct {
			FrameID string `json:"frameId"`
		} `json:"auxData"`
	} `json:"context"`
	ContextID int64  `json:"executionContextId"`
	Mode      string `json:"mode"` // of a chooser of files
	Node      int64  `json:"backendNodeId"`
	attachedToTarget
}

// news is what tabs listen to.
var news = []string{
	"Page.frameAttached", "Page.frameDetached", "Page.frameNavigated", "Page.navigatedWithinDocument",
	"Page.lifecycleEvent", "Page.frameStartedNavigating", "Page.frameRequestedNavigation", "Page.frameStoppedLoading",
	"Runtime.executionContextCreated", "Runtime.executionContextDestroyed", "Runtime.executionContextsCleared",
	"Target.attachedToTarget", "Target.detachedFromTarget", "Page.javascriptDialogOpening", "Page.javascriptDialogClosed", "Inspector.targetCrashed",
	"Inspector.targetReloadedAfterCrash", "Page.windowOpen", "Page.fileChooserOpened",
	"Browser.downloadWillBegin", "Browser.downloadProgress",
}

// onEvent keeps the frames true to what the browser tells.
func (p *Page) onEvent(e cdp.Event, ev *frameEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.apply(e, ev) {
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// apply changes the frames by one event and reports whether it did.
func (p *Page) apply(e cdp.Event, ev *frameEvent) bool {
	from := cdp.Session{Conn: p.Conn, ID: e.SessionID}
	switch e.Method {
	case "Page.frameAttached":
		p.frame(ev.FrameID, ev.ParentFrameID, from)
	case "Page.frameDetached":
		// "swap": the frame moves to a process of its own and lives on.
		if ev.Reason != "swap" {
			p.dropAsk(ev.FrameID)
			p.drop(ev.FrameID)
		}
	case "Page.frameNavigated":
		f := p.frame(ev.Frame.ID, ev.Frame.ParentID, from)
		f.Session = from
		if f.Document.Loader != ev.Frame.LoaderID {
			f.begin(Document{Loader: ev.Frame.LoaderID, Reached: map[string]bool{}})
			p.dropBelow(f.ID) // the frames of the document before
			p.dropAsk(f.ID)
		}
		if f.ID == p.main && p.isCrashed() {
			p.crashed = make(chan struct{})
		}
		p.shows(f, ev.Frame)
	case "Page.navigatedWithinDocument":
		f := p.frames[ev.FrameID]
		if f == nil {
			return false
		}
		f.Document.Navigating = false
		if f.ID == p.main {
			f.Document.URL = shown(ev.URL)
		}
	case "Page.lifecycleEvent":
		f := p.frames[ev.FrameID]
		if f == nil || ev.Name != "load" && ev.Name != "DOMContentLoaded" && ev.Name != "networkIdle" && ev.Name != "init" {
			return false
		}
		if ev.Name == "init" && f.Document.Loader != ev.LoaderID {
			f.begin(Document{Loader: ev.LoaderID, URL: f.Document.URL, Reached: map[string]bool{}, Navigating: f.Document.Navigating})
			p.dropBelow(f.ID) // the frames of the document before
		}
		if f.Document.Loader == ev.LoaderID || f.Document.Loader == "" {
			f.Document.Reached[ev.Name] = true
		}
	case "Page.frameStartedNavigating", "Page.frameRequestedNavigation":
		f := p.frames[ev.FrameID]
		if f == nil || ev.Navigation == "sameDocument" || ev.Disposition != "" && ev.Disposition != "currentTab" {
			return false
		}
		f.Document.Navigating = true
	case "Page.frameStoppedLoading":
		f := p.frames[ev.FrameID]
		if f == nil {
			return false
		}
		f.Document.Navigating = false
	case "Runtime.executionContextCreated":
		f := p.frames[ev.Context.Aux.FrameID]
		if f == nil || ev.Context.Name != WorldName {
			return false
		}
		f.Context, f.Session = ev.Context.ID, from
	case "Runtime.executionContextDestroyed":
		for _, f := range p.frames {
			if f.Session.ID == e.SessionID && f.Context == ev.ContextID {
				f.Context = 0
			}
		}
	case "Runtime.executionContextsCleared":
		for _, f := range p.frames {
			if f.Session.ID == e.SessionID {
				f.Context = 0
			}
		}
	case "Target.attachedToTarget":
		p.adopt(ev)
	case "Target.detachedFromTarget":
		for _, f := range p.frames {
			if f.Session.ID == ev.SessionID && f.Parent != "" {
				f.Context, f.Session = 0, p.Session
			}
		}
	case "Inspector.targetCrashed":
		for _, f := range p.frames {
			if f.Session.ID == e.SessionID {
				f.Context = 0
			}
		}
		if e.SessionID == p.ID && !p.isCrashed() {
			close(p.crashed)
		}
	}
	return true
}

// shows has a frame's document be the one that the browser tells of.
func (p *Page) shows(f *Frame, info frameInfo) {
	if f.ID == p.main {
		f.Document.URL, f.Document.Missing = shown(info.URL, info.Fragment), shown(info.Missing)
	} else if f.Document.Missing = ""; info.Missing != "" {
		f.Document.Missing = missingFrame
	}
	f.Document.Navigating, f.Document.Committed = false, true
}

// begin gives a frame its next document.
func (f *Frame) begin(next Document) {
	f.loaders = append(f.loaders[max(0, len(f.loaders)-lastLoaders):], next.Loader)
	f.Document = next
}

// lastLoaders is how many documents before the current one a frame remembers.
const lastLoaders = 15

// Had says whether a frame has the document of a navigation, or has had it and
// gone on to another.
func (f Frame) Had(loader string) bool { return slices.Contains(f.loaders, loader) }

func (p *Page) isCrashed() bool {
	select {
	case <-p.crashed:
		return true
	default:
		return false
	}
}

// maxURL bounds the address that is kept, in bytes: goto takes no longer ones,
// but a page gives itself 2 MB as often as it likes, and each frame of it.
const maxURL = 64 << 10

// missingFrame stands for the address of a frame that could not be loaded:
// nobody asks which it was.
const missingFrame = "about:blank"

// shown is an address as it may be shown to whoever looks: it is the page's own
// words, and may hold the password that it was opened with.
func shown(parts ...string) string {
	url := ""
	for _, part := range parts {
		url += part[:min(len(part), maxURL-len(url))]
	}
	return domain.HideUserinfo(domain.CleanText(url))
}

// adopt takes a frame that has a process and a protocol session of its own.
// Its target's id is the frame's.
func (p *Page) adopt(ev *frameEvent) {
	s := cdp.Session{Conn: p.Conn, ID: ev.SessionID}
	f := p.frame(ev.TargetInfo.TargetID, p.main, s)
	f.Session, f.Context = s, 0
	p.tabs.start(s, ev.TargetInfo.Type, p.tabs.opt, p.enable())
}

// frame finds a frame or makes it.
func (p *Page) frame(id, parent string, s cdp.Session) *Frame {
	f := p.frames[id]
	if f == nil {
		f = &Frame{ID: id, Parent: parent, Session: s, Document: Document{Reached: map[string]bool{}}}
		p.frames[id] = f
		p.order = append(p.order, id)
	}
	return f
}

func (p *Page) drop(id string) {
	if id == p.main {
		return
	}
	delete(p.frames, id)
	if p.dropped != nil {
		p.dropped[id] = true
	}
	p.order = slices.DeleteFunc(p.order, func(o string) bool { return o == id })
	p.dropBelow(id)
}

func (p *Page) dropBelow(id string) {
	for _, f := range p.frames {
		if f.Parent == id {
			p.drop(f.ID)
		}
	}
}
