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
)

// Doings are what a person did by hand, as steps that do the same.
type Doings struct {
	URL     string     `json:"url"` // of the current tab when it began
	Steps   []Spec     `json:"steps"`
	Missing []Omission `json:"missing"`       // what the steps don't say
	Cut     bool       `json:"cut,omitempty"` // there was more than is kept
}

// Omission is what a step does not say, and is to be filled in before it is run.
type Omission struct {
	Index  int    `json:"index"`  // of the step, from 0
	Member string `json:"member"` // that holds only an ellipsis, or no content
	Why    string `json:"why"`
}

const (
	// maxByHand is how many steps are kept of a takeover, and maxByHandSize how many bytes
	// of them.
	maxByHand     = 1000
	maxByHandSize = 1 << 20
	// byHandWithin is how long after a person's last input what a page tells counts as
	// done by it.
	byHandWithin = 2 * time.Second
	// wordDid begins what a page tells of a person.
	wordDid = "did "
	// notSaid stands for a value that is secret.
	notSaid = "…"
)

// ByHand follows what a person does in a session's tabs. Its pages tell it as it happens;
// what scripts and programs do is none of it.
type ByHand struct {
	tabs    *browser.Tabs
	conn    *cdp.Conn
	testID  string
	changed func(Doings)
	cancel  context.CancelFunc
	unheard func()
	said    chan doing
	running sync.WaitGroup

	mu   sync.Mutex
	busy int       // inputs of the person's that are under way
	last time.Time // when the last of them was done

	// of who puts them together alone
	got   Doings
	from  []origin // of each step
	size  int
	ways  map[string]string // by the frame: what its targets begin with
	tab   *browser.Page     // that the steps are in
	known []*browser.Page   // tabs that they have been in, or that were there before
}

// doing is what is to become steps, or belong to one.
type doing struct {
	page  *browser.Page
	frame browser.Frame
	deed
	tab    *browser.Page // they went to it
	dialog *Spec         // a dialog was answered so
	end    bool          // there is no more
}

// deed is what a page tells.
type deed struct {
	El     int    `json:"el"` // the element's number in its document; 0: none
	Step   Spec   `json:"step"`
	Clicks int    `json:"clicks"` // in a row
	Letter string `json:"letter"` // that a key wrote where there is no field
	Large  bool   `json:"large"`  // its files are left out
}

// origin is what a step is about, so that the next can become one with it.
type origin struct {
	document document
	el       int
	letters  bool // it types what is no field's
	large    bool // its files are left out
}

// FollowHand begins to follow a person. changed is called after each change, with all
// that they did so far; it may keep that.
func FollowHand(tabs *browser.Tabs, changed func(Doings)) *ByHand {
	ctx, cancel := context.WithCancel(context.Background())
	h := &ByHand{tabs: tabs, changed: changed, cancel: cancel, said: make(chan doing, 1024), ways: map[string]string{}, tab: tabs.Current(), known: tabs.Open()}
	h.got.Steps = []Spec{}
	if h.tab != nil {
		h.conn, h.testID, h.got.URL = h.tab.Conn, h.tab.TestID, h.tab.Main().Document.URL
		h.unheard = h.tab.Conn.ListenAll(h.hear, "Runtime.bindingCalled", "Runtime.executionContextCreated")
	}
	for _, p := range h.known {
		for _, f := range p.Frames() {
			h.follow(f.Session, f.Context)
		}
	}
	h.running.Go(func() { h.put(ctx) })
	return h
}

// follow has a document tell what is done in it.
func (h *ByHand) follow(s cdp.Session, world int64) {
	if world == 0 {
		return
	}
	_, _ = s.Send("Runtime.callFunctionOn", object{
		"functionDeclaration": "(args) => bh.follow(args)", "executionContextId": world, "arguments": []object{{"value": object{"testid": h.testID}}},
	})
}

