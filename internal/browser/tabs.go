package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// MaxTabs is how many tabs a browser may have unless Config says otherwise: a
// page that opens more sees them closed again.
const MaxTabs = 32

// Tabs are a browser's pages: the first, and those that pages and steps have
// opened since. One of them is the current tab, where steps run. When that
// closes, its opener is the current one, or else the one that was before.
type Tabs struct {
	conn   *cdp.Conn
	script string
	opt    domain.SessionOptions
	agent  agent // that each target is told to be
	other  bool  // the browser was started with another screen
	log    *slog.Logger
	max    int // tabs

	session   string
	keep      Keep
	step      atomic.Pointer[string] // that runs
	collector *logCollector          // of the session's log; nil: there is none
	secrets   *domain.Secrets
	origins   Origins
	locales   locales
	opening   *domain.Viewport // that the next window has asked for; only onEvent uses it
	past      *reattachment    // while the events tell of what an earlier server had; only onEvent uses it

	dialogs   dialogs
	downloads downloads
	given     atomic.Int64 // bytes of files
	unreached unreached

	mu       sync.Mutex
	open     []*Page          // in the order they were opened
	current  *Page            // it may be closed, for the moment until there is another
	before   []*Page          // that were the current one, the last one last
	sessions map[string]*Page // by the protocol sessions that reach them: their own, and those of frames of other sites
	leaves   string           // the target that a step navigates, if any
	count    int              // of all that were ever opened
	refused  int              // of those past max
	keeps    bool             // the keeper keeps the browser for another server,
	noted    []byte           // and this for that
	changed  chan struct{}
}

func newTabs(conn *cdp.Conn, cfg Config, session string, opt domain.SessionOptions) *Tabs {
	t := &Tabs{
		conn: conn, script: cfg.Script, opt: opt, log: cfg.Log, max: cmp.Or(cfg.MaxTabs, MaxTabs), secrets: secretsOf(opt),
		keeps: cfg.Grace > 0, sessions: map[string]*Page{}, changed: make(chan struct{}), dialogs: dialogs{left: map[string]*openDialog{}}, downloads: newDownloads(cfg.MaxDownload, cfg.Limits.Disk),
		session: session, keep: cfg.Keep,
	}
	if t.keep == nil {
		t.keep = nobodyKeeps
	}
	return t
}

// attach finds the browser's first page and makes it ready for use. Commands
// that don't need each other's answers are on their way together: each answer
// waited for alone would be a good part of what starting costs.
func attach(ctx context.Context, b *Browser, cfg Config, opt domain.SessionOptions, told agent, other bool) (*Tabs, error) {
	conn := b.conn
	t := newTabs(conn, cfg, b.session(), opt)
	t.agent, t.other, t.downloads.files = told, other, b.files
	t.record(cfg.Logs)
	conn.ListenAll(t.onEvent, news...)
	conn.Listen("", t.unreached.onEvent, keeper.MethodTold)
	browser := cdp.Session{Conn: conn}
	if opt.Credentials != nil {
		answerLogins(conn, *opt.Credentials)
	}
	var pending []*cdp.Pending
	// Each window that a page opens waits until it is attached and has been told
	// what every page is told, before its own scripts run. Without that, Chromium
	// would have it wait for the page's own session, which learns nothing of it,
	// and its opener with it.
	for _, c := range append([]command{autoAttach, {"Browser.setDownloadBehavior", t.downloads.behavior()}}, ofBrowser(opt)...) {
		sent, err := browser.Send(c.method, c.params)
		if err != nil {
			return nil, err
		}
		pending = append(pending, sent)
	}
	first, err := t.until(ctx, t.Current)
	if err != nil {
		return nil, err
	}
	if other {
		fitting, err := first.fitScreen(ctx, opt)
		if err != nil {
			return nil, err
		}
		pending = append(pending, fitting...)
	}
	var locale []command
	if opt.Locale != "" {
		locale = []command{{"Emulation.setLocaleOverride", object{"locale": opt.Locale}}}
	}
	sent, err := first.tell(opt, locale...)
	if err != nil {
		return nil, err
	}
	pending = append(pending, sent...)
	if opt.Locale != "" || opt.Timezone != "" {
		// Chromium may not know what was asked for: that must be told now.
		return t, first.prepare(ctx, pending)
	}
	// The page's process is still starting. A session needn't wait for that
	// with its news; its first step does.
	conn.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cdp.DefaultTimeout)
		defer cancel()
		if err := first.prepare(ctx, pending); err != nil && conn.Err() == nil {
			select {
			case <-first.closed: // already
				return
			default:
			}
			t.log.Error("a page could not be prepared: its browser is ended", "err", err)
			_ = conn.Close()
		}
	})
	return t, nil
}

