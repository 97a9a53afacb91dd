package step

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// The codes of failed steps that aren't the injected engine's own.
const (
	CodeTimeout     = "timeout"
	CodeCanceled    = "canceled"
	CodeNavigation  = "navigation_failed"
	CodeIsDownload  = "navigation_download"
	CodeNotLeft     = "page_not_left"
	CodeAssertion   = "assertion_failed"
	CodeEvaluation  = "evaluation_failed"
	CodeTooLarge    = "result_too_large"
	CodeBrowserGone = "browser_gone"
	CodeTabClosed   = "tab_closed"
	CodeProtocol    = "browser_refused"

	codeUnreadable = "step_unreadable"
	codeInvalid    = "target_invalid"
)

// Save keeps what a step made and answers its artifact.
type Save func(ctx context.Context, kind, contentType string, content []byte) (domain.Artifact, error)

// Run does one step on the page and returns its result, JSON or nothing. It
// returns when the step is done, its timeout is over or ctx ends, and leaves a
// page that the next step can use.
func Run(ctx context.Context, page *browser.Page, spec *Spec, save Save, options ...Option) (json.RawMessage, *domain.Failure) {
	limit, whole := spec.timeout(), ctx
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if why := spec.remembered(page.Secrets); why != nil {
		return nil, why
	}
	_, dialogs := page.Tabs().Dialogs(0)
	defer page.Tabs().StepRuns()()
	r, result, err := follow(ctx, page.Tabs(), func(r *run) {
		r.whole, r.running, r.spec, r.save = ctx, &running, spec, save
		for _, option := range options {
			option(r)
		}
	})
	r.learn()
	if err == nil {
		result = withDialogs(result, page.Tabs(), dialogs)
		var raw json.RawMessage
		if raw, err = sanitizeResult(result); err == nil {
			return page.Secrets.HideJSON(raw), nil
		}
	}
	f := sanitizeFailure(r.failure(err, limit), page.Secrets)
	if r.moved {
		f.Message += " The tab in which the step began was closed, and it went on in the next."
	}
	r.keep(whole, f)
	return nil, f
}

func (r *run) do() (any, error) {
	ctx, page, spec := r.ctx, r.page, r.spec
	if target := cmp.Or(spec.Target, spec.Each); target != "" {
		if err := r.aim(target); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // canceled before it began: it does nothing
	}
	a, ok := actions[spec.Action]
	if !ok {
		return nil, &domain.Failure{Code: codeUnreadable, Message: "The step was stored by another version."}
	}
	if err := page.Conn.Err(); err != nil {
		return nil, err
	}
	beside := a.beside != nil && a.beside(spec)
	if !beside {
		if err := r.prepared(); err != nil {
			return nil, err
		}
	}
	if err := r.alive(a, beside); err != nil {
		return nil, err
	}
	if !beside && page.Unsettled.Swap(false) && !a.onCrashed {
		stopLeft(ctx, page) // of the step before
	}
	r.watch()
	r.watchResponsiveness()
	if spec.DryRun && !a.looks {
		return r.dry(a)
	}
	return a.run(r)
}

// aim makes a target the one that the step looks for.
func (r *run) aim(raw string) error {
	t, err := ParseTarget(raw)
	if err != nil {
		return &domain.Failure{Code: codeInvalid, Message: "The target " + err.Error() + "."}
	}
	r.target, r.named = t.withTestID(r.page.TestID), raw
	r.target.Raw, r.target.TestID = raw, r.page.TestID
	return nil
}

type run struct {
	whole context.Context //nolint:containedctx // a run is one call
	ctx   context.Context //nolint:containedctx // ends with the page, too
	end   context.CancelCauseFunc

	running *sync.WaitGroup // what goes on beside the step, and ends with whole

	dead   <-chan struct{} // how the page crashed, if it had before the step
	page   *browser.Page
	spec   *Spec
	target Target
	named  string // the target as it was written
	save   Save

	journal *journal // of the console and the network; nil: none is kept

	moved     bool      // the tab in which it began was closed
	acted     bool      // it may have changed the page: it can't be begun anew
	holds     bool      // a script of the step's may hold the page's thread
	leaves    bool      // the step navigates the page
	went      time.Time // when it began to; zero: it doesn't
	sent      bool      // an input was sent, and where it led isn't known
	waitedFor string    // for the error, should there be one
	seen      verdict
	asked     map[string]*question // of sessions of frames: whether they answer
	minded    atomic.Int64         // when the page was asked whether it is there, in nanoseconds; 0: it has answered
	late      *reply               // of a look that was given up
	tries     int                  // looks at the target: each scrolls it another way
	found     string               // in a dry run, the target
	aimed     browser.Frame        // in which the mouse found the target
	part      object               // which part of the target the mouse is for
	undo      func()               // lets go of what an input that missed took hold of
}

