package step

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// What was sent isn't done before the page has heard of it.

// codeMissed is a click that the target didn't get, though the button went down on
// it.
const codeMissed = "click_missed"

// CodeUnheard is an input of which the page heard nothing, or not all.
const CodeUnheard = "input_unheard"

// heard does f, which looks at the target and sends an input, until the page
// hears of it.
func (r *run) heard(f func() error) error {
	for {
		err := f()
		if cut, ok := errors.AsType[*browser.CutError](err); ok {
			return &domain.Failure{Code: CodeUnheard, Message: "The page went elsewhere while the text was typed.", Seen: cut.Error()}
		}
		if !errors.Is(err, browser.ErrUnheard) {
			return err
		}
		r.unheard()
		select {
		case <-time.After(between):
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}

func (r *run) unheard() {
	r.seen = verdict{Why: CodeUnheard, Seen: "the page took no input: it was on its way elsewhere"}
}

// inputMonitor notes what documents say of the mouse as it comes, for when they are
// gone before they can be asked.
type inputMonitor struct {
	mu      sync.Mutex
	said    map[document]string // its last word
	changed chan struct{}       // closed at the next word
	stop    func()
}

// The words of documents that watch for the mouse.
const (
	wordReached  = "reached"  // the target got it
	wordReleased = "released" // and the button came up
	wordSlipped  = "slipped"  // when the target had moved away from it
)

type document struct {
	session string
	context int64
}

func (r *run) monitorInput() *inputMonitor {
	w := &inputMonitor{said: map[document]string{}, changed: make(chan struct{})}
	w.stop = r.page.Conn.ListenAll(func(e cdp.Event) {
		var call struct {
			Name    string `json:"name"`
			Payload string `json:"payload"`
			Context int64  `json:"executionContextId"`
		}
		if json.Unmarshal(e.Params, &call) != nil || call.Name != browser.BindingName || strings.HasPrefix(call.Payload, actionPrefix) {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.said[document{e.SessionID, call.Context}] = call.Payload
		close(w.changed)
		w.changed = make(chan struct{})
	}, "Runtime.bindingCalled")
	return w
}

// of is what a frame's document said: whether the target got the mouse. ok is
// false if it said nothing.
func (w *inputMonitor) of(f browser.Frame) (reached, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	word, ok := w.said[document{f.Session.ID, f.Context}]
	return word == wordReached || word == wordReleased || word == wordSlipped, ok
}

// released waits until a frame's document has said how the button came up, or has
// answered what it was asked, or is gone: it has nothing more to say then, for its
// words come in order with its answers. Any other error says that nobody knows.
func (w *inputMonitor) released(ctx context.Context, f browser.Frame, asked <-chan error) (word string, err error) {
	for over := false; ; {
		w.mu.Lock()
		word, changed := w.said[document{f.Session.ID, f.Context}], w.changed
		w.mu.Unlock()
		if over || word != wordReached {
			return word, nil
		}
		select {
		case <-changed:
		case err := <-asked:
			if err != nil && !lost(err) {
				return "", err
			}
			over = true
		case <-ctx.Done():
			return "", context.Cause(ctx) // nobody knows
		}
	}
}

// slipped is the failure of a click whose target was moved while the button was
// down: trying again could do twice what the page does when it goes down.
func slipped(seen string) *domain.Failure {
	return &domain.Failure{
		Code: codeMissed, Message: "The target moved away while the mouse button was down on it, and got no click.", Seen: seen,
	}
}

// clickUnconfirmed is the failure of a click whose target was gone when it could have been
// asked, and of which nobody heard.
func clickUnconfirmed() *domain.Failure {
	return &domain.Failure{
		Code: CodeUnheard, Message: "The target's page went elsewhere just as the mouse came.",
		Seen: "nothing that heard of the mouse; it is not known whether anything did",
	}
}
