package step

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// ManualActions are what a person did during a takeover, as steps that do the same.
type ManualActions struct {
	URL       string     `json:"url"` // of the current tab when it began
	Steps     []Spec     `json:"steps"`
	Missing   []Omission `json:"missing"`             // what the steps don't say
	Truncated bool       `json:"truncated,omitempty"` // there was more than is kept
}

// Omission is what a step does not say, and is to be filled in before it is run.
type Omission struct {
	Index  int    `json:"index"`  // of the step, from 0
	Member string `json:"member"` // that has an ellipsis for a secret, or no content
	Why    string `json:"why"`
}

const (
	// maxManualSteps is how many steps are kept of a takeover, and maxManualBytes how many
	// bytes of them.
	maxManualSteps = 1000
	maxManualBytes = 1 << 20
	// manualWithin is how long after a person's last input what a page tells counts as
	// done by it.
	manualWithin = 2 * time.Second
	// actionPrefix begins what a page reports of a person's action.
	actionPrefix = "action "
	// redacted stands for a value that is secret.
	redacted = "…"
)

// ManualTracker turns what a person does in a session's tabs into steps. The pages report it
// as it happens; what scripts and programs do is left out.
type ManualTracker struct {
	tabs     *browser.Tabs
	conn     *cdp.Conn
	testID   string
	secrets  *domain.Secrets
	changed  func(ManualActions)
	cancel   context.CancelFunc
	unlisten func()
	reports  chan report
	begun    chan struct{}
	running  sync.WaitGroup

	mu   sync.Mutex
	busy int       // inputs of the person's that are under way
	last time.Time // when the last of them was done

	// owned by the goroutine of collect
	actions       ManualActions
	origins       []origin // of each step
	size          int
	framePrefixes map[string]string // by the frame: what its targets begin with
	tab           *browser.Page     // that the steps are in
	visited       []*browser.Page   // tabs that they have been in, or that were there before
}

// report is what the person has done, and is to become a step or part of one.
type report struct {
	page  *browser.Page
	frame browser.Frame
	pageAction
	tab    *browser.Page // they went to it
	dialog *Spec         // a dialog was answered so
	end    bool          // there is no more
}

// pageAction is what a page reports of an element.
type pageAction struct {
	El     int    `json:"el"` // the element's number in its document; 0: none
	Step   Spec   `json:"step"`
	Clicks int    `json:"clicks"` // in a row
	Letter string `json:"letter"` // that a key wrote where there is no field
	Large  bool   `json:"large"`  // its files are left out
	Asked  bool   `json:"asked"`  // a click that was reported had the page ask for them
}

// origin is what a step is about, so that the next can become one with it.
type origin struct {
	document document
	el       int
	letters  bool   // it types what is no field's
	left     string // why content of its files is left out, if it is
}

// TrackManual begins to track a person. changed is called after each change, with all
// that they did so far; it may keep that.
func TrackManual(tabs *browser.Tabs, changed func(ManualActions)) *ManualTracker {
	ctx, cancel := context.WithCancel(context.Background())
	t := &ManualTracker{tabs: tabs, changed: changed, cancel: cancel, reports: make(chan report, 1024), begun: make(chan struct{}), framePrefixes: map[string]string{}, tab: tabs.Current(), visited: tabs.Open()}
	t.actions.Steps = []Spec{}
	if t.tab != nil {
		t.conn, t.testID, t.secrets, t.actions.URL = t.tab.Conn, t.tab.TestID, t.tab.Secrets, t.tab.Main().Document.URL
		t.unlisten = t.tab.Conn.ListenAll(t.onEvent, "Runtime.bindingCalled", "Runtime.executionContextCreated")
	}
	open := t.visited
	t.running.Go(func() { t.begin(ctx, open) })
	t.running.Go(func() { t.collect(ctx) })
	return t
}

// begin has the documents that there are tell what is done in them.
func (t *ManualTracker) begin(ctx context.Context, open []*browser.Page) {
	defer close(t.begun)
	ctx, cancel := context.WithTimeout(ctx, manualWithin)
	defer cancel()
	var asked sync.WaitGroup
	for _, p := range open {
		for _, f := range p.Frames() {
			if f.Context != 0 {
				asked.Go(func() { _ = f.Session.Call(ctx, "Runtime.callFunctionOn", t.following(f.Context), nil) })
			}
		}
	}
	asked.Wait()
}

