package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// models writes models.py: the types of what is answered.
type models struct {
	api   *description
	named map[string]bool // that are needed
}

// decoder is a type and what makes it of JSON; "" when it is that already.
type decoder struct{ kind, function string }

func (m *models) of(s *schema) decoder {
	switch {
	case s.Ref != "":
		return m.byName(s.name())
	case len(s.OneOf) == 2 && s.OneOf[1].name() == "DryRunResult":
		whole, dry := m.of(s.OneOf[0]), m.of(s.OneOf[1])
		return decoder{whole.kind + " | " + dry.kind, "lambda raw: " + dry.kind + ".decode(raw) if is_dry(raw) else " + whole.function + "(raw)"}
	case s.literals() != "":
		return decoder{s.literals(), ""}
	}
	switch s.kind() {
	case "string":
		if s.Format == "date-time" {
			return decoder{"datetime", "instant"}
		}
		return decoder{"str", ""}
	case "integer":
		return decoder{"int", ""}
	case "number":
		return decoder{"float", ""}
	case "boolean":
		return decoder{"bool", ""}
	case "array":
		item := m.of(s.Items)
		if item.function == "" {
			return decoder{"list[" + item.kind + "]", ""}
		}
		return decoder{"list[" + item.kind + "]", "many(" + item.function + ")"}
	case "object":
		if s.Properties != nil {
			panic("an object in an answer has no name: " + fmt.Sprint(s.members()))
		}
		if a := s.AdditionalProperties; a != nil && a.schema != nil {
			return decoder{"dict[str, " + m.of(a.schema).kind + "]", ""}
		}
		return decoder{"dict[str, Any]", ""}
	}
	return decoder{"Any", ""}
}

func (m *models) byName(name string) decoder {
	if m.named == nil {
		m.named = map[string]bool{}
	}
	s := m.api.Components.Schemas[name]
	if strings.HasSuffix(name, "Step") { // as it was given
		return decoder{"dict[str, Any]", ""}
	}
	if !m.named[name] {
		m.named[name] = true
		for _, one := range s.OneOf {
			m.of(one)
		}
		for _, part := range append(s.AllOf, s) {
			if part.Ref != "" {
				m.of(part)
			}
			for _, member := range part.Properties {
				m.of(member)
			}
		}
	}
	if s.Discriminator != nil {
		return decoder{name, "decode_" + snake(name)}
	}
	return decoder{name, name + ".decode"}
}

func (m *models) file() string {
	var out source
	out.linef(`"""Types of what the API answers.

Times are datetimes; what isn't there is None. A member that this version of the
SDK doesn't know is in raw, the JSON as it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Union

from ._model import Model, instant, is_dry, many, opt
`)
	names := slices.Sorted(maps.Keys(m.named))
	var unions []string
	for _, name := range names {
		s := m.api.Components.Schemas[name]
		if s.Discriminator != nil {
			unions = append(unions, name)
			continue
		}
		if s.AllOf == nil {
			m.class(&out, name, "Model", s, nil)
		}
	}
	for _, name := range names { // after what they are made of
		if s := m.api.Components.Schemas[name]; s.AllOf != nil {
			base := s.AllOf[0].name()
			own := *s.AllOf[1]
			own.Description = s.Description
			m.class(&out, name, base, &own, m.api.Components.Schemas[base])
		}
	}
	for _, name := range unions {
		m.union(&out, name)
	}
	return out.String()
}

func (m *models) class(out *source, name, base string, s, inherited *schema) {
	out.linef("\n@dataclass(frozen=True, kw_only=True)\nclass %s(%s):", name, base)
	out.docstring("    ", s.Description)
	out.linef("")
	for _, member := range s.members() {
		kind := m.of(s.Properties[member]).kind
		if s.requires(member) {
			out.linef("    %s: %s", snake(member), kind)
		} else {
			out.linef("    %s: %s | None = None", snake(member), strings.TrimSuffix(kind, " | None"))
		}
		out.docstring("    ", s.Properties[member].Description)
	}
	out.linef("\n    @classmethod\n    def decode(cls, raw: Any) -> %s:\n        return cls(\n            raw=raw,", name)
	for _, part := range []*schema{inherited, s} {
		if part == nil {
			continue
		}
		for _, member := range part.members() {
			value := fmt.Sprintf("raw.get(%q)", member)
			d := m.of(part.Properties[member])
			if d.function != "" {
				value = fmt.Sprintf("opt(%s, %s)", d.function, value)
			}
			out.linef("            %s=%s,", snake(member), value)
		}
	}
	out.linef("        )\n")
}

// union writes the type of what is told apart by a member, and what finds out.
func (m *models) union(out *source, name string) {
	s := m.api.Components.Schemas[name]
	by := s.Discriminator.PropertyName
	other, base, inherited := m.other(s)
	other.Description = "One of a kind that this version of the SDK doesn't know."
	m.class(out, "Other"+name, base, other, inherited)
	kinds := make([]string, 0, len(s.OneOf))
	for _, one := range s.OneOf {
		kinds = append(kinds, one.name())
	}
	out.linef("\n%s = Union[\n    %s,\n    Other%s,\n]", name, strings.Join(kinds, ",\n    "), name)
	out.docstring("", s.Description)
	out.linef("\n_%s: dict[str, Any] = {", snake(name))
	for _, value := range slices.Sorted(maps.Keys(s.Discriminator.Mapping)) {
		ref := schema{Ref: s.Discriminator.Mapping[value]}
		out.linef("    %q: %s.decode,", value, ref.name())
	}
	out.linef(`}


def decode_%[1]s(raw: Any) -> %[2]s:
    """Makes one of JSON."""
    found: %[2]s = _%[1]s.get(raw.get(%[3]q), Other%[2]s.decode)(raw)
    return found
`, snake(name), name, by)
}

// other is what all kinds of a union have.
func (m *models) other(s *schema) (own *schema, base string, inherited *schema) {
	base = "Model"
	by := s.Discriminator.PropertyName
	own = &schema{Properties: map[string]*schema{}, Required: []string{by}}
	for i, one := range s.OneOf {
		kind := m.api.Components.Schemas[one.name()]
		if kind.AllOf != nil {
			base = kind.AllOf[0].name()
			inherited = m.api.Components.Schemas[base]
			kind = kind.AllOf[1]
		}
		for name, member := range kind.Properties {
			if i == 0 {
				own.Properties[name] = member
			} else if was := own.Properties[name]; was != nil && m.of(was) != m.of(member) {
				own.Properties[name] = &schema{Description: was.Description}
			}
		}
		maps.DeleteFunc(own.Properties, func(name string, _ *schema) bool { return kind.Properties[name] == nil })
	}
	own.Properties[by] = &schema{Type: "string"}
	return own, base, inherited
}
