package step

import (
	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

var answering = []action{{
	name: "dialog", does: "Says how the dialogs are answered that pages show from now on. Without a rule alerts, questions and prompts are dismissed, and leaving a page is agreed to. Dialogs are answered at once, and what shows one never waits for a step; only while a person has control of the session, one without a rule waits for them, two minutes at most.",
	members: []member{
		{name: "do", needed: true, tag: `doc:"How they are answered. list says which dialogs there were; reset forgets all rules." enum:"accept,dismiss,list,reset"`},
		{name: "type", tag: `doc:"The dialogs that it is for; without it all but beforeunload." enum:"alert,confirm,prompt,beforeunload"`},
		{name: "value", tag: `doc:"accept: the text that a prompt is answered with, rather than what the page proposes." maxLength:"65536"`, secret: true},
		{name: "all", tag: `doc:"For all such dialogs from now on, not for the next one alone."`},
	},
	answers: "list: the last dialogs, with type, message and whether they were accepted.",
	examples: []example{
		{
			before: `{"action":"evaluate","expression":"alert('Welcome'), 1"}`,
			step:   `{"action":"dialog","do":"list"}`,
			result: `{"dialogs":[{"type":"alert","message":"Welcome","accepted":false}]}`,
		},
		{step: `{"action":"dialog","do":"accept","value":"Ann"}`, then: `prompt("Your name?") === "Ann"`},
		{step: `{"action":"dialog","do":"accept","type":"confirm","all":true}`, then: `confirm("Sure?") && confirm("Really?")`},
		{step: `{"action":"dialog","do":"reset"}`, then: `!confirm("Sure?")`},
	},
	check:  checkDialog,
	run:    (*run).dialog,
	beside: func(*Spec) bool { return true },
}}

func checkDialog(s *Spec, at pathTo) error {
	rule := s.Do == "accept" || s.Do == "dismiss"
	switch {
	case s.Value != nil && s.Do != "accept":
		return domain.Invalid(at("value"), "goes with accept only")
	case s.Value != nil && s.Type != "" && s.Type != "prompt":
		return domain.Invalid(at("value"), "is for a prompt only")
	case !rule && s.Type != "":
		return domain.Invalid(at("type"), "is nothing that %s knows", s.Do)
	case !rule && s.All:
		return domain.Invalid(at("all"), "is nothing that %s knows", s.Do)
	}
	return nil
}

func (r *run) dialog() (any, error) {
	tabs := r.page.Tabs()
	rule := browser.DialogRule{Type: r.spec.Type, Accept: r.spec.Do == "accept", Text: r.spec.Value}
	switch {
	case r.spec.Do == "list":
		all, _ := tabs.Dialogs(0)
		if all == nil {
			all = []browser.Dialog{}
		}
		return object{"dialogs": all}, nil
	case r.spec.Do == "reset":
		tabs.ForgetRules()
	case r.spec.All:
		tabs.AnswerAll(rule)
	case !tabs.AnswerNext(rule):
		return nil, &domain.Failure{Code: "dialog_rules_full", Message: "Too many rules wait for the next dialogs; reset them."}
	}
	return nil, nil
}

// toldDialogs is how many of the last dialogs a step's result tells.
const toldDialogs = 10

// withDialogs adds to what a step answers which dialogs were shown meanwhile,
// unless its answer is the page's own.
func withDialogs(result any, tabs *browser.Tabs, before int) any {
	shown, _ := tabs.Dialogs(before)
	if len(shown) == 0 {
		return result
	}
	shown = shown[max(0, len(shown)-toldDialogs):]
	switch v := result.(type) {
	case nil:
		return object{"dialogs": shown}
	case object:
		if _, told := v["dialogs"]; !told {
			v["dialogs"] = shown
		}
	case about:
		v.Dialogs = shown
		return v
	}
	return result
}
