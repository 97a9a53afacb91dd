package step

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// What was sent isn't done before the page has heard of it.

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

// witness notes what documents say of the mouse as it comes, for when they are
// gone before they can be asked.
type witness struct {
	mu   sync.Mutex
	said map[document]bool // whether it was the target that got it
	stop func()
}

type document struct {
	session string
	context int64
}

func (r *run) witness() *witness {
	w := &witness{said: map[document]bool{}}
	w.stop = r.page.Conn.ListenAll(func(e cdp.Event) {
		var call struct {
			Name    string `json:"name"`
			Payload string `json:"payload"`
			Context int64  `json:"executionContextId"`
		}
		if json.Unmarshal(e.Params, &call) != nil || call.Name != browser.Word {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.said[document{e.SessionID, call.Context}] = call.Payload == "reached"
	}, "Runtime.bindingCalled")
	return w
}

// of is what a frame's document said: whether the target got the mouse. ok is
// false if it said nothing.
func (w *witness) of(f browser.Frame) (reached, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reached, ok = w.said[document{f.Session.ID, f.Context}]
	return reached, ok
}

// nobodyKnows is the failure of a click whose target was gone when it could have been
// asked, and of which nobody heard.
func nobodyKnows() *domain.Failure {
	return &domain.Failure{
		Code: CodeUnheard, Message: "The target's page went elsewhere just as the mouse came.",
		Seen: "nothing that heard of the mouse; it is not known whether anything did",
	}
}
