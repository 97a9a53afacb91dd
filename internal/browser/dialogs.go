package browser

import (
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// Dialog is one that a page has shown, and how it was answered.
type Dialog struct {
	Type     string `json:"type"` // alert, confirm, prompt, beforeunload
	Message  string `json:"message"`
	Accepted bool   `json:"accepted"`
	Text     string `json:"-"` // that a prompt was answered with: it may be secret
}

// DialogRule says how dialogs are answered.
type DialogRule struct {
	Type   string // of the dialogs that it is for; empty: all but beforeunload
	Accept bool
	Text   *string // for a prompt; nil: what the page proposes
}

const (
	keptDialogs = 100  // how many of the last ones are remembered
	keptMessage = 2000 // bytes of each message
	// MaxDialogRules is how many rules may wait for the next dialogs.
	MaxDialogRules = 100
)

// dialogs answers what pages ask, at once: a page that shows a dialog does
// nothing else, and neither do those that share its process. While programs use
// the browser and no step runs, it is left to them, until one or the other ends.
// While a person drives the session, it is left to them for a while, unless there
// is a rule for it.
type dialogs struct {
	asks atomic.Int64 // how often pages have asked anything

	mu      sync.Mutex
	clients int                    // programs that use the browser
	persons int                    // that drive it
	steps   int                    // that run
	left    map[string]*openDialog // by the session of the page

	next  []DialogRule // each for one dialog
	all   []DialogRule // one for each type
	last  []Dialog
	count int
}

// answer decides, and remembers it. Without a rule it is as nobody were there:
// alerts, questions and prompts are dismissed, leaving is agreed to.
func (d *dialogs) answer(kind, message, proposed string) Dialog {
	d.mu.Lock()
	defer d.mu.Unlock()
	rule := DialogRule{Accept: kind == "beforeunload"}
	if i := slices.IndexFunc(d.next, func(r DialogRule) bool { return r.suits(kind) }); i >= 0 {
		rule = d.next[i]
		d.next = slices.Delete(d.next, i, i+1)
	} else if i := slices.IndexFunc(d.all, func(r DialogRule) bool { return r.Type == kind }); i >= 0 {
		rule = d.all[i]
	} else if i := slices.IndexFunc(d.all, func(r DialogRule) bool { return r.suits(kind) }); i >= 0 {
		rule = d.all[i]
	}
	return d.by(rule, kind, message, proposed)
}

// suits says whether the rule is for dialogs of the kind.
func (r DialogRule) suits(kind string) bool {
	return r.Type == kind || r.Type == "" && kind != "beforeunload"
}

// ruled says whether there is a rule for dialogs of the kind. mu is held.
func (d *dialogs) ruled(kind string) bool {
	suits := func(r DialogRule) bool { return r.suits(kind) }
	return slices.ContainsFunc(d.next, suits) || slices.ContainsFunc(d.all, suits)
}

// by answers as the rule says, and remembers it. mu is held.
func (d *dialogs) by(rule DialogRule, kind, message, proposed string) Dialog {
	a := Dialog{Type: kind, Message: domain.CleanText(message[:min(len(message), keptMessage)]), Accepted: rule.Accept}
	if kind == "prompt" && rule.Accept {
		a.Text = proposed
		if rule.Text != nil {
			a.Text = *rule.Text
		}
	}
	d.count++
	d.last = append(d.last, a)
	if len(d.last) > keptDialogs {
		d.last = slices.Delete(d.last, 0, 1)
	}
	return a
}

// openDialog is one that waits for its answer.
type openDialog struct {
	Type     string `json:"type"`
	Message  string `json:"message"`
	Proposed string `json:"defaultPrompt"`

	number int64
	page   *Page         // that shows it; nil: it is gone
	gone   chan struct{} // closed when it waits no more
}

// dialogOpened answers a dialog, unless it is somebody else's to answer.
func (t *Tabs) dialogOpened(e cdp.Event) {
	opened := &openDialog{number: t.dialogs.asks.Add(1), page: t.page(e.SessionID), gone: make(chan struct{})}
	if json.Unmarshal(e.Params, opened) != nil {
		return
	}
	t.dialogs.mu.Lock()
	programs := t.dialogs.programs()
	persons := t.dialogs.persons > 0 && !t.dialogs.ruled(opened.Type)
	if programs || persons {
		t.dialogs.drop(e.SessionID)
		t.dialogs.left[e.SessionID] = opened
	}
	t.dialogs.mu.Unlock()
	if !programs && !persons {
		t.answerDialog(e.SessionID, opened)
		return
	}
	opened.notify()
	t.conn.Go(func() { t.overdue(e.SessionID, opened) })
}

// programs says whether programs answer dialogs. mu is held.
func (d *dialogs) programs() bool { return d.clients > 0 && d.steps == 0 }

// drop forgets one that waits. mu is held.
func (d *dialogs) drop(session string) *openDialog {
	opened := d.left[session]
	if opened != nil {
		delete(d.left, session)
		close(opened.gone)
	}
	return opened
}

// notify wakes whoever watches the page or the tabs.
func (o *openDialog) notify() {
	if o.page != nil {
		o.page.notify()
		o.page.tabs.notify()
	}
}

// of is the dialog of a page that waits; nil: none.
func (d *dialogs) of(p *Page) *openDialog {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, opened := range d.left {
		if opened.page == p {
			return opened
		}
	}
	return nil
}

// overdue answers a dialog that a person hasn't within their time. A program has as long
// as it likes.
func (t *Tabs) overdue(session string, opened *openDialog) {
	for ours := false; !ours; {
		select {
		case <-time.After(personWithin):
		case <-opened.gone:
			return
		case <-t.conn.Done():
			return
		}
		t.dialogs.mu.Lock()
		ours = t.dialogs.left[session] == opened && !t.dialogs.programs()
		if ours {
			t.dialogs.drop(session)
		}
		t.dialogs.mu.Unlock()
	}
	t.answerDialog(session, opened)
}

// personAnswers has a person answer the dialog that a page shows, if it is that one.
func (t *Tabs) personAnswers(p *Page, number int64, by Answer) bool {
	t.dialogs.mu.Lock()
	var opened *openDialog
	var a Dialog
	session := ""
	for s, o := range t.dialogs.left {
		if o.page == p && o.number == number {
			session, opened = s, t.dialogs.drop(s)
			a = t.dialogs.by(DialogRule{Accept: by.Accept, Text: by.Text}, o.Type, o.Message, o.Proposed)
		}
	}
	t.dialogs.mu.Unlock()
	if opened != nil {
		t.handleDialog(session, opened, a)
	}
	return opened != nil
}

// dialogClosed forgets one that a program has answered, or that is gone with its page.
func (t *Tabs) dialogClosed(session string) {
	t.dialogs.mu.Lock()
	opened := t.dialogs.drop(session)
	t.dialogs.mu.Unlock()
	if opened != nil {
		opened.notify()
	}
}

// connected counts a program that uses the browser, until it has left.
func (t *Tabs) connected() (left func()) {
	t.shift(&t.dialogs.clients, 1)
	return func() { t.shift(&t.dialogs.clients, -1) }
}

// StepRuns has dialogs answered here until the step is done.
func (t *Tabs) StepRuns() (done func()) {
	t.shift(&t.dialogs.steps, 1)
	t.leaveNote()
	return func() {
		t.shift(&t.dialogs.steps, -1)
		t.leaving("")
	}
}

// shift counts who uses the pages, and answers what is left to nobody now.
func (t *Tabs) shift(n *int, more int) {
	t.dialogs.mu.Lock()
	*n += more
	left := map[string]*openDialog{}
	if !t.dialogs.programs() {
		for session, opened := range t.dialogs.left {
			if t.dialogs.persons == 0 || t.dialogs.ruled(opened.Type) {
				left[session] = t.dialogs.drop(session)
			}
		}
	}
	t.dialogs.mu.Unlock()
	for session, opened := range left {
		t.answerDialog(session, opened)
	}
}

func (t *Tabs) answerDialog(session string, opened *openDialog) {
	t.handleDialog(session, opened, t.dialogs.answer(opened.Type, opened.Message, opened.Proposed))
}

// handleDialog has the browser close a dialog as it was answered.
func (t *Tabs) handleDialog(session string, opened *openDialog, a Dialog) {
	defer t.leaveNote()
	params := object{"accept": a.Accepted}
	if a.Type == "prompt" && a.Accepted {
		params["promptText"] = a.Text
	}
	_, _ = cdp.Session{Conn: t.conn, ID: session}.Send("Page.handleJavaScriptDialog", params)
	if p := t.page(session); p != nil && a.Type == "beforeunload" && !a.Accepted {
		p.stay()
	}
	opened.notify()
}

// stay notes that the page was to be left, and is not: whoever waits for that
// hears it from us alone.
func (p *Page) stay() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stays++
	for _, f := range p.frames {
		f.Document.Navigating = false
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// Stays is how often the page was to be left and its dialog dismissed.
func (p *Page) Stays() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stays
}

// AnswerNext has a rule for the next dialog that it is for; false: too many
// wait already.
func (t *Tabs) AnswerNext(r DialogRule) bool {
	defer t.leaveNote()
	t.dialogs.mu.Lock()
	defer t.dialogs.mu.Unlock()
	if len(t.dialogs.next) >= MaxDialogRules {
		return false
	}
	t.dialogs.next = append(t.dialogs.next, r)
	return true
}

// AnswerAll has a rule for all dialogs that it is for, from now on.
func (t *Tabs) AnswerAll(r DialogRule) {
	defer t.leaveNote()
	t.dialogs.mu.Lock()
	defer t.dialogs.mu.Unlock()
	t.dialogs.all = append(slices.DeleteFunc(t.dialogs.all, func(o DialogRule) bool { return o.Type == r.Type }), r)
}

// ForgetRules has dialogs answered as if there had been no rules.
func (t *Tabs) ForgetRules() {
	defer t.leaveNote()
	t.dialogs.mu.Lock()
	defer t.dialogs.mu.Unlock()
	t.dialogs.next, t.dialogs.all = nil, nil
}

// Dialogs are those that pages have shown after the first so many, as far as
// they are remembered, and how many there were in all.
func (t *Tabs) Dialogs(after int) ([]Dialog, int) {
	t.dialogs.mu.Lock()
	defer t.dialogs.mu.Unlock()
	n := min(max(t.dialogs.count-after, 0), len(t.dialogs.last))
	return slices.Clone(t.dialogs.last[len(t.dialogs.last)-n:]), t.dialogs.count
}
