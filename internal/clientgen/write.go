package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// types writes the types of requests and answers.
func (g *generator) types() {
	g.enumTypes()
	for _, name := range sorted(g.Components.Schemas) {
		if s := g.Components.Schemas[name]; !elsewhere(name) && (s.Type.String() == "object" || len(s.Properties) > 0) {
			g.object(exported(name), name, s)
		}
	}
	for _, path := range sorted(g.Paths) {
		for _, method := range sorted(g.Paths[path]) {
			g.parameters(g.Paths[path][method])
		}
	}
}

// enumTypes writes the texts that have types of their own.
func (g *generator) enumTypes() {
	values := map[string][]string{}
	of := func(member string, s *schema) {
		name := enums[member]
		if name == "" {
			return
		}
		for _, v := range s.Enum {
			if text, ok := v.(string); ok && !slices.Contains(values[name], text) {
				values[name] = append(values[name], text)
			}
		}
	}
	for _, name := range sorted(g.Components.Schemas) {
		for _, member := range sorted(g.Components.Schemas[name].Properties) {
			of(name+"."+member, g.Components.Schemas[name].Properties[member])
		}
	}
	for _, name := range sorted(values) {
		prefix := prefixes[name]
		if prefix == "" {
			prefix = name
		}
		g.printf("// %s may get further values.\ntype %s string\n\n// Values of %s.\nconst (\n", name, name, name)
		for _, v := range values[name] {
			word := v
			if v == strings.ToUpper(v) {
				word = strings.ToLower(v)
			}
			parts := strings.Split(word, "_")
			for i := range parts {
				parts[i] = exported(parts[i])
			}
			g.printf("\t%s%s %s = %q\n", prefix, strings.Join(parts, ""), name, v)
		}
		g.printf(")\n\n")
	}
}

// object writes a struct; schemaName is what tables call it.
func (g *generator) object(name, schemaName string, s *schema) {
	if g.made[name] {
		return
	}
	g.made[name] = true
	text := s.Description
	switch {
	case says[name] != "":
		text = name + " " + says[name]
	case text != "":
		text = name + " " + cmp.Or(verbs[name], "is") + " " + lower(text)
	default:
		panic("nothing says what " + name + " is")
	}
	var below []func()
	g.comment("", text)
	g.printf("type %s struct {\n", name)
	for _, member := range s.members() {
		below = append(below, g.field(name, schemaName, member, s)...)
	}
	if g.answers[schemaName] {
		g.printf("\n\t// Raw is the answer as it came, with members that this version doesn't know.\n\tRaw json.RawMessage `json:\"-\"`\n")
	}
	if name == "Session" {
		g.printf("\n\tapi *Client\n")
	}
	g.printf("}\n\n")
	if g.answers[schemaName] {
		g.printf("// UnmarshalJSON decodes an answer and keeps it.\nfunc (v *%s) UnmarshalJSON(raw []byte) error {\n\ttype plain %s\n\treturn keep(raw, (*plain)(v), &v.Raw)\n}\n\n", name, name)
	}
	for _, write := range below {
		write()
	}
}

// field writes a member of a struct, and returns what writes the types that it needs.
func (g *generator) field(name, schemaName, member string, s *schema) (below []func()) {
	p := s.Properties[member]
	kind, below := g.kind(schemaName, member, p)
	g.comment("\t", doc(p, kind))
	tag := member
	if !s.needs(member) {
		tag += ",omitzero"
		kind = g.optional(name, schemaName, member, kind)
	}
	field := fields[schemaName+"."+member]
	if field == "" {
		field = exported(member)
	}
	g.printf("\t%s %s `json:%q`\n", field, kind, tag)
	return below
}

// optional is the type of a member that may be left out.
func (g *generator) optional(name, schemaName, member, kind string) string {
	structure := g.made[kind] || g.Components.Schemas[kind] != nil || slices.Contains([]string{"Failure", "Position", "StorageState", "SessionWebhook", "HTTPCredentials"}, kind)
	number := kind == "int" || kind == "int64" || kind == "float64"
	switch {
	case strings.HasPrefix(schemaName, "Update"): // nil stays; an empty value clears
		return "*" + kind
	case structure, number && g.given[schemaName], empty[schemaName+"."+member]:
		return "*" + kind
	case name == "ExtractField" && number:
		return "*" + kind
	}
	return kind
}

