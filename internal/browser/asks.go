package browser

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// Ask is what a page wants from its user and its pictures don't show: a dialog, files,
// or a choice from a list or of a date, a time or a colour, which Chromium without a
// window doesn't draw.
type Ask struct {
	Number  int64    `json:"number"` // of all that the browser's pages have asked
	Kind    string   `json:"kind"`   // alert, confirm, prompt, beforeunload; files; select; date, datetime-local, month, time, week, color
	Message string   `json:"message,omitempty"`
	Value   string   `json:"value,omitempty"` // that there is, or that is proposed
	Many    bool     `json:"many,omitempty"`  // several files
	Accept  string   `json:"accept,omitempty"`
	Min     string   `json:"min,omitempty"` // of a date, a time or a colour, as is Max and Step; each is cut, and without the session's secrets
	Max     string   `json:"max,omitempty"`
	Step    string   `json:"step,omitempty"`
	Options []Option `json:"options,omitempty"` // of a list, at most MaxOptions

	session cdp.Session // that reaches where it is
	frame   string
	world   int64 // ours there
	node    int64 // the field for files; 0: there is none
}

// Option is one of a list.
type Option struct {
	Label    string `json:"label"`
	Group    string `json:"group,omitempty"`
	Selected bool   `json:"selected,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
	Hidden   bool   `json:"hidden,omitempty"`
}

// MaxOptions is how many of a list's there are to choose from.
const MaxOptions = 1000

// ErrAnswered is the answer to who answers what isn't asked any more.
var ErrAnswered = errors.New("the page doesn't ask for that any more")

// Ask is what the page asks now; nil: nothing.
func (p *Page) Ask() *Ask {
	if d := p.tabs.dialogs.of(p); d != nil {
		return &Ask{
			Number: d.number, Kind: d.Type, Message: p.Secrets.Hide(domain.CleanText(d.Message[:min(len(d.Message), keptMessage)])),
			Value: p.Secrets.Hide(domain.CleanText(d.Proposed[:min(len(d.Proposed), keptMessage)])),
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wants
}

// asks has the page ask that instead of what it asked before; nil: nothing. Who watches
// is told if it is something else.
func (p *Page) asks(a *Ask) {
	if a != nil {
		a.Number = p.tabs.dialogs.asks.Add(1)
	}
	p.mu.Lock()
	same := a == nil && p.wants == nil
	p.wants = a
	p.mu.Unlock()
	if !same {
		p.notify()
		p.tabs.notify()
	}
}

// notify wakes whoever watches the tabs.
func (t *Tabs) notify() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notifyLocked()
}

// dropAsk forgets what was asked in a frame that is gone, or has another document. mu is
// held.
func (p *Page) dropAsk(frame string) {
	if p.wants != nil && (frame == p.wants.frame || frame == p.main) {
		p.wants = nil
	}
}

// personWithin is how long a dialog waits for a person: it holds up its page, and those
// that share its process.
const personWithin = 2 * time.Minute

// Attended has dialogs without a rule wait for a person, and files be chosen by them,
// until they leave.
func (t *Tabs) Attended() (leave func()) {
	t.shift(&t.dialogs.persons, 1)
	t.intercept()
	return sync.OnceFunc(func() {
		t.shift(&t.dialogs.persons, -1)
		t.intercept()
		if t.dialogs.attended() {
			return
		}
		for _, p := range t.Open() {
			if a := p.Ask(); a != nil && a.Kind == "files" {
				p.canceled(a)
			}
			p.asks(nil)
		}
	})
}

func (d *dialogs) attended() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.persons > 0
}

// intercept has pages ask us for files while somebody is there to choose them.
func (t *Tabs) intercept() {
	for _, p := range t.Open() {
		for _, f := range p.Frames() {
			p.intercept(f.Session)
		}
	}
}

func (p *Page) intercept(s cdp.Session) {
	_, _ = s.Send("Page.setInterceptFileChooserDialog", object{"enabled": p.tabs.dialogs.attended() || p.choosing.Load() > 0})
}

// chooserOpened has a person choose the files that a page asks for.
func (t *Tabs) chooserOpened(e cdp.Event, ev *frameEvent) {
	p := t.page(e.SessionID)
	if p == nil || p.choosing.Load() > 0 || !t.dialogs.attended() {
		return
	}
	a := &Ask{Kind: "files", Many: ev.Mode == "selectMultiple", session: cdp.Session{Conn: t.conn, ID: e.SessionID}, frame: ev.FrameID, node: ev.Node}
	t.conn.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), personWithin)
		defer cancel()
		var field struct {
			Node struct {
				Attributes []string `json:"attributes"` // names and values in turn
			} `json:"node"`
		}
		if a.node != 0 && a.session.Call(ctx, "DOM.describeNode", object{"backendNodeId": a.node}, &field) == nil {
			if i := slices.Index(field.Node.Attributes, "accept"); i >= 0 && i%2 == 0 && i+1 < len(field.Node.Attributes) {
				accept := field.Node.Attributes[i+1]
				a.Accept = p.Secrets.Hide(domain.CleanText(accept[:min(len(accept), keptMessage)]))
			}
		}
		if t.dialogs.attended() {
			p.asks(a)
		}
	})
}

// canceled tells the page that no files were chosen, as Chromium does.
func (p *Page) canceled(a *Ask) {
	p.Conn.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cdp.DefaultTimeout)
		defer cancel()
		var field struct {
			Object struct {
				ID string `json:"objectId"`
			} `json:"object"`
		}
		if a.node == 0 || a.session.Call(ctx, "DOM.resolveNode", object{"backendNodeId": a.node}, &field) != nil {
			return
		}
		_ = a.session.Call(ctx, "Runtime.callFunctionOn", object{
			"objectId": field.Object.ID, "functionDeclaration": "function () { this.dispatchEvent(new Event('cancel', {bubbles: true})) }",
		}, nil)
	})
}

// GiveFiles answers a page that asks for files with those at the paths, which its
// browser can read.
func (p *Page) GiveFiles(ctx context.Context, number int64, paths []string) error {
	a := p.Ask()
	if a == nil || a.Number != number || a.Kind != "files" || len(paths) > 1 && !a.Many {
		return ErrAnswered
	}
	p.asks(nil)
	return a.session.Call(ctx, "DOM.setFileInputFiles", object{"backendNodeId": a.node, "files": paths}, nil)
}

// Answer is what a person says to what a page asks. Without Accept it is dismissed.
type Answer struct {
	Accept bool
	Text   *string // of a prompt, or the date, time or colour as a field has it; nil: what there is
	Option int     // of a list
}

// Answer says it to the page. ErrAnswered: it doesn't ask that any more.
func (p *Page) Answer(ctx context.Context, number int64, by Answer) error {
	if p.tabs.personAnswers(p, number, by) {
		return nil
	}
	a := p.Ask()
	if a == nil || a.Number != number {
		return ErrAnswered
	}
	switch {
	case a.Kind == "files" && by.Accept:
		return ErrAnswered // see GiveFiles
	case a.Kind == "files":
		p.asks(nil)
		p.canceled(a)
		return nil
	case !by.Accept, a.Kind != "select" && by.Text == nil:
		defer p.asks(nil)
		return p.strike(ctx, "Escape", 1)
	case a.Kind == "select":
		return p.pick(ctx, a, by.Option)
	}
	return p.set(ctx, a, *by.Text)
}