// Retryable says whether a step that failed so may work when it is tried again.
func Retryable(why *domain.Failure) bool {
	switch why.Code {
	case CodeCanceled, CodeBrowserGone, CodeCrashed, CodeNoArtifact, codeUnreadable, codeInvalid:
		return false
	}
	return true
}

type object = map[string]any

// verdict is what the injected engine answers.
type verdict struct {
	OK      bool            `json:"ok"`
	Why     string          `json:"why"`
	Seen    string          `json:"seen"`
	Fatal   bool            `json:"fatal"`
	X       float64         `json:"x"`
	Y       float64         `json:"y"`
	Width   float64         `json:"width"` // of the frame's view that X and Y are in
	Height  float64         `json:"height"`
	Tries   int             `json:"tries"`
	Checked bool            `json:"checked"`
	Hit     bool            `json:"hit"`     // the target got the mouse
	Dragged bool            `json:"dragged"` // the page began to drag something
	Custom  bool            `json:"custom"`  // a list of the page's own…
	Open    bool            `json:"open"`    // …that shows its options
	Several bool            `json:"several"` // …of which several can be chosen
	Asks    bool            `json:"asks"`    // the page asks for files when the target is clicked
	Type    *string         `json:"type"`    // what is to be typed
	None    bool            `json:"none"`    // it is right that nothing matches
	Again   bool            `json:"again"`   // another element stands in the place of the clicked one
	Log     []look          `json:"log"`     // what was seen before
	Value   json.RawMessage `json:"value"`
	Boxes   []rect          `json:"boxes"`  // of what a target matches
	Hidden  []rect          `json:"hidden"` // of what isn't to be seen in a picture
	Values  []string        `json:"values"`
	Covers  bool            `json:"covers"` // something was covered
	Box     struct {
		X      float64 `json:"x"`
		Y      float64 `json:"y"`
		Width  float64 `json:"width"`
		Height float64 `json:"height"`
		Left   float64 `json:"left"` // in the frame's view
		Top    float64 `json:"top"`
	} `json:"box"`

	frame   browser.Frame // in which it was
	omitted bool          // out of a picture that it could be in
}

// look is what was seen, and how often in turn.
type look struct {
	Seen  string `json:"seen"`
	Times int    `json:"times"`
}

// told is what was seen last, and before.
func (v verdict) told() string {
	s := v.Seen
	for i := len(v.Log) - 2; i >= 0; i-- {
		s += fmt.Sprintf("; before that, %s (%d×)", v.Log[i].Seen, v.Log[i].Times)
	}
	return s
}

// failure says why the step failed, in the order of what is surest.
func (r *run) failure(err error, limit time.Duration) *domain.Failure {
	if f, ok := errors.AsType[*domain.Failure](err); ok {
		return f
	}
	if r.ctx.Err() != nil {
		r.abandon()
	}
	if r.ctx.Err() != nil && r.holds {
		// The step's script must not hold the next step. The page's own are the
		// page's: they are never stopped.
		_, _ = r.page.Send("Runtime.terminateExecution", nil)
		// If it had ended already, the next script would be ended in its place: an
		// empty one of ours.
		_, _ = r.page.Send("Runtime.evaluate", object{"expression": "0"})
	}
	if r.ctx.Err() != nil && r.sent {
		r.page.Unsettled.Store(!stopLeft(context.WithoutCancel(r.ctx), r.page))
	}
	if r.ctx.Err() != nil && r.leaves {
		// A navigation that waits for its server keeps everything from the page.
		_, _ = r.page.Send("Page.stopLoading", nil)
	}
	select {
	case <-r.crashed():
		return &domain.Failure{Code: CodeCrashed, Message: "The page crashed.", WaitedFor: r.waitedFor, Seen: r.seen.Seen}
	default:
	}
	switch {
	case errors.Is(err, cdp.ErrTooLarge):
		return &domain.Failure{Code: CodeTooLarge, Message: fmt.Sprintf("The browser's answer has more than %d MiB.", cdp.MaxMessage>>20)}
	case errors.Is(err, cdp.ErrClosed), errors.Is(context.Cause(r.ctx), cdp.ErrClosed):
		return &domain.Failure{Code: CodeBrowserGone, Message: "The browser is gone."}
	case r.tabClosed() && (errors.Is(err, errTabClosed) || lost(err)):
		return &domain.Failure{Code: CodeTabClosed, Message: "The tab was closed.", WaitedFor: r.waitedFor, Seen: r.seen.Seen}
	case errors.Is(r.ctx.Err(), context.DeadlineExceeded):
		f := &domain.Failure{Code: CodeTimeout, Message: fmt.Sprintf("Timed out after %s.", limit), WaitedFor: r.waitedFor, Seen: r.seen.told()}
		if r.seen.Why != "" {
			f.Code = r.seen.Why
			if r.spec.Action == "assert" {
				f.Code = CodeAssertion
			} else if f.Code == "state" || f.Code == "url" {
				f.Code = CodeTimeout
			}
		}
		if f.Seen == "" {
			f.Seen = "the page gave no answer"
		}
		if f.Code == CodeAssertion {
			f.Message = fmt.Sprintf("Timed out after %s: expected %s, but %s.", limit, r.waitedFor, r.seen.Seen)
		}
		f.Message += r.unresponsiveFor()
		return f
	case r.ctx.Err() != nil:
		return &domain.Failure{Code: CodeCanceled, Message: "The step was canceled."}
	}
	return &domain.Failure{Code: CodeProtocol, Message: "The browser refused: " + err.Error() + "."}
}