// onEvent is what the browser tells. It runs on the goroutine that reads the
// wire: what it sends, it doesn't wait for.
func (t *Tabs) onEvent(e cdp.Event) {
	if t.past != nil {
		t.past.receive(t, e)
		return
	}
	var ev frameEvent
	if err := json.Unmarshal(e.Params, &ev); err != nil {
		t.log.Debug("an event of the browser's could not be read", "method", e.Method, "err", err)
		return
	}
	switch e.Method {
	case "Target.attachedToTarget":
		switch {
		case ev.TargetInfo.Type == "iframe":
			t.reaches(ev.SessionID, e.SessionID)
		case ev.TargetInfo.Type == "page" && e.SessionID == "":
			t.opened(&ev.attachedToTarget)
			return
		default:
			t.release(e.SessionID, &ev.attachedToTarget)
			return
		}
	case "Page.windowOpen":
		t.opening = sizeOf(ev.Features)
		return
	case "Inspector.targetReloadedAfterCrash":
		// A service worker that was stopped starts again, when a page needs it,
		// and waits once more. What it was told is kept for it.
		_, _ = t.conn.Send(e.SessionID, resumes, nil)
		return
	case "Target.detachedFromTarget":
		t.dialogClosed(ev.SessionID)
		t.locales.left(ev.SessionID, t.opt.Locale)
		if t.left(ev.SessionID) {
			return
		}
	case "Page.javascriptDialogOpening":
		t.dialogOpened(e)
		return
	case "Page.fileChooserOpened":
		t.chooserOpened(e, &ev)
		return
	case "Page.javascriptDialogClosed":
		t.dialogClosed(e.SessionID)
		return
	case "Runtime.executionContextCreated":
		if ev.Context.Name == WorldName && t.origins.Add(ev.Context.Origin) {
			t.leaveNote()
		}
	case "Browser.downloadWillBegin", "Browser.downloadProgress":
		t.downloadChanged(e)
		return
	}
	if p := t.page(e.SessionID); p != nil {
		p.onEvent(e, &ev)
	}
}

// page is the one that a protocol session reaches a part of.
func (t *Tabs) page(session string) *Page {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sessions[session]
}

// reaches remembers the session of a frame by that of what it is in. News of
// the frame's old process may come late and name that as its session again.
func (t *Tabs) reaches(session, parent string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.sessions[parent]; p != nil {
		t.sessions[session] = p
	}
}

// release lets what a page has started beside its frames go on: a worker. It
// stays attached: a shared worker that is left before it runs never does.
func (t *Tabs) release(by string, a *attachedToTarget) {
	kind := a.TargetInfo.Type
	s := cdp.Session{Conn: t.conn, ID: a.SessionID}
	if by != "" && (kind == "service_worker" || kind == "shared_worker") {
		// The browser's own session is attached to it too, for as long as it
		// lives, and has told it. It waits for both.
		_, _ = s.Send(resumes, nil)
		return
	}
	t.start(s, kind, t.opt, t.listens(kind))
}

