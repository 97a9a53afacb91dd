package step

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var evaluating = []action{{
	name:    "evaluate",
	does:    "Runs JavaScript in the page, as the browser's console does: `const` can be said again, `await` can stand anywhere, a function is called and a promise awaited.",
	members: []member{{name: "expression", tag: `doc:"JavaScript." maxLength:"262144"`, needed: true}},
	answers: "the value as JSON, of at most 256 KiB. As with JSON.stringify, what has toJSON (a Date) is written by it, members that are undefined are left out and items that are it are null, and −0 is 0; undefined alone is no result. What JSON has no form for fails the step with where it is: NaN, infinities, a BigInt, a function, a symbol, a cycle, a Map, an element.",
	gives:   anything{},
	examples: []example{
		{
			step:   `{"action":"evaluate","expression":"[document.title, document.querySelectorAll('li').length]"}`,
			result: `["Tea shop",2]`,
		},
		{
			step:   `{"action":"evaluate","expression":"const answer = await fetch('/stock.json'); await answer.json()"}`,
			result: `{"cups":12,"tea":40}`,
		},
	},
	run: (*run).evaluate,
}}

// valueJS makes of what an expression came to a value that JSON can hold.
//
//go:embed injected/value.js
var valueJS string

// eval runs JavaScript in the page's own world and returns its value as JSON.
// It asks in parts, so that a step that ends early knows whether it is its own
// script that has to be stopped: a page that is busy with its own is waited for
// before anything is sent, and what its script waits for, the page does.
func (r *run) eval(expression string) (json.RawMessage, error) {
	if err := r.command("Runtime.evaluate", object{"expression": "0"}, nil); err != nil {
		return nil, err
	}
	r.acted = true
	first, err := r.valueOf(expression)
	switch {
	case err != nil:
		return nil, err
	case first.Word == "-0":
		return json.RawMessage("0"), nil
	case first.Word != "":
		what := first.Word
		if strings.HasSuffix(what, "n") {
			what = "a BigInt"
		}
		return nil, unwritable(what)
	case first.Type == "symbol":
		return nil, unwritable("a symbol")
	case first.ObjectID == "":
		return first.Value, nil
	}
	defer func() { _, _ = r.page.Send("Runtime.releaseObjectGroup", object{"objectGroup": evaluated}) }()
	whole, err := r.script("Runtime.callFunctionOn", object{
		"objectId": first.ObjectID, "functionDeclaration": valueJS, "awaitPromise": true, "returnByValue": true, "userGesture": true,
	})
	if err != nil {
		return nil, err
	}
	var got struct {
		No    string          `json:"no"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(whole.Value, &got); err != nil {
		return nil, err
	}
	if got.No != "" {
		return nil, unwritable(got.No)
	}
	return got.Value, nil
}

// aFunction is a text that may be one function, which a script would only
// declare.
var aFunction = regexp.MustCompile(`^\s*(async\s+)?function\b`)

// valueOf is what an expression came to. As in the browser's console, const
// can be said again, and await stand anywhere.
func (r *run) valueOf(expression string) (remote, error) {
	ask := object{"expression": expression, "replMode": true, "userGesture": true, "objectGroup": evaluated}
	if end, ok := r.ctx.Deadline(); ok {
		// When its time is over the browser ends it, and nothing else: a little after
		// we have given it up, since to be ended is an internal error there, not a timeout.
		ask["timeout"] = (max(0, time.Until(end)) + endedAfter).Milliseconds()
	}
	if aFunction.MatchString(expression) {
		ask["expression"] = "(" + expression + "\n)"
		if first, err := r.script("Runtime.evaluate", ask); err == nil || !isSyntax(err) {
			return first, err
		}
		ask["expression"] = expression
	}
	return r.script("Runtime.evaluate", ask)
}

func isSyntax(err error) bool {
	f, ok := errors.AsType[*domain.Failure](err)
	return ok && strings.HasPrefix(f.Message, threw+"SyntaxError")
}

// endedAfter is how long after a step's time the browser ends its script.
const endedAfter = 50 * time.Millisecond

// itsTurn is how long a script that is to be ended may wait for its turn, behind
// one of the page's that began after the page was asked whether it is busy.
const itsTurn = 400 * time.Millisecond

// script runs a script. Behind it a second one is sent, which is heard when the
// first has returned: what is still waited for then is a promise, and what that
// goes on to do is the page's.
func (r *run) script(method string, params object) (remote, error) {
	var res struct {
		Result    remote     `json:"result"`
		Exception *exception `json:"exceptionDetails"`
	}
	r.holds = true
	answer, err := r.page.Send(method, params)
	if err != nil {
		return remote{}, err
	}
	returned, err := r.page.Send("Runtime.evaluate", object{"expression": "0"})
	if err != nil {
		return remote{}, err
	}
	heard := make(chan struct{})
	end, _ := r.ctx.Deadline()
	behind, giveUp := context.WithDeadline(context.WithoutCancel(r.ctx), end.Add(2*itsTurn))
	defer giveUp()
	r.running.Go(func() {
		if _ = returned.Wait(behind, nil); behind.Err() == nil {
			close(heard)
		}
	})
	err = answer.Wait(r.ctx, &res)
	if r.holds = r.ctx.Err() != nil; r.holds {
		// It may not have begun: then it is a script of the page's that runs, and
		// is not ours to end.
		select {
		case <-heard:
			r.holds = false
		case <-time.After(itsTurn):
		}
	}
	switch {
	case lost(err) && r.ctx.Err() == nil && !r.tabClosed():
		return remote{}, &domain.Failure{Code: CodeEvaluation, Message: "The value can't be had: " + strings.TrimPrefix(err.Error(), method+": ") + "."}
	case err != nil:
		return remote{}, err
	case res.Exception != nil:
		return remote{}, res.Exception.failure()
	}
	return res.Result, nil
}

// unwritable says that a value can't be had as JSON.
func unwritable(what string) error {
	return &domain.Failure{Code: CodeEvaluation, Message: "The value is, or holds, " + what + ", for which JSON has no form; make it a text, a number, a list or null."}
}

// evaluated names what evaluations leave in the page, to let go of it at once.
const evaluated = "browserhook-evaluated"

// remote is a value in the page as the protocol tells it: itself, or its object.
type remote struct {
	Type     string          `json:"type"`
	Value    json.RawMessage `json:"value"`
	Word     string          `json:"unserializableValue"` // for what JSON hasn't
	ObjectID string          `json:"objectId"`
}

// exception is what a script threw.
type exception struct {
	Text      string `json:"text"`
	Exception struct {
		Description string          `json:"description"`
		Value       json.RawMessage `json:"value"`
	} `json:"exception"`
}

func (e *exception) failure() *domain.Failure {
	what := e.Exception.Description
	if what == "" {
		what = e.Text + " " + string(e.Exception.Value)
	}
	what, _, _ = strings.Cut(what, "\n")
	return &domain.Failure{Code: CodeEvaluation, Message: threw + what}
}

const threw = "The expression threw: "

func (r *run) evaluate() (any, error) {
	r.waitedFor = "the expression's value"
	v, err := r.eval(r.spec.Expression)
	if err != nil || v == nil {
		return nil, err
	}
	return v, nil
}
