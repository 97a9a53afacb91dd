package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// called are objects whose member's name says too little.
var called = map[string]string{"fields": "ExtractField", "filter": "EndpointFilter", "webhook": "SessionWebhook"}

// params writes params.py: the types of what is sent, dictionaries with the API's
// own names.
type params struct {
	api   *description
	named map[string]*schema
}

// kind is the type of a value that is sent; name is what an object without a name
// of its own is called.
func (p *params) kind(s *schema, name string) string {
	switch {
	case s.name() == "Step":
		return "AnyStep"
	case s.Ref != "":
		return p.object(s.name(), p.api.Components.Schemas[s.name()])
	case s.literals() != "":
		return s.literals()
	case s.OneOf != nil:
		kind := ""
		for _, one := range s.OneOf {
			if kind != "" {
				kind += " | "
			}
			kind += p.kind(one, name)
		}
		return kind
	}
	switch s.kind() {
	case "string":
		if s.Format == "date-time" {
			return "datetime | str"
		}
		if s.isDuration() {
			return "timedelta | str"
		}
		return "str"
	case "integer":
		return "int"
	case "number":
		return "float"
	case "boolean":
		return "bool"
	case "array":
		return "Sequence[" + p.kind(s.Items, name) + "]"
	case "object":
		switch {
		case s.Properties != nil:
			if other, ok := called[name]; ok {
				return p.object(other, s)
			}
			return p.object(title(name), s)
		case s.AdditionalProperties != nil && s.AdditionalProperties.schema != nil:
			return "Mapping[str, " + p.kind(s.AdditionalProperties.schema, name) + "]"
		}
		return "Mapping[str, Any]"
	}
	return "Any"
}

// object is the name of a dictionary's type; one that has the same members as
// another is that.
func (p *params) object(name string, s *schema) string {
	for _, other := range slices.Sorted(maps.Keys(p.named)) {
		if reflect.DeepEqual(shape(p.named[other]), shape(s)) {
			return other
		}
	}
	if p.named[name] != nil {
		panic(fmt.Sprintf("two objects are called %s, and differ", name))
	}
	p.named[name] = s
	for _, member := range s.members() {
		p.kind(s.Properties[member], member)
	}
	return name
}

// shape is what makes two objects the same: the members, and which must be there.
func shape(s *schema) map[string]string {
	all := map[string]string{}
	for name, member := range s.Properties {
		all[name] = fmt.Sprint(member.kind(), member.Ref, member.Description, s.requires(name))
	}
	return all
}

func (p *params) file() string {
	var out source
	out.linef(`"""Types of the dictionaries that are sent, with the API's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict
`)
	for _, name := range slices.Sorted(maps.Keys(p.named)) {
		s := p.named[name]
		optional := s.members()[len(s.Required):]
		base, total := "TypedDict", ", total=False"
		switch {
		case len(optional) == 0:
			optional, total = s.Required, ""
		case len(s.Required) > 0:
			out.linef("\nclass _%s(TypedDict):", name)
			p.entries(&out, s, s.Required)
			base = "_" + name
			out.linef("")
		}
		out.linef("\nclass %s(%s%s):", name, base, total)
		out.docstring("    ", s.Description)
		if s.Description != "" {
			out.linef("")
		}
		p.entries(&out, s, optional)
		out.linef("")
	}
	return out.String()
}

func (p *params) entries(out *source, s *schema, names []string) {
	for _, name := range names {
		member := s.Properties[name]
		kind := p.kind(member, name)
		out.linef("    %s: %s", name, kind)
		out.docstring("    ", member.Description)
	}
}
