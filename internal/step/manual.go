package step

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
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

// collect makes steps of the reports, in order.
func (t *ManualTracker) collect(ctx context.Context) {
	var gone <-chan struct{} // the browser
	if t.conn != nil {
		gone = t.conn.Done()
	}
	for {
		var r report
		select {
		case r = <-t.reports:
		case <-ctx.Done():
			return
		case <-gone:
			return
		}
		if r.end {
			return
		}
		if t.actions.Truncated {
			continue
		}
		switch {
		case r.tab != nil:
			t.switchTo(r.tab)
		case r.dialog != nil:
			// Its rule comes before the step that had it come up.
			t.insert(max(0, len(t.actions.Steps)-1), *r.dialog, origin{})
		default:
			t.switchTo(r.page) // it was shown, so it is the current tab
			t.add(ctx, r)
		}
		t.actions.Truncated = len(t.actions.Steps) >= maxManualSteps || t.size > maxManualBytes
		t.changed(t.snapshot())
	}
}

// snapshot is a copy of what was done so far.
func (t *ManualTracker) snapshot() ManualActions {
	all := t.actions
	all.Steps, all.Missing, all.URL = slices.Clone(all.Steps), []Omission{}, t.secrets.HideURL(all.URL)
	for i := range all.Steps {
		left := t.origins[i].left
		var secret []string
		all.Steps[i], secret = t.redact(all.Steps[i])
		for _, member := range secret {
			why := "It holds a secret."
			switch {
			case member == "value":
				why = "It is a secret."
			case member == "files" && left != "":
				continue
			}
			all.Missing = append(all.Missing, Omission{i, member, why})
		}
		if left != "" {
			all.Missing = append(all.Missing, Omission{i, "files", left})
		}
	}
	return all
}

// switchTo has the steps go to a tab: by the click that opened it, if that was the last, or
// as to one that was opened, or by its place.
func (t *ManualTracker) switchTo(p *browser.Page) {
	open := t.tabs.Open()
	if p == t.tab || !slices.Contains(open, p) {
		return
	}
	from := t.tab
	t.tab = p
	fresh := !slices.Contains(t.visited, p)
	for _, other := range open { // tabs are waited for in the order in which they were opened
		if fresh && other == p {
			break
		}
		fresh = fresh && slices.Contains(t.visited, other)
	}
	t.visited = append(t.visited, p)
	last := len(t.actions.Steps) - 1
	switch {
	case !slices.Contains(open, from):
		if from != nil && from.Opener() == p {
			return // it is the current one because that was closed
		}
	case fresh && last >= 0 && p.Opener() == from && slices.Contains([]string{"click", "doubleClick", "tap", "press"}, t.actions.Steps[last].Action):
		t.actions.Steps[last].Popup = true
		return
	case fresh:
		t.insert(last+1, Spec{Action: "tab", Do: "wait"}, origin{})
		return
	}
	at := slices.Index(open, p)
	t.insert(last+1, Spec{Action: "tab", Do: "switch", Index: &at}, origin{})
}

// add makes a step of what a page reported, or joins it to the last one.
func (t *ManualTracker) add(ctx context.Context, r report) {
	s, from := r.Step, origin{document{r.frame.Session.ID, r.frame.Context}, r.El, r.Letter != "", ""}
	switch {
	case r.Large:
		from.left = "They were too large to be kept."
	case t.emptied(s.Files):
		from.left = "They hold a secret."
	}
	if r.frame.Parent != "" {
		prefix := t.framePrefix(ctx, r.page, r.frame)
		for _, target := range []*string{&s.Target, &s.To} {
			if *target != "" {
				*target = prefix + *target
			}
		}
	}
	if r.Letter != "" {
		s.Action, s.Key, s.Value = "type", "", &r.Letter
	}
	if s.Secret {
		hidden := redacted // it never came here
		s.Value = &hidden
	}
	if s.Check("step") != nil {
		return // nothing that can be told as a step
	}
	last := len(t.actions.Steps) - 1
	if last >= 0 && t.origins[last] == from && from.el != 0 && t.merge(&t.actions.Steps[last], s, r.pageAction) {
		return
	}
	if s.Action == "doubleClick" {
		return // of clicks that are not there
	}
	if s.Action == "upload" && r.Asked && last >= 0 && t.actions.Steps[last].Action == "click" && t.origins[last].document == from.document {
		t.drop(last) // it only had the page ask for them
	}
	t.insert(len(t.actions.Steps), s, from)
}

