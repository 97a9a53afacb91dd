package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// operations writes what each operation takes and answers, and where it is.
func operations(d *document) (string, error) {
	type placed struct {
		operation
		method, path string
	}
	var all []placed
	for path, methods := range d.Paths {
		for method, o := range methods {
			all = append(all, placed{o, strings.ToUpper(method), path})
		}
	}
	slices.SortFunc(all, func(a, b placed) int { return cmp.Compare(a.OperationID, b.OperationID) })
	var types, table strings.Builder
	for _, o := range all {
		var path, query, rest string
		creates := false
		for _, p := range o.Parameters {
			typ, err := typeOf(p.Schema, "    ", o.OperationID+"."+p.Name)
			if err != nil {
				return "", err
			}
			optional := "?"
			if p.Required {
				optional = ""
			}
			member := fmt.Sprintf("%s      %s%s: %s;\n", comment("      ", p.Description), key(p.Name), optional, typ)
			switch {
			case p.In == "path":
				path += member
			case p.In == "query":
				query += member
			case p.Name == "Idempotency-Key":
				creates = true
			}
		}
		for _, group := range []struct{ name, members string }{{"path", path}, {"query?", query}} {
			if group.members != "" {
				rest += "    " + group.name + ": {\n" + group.members + "    };\n"
			}
		}
		if o.RequestBody != nil {
			typ, err := typeOf(o.RequestBody.Content["application/json"].Schema, "    ", o.OperationID)
			if err != nil {
				return "", err
			}
			optional := "?"
			if o.RequestBody.Required {
				optional = ""
			}
			rest += "    body" + optional + ": " + typ + ";\n"
		}
		answer, err := o.answer()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&types, "%s  %s: {\n%s    answer: %s;\n  };\n", comment("  ", o.Summary+".\n\n"+o.Description), key(o.OperationID), rest, answer)
		fmt.Fprintf(&table, "  %s: { method: %q, path: %q, creates: %t },\n", key(o.OperationID), o.method, o.path, creates)
	}
	return "import type {\n  " + strings.Join(slices.Sorted(maps.Keys(used(types.String(), d))), ",\n  ") + ",\n} from \"./schemas.js\";\n" +
		"\n/** What each operation takes and answers, by its operationId. */\nexport interface Operations {\n" + types.String() + "}\n" +
		"\n/** Where each operation is; creates: it takes an Idempotency-Key. */\nexport const operations = {\n" + table.String() + "} as const;\n" +
		fmt.Sprintf("\n/** The version of the description. */\nexport const version = %q;\n", d.Info.Version), nil
}

// answer is the type of what comes with a status of success: JSON, or nothing.
func (o operation) answer() (string, error) {
	typ := "void"
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status[0] != '2' {
			continue
		}
		switch c, ok := o.Responses[status].Content["application/json"]; {
		case ok && c.Schema.ContentMediaType == "":
			return typeOf(c.Schema, "    ", o.OperationID)
		case len(o.Responses[status].Content) > 0:
			typ = "Response"
		}
	}
	return typ, nil
}

// used are the schemas that a text names.
func used(text string, d *document) map[string]bool {
	names := map[string]bool{}
	for _, word := range words.FindAllString(text, -1) {
		if _, ok := d.Components.Schemas[word]; ok {
			names[word] = true
		}
	}
	return names
}