// Begun is closed when the documents that there were tell what is done in them, or are
// too busy to say so. Inputs and commands go different ways through the browser: an input
// before that may not be told.
func (t *ManualTracker) Begun() <-chan struct{} { return t.begun }

// follow has a document tell what is done in it.
func (t *ManualTracker) follow(s cdp.Session, world int64) {
	if world == 0 {
		return
	}
	_, _ = s.Send("Runtime.callFunctionOn", t.following(world))
}

func (t *ManualTracker) following(world int64) object {
	return object{"functionDeclaration": "(args) => bh.follow(args)", "executionContextId": world, "arguments": []object{{"value": object{"testid": t.testID}}}}
}

// onEvent runs on the goroutine that reads the wire.
func (t *ManualTracker) onEvent(e cdp.Event) {
	var ev struct {
		Name    string `json:"name"`
		Payload string `json:"payload"`
		ID      int64  `json:"executionContextId"`
		Context struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"context"`
	}
	if e.Method == "Runtime.bindingCalled" && !t.inputActive() || json.Unmarshal(e.Params, &ev) != nil {
		return
	}
	if ev.Context.Name == browser.WorldName {
		t.follow(cdp.Session{Conn: t.conn, ID: e.SessionID}, ev.Context.ID)
		return
	}
	payload, ok := strings.CutPrefix(ev.Payload, actionPrefix)
	page, frame := t.where(e.SessionID, ev.ID)
	r := report{page: page, frame: frame}
	if ok && frame.ID != "" && json.Unmarshal([]byte(payload), &r.pageAction) == nil {
		t.enqueue(r)
	}
}

// enqueue hands a report to collect. It may be called where the wire is read, so it never waits.
func (t *ManualTracker) enqueue(r report) {
	select {
	case t.reports <- r:
	default: // nobody does so much by hand
	}
}

// where is the tab that a protocol session is of, and the frame of a document.
func (t *ManualTracker) where(session string, world int64) (*browser.Page, browser.Frame) {
	for _, p := range t.tabs.Open() {
		if !p.Has(session) {
			continue
		}
		for _, f := range p.Frames() {
			if f.Session.ID == session && f.Context == world && world != 0 {
				return p, f
			}
		}
	}
	return nil, browser.Frame{}
}

// inputActive says whether what a page reports now can come of the person's input.
func (t *ManualTracker) inputActive() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.busy > 0 || time.Since(t.last) < manualWithin
}

// Input is told of each input of the person's, and done when the browser has taken it.
func (t *ManualTracker) Input() (done func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.busy--
		t.last = time.Now()
	}
}

// SwitchTab is told that the person went to a tab.
func (t *ManualTracker) SwitchTab(p *browser.Page) { t.enqueue(report{tab: p}) }

// AnswerDialog is told how the person answered a dialog.
func (t *ManualTracker) AnswerDialog(kind string, accept bool, text *string) {
	if !slices.Contains([]string{"alert", "confirm", "prompt", "beforeunload"}, kind) || accept == (kind == "beforeunload") {
		return // it is no dialog, or this is what becomes of one without a rule
	}
	s := &Spec{Action: "dialog", Do: "accept", Type: kind}
	if !accept {
		s.Do = "dismiss"
	} else if kind == "prompt" {
		s.Value = text
	}
	t.enqueue(report{dialog: s})
}

// Close ends the tracking, and returns all that was done.
func (t *ManualTracker) Close() ManualActions {
	ctx, cancel := context.WithTimeout(context.Background(), manualWithin)
	defer cancel()
	// What a document has not told yet it tells before it answers.
	for _, p := range t.tabs.Open() {
		for _, f := range p.Frames() {
			if f.Context != 0 {
				_ = f.Session.Call(ctx, "Runtime.evaluate", object{"expression": "bh.unfollow()", "contextId": f.Context}, nil)
			}
		}
	}
	if t.unlisten != nil {
		t.unlisten()
	}
	select {
	case t.reports <- report{end: true}:
	case <-ctx.Done():
		t.cancel()
	}
	t.running.Wait()
	t.cancel()
	return t.snapshot()
}
