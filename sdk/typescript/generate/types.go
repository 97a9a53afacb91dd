package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// schemas writes a type for each schema.
func schemas(d *document) (string, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		s := d.Components.Schemas[name]
		b.WriteString("\n" + comment("", s.Description))
		base, own := s, ""
		if len(s.AllOf) == 2 && s.AllOf[0].Ref != "" {
			base, own = s.AllOf[1], " extends "+s.AllOf[0].name()
		}
		if len(base.Properties) > 0 {
			body, err := members(base, "", name)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "export interface %s%s %s\n", name, own, body)
			continue
		}
		typ, err := typeOf(s, "", name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "export type %s = %s;\n", name, typ)
	}
	return b.String(), nil
}

// members is an object's type.
func members(s *schema, indent, at string) (string, error) {
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		typ, err := typeOf(p, indent+"  ", at+"."+name)
		if err != nil {
			return "", err
		}
		optional := "?"
		if slices.Contains(s.Required, name) {
			optional = ""
		}
		fmt.Fprintf(&b, "%s%s  %s%s: %s;\n", comment(indent+"  ", p.Description), indent, key(name), optional, typ)
	}
	return b.String() + indent + "}", nil
}

// typeOf is a schema's type, for lines that are indented so.
func typeOf(s *schema, indent, at string) (string, error) {
	if err := s.check(at); err != nil {
		return "", err
	}
	all := func(list []*schema, between string) (string, error) {
		var types []string
		for _, one := range list {
			typ, err := typeOf(one, indent, at)
			if err != nil {
				return "", err
			}
			if !slices.Contains(types, typ) {
				types = append(types, typ)
			}
		}
		return strings.Join(types, between), nil
	}
	switch {
	case s.Ref != "":
		return s.name(), nil
	case s.Const != nil:
		return literal(s.Const), nil
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			values = append(values, literal(v))
		}
		return strings.Join(values, " | "), nil
	case len(s.OneOf) > 0:
		return all(s.OneOf, " | ")
	case len(s.AllOf) > 0:
		return all(s.AllOf, " & ")
	case len(s.Type) == 0:
		return "unknown", nil
	}
	var types []string
	for _, kind := range s.Type {
		typ, err := kindOf(s, kind, indent, at)
		if err != nil {
			return "", err
		}
		types = append(types, typ)
	}
	return strings.Join(types, " | "), nil
}

func kindOf(s *schema, kind, indent, at string) (string, error) {
	switch kind {
	case "string", "boolean", "null":
		return kind, nil
	case "integer", "number":
		return "number", nil
	case "array":
		if s.Items == nil {
			return "unknown[]", nil
		}
		typ, err := typeOf(s.Items, indent, at+"[]")
		if strings.Contains(typ, " ") {
			typ = "(" + typ + ")"
		}
		return typ + "[]", err
	case "object":
		if len(s.Properties) > 0 {
			return members(s, indent, at)
		}
		if s.Additional == nil || s.Additional.schema == nil {
			return "Record<string, unknown>", nil
		}
		typ, err := typeOf(s.Additional.schema, indent, at+".*")
		return "Record<string, " + typ + ">", err
	}
	return "", fmt.Errorf("%s: the type %s is not known here", at, kind)
}

func literal(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // what YAML gave
	}
	return strings.TrimSpace(b.String())
}

var identifier = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)

func key(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return literal(name)
}

// comment is one of TSDoc, in lines of at most 100 characters but for code; "" without a text.
func comment(indent, text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "*/", "*\\/")
	if text == "" {
		return ""
	}
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if lines != nil {
			lines = append(lines, "")
		}
		if strings.Contains(paragraph, "```") {
			lines = append(lines, strings.Split(paragraph, "\n")...)
			continue
		}
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(indent)+len(" * ")+len(line)+1+len(word) > 100 {
				lines, line = append(lines, line), ""
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		lines = append(lines, line)
	}
	if len(lines) == 1 && len(indent)+len("/**  */")+len(lines[0]) <= 100 {
		return indent + "/** " + lines[0] + " */\n"
	}
	var b strings.Builder
	b.WriteString(indent + "/**\n")
	for _, line := range lines {
		b.WriteString(strings.TrimRight(indent+" * "+line, " ") + "\n")
	}
	return b.String() + indent + " */\n"
}
