package browser

import (
	"encoding/json"
	"slices"
	"sync"

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
type dialogs struct {
	mu      sync.Mutex
	clients int                   // programs that use the browser
	steps   int                   // that run
	left    map[string]openDialog // to the programs, by the session of the page

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
	is := func(r DialogRule) bool { return r.Type == kind || r.Type == "" && kind != "beforeunload" }
	if i := slices.IndexFunc(d.next, is); i >= 0 {
		rule = d.next[i]
		d.next = slices.Delete(d.next, i, i+1)
	} else if i := slices.IndexFunc(d.all, func(r DialogRule) bool { return r.Type == kind }); i >= 0 {
		rule = d.all[i]
	} else if i := slices.IndexFunc(d.all, is); i >= 0 {
		rule = d.all[i]
	}
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
}

// dialogOpened answers a dialog, unless it is a program's to answer.
func (t *Tabs) dialogOpened(e cdp.Event) {
	var opened openDialog
	if json.Unmarshal(e.Params, &opened) != nil {
		return
	}
	t.dialogs.mu.Lock()
	left := t.dialogs.clients > 0 && t.dialogs.steps == 0
	if left {
		t.dialogs.left[e.SessionID] = opened
	}
	t.dialogs.mu.Unlock()
	if !left {
		t.answerDialog(e.SessionID, opened)
	}
}

// dialogClosed forgets one that a program has answered.
func (t *Tabs) dialogClosed(session string) {
	t.dialogs.mu.Lock()
	defer t.dialogs.mu.Unlock()
	delete(t.dialogs.left, session)
}

// connected counts a program that uses the browser, until it has left.
func (t *Tabs) connected() (left func()) {
	t.shift(&t.dialogs.clients, 1)
	return func() { t.shift(&t.dialogs.clients, -1) }
}

// StepRuns has dialogs answered here until the step is done.
func (t *Tabs) StepRuns() (done func()) {
	t.shift(&t.dialogs.steps, 1)
	t.note()
	return func() {
		t.shift(&t.dialogs.steps, -1)
		t.leaving("")
	}
}

// shift counts who uses the pages, and answers what is left to nobody now.
func (t *Tabs) shift(n *int, more int) {
	t.dialogs.mu.Lock()
	*n += more
	var left map[string]openDialog
	if t.dialogs.clients == 0 || t.dialogs.steps > 0 {
		left, t.dialogs.left = t.dialogs.left, map[string]openDialog{}
	}
	t.dialogs.mu.Unlock()
	for session, opened := range left {
		t.answerDialog(session, opened)
	}
}

func (t *Tabs) answerDialog(session string, opened openDialog) {
	a := t.dialogs.answer(opened.Type, opened.Message, opened.Proposed)
	defer t.note()
	params := object{"accept": a.Accepted}
	if a.Type == "prompt" && a.Accepted {
		params["promptText"] = a.Text
	}
	_, _ = cdp.Session{Conn: t.conn, ID: session}.Send("Page.handleJavaScriptDialog", params)
	if p := t.page(session); p != nil && a.Type == "beforeunload" && !a.Accepted {
		p.stay()
	}
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
	defer t.note()
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
	defer t.note()
	t.dialogs.mu.Lock()
	defer t.dialogs.mu.Unlock()
	t.dialogs.all = append(slices.DeleteFunc(t.dialogs.all, func(o DialogRule) bool { return o.Type == r.Type }), r)
}

// ForgetRules has dialogs answered as if there had been no rules.
func (t *Tabs) ForgetRules() {
	defer t.note()
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
