package step

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// elementState is what an element can be.
var elementState = member{
	name: "state", check: subject,
	tag: `doc:"What the target must be. It is focused when the page is, too." enum:"visible,hidden,attached,detached,enabled,disabled,checked,unchecked,focused,editable"`,
}

var asserting = []action{{
	name: "assert",
	does: "Waits until all that is asserted is so, and fails with `assertion_failed` when the time is over before; `seen` says what was instead, and what before that.",
	members: []member{
		target, address, elementState,
		{name: "title", tag: `doc:"The page's title, with white space folded." maxLength:"65536"`},
		{name: "text", tag: `doc:"Text that the target must hold, white space folded; without a target, text that is seen on the page, in any case." maxLength:"65536"`},
		{name: "exact", tag: `doc:"The text is all that the target holds."`, check: exactly},
		{name: "value", tag: `doc:"What the field holds or, with attribute, what that is." maxLength:"262144"`, secret: true, check: subject},
		{name: "attribute", tag: `doc:"An attribute that the target must have." maxLength:"256"`, check: subject},
		{name: "class", tag: `doc:"Classes that it must have, with spaces between." maxLength:"4096"`, check: subject},
		{name: "count", tag: `doc:"How many elements match the target." minimum:"0"`, check: subject},
	},
	oneOf: []string{"target", "url", "title", "text"},
	examples: []example{
		{step: `{"action":"assert","target":"#basket","text":"empty","exact":true}`},
		{step: `{"action":"assert","url":"https://shop.example/*","title":"Tea shop"}`},
		{step: `{"action":"assert","target":"text=Help","attribute":"href","value":"/help"}`},
		{step: `{"action":"assert","target":"#products li","count":2}`},
	},
	check: func(s *Spec, at pathTo) error {
		if s.Target != "" && s.State == "" && s.Count == nil && s.Value == nil && s.Text == nil && s.Attribute == "" && s.Class == "" {
			return domain.Invalid(at("target"), "needs a state, text, value, attribute, class or count that it must have")
		}
		return nil
	},
	run: (*run).assert, looks: true,
}}

func exactly(s *Spec, field string) error {
	if s.Text == nil || s.Target == "" {
		return domain.Invalid(field, "says something about a target's text, and there is none")
	}
	return nil
}

func (r *run) assert() (any, error) {
	s := r.spec
	if s.URL != "" {
		if err := r.waitURL(); err != nil {
			return nil, err
		}
	}
	if s.Title != nil {
		if err := r.waitTitle(); err != nil {
			return nil, err
		}
	}
	if s.Target == "" {
		if s.Text == nil {
			return nil, nil
		}
		r.waitedFor = fmt.Sprintf("the page to hold %q", *s.Text)
		_, err := r.poll("pageHas", object{"text": *s.Text, "step": stepNumber.Add(1)})
		return nil, err
	}
	args := object{}
	var want []string
	ask := func(name string, v any, format string, words ...any) {
		args[name] = v
		want = append(want, fmt.Sprintf(format, words...))
	}
	if s.State != "" {
		ask("state", s.State, "be %s", s.State)
	}
	if s.Text != nil && s.Exact {
		ask("text", *s.Text, "have the text %q", *s.Text)
		args["exact"] = true
	} else if s.Text != nil {
		ask("text", *s.Text, "hold %q", *s.Text)
	}
	switch {
	case s.Attribute != "" && s.Value != nil:
		ask("attribute", s.Attribute, "have the attribute %s with its value", s.Attribute)
		args["value"] = *s.Value
	case s.Attribute != "":
		ask("attribute", s.Attribute, "have the attribute %s", s.Attribute)
	case s.Value != nil:
		ask("value", *s.Value, "have the value")
	}
	if s.Class != "" {
		ask("className", s.Class, "have the class %q", s.Class)
	}
	if s.Count != nil {
		ask("count", *s.Count, "match %d elements", *s.Count)
	}
	_, err := r.judge(strings.Join(want, " and "), args)
	return nil, err
}

// stepNumber tells what one step sees from what another saw.
var stepNumber atomic.Int64

// judge waits until the target is as wanted.
func (r *run) judge(want string, args object) (verdict, error) {
	r.waitedFor = r.spec.Target + " to " + want
	args["target"], args["step"] = r.target, stepNumber.Add(1)
	return r.poll("state", args)
}

// waitTitle waits until the page's title is the wanted one.
func (r *run) waitTitle() error {
	want := strings.Join(strings.Fields(*r.spec.Title), " ")
	r.waitedFor = fmt.Sprintf("the title to be %q", want)
	for {
		about, err := r.about()
		if err != nil {
			return err
		}
		if strings.Join(strings.Fields(about.Title), " ") == want {
			return nil
		}
		r.seen = verdict{Why: "title", Seen: fmt.Sprintf("the title is %q", about.Title)}
		select {
		case <-time.After(between):
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}