// merge has the last step say what another says of the same element.
func (t *ManualTracker) merge(last *Spec, s Spec, a pageAction) bool {
	switch {
	case s.Action == "fill" && last.Action == "fill", s.Action == "select" && last.Action == "select":
		t.size += len(s.Params()) - len(last.Params())
		*last = s
	case s.Action == "doubleClick" && last.Action == "click" && last.Button == "":
		// The second click has joined the first.
		last.Action, last.ClickCount = "doubleClick", 0
	case s.Action == "click" && a.Clicks == 2 && last.Action == "click" && s.Button == "" && last.Button == "":
	case s.Action == "click" && a.Clicks == 3 && last.Action == "doubleClick":
		last.Action, last.ClickCount = "click", 3
	case a.Letter != "" && last.Action == "type":
		*last.Value += a.Letter
		t.size += len(a.Letter)
	default:
		return false
	}
	return true
}

func (t *ManualTracker) insert(at int, s Spec, from origin) {
	t.actions.Steps, t.origins = slices.Insert(t.actions.Steps, at, s), slices.Insert(t.origins, at, from)
	t.size += len(s.Params())
}

// redact takes out what the session knows to be secret, wherever it is in a step: also what
// was joined to what came before it, such as letters that were typed one by one. It names
// the members that it was taken out of, or that never had it.
func (t *ManualTracker) redact(s Spec) (_ Spec, secret []string) {
	given, hidden := s.Params(), s
	if shown := t.secrets.HideJSON(given); !bytes.Equal(shown, given) {
		hidden = Spec{}
		_ = json.Unmarshal(shown, &hidden) // without the members that are no texts and were secret
		hidden.Action, hidden.Secret = s.Action, s.Secret
		if left := hidden.Params(); !bytes.Equal(left, given) { // as texts: one writes < as it is
			secret = differing(given, left)
		}
	}
	if slices.Contains(secret, "value") {
		value := redacted
		hidden.Value, hidden.Secret = &value, s.Action == "fill" || s.Action == "type"
	} else if s.Secret {
		secret = append(secret, "value")
	}
	return hidden, secret
}

// differing names the members of an object that another doesn't have so.
func differing(object, other json.RawMessage) (names []string) {
	var members, others map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil || json.Unmarshal(other, &others) != nil { // steps are objects
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !bytes.Equal(members[name], others[name]) {
			names = append(names, name)
		}
	}
	return names
}

// emptied takes their content out of files of which one holds a secret, and says whether
// one did.
func (t *ManualTracker) emptied(files []File) (left bool) {
	for i := range files {
		content, err := base64.StdEncoding.DecodeString(files[i].Content)
		if err != nil || t.secrets.Hide(string(content)) != string(content) {
			files[i].Content, left = "", true
		}
	}
	return left
}

func (t *ManualTracker) drop(at int) {
	t.size -= len(t.actions.Steps[at].Params())
	t.actions.Steps, t.origins = t.actions.Steps[:at], t.origins[:at]
}

// framePrefix is what a target in a frame begins with. A frame that is gone by now is
// where it was.
func (t *ManualTracker) framePrefix(ctx context.Context, p *browser.Page, f browser.Frame) string {
	ctx, cancel := context.WithTimeout(ctx, manualWithin)
	defer cancel()
	r := &run{ctx: ctx, page: p}
	prefix := ""
	for at := f; at.Parent != ""; {
		v, err := r.ofOwner(ctx, at, "frameWay")
		var selector string
		if err != nil || json.Unmarshal(v.Value, &selector) != nil {
			return t.framePrefixes[f.ID]
		}
		prefix = strings.TrimPrefix(selector, "frame ") + " >> " + prefix
		above := r.above(at)
		if len(above) == 0 {
			break
		}
		at = above[0]
	}
	t.framePrefixes[f.ID] = prefix
	return prefix
}
