package main

import (
	"maps"
	"slices"
	"strings"
)

// example is a call of an action's constructor, made of an example of the step.
func example(action string, required []string, step map[string]any) string {
	rest := maps.Clone(step)
	delete(rest, "action")
	var args []string
	for _, name := range required {
		if name != "action" {
			args = append(args, script(step[name]))
			delete(rest, name)
		}
	}
	if len(rest) > 0 {
		args = append(args, script(rest))
	}
	return action + "(" + strings.Join(args, ", ") + ")"
}

// script is a value as JavaScript is written.
func script(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, key(name)+": "+script(v[name]))
		}
		return "{ " + strings.Join(members, ", ") + " }"
	case []any:
		var items []string
		for _, one := range v {
			items = append(items, script(one))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return literal(v)
}
