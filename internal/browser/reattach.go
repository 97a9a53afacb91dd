package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// note is what a server that comes back can't ask the browser.
type note struct {
	Tabs    []tabNote    `json:"tabs,omitempty"` // that are open
	Current string       `json:"current,omitempty"`
	Leaves  string       `json:"leaves,omitempty"` // the target that a step navigates
	Count   int          `json:"count,omitempty"`  // of all that were ever opened
	Next    []DialogRule `json:"next,omitempty"`
	All     []DialogRule `json:"all,omitempty"`
	Secrets []string     `json:"secrets,omitempty"` // that steps were given, and as pages write them
	Origins []string     `json:"origins,omitempty"` // of all documents that there were

	Downloads  []downloadNote `json:"downloads,omitempty"` // that no step is done with
	Downloaded int            `json:"downloaded,omitempty"`
	Kept       int64          `json:"kept,omitempty"` // bytes of them
}

type tabNote struct {
	Target string `json:"target"`
	Number int    `json:"number"`
	Seen   bool   `json:"seen,omitempty"`
	Ours   bool   `json:"ours,omitempty"` // Empty's
}

// leaveNoteLocked is leaveNote for who holds mu.
func (t *Tabs) leaveNoteLocked() {
	if !t.keeps {
		return
	}
	n := note{Leaves: t.leaves, Count: t.count, Secrets: t.secrets.Known(), Origins: t.origins.All()}
	for _, p := range t.open {
		n.Tabs = append(n.Tabs, tabNote{Target: p.main, Number: p.number, Seen: p.seen, Ours: p.ours})
	}
	if t.current != nil {
		n.Current = t.current.main
	}
	t.downloads.noted(&n)
	t.dialogs.mu.Lock()
	n.Next, n.All = t.dialogs.next, t.dialogs.all
	raw, err := json.Marshal(n)
	t.dialogs.mu.Unlock()
	if err != nil || bytes.Equal(raw, t.noted) {
		return
	}
	t.noted = raw
	_, _ = t.conn.Send("", keeper.MethodNote, json.RawMessage(raw))
}

// sendNote sees that the keeper has the note, if it answers.
func (t *Tabs) sendNote() {
	t.mu.Lock()
	noted := t.noted
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), noteWithin)
	defer cancel()
	if err := t.conn.Call(ctx, "", keeper.MethodNote, json.RawMessage(noted), nil); err != nil {
		t.log.Debug("leave a note for the next server", "err", err)
	}
}

// Leaving says whether a step navigates the page: then the next server, who hears no
// more of the step, stops that.
func (p *Page) Leaving(yes bool) {
	target := ""
	if yes {
		target = p.main
	}
	p.tabs.leaving(target)
}

func (t *Tabs) leaving(target string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaves = target
	t.leaveNoteLocked()
}

// noteWithin bounds how long a keeper may take a note.
const noteWithin = time.Second

// leaveNote leaves a note with the keeper of what the next server can't ask the browser, if
// that is another than before: the tabs, how dialogs are to be answered, what is secret,
// the downloads, and which origins there were.
func (t *Tabs) leaveNote() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaveNoteLocked()
}

// reattachment is what the keeper tells a server that comes back: the targets that there
// are, as the browser told the server before of each.
type reattachment struct {
	events []cdp.Event
	pages  map[*Page][]attached // that were open, with their frames of other sites
	known  chan struct{}        // closed when it is all told
}

// attached is a protocol session of a page or a frame.
type attached struct {
	cdp.Session
	kind  string // "page", "iframe"
	noted bool   // the server before had told it what it is to be like
}

// receive takes what is told of the past, until that is over.
func (o *reattachment) receive(t *Tabs, e cdp.Event) {
	if e.Method != keeper.MethodTaken {
		o.events = append(o.events, e)
		return
	}
	t.past = nil
	var n note
	if err := json.Unmarshal(e.Params, &n); err != nil {
		t.log.Warn("what an earlier server has noted of a browser could not be read", "err", err)
	}
	t.secrets.Add(n.Secrets...)
	for _, origin := range n.Origins {
		t.origins.Add(origin)
	}
	t.dialogs.next, t.dialogs.all = n.Next, n.All
	o.pages = map[*Page][]attached{}
	t.count = max(n.Count, 1) // the first is Launch's
	for _, e := range o.events {
		if e.Method != "Target.attachedToTarget" {
			continue
		}
		var a attachedToTarget
		if err := json.Unmarshal(e.Params, &a); err != nil {
			t.log.Warn("a target could not be read", "err", err)
			continue
		}
		o.addTarget(t, n, e.SessionID, &a)
	}
	t.mu.Lock()
	for _, p := range t.open {
		if t.current == nil || p.main == n.Current {
			t.current = p
		}
	}
	if t.current == nil {
		// It is there soon, and the current one then.
		_, _ = cdp.Session{Conn: t.conn}.Send("Target.createTarget", object{"url": "about:blank"})
	}
	t.resumeDownloads(n)
	t.notifyLocked()
	t.mu.Unlock()
	// A dialog that waits is answered, before its page is asked for anything. And what
	// was going on ends before anybody begins something.
	for _, e := range o.events {
		if e.Method == "Page.javascriptDialogOpening" {
			t.dialogOpened(e)
		}
	}
	for p, sessions := range o.pages {
		if p.main == n.Leaves {
			_, _ = p.Send("Page.stopLoading", nil)
		}
		for _, s := range sessions {
			for _, c := range forget {
				_, _ = s.Send(c.method, c.params)
			}
		}
	}
	close(o.known)
}

