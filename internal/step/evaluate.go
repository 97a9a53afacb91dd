package step

import (
	"encoding/json"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

var evaluating = []action{{
	name: "evaluate", does: "Runs JavaScript in the page.",
	members: []member{{name: "expression", tag: `doc:"JavaScript; a promise is awaited, the value must be JSON of at most 256 KiB." maxLength:"262144"`, needed: true}},
	answers: "the expression's value.",
	examples: []example{{
		step:   `{"action":"evaluate","expression":"[document.title, document.links.length]"}`,
		result: `["Tea shop",3]`,
	}},
	run: (*run).evaluate,
}}

// eval runs JavaScript in the page's own world and returns its value as JSON.
// It asks in parts, so that a step that ends early knows whether it is its own
// script that has to be stopped: a page that is busy with its own is waited for
// before anything is sent, and a promise is waited for when its script has
// returned. (What a promise goes on to do is the page's: it is never stopped.)
func (r *run) eval(expression string) (json.RawMessage, error) {
	value := func(method string, params object) (remote, error) {
		var res struct {
			Result    remote     `json:"result"`
			Exception *exception `json:"exceptionDetails"`
		}
		err := r.command(method, params, &res)
		switch {
		case lost(err) && r.ctx.Err() == nil:
			return remote{}, &domain.Failure{Code: CodeEvaluation, Message: "The value can't be had: " + strings.TrimPrefix(err.Error(), method+": ") + "."}
		case err != nil:
			return remote{}, err
		case res.Exception != nil:
			return remote{}, res.Exception.failure()
		}
		return res.Result, nil
	}
	if _, err := value("Runtime.evaluate", object{"expression": "0"}); err != nil {
		return nil, err
	}
	r.holds = true
	first, err := value("Runtime.evaluate", object{"expression": expression, "userGesture": true, "objectGroup": evaluated})
	if err != nil {
		return nil, err
	}
	r.holds = false
	if first.ObjectID == "" {
		return first.json()
	}
	defer func() { _, _ = r.page.Send("Runtime.releaseObjectGroup", object{"objectGroup": evaluated}) }()
	var whole remote
	if first.Subtype == "promise" {
		whole, err = value("Runtime.awaitPromise", object{"promiseObjectId": first.ObjectID, "returnByValue": true})
	} else {
		r.holds = true // it has getters, or a then of its own
		whole, err = value("Runtime.callFunctionOn", object{
			"objectId": first.ObjectID, "functionDeclaration": "function () { return this }", "awaitPromise": true, "returnByValue": true,
		})
	}
	if err != nil {
		return nil, err
	}
	r.holds = false
	return whole.json()
}

// evaluated names what evaluations leave in the page, to let go of it at once.
const evaluated = "browserhook-evaluated"

// remote is a value in the page as the protocol tells it: itself, or its object.
type remote struct {
	Subtype  string          `json:"subtype"`
	Value    json.RawMessage `json:"value"`
	Word     string          `json:"unserializableValue"` // for what JSON hasn't
	ObjectID string          `json:"objectId"`
}

func (v remote) json() (json.RawMessage, error) {
	if v.Word != "" {
		return unserializable(v.Word)
	}
	return v.Value, nil
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
	return &domain.Failure{Code: CodeEvaluation, Message: "The expression threw: " + what}
}

func (r *run) evaluate() (any, error) {
	r.waitedFor = "the expression's value"
	v, err := r.eval(r.spec.Expression)
	if err != nil || v == nil {
		return nil, err
	}
	return v, nil
}
