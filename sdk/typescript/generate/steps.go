package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var words = regexp.MustCompile(`\w+`)

// inferred are the actions whose result follows from what they are asked for, by a type
// that is written by hand.
var inferred = map[string]string{"extract": "Extracted<O>"}

// steps writes a constructor for each action: what it needs in order, then the rest.
func steps(d *document) (string, error) {
	var b, results, dry strings.Builder
	for _, one := range d.Components.Schemas["Step"].OneOf {
		name := one.name()
		s := d.Components.Schemas[name]
		action, ok := s.Properties["action"].Enum[0].(string)
		if !ok {
			return "", fmt.Errorf("%s has no action", name)
		}
		result, dryResult, generic, err := resultOf(d, name+"Run")
		if err != nil {
			return "", err
		}
		options := strings.TrimSuffix(name, "Step") + "Options"
		var omitted, parameters, given []string
		for _, member := range s.Required {
			omitted = append(omitted, literal(member))
			if member == "action" {
				continue
			}
			parameter := member
			if member == "do" { // a word of the language
				parameter = "what"
			}
			parameters = append(parameters, fmt.Sprintf("%s: %s[%q]", parameter, name, member))
			if parameter == member {
				given = append(given, member)
			} else {
				given = append(given, member+": "+parameter)
			}
		}
		parameters = append(parameters, fmt.Sprintf("options?: Only<O, %s>", options))
		fmt.Fprintf(&b, "\n/** What {@link %s} can also be told. */\nexport type %s = Omit<%s, %s>;\n", action, options, name, strings.Join(omitted, " | "))
		of := result
		if of == "unknown" {
			of = "T"
		}
		if type_, ok := inferred[action]; ok {
			generic, of = "", type_
		}
		if dryResult != result {
			of += ", " + dryResult
		}
		text := s.Description
		for _, p := range s.Required[1:] {
			if said := s.Properties[p].Description; said != "" {
				label := p
				if p == "do" {
					label = "what"
				}
				text += "\n\n@param " + label + " - " + said
			}
		}
		if len(s.Examples) > 0 {
			given, ok := s.Examples[0].(map[string]any)
			if !ok {
				return "", fmt.Errorf("an example of %s is no step", name)
			}
			text += "\n\n@example\n```ts\n" + example(action, s.Required, given) + "\n```"
		}
		fmt.Fprintf(&b, "\n%sexport function %s<%sO extends %s = {}>(%s): Typed<%s, Answer<O, %s>> {\n", comment("", text), action, generic, options, strings.Join(parameters, ", "), name, of)
		fmt.Fprintf(&b, "  return step({ ...options, action: %q%s });\n}\n", action, strings.Join(append([]string{""}, given...), ", "))
		fmt.Fprintf(&results, "  %s: %s;\n", key(action), result)
		fmt.Fprintf(&dry, "  %s: %s;\n", key(action), dryResult)
	}
	body := b.String() + "\n/** The result of each action. */\nexport interface Results {\n" + results.String() + "}\n" +
		"\n/** The result of each action in a dry run. */\nexport interface DryResults {\n" + dry.String() + "}\n"
	return "import { step, type Answer, type Only, type Typed } from \"../step.js\";\nimport type { Extracted } from \"../extract.js\";\n" +
		"import type {\n  " + strings.Join(slices.Sorted(maps.Keys(used(code(body), d))), ",\n  ") + ",\n} from \"./schemas.js\";\n" + body, nil
}

// resultOf is what an action answers, and in a dry run, and the parameter of type that its
// constructor has where that may be anything.
func resultOf(d *document, run string) (typ, dry, generic string, err error) {
	s := d.Components.Schemas[run].AllOf[1].Properties["result"]
	var real []*schema
	for _, one := range s.OneOf {
		if one.name() == "DryRunResult" {
			dry = one.name()
		} else {
			real = append(real, one)
		}
	}
	if len(real) > 0 {
		s = &schema{OneOf: real}
	}
	if typ, err = typeOf(s, "", run); typ == "unknown" {
		generic = "T = unknown, "
	}
	if dry == "" {
		dry = typ
	}
	return typ, dry, generic, err
}

var comments = regexp.MustCompile(`(?s)/\*\*.*?\*/`)

// code is a text without its comments.
func code(text string) string { return comments.ReplaceAllString(text, "") }
