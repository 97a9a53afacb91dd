package main

import (
	"slices"
	"strings"
)

// places are members that may be given without their names although they need
// not be given, beside the target of an action that needs nothing.
var places = map[string]string{"select": "value", "drag": "to", "download": "url", "tab": "do"}

// constructors writes steps.py: one for each action.
func constructors(api *description, p *params, m *models) string {
	mapping := api.Components.Schemas["Step"].Discriminator.Mapping
	runs := api.Components.Schemas["StepRun"].Discriminator.Mapping
	var out, body source
	var names []string
	for _, ref := range api.Components.Schemas["Step"].OneOf { // in the order of the documents
		step := api.Components.Schemas[ref.name()]
		action := ""
		for name, one := range mapping {
			if one == ref.Ref {
				action = name
			}
		}
		name := snake(action)
		if name == "type" {
			name += "_" // as those that are keywords: it is everybody's
		}
		names = append(names, name)
		arguments, keyword := stepArguments(action, step, p)
		run := api.Components.Schemas[(&schema{Ref: runs[action]}).name()]
		result := run.AllOf[1].Properties["result"]
		m.of(result)
		if len(result.OneOf) == 2 { // the other is a dry run's
			result = result.OneOf[0]
		}
		answers := m.of(result)
		kind, decode := "Any", "anything"
		if answers.kind != "Any" {
			kind, decode = "models."+answers.kind, "some(models."+answers.function+")"
		}
		body.linef("")
		body.signature("", "def "+name, arguments, keyword, "Step["+kind+"]")
		body.docstring("    ", explained(step.Description, arguments))
		body.linef("    return Step(\n        %q,\n        {", action)
		for _, member := range stepMembers(step) {
			body.linef("            %q: %s,", member, snake(member))
		}
		body.linef("        },\n        %s,\n    )\n", decode)
	}
	out.linef(`"""A constructor for each step action.

Each makes a step for Session.run and Session.add, which answers what the
constructor says. Members of a step that are not there are the server's defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from . import models
from ._step import AnyStep, Step, anything, some
from .params import %s

__all__ = [
    "AnyStep",
    "Step",
    "%s",
]
`, strings.Join(usedIn(&body, p), ", "), strings.Join(names, "\",\n    \""))
	return out.String() + body.String()
}

// stepMembers are those that a constructor takes; what a step itself can be made
// into (optional, a dry run) are its methods.
func stepMembers(step *schema) []string {
	return slices.DeleteFunc(step.members(), func(name string) bool {
		return name == "action" || name == "optional" || name == "dryRun"
	})
}

func stepArguments(action string, step *schema, p *params) (arguments []argument, keyword int) {
	members := stepMembers(step)
	place, ok := places[action]
	if !ok && len(step.Required) == 1 { // the action itself
		place = "target"
	}
	inPlace := func(name string) bool { return step.requires(name) || name == place }
	// As people think of them: what it is done to, and then with what.
	rank := func(name string) int {
		switch {
		case name == "target" && inPlace(name):
			return 0
		case step.requires(name):
			return 1
		case name == place:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(members, func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range members {
		member := step.Properties[name]
		a := argument{name: snake(name), kind: p.kind(member, name), doc: member.Description}
		if !step.requires(name) {
			a.kind, a.absent = a.kind+" | None", "None"
		}
		if inPlace(name) {
			keyword++
		}
		arguments = append(arguments, a)
	}
	return arguments, keyword
}

// usedIn are the types of params that some source names.
func usedIn(out *source, p *params) (names []string) {
	text := out.String()
	for name := range p.named {
		for _, after := range []string{" ", "]", ",", ")"} {
			for _, before := range []string{" ", "["} {
				if strings.Contains(text, before+name+after) && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}