// abandon has what waits in the page for this step act no more. The page hears
// of it before it hears of the next step.
func (r *run) abandon() {
	for _, f := range r.page.Frames() {
		if f.Context != 0 {
			r.abandonIn(f)
		}
	}
}

func (r *run) abandonIn(f browser.Frame) {
	_, _ = f.Session.Send("Runtime.evaluate", object{"expression": "bh.abandon()", "contextId": f.Context})
}

// refused is a fatal verdict as the step's failure.
func (r *run) refused(v verdict) *domain.Failure {
	return &domain.Failure{Code: v.Why, Message: "The target can't be used.", WaitedFor: r.waitedFor, Seen: v.Seen}
}

// lost says whether a call failed because its document is gone.
func lost(err error) bool {
	e, ok := errors.AsType[*cdp.Error](err)
	return ok && (e.Code == -32000 || e.Code == -32001 || e.Code == -32602)
}

// remaining is the time that the step still has, at most d.
func (r *run) remaining(d time.Duration) time.Duration {
	if end, ok := r.ctx.Deadline(); ok {
		d = min(d, time.Until(end))
	}
	return max(d, 0)
}

// call runs bh.fn(args) in the frame's isolated world.
func (r *run) call(f browser.Frame, fn string, args object) (verdict, error) {
	return call(r.ctx, f, fn, args)
}

// call is for what goes on beside the step, which may enter another tab meanwhile.
func call(ctx context.Context, f browser.Frame, fn string, args object) (verdict, error) {
	var res returned
	// encoding/json sorts members: the same step asks, and answers, the same.
	raw, err := json.Marshal(args)
	if err != nil {
		return verdict{}, err
	}
	err = f.Session.Call(ctx, "Runtime.callFunctionOn", object{
		"functionDeclaration": "(fn, args) => bh[fn](args)",
		"executionContextId":  f.Context,
		"arguments":           []object{{"value": fn}, {"value": json.RawMessage(raw)}},
		"returnByValue":       true, "awaitPromise": true, "userGesture": true,
	}, &res)
	if err != nil {
		return verdict{}, err
	}
	return res.verdict(f)
}

// returned is what a function of the injected engine has returned, or thrown.
type returned struct {
	Result struct {
		Value verdict `json:"value"`
	} `json:"result"`
	Exception *struct {
		Text      string `json:"text"`
		Exception struct {
			Description string `json:"description"`
		} `json:"exception"`
	} `json:"exceptionDetails"`
}

func (r returned) verdict(f browser.Frame) (verdict, error) {
	if r.Exception != nil {
		return verdict{}, fmt.Errorf("%s: %s", r.Exception.Text, r.Exception.Exception.Description)
	}
	r.Result.Value.frame = f
	return r.Result.Value, nil
}

type needs struct {
	Visible  bool `json:"visible,omitempty"`
	Enabled  bool `json:"enabled,omitempty"`
	Editable bool `json:"editable,omitempty"`
	Point    bool `json:"point,omitempty"` // stable, and in view
	Hit      bool `json:"hit,omitempty"`   // and not covered
}

func (n needs) String() string {
	s := "attached"
	for _, w := range []struct {
		on   bool
		word string
	}{{n.Visible, "visible"}, {n.Point, "stable"}, {n.Enabled, "enabled"}, {n.Editable, "editable"}, {n.Hit, "not covered"}} {
		if w.on {
			s += ", " + w.word
		}
	}
	return s
}

// act waits until the target has what is needed and does op with it.
func (r *run) act(n needs, op string, args object) (verdict, error) { return r.look(n, nil, op, args) }

// look is act that finds the place, or the part, of the target as how says.
func (r *run) look(n needs, how object, op string, args object) (verdict, error) {
	r.waitedFor = r.named + " to be " + n.String()
	all := object{"target": r.target, "needs": n, "op": op, "args": args, "tries": r.tries}
	if how != nil {
		all["how"] = how
	}
	if r.spec.DryRun {
		return r.dryAct(op, all)
	}
	r.acted = r.acted || !onlyLooks[op] && op != "box"
	if end, ok := r.ctx.Deadline(); ok {
		all["until"] = end.UnixMilli()
	}
	return r.poll("act", all)
}