// addTarget takes one target.
func (o *reattachment) addTarget(t *Tabs, n note, by string, a *attachedToTarget) {
	s := cdp.Session{Conn: t.conn, ID: a.SessionID}
	switch kind := a.TargetInfo.Type; {
	case kind == "page" && by == "":
		p := t.newPage(a)
		i := slices.IndexFunc(n.Tabs, func(tab tabNote) bool { return tab.Target == p.main })
		t.mu.Lock()
		if i >= 0 {
			p.number, p.seen, p.ours = n.Tabs[i].Number, n.Tabs[i].Seen, n.Tabs[i].Ours
		} else {
			t.count++
			p.number = t.count
		}
		t.add(p, a.TargetInfo.OpenerID)
		t.mu.Unlock()
		if p.ours {
			t.closeTarget(p.main)
			return
		}
		p.dropped = map[string]bool{}
		t.collector.replay(a.SessionID, true)
		o.pages[p] = append(o.pages[p], attached{s, kind, i >= 0})
	case kind == "iframe":
		t.reaches(a.SessionID, by)
		p := t.page(a.SessionID)
		if p == nil {
			return
		}
		p.mu.Lock()
		p.frame(a.TargetInfo.TargetID, p.main, s)
		p.mu.Unlock()
		t.collector.replay(a.SessionID, true)
		o.pages[p] = append(o.pages[p], attached{s, kind, false})
	default:
		t.release(by, a)
	}
}

// resume makes a page that an earlier server had ready for use. One that is busy is
// waited for, as long as it is there.
func (t *Tabs) resume(p *Page, sessions []attached) {
	ctx, done := p.untilCrash()
	defer done()
	var left sync.WaitGroup
	for _, s := range sessions {
		left.Go(func() {
			pending, err := p.resume(ctx, s, t.opt, &t.locales)
			switch {
			case err != nil:
			case s.kind == "page":
				err = p.prepare(ctx, pending)
			default:
				err = answered(ctx, pending)
			}
			t.collector.replay(s.ID, false)
			if err == nil || s.kind != "page" {
				return // a frame may be gone
			}
			select {
			case <-p.closed:
			default:
				t.log.Warn("a tab that an earlier server had could not be prepared: it is closed", "err", err)
				t.closeTarget(p.main)
			}
		})
	}
	left.Wait()
	p.mu.Lock()
	p.dropped = nil
	p.mu.Unlock()
}

// resume has a session of the page tell again what it told an earlier server.
func (p *Page) resume(ctx context.Context, s attached, opt domain.SessionOptions, l *locales) (pending []*cdp.Pending, err error) {
	// A renderer that has crashed answers nothing; the browser tells.
	for _, c := range []command{{"Inspector.disable", nil}, {"Inspector.enable", nil}} {
		if _, err := s.Send(c.method, c.params); err != nil {
			return nil, err
		}
	}
	// First which frames there are: what is told next is of them.
	asked, err := s.Send("Page.getFrameTree", nil)
	if err != nil {
		return nil, err
	}
	// Whoever waits to begin is told what it is to be like, and begins; to whoever has
	// begun it is nothing new.
	for _, c := range p.tabs.emulation(opt, s.kind) {
		if s.noted && c.method == "Emulation.setDeviceMetricsOverride" {
			continue // a window may have a size of its own
		}
		if _, err := s.Send(c.method, c.params); err != nil {
			return nil, err
		}
	}
	l.tell(s.Session, opt.Locale)
	if _, err := s.Send(resumes, nil); err != nil {
		return nil, err
	}
	var tree struct {
		FrameTree frameTree `json:"frameTree"`
	}
	if err := asked.Wait(ctx, &tree); err != nil {
		return nil, fmt.Errorf("read the page's frames: %w", err)
	}
	p.learn(s.Session, tree.FrameTree)
	for _, c := range p.enable() {
		sent, err := s.Send(c.method, c.params)
		if err != nil {
			return nil, err
		}
		pending = append(pending, sent)
	}
	return pending, nil
}

// noDeadline is longer than anything lasts: a call without a deadline would have one that is
// short.
const noDeadline = 1 << 62

// untilCrash ends when the page crashes. With the end of a session its calls end anyway.
func (p *Page) untilCrash() (ctx context.Context, done func()) {
	long, stop := context.WithTimeout(context.Background(), noDeadline)
	ctx, cancel := context.WithCancelCause(long)
	crashed := p.Crashed()
	p.Conn.Go(func() {
		select {
		case <-crashed:
			cancel(errCrashed)
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(nil); stop() }
}

var errCrashed = errors.New("the page has crashed")

// forget ends what an earlier server had asked a page's session to tell, and was in
// the midst of. That documents come and go is told on.
var forget = []command{
	{"Page.disable", nil},
	{"Page.enable", nil},
	{"Runtime.disable", nil},
	{"Input.setInterceptDrags", object{"enabled": false}},
}

// frameTree is what Page.getFrameTree tells of the frames of one process.
type frameTree struct {
	Frame    frameInfo   `json:"frame"`
	Children []frameTree `json:"childFrames"`
}

// learn takes the frames of a session, as far as nothing newer is known of them.
func (p *Page) learn(s cdp.Session, tree frameTree) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.place(s, tree)
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Page) place(s cdp.Session, tree frameTree) {
	info := tree.Frame
	if p.dropped[info.ID] {
		return
	}
	f := p.frame(info.ID, info.ParentID, s)
	f.Parent = info.ParentID
	if f.Document.Loader == "" {
		f.Document = Document{Loader: info.LoaderID, Reached: map[string]bool{}}
		p.shows(f, info)
	}
	for _, child := range tree.Children {
		p.place(s, child)
	}
}