// listens is what a worker is told so that the session's log has what it says and asks
// for; pages are told in any case.
func (t *Tabs) listens(kind string) []command {
	if t.collector == nil || kind != "worker" && kind != "shared_worker" && kind != "service_worker" {
		return nil
	}
	return []command{{"Runtime.enable", nil}, {"Network.enable", object{"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}}}
}

// opened takes a page that is there now.
func (t *Tabs) opened(a *attachedToTarget) {
	p, opt := t.newPage(a), t.opt
	if t.opening != nil {
		opt.Viewport, t.opening = *t.opening, nil
	}
	t.mu.Lock()
	if len(t.open) >= t.max {
		t.refused++
		n := t.refused
		t.mu.Unlock()
		t.refuse(p, n)
		return
	}
	t.count++
	p.number = t.count
	if p.number > 1 {
		p.frames[p.main].Document.URL = "about:blank" // until it shows something else
	}
	var pending []*cdp.Pending
	var err error
	if p.number > 1 { // attach prepares the first
		// Before anybody finds it among the open tabs: whoever closes it has it begin
		// before. See letGo.
		pending, err = t.tellNew(p, opt)
	}
	t.add(p, a.TargetInfo.OpenerID)
	if len(t.open) == 1 {
		t.use(p)
	}
	t.notifyLocked()
	t.mu.Unlock()
	if p.number == 1 || err != nil { // the wire has ended
		return
	}
	if c := t.Current(); c != p {
		// A tab that is behind another draws nothing, and what waits for a frame
		// of it would wait for ever.
		_, _ = c.Send("Page.bringToFront", nil)
	}
	t.conn.Go(func() {
		there, done := p.untilCrash() // one that crashes answers nothing more
		defer done()
		ctx, cancel := context.WithTimeout(there, cdp.DefaultTimeout)
		defer cancel()
		var err error
		if t.other { // its first script looks at its window, too
			var fitting, running *cdp.Pending
			if fitting, err = p.fit(ctx, opt.Viewport); err == nil {
				err = fitting.Wait(ctx, nil)
			}
			if err == nil {
				running, err = p.Send(resumes, nil)
			}
			pending = append(pending, running)
		}
		if err == nil {
			err = p.prepare(ctx, pending)
		}
		if err != nil {
			select {
			case <-p.closed: // soon after it was opened
			default:
				t.log.Warn("a tab could not be prepared: it is closed", "err", err)
				t.closeTarget(p.main)
			}
		}
	})
}

// resumes is how a target is let go on that waits since it began.
const resumes = "Runtime.runIfWaitingForDebugger"

// tellNew tells a new page what every page is told, and has it begin, if its window
// needs nothing more.
func (t *Tabs) tellNew(p *Page, opt domain.SessionOptions) ([]*cdp.Pending, error) {
	pending, err := p.tell(opt)
	if err != nil {
		return nil, err
	}
	t.locales.tell(p.Session, opt.Locale)
	if t.other {
		return pending, nil
	}
	running, err := p.Send(resumes, nil)
	return append(pending, running), err
}

// refuse closes a page that is one too many, the nth.
func (t *Tabs) refuse(p *Page, n int) {
	if n&(n-1) == 0 {
		t.log.Warn("a page opens too many tabs: what is over the bound is closed", "tabs", t.max, "closed", n)
	}
	running, err := p.Send(resumes, nil)
	if err != nil {
		return // the wire has ended
	}
	t.closeTarget(p.main)
	t.conn.Go(func() {
		if running.Wait(context.Background(), nil) != nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.letGo()
		}
	})
}

// letGo has whoever waits for a page that is gone wait no more. A page that opens a
// window stands still in Chromium, with all that share its process, until the window
// begins. If that is closed before, Chromium forgets them: they would load nothing any
// more. Which process that is nobody tells; to the others it is nothing. mu is held.
func (t *Tabs) letGo() {
	for session := range t.sessions {
		_, _ = t.conn.Send(session, resumes, nil)
	}
}

// add takes a page among those that are open. mu is held.
func (t *Tabs) add(p *Page, opener string) {
	for _, o := range t.open {
		if o.main == opener {
			p.by, p.opener = o, o
		}
	}
	t.open = append(t.open, p)
	t.sessions[p.ID] = p
}

// again tells the browser what it is told of all its pages: a program that has set
// the same has it forget that when it leaves.
func (t *Tabs) again() {
	for _, c := range append([]command{{"Browser.setDownloadBehavior", t.downloads.behavior()}}, ofBrowser(t.opt)...) {
		_, _ = cdp.Session{Conn: t.conn}.Send(c.method, c.params)
	}
}

// AttributeTo says which step runs, until done: what pages do meanwhile is told with it.
func (t *Tabs) AttributeTo(step string) (done func()) {
	t.step.Store(&step)
	return func() { t.step.CompareAndSwap(&step, nil) }
}

func (t *Tabs) attributedStep() string {
	if id := t.step.Load(); id != nil {
		return *id
	}
	return ""
}

func (t *Tabs) closeTarget(id string) {
	_, _ = cdp.Session{Conn: t.conn}.Send("Target.closeTarget", object{"targetId": id})
}

// left forgets a session, and says whether it was that of a whole page, which
// is gone then.
func (t *Tabs) left(session string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.sessions[session]
	if p == nil || p.ID != session {
		// A frame goes back to its page's process. The event is that of what it
		// was in, which still wants to hear of it.
		delete(t.sessions, session)
		return false
	}
	for id, of := range t.sessions {
		if of == p {
			delete(t.sessions, id)
		}
	}
	select {
	case <-p.prepared:
	default: // it may not have begun
		t.letGo()
	}
	gone := func(o *Page) bool { return o == p }
	t.open = slices.DeleteFunc(t.open, gone)
	t.before = slices.DeleteFunc(t.before, gone)
	for _, o := range t.open {
		if o.opener == p {
			o.opener = p.opener
		}
	}
	if p == t.current {
		next := p.opener
		if next == nil && len(t.before) > 0 {
			next = t.before[len(t.before)-1]
		}
		if next == nil && len(t.open) > 0 {
			next = t.open[len(t.open)-1]
		}
		if next != nil {
			t.use(next)
		} else {
			// A session always has a tab: the next to be attached is the current one.
			_, _ = cdp.Session{Conn: t.conn}.Send("Target.createTarget", object{"url": "about:blank"})
		}
	}
	close(p.closed)
	p.notify()
	t.notifyLocked()
	return true
}

// use makes a tab the current one.
func (t *Tabs) use(p *Page) {
	old := t.current
	if old == p {
		return
	}
	t.current, p.seen = p, true
	if old != nil {
		t.before = slices.DeleteFunc(t.before, func(o *Page) bool { return o == old || o == p })
		if slices.Contains(t.open, old) {
			t.before = append(t.before, old)
		}
		old.notify()
		_, _ = p.Send("Page.bringToFront", nil)
	}
	t.notifyLocked()
}

// notifyLocked is notify for who holds mu.
func (t *Tabs) notifyLocked() {
	t.leaveNoteLocked()
	close(t.changed)
	t.changed = make(chan struct{})
}
