package step

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var asserting = []action{{
	name: "assert", does: "Waits until what is asserted is so, and fails when the time is over before.",
	members: []member{
		target, address,
		{name: "title", tag: `doc:"The page's title." maxLength:"65536"`},
		{name: "text", tag: `doc:"Text that the target, or the page, must hold." maxLength:"65536"`},
		{name: "state", tag: `doc:"What the target must be." enum:"visible,hidden,attached,detached,enabled,disabled,checked,unchecked"`, check: subject},
		{name: "value", tag: `doc:"The field's value." maxLength:"262144"`, secret: true, check: subject},
		{name: "count", tag: `doc:"How many elements match the target." minimum:"0"`, check: subject},
	},
	oneOf: []string{"target", "url", "title", "text"},
	examples: []example{{
		step: `{"action":"assert","target":"#basket","text":"empty"}`,
	}},
	check: func(s *Spec, at pathTo) error {
		if s.Target != "" && s.State == "" && s.Count == nil && s.Value == nil && s.Text == nil {
			return domain.Invalid(at("target"), "needs a state, text, value or count that it must have")
		}
		return nil
	},
	run: (*run).assert, looks: true,
}}

func (r *run) assert() (any, error) {
	s := r.spec
	if s.URL != "" {
		if err := r.waitURL(); err != nil {
			return nil, err
		}
	}
	if s.Title != nil {
		r.waitedFor = fmt.Sprintf("the title to be %q", *s.Title)
		for {
			about, err := r.about()
			if err != nil {
				return nil, err
			}
			if about.Title == *s.Title {
				break
			}
			r.seen = verdict{Why: "title", Seen: fmt.Sprintf("the title is %q", about.Title)}
			select {
			case <-time.After(between):
			case <-r.ctx.Done():
				return nil, context.Cause(r.ctx)
			}
		}
	}
	if s.Target == "" {
		if s.Text == nil {
			return nil, nil
		}
		r.waitedFor = fmt.Sprintf("the page to hold %q", *s.Text)
		_, err := r.poll("pageHas", object{"text": *s.Text})
		return nil, err
	}
	args := object{"target": r.target}
	want := []string{}
	if s.State != "" {
		args["state"], want = s.State, append(want, "be "+s.State)
	}
	if s.Text != nil {
		args["text"], want = *s.Text, append(want, fmt.Sprintf("hold %q", *s.Text))
	}
	if s.Value != nil {
		args["value"], want = *s.Value, append(want, "have the value")
	}
	if s.Count != nil {
		args["count"], want = *s.Count, append(want, fmt.Sprintf("match %d elements", *s.Count))
	}
	r.waitedFor = s.Target + " to " + strings.Join(want, " and ")
	_, err := r.poll("state", args)
	return nil, err
}