// hear runs on the goroutine that reads the wire.
func (h *ByHand) hear(e cdp.Event) {
	var ev struct {
		Name    string `json:"name"`
		Payload string `json:"payload"`
		ID      int64  `json:"executionContextId"`
		Context struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"context"`
	}
	if e.Method == "Runtime.bindingCalled" && !h.theirs() || json.Unmarshal(e.Params, &ev) != nil {
		return
	}
	if ev.Context.Name == browser.WorldName {
		h.follow(cdp.Session{Conn: h.conn, ID: e.SessionID}, ev.Context.ID)
		return
	}
	word, ok := strings.CutPrefix(ev.Payload, wordDid)
	page, frame := h.where(e.SessionID, ev.ID)
	d := doing{page: page, frame: frame}
	if ok && frame.ID != "" && json.Unmarshal([]byte(word), &d.deed) == nil {
		h.say(d)
	}
}

func (h *ByHand) say(d doing) {
	select {
	case h.said <- d:
	default: // nobody does so much by hand
	}
}

// where is the tab that a protocol session is of, and the frame of a document.
func (h *ByHand) where(session string, world int64) (*browser.Page, browser.Frame) {
	for _, p := range h.tabs.Open() {
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

// theirs says whether what a page tells now can be the person's doing.
func (h *ByHand) theirs() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy > 0 || time.Since(h.last) < byHandWithin
}

// Input is told of each input of the person's, and done when the browser has taken it.
func (h *ByHand) Input() (done func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.busy--
		h.last = time.Now()
	}
}

// Use is told that the person went to a tab.
func (h *ByHand) Use(p *browser.Page) { h.say(doing{tab: p}) }

// Dialog is told how the person answered a dialog.
func (h *ByHand) Dialog(kind string, accept bool, text *string) {
	if !slices.Contains([]string{"alert", "confirm", "prompt", "beforeunload"}, kind) || accept == (kind == "beforeunload") {
		return // it is no dialog, or this is what becomes of one without a rule
	}
	s := &Spec{Action: "dialog", Do: "accept", Type: kind}
	if !accept {
		s.Do = "dismiss"
	} else if kind == "prompt" {
		s.Value = text
	}
	h.say(doing{dialog: s})
}

// Close ends it, and returns all that they did.
func (h *ByHand) Close() Doings {
	ctx, cancel := context.WithTimeout(context.Background(), byHandWithin)
	defer cancel()
	// What a document has not told yet it tells before it answers.
	for _, p := range h.tabs.Open() {
		for _, f := range p.Frames() {
			if f.Context != 0 {
				_ = f.Session.Call(ctx, "Runtime.evaluate", object{"expression": "bh.unfollow()", "contextId": f.Context}, nil)
			}
		}
	}
	if h.unheard != nil {
		h.unheard()
	}
	select {
	case h.said <- doing{end: true}:
	case <-ctx.Done():
		h.cancel()
	}
	h.running.Wait()
	h.cancel()
	return h.so()
}

// put makes steps of what is said, in order.
func (h *ByHand) put(ctx context.Context) {
	var gone <-chan struct{} // the browser
	if h.conn != nil {
		gone = h.conn.Done()
	}
	for {
		var d doing
		select {
		case d = <-h.said:
		case <-ctx.Done():
			return
		case <-gone:
			return
		}
		if d.end {
			return
		}
		if h.got.Cut {
			continue
		}
		switch {
		case d.tab != nil:
			h.went(d.tab)
		case d.dialog != nil:
			// Its rule comes before the step that had it come up.
			h.insert(max(0, len(h.got.Steps)-1), *d.dialog, origin{})
		default:
			h.enter(d.page)
			h.did(ctx, d)
		}
		h.got.Cut = len(h.got.Steps) >= maxByHand || h.size > maxByHandSize
		h.changed(h.so())
	}
}

// so is what was done so far.
func (h *ByHand) so() Doings {
	d := h.got
	d.Steps, d.Missing = slices.Clone(d.Steps), []Omission{}
	for i := range d.Steps {
		if d.Steps[i].Secret {
			d.Missing = append(d.Missing, Omission{i, "value", "It is a secret."})
		}
		if h.from[i].large {
			d.Missing = append(d.Missing, Omission{i, "files", "They were too large to be kept."})
		}
	}
	return d
}

// enter is the tab that something was done in. It was shown, so it is the current one.
func (h *ByHand) enter(p *browser.Page) {
	if p != h.tab {
		h.went(p)
	}
}

// went has the steps go to a tab: by the click that opened it, if that was the last, or
// as to one that was opened, or by its place.
func (h *ByHand) went(p *browser.Page) {
	open := h.tabs.Open()
	if p == h.tab || !slices.Contains(open, p) {
		return
	}
	from := h.tab
	h.tab = p
	fresh := !slices.Contains(h.known, p)
	for _, other := range open { // tabs are waited for in the order in which they were opened
		if fresh && other == p {
			break
		}
		fresh = fresh && slices.Contains(h.known, other)
	}
	h.known = append(h.known, p)
	last := len(h.got.Steps) - 1
	switch {
	case !slices.Contains(open, from):
		if from != nil && from.Opener() == p {
			return // it is the current one because that was closed
		}
	case fresh && last >= 0 && p.Opener() == from && slices.Contains([]string{"click", "doubleClick", "tap", "press"}, h.got.Steps[last].Action):
		h.got.Steps[last].Popup = true
		return
	case fresh:
		h.insert(last+1, Spec{Action: "tab", Do: "wait"}, origin{})
		return
	}
	at := slices.Index(open, p)
	h.insert(last+1, Spec{Action: "tab", Do: "switch", Index: &at}, origin{})
}

func (h *ByHand) did(ctx context.Context, d doing) {
	s, from := d.Step, origin{document{d.frame.Session.ID, d.frame.Context}, d.El, d.Letter != "", d.Large}
	if d.frame.Parent != "" {
		way := h.into(ctx, d.page, d.frame)
		for _, target := range []*string{&s.Target, &s.To} {
			if *target != "" {
				*target = way + *target
			}
		}
	}
	if d.Letter != "" {
		s.Action, s.Key, s.Value = "type", "", &d.Letter
	}
	if h.conceal(&s); s.Check("step") != nil {
		return // nothing that can be told as a step
	}
	last := len(h.got.Steps) - 1
	if last >= 0 && h.from[last] == from && from.el != 0 && h.merge(&h.got.Steps[last], s, d.deed) {
		return
	}
	if s.Action == "doubleClick" {
		return // of clicks that are not there
	}
	if s.Action == "upload" && last >= 0 && h.got.Steps[last].Action == "click" && h.from[last].document == from.document {
		h.drop(last) // it only had the page ask for them
	}
	h.insert(len(h.got.Steps), s, from)
}

// merge has the last step say what another says of the same element.
func (h *ByHand) merge(last *Spec, s Spec, d deed) bool {
	switch {
	case s.Action == "fill" && last.Action == "fill", s.Action == "select" && last.Action == "select":
		h.size += len(s.Params()) - len(last.Params())
		*last = s
	case s.Action == "doubleClick" && last.Action == "click" && last.Button == "":
		// The second click has joined the first.
		last.Action, last.ClickCount = "doubleClick", 0
	case s.Action == "click" && d.Clicks == 2 && last.Action == "click" && s.Button == "" && last.Button == "":
	case s.Action == "click" && d.Clicks == 3 && last.Action == "doubleClick":
		last.Action, last.ClickCount = "click", 3
	case d.Letter != "" && last.Action == "type":
		*last.Value += d.Letter
		h.size += len(d.Letter)
	default:
		return false
	}
	return true
}

func (h *ByHand) insert(at int, s Spec, from origin) {
	h.got.Steps, h.from = slices.Insert(h.got.Steps, at, s), slices.Insert(h.from, at, from)
	h.size += len(s.Params())
}

// conceal takes out what is secret: what was written into a password's field never came
// here, and what the session knows to be one stays with it.
func (h *ByHand) conceal(s *Spec) {
	if s.Secret {
		hidden := notSaid
		s.Value = &hidden
		return
	}
	if h.tab == nil {
		return
	}
	hide := h.tab.Secrets.Hide
	s.Target, s.To = hide(s.Target), hide(s.To)
	if s.Value != nil && hide(*s.Value) != *s.Value {
		hidden := notSaid
		s.Value, s.Secret = &hidden, s.Action == "fill" || s.Action == "type"
	}
}

func (h *ByHand) drop(at int) {
	h.size -= len(h.got.Steps[at].Params())
	h.got.Steps, h.from = h.got.Steps[:at], h.from[:at]
}

// into is what a target in a frame begins with. A frame that is gone by now is where it
// was.
func (h *ByHand) into(ctx context.Context, p *browser.Page, f browser.Frame) string {
	ctx, cancel := context.WithTimeout(ctx, byHandWithin)
	defer cancel()
	r := &run{ctx: ctx, page: p}
	way := ""
	for at := f; at.Parent != ""; {
		v, err := r.ofOwner(ctx, at, "frameWay")
		var said string
		if err != nil || json.Unmarshal(v.Value, &said) != nil {
			return h.ways[f.ID]
		}
		way = strings.TrimPrefix(said, "frame ") + " >> " + way
		above := r.above(at)
		if len(above) == 0 {
			break
		}
		at = above[0]
	}
	h.ways[f.ID] = way
	return way
}