// doc is what is said of a member.
func doc(p *schema, kind string) string {
	text := p.Description
	var values []string
	for _, v := range p.Enum {
		if v != nil {
			values = append(values, fmt.Sprint(v))
		}
	}
	if p.Items != nil {
		for _, v := range p.Items.Enum {
			values = append(values, fmt.Sprint(v))
		}
	}
	if len(values) > 0 && (kind == "string" || kind == "[]string") {
		text = strings.TrimSpace(text + " One of " + strings.Join(values, ", ") + ".")
	}
	return text
}

// kind is the Go type of a value that has to be there.
func (g *generator) kind(schemaName, member string, p *schema) (kind string, below []func()) {
	if k := typed[schemaName+"."+member]; k != "" {
		return k, nil
	}
	if name := p.name(); name != "" {
		return exported(name), nil
	}
	if name := enums[schemaName+"."+member]; name != "" {
		return name, nil
	}
	if len(p.OneOf) == 2 && p.OneOf[0].Type.String() == "string" { // a target, or more
		_, below = g.kind(schemaName, member, p.OneOf[1])
		return "any", below
	}
	switch p.Type.String() {
	case "string":
		if p.Format == "date-time" {
			return "time.Time", nil
		}
		return "string", nil
	case "boolean":
		return "bool", nil
	case "number":
		return "float64", nil
	case "integer":
		if slices.Contains([]string{"size", "used", "limit", "sequence", "number", "dropped"}, member) || strings.HasSuffix(member, "Bytes") {
			return "int64", nil
		}
		return "int", nil
	case "array":
		kind, below = g.kind(schemaName, member+"[]", p.Items)
		return "[]" + kind, below
	case "object":
		if len(p.Properties) > 0 {
			name := inline[strings.TrimSuffix(member, "[]")]
			if name == "" {
				name = exported(schemaName) + exported(strings.TrimSuffix(member, "[]"))
			}
			return name, []func(){func() { g.within(name, p) }}
		}
		if p.More.schema != nil && !p.More.any() {
			kind, below = g.kind(schemaName, member, p.More.schema)
			return "map[string]" + kind, below
		}
		return "map[string]any", nil
	}
	return "json.RawMessage", nil
}

// any says whether a schema allows anything.
func (s *schema) any() bool { return len(s.Type) == 0 && s.Ref == "" && len(s.OneOf) == 0 }

// within writes the type of an object that stands in another, unless it is there as a
// schema. Of those in both, the schema's is for both.
func (g *generator) within(name string, p *schema) {
	for other := range g.Components.Schemas {
		if exported(other) == name {
			return
		}
	}
	one := *p
	one.Description = ""
	g.given[name] = true
	g.object(name, name, &one)
}

// parameters writes what a list is asked with.
func (g *generator) parameters(op *operation) {
	name := exported(op.ID) + "Params"
	var query []int
	for i, p := range op.Parameters {
		if p.In == "query" && p.Name != "after" && p.Name != "format" { // an older name, and another operation
			query = append(query, i)
		}
	}
	if len(query) <= 2 { // cursor and limit
		return
	}
	g.printf("// %s chooses what is listed; all of it may be left out.\ntype %s struct {\n", name, name)
	var code strings.Builder
	for _, i := range query {
		p := op.Parameters[i]
		kind, _ := g.kind(name, p.Name, p.Schema)
		switch p.Name {
		case "kinds":
			kind = "[]string"
		case "limit":
			kind = "int"
			p.Description = "How many there are in an answer, at most; the list goes on behind them."
		}
		g.comment("\t", p.Description)
		g.printf("\t%s %s\n", exported(p.Name), kind)
		fmt.Fprintf(&code, "\tset(q, %q, p.%s)\n", p.Name, exported(p.Name))
	}
	g.printf("}\n\nfunc (p %s) query() url.Values {\n\tq := url.Values{}\n%s\treturn q\n}\n\n", name, code.String())
}

// events writes the types of events.
func (g *generator) events() {
	g.printf("// Types of events, as [Data] has them; there may be others.\nconst (\n")
	for _, name := range sorted(g.Webhooks) {
		parts := strings.Split(name, "_")
		for i := range parts {
			parts[i] = exported(parts[i])
		}
		g.printf("\t%s = %q\n", strings.Join(parts, ""), name)
	}
	g.printf(")\n")
}
