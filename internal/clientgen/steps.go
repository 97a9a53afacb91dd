package main

import (
	"fmt"
	"slices"
	"strings"
)

// steps writes a type and a constructor for each action.
func (g *generator) steps() {
	var cases strings.Builder
	for _, one := range g.Components.Schemas["Step"].OneOf {
		name := one.name()
		s := g.Components.Schemas[name]
		action, _ := s.Properties["action"].Enum[0].(string)
		g.step(exported(name), action, s)
		fmt.Fprintf(&cases, "\tcase %q:\n\t\treturn &%s{}\n", action, exported(name))
	}
	g.printf("// typedStep is an empty step of an action; nil: this version doesn't know it.\nfunc typedStep(action string) Step {\n\tswitch action {\n%s\t}\n\treturn nil\n}\n", cases.String())
}

func (g *generator) step(name, action string, s *schema) {
	schemaName := s.Properties["action"].Enum[0].(string)
	schemaName = strings.ToUpper(schemaName[:1]) + schemaName[1:] + "Step"
	own := *s
	own.Required = slices.DeleteFunc(slices.Clone(s.Required), func(m string) bool { return m == "action" })
	own.Properties = map[string]*schema{}
	for member, p := range s.Properties {
		if member != "action" {
			own.Properties[member] = p
		}
	}
	result, into := g.result(schemaName)

	g.comment("", name+" "+lower(s.Description))
	g.printf("type %s struct {\n", name)
	var below []func()
	for _, member := range own.members() {
		below = append(below, g.field(name, schemaName, member, &own)...)
	}
	g.printf("\n\t// Result is what it answered when it completed, but for a dry run.\n\tResult %s `json:\"-\"`\n", result)
	g.printf("\t// Outcome is all that is known of it once it was waited for.\n\tOutcome *StepRun `json:\"-\"`\n}\n\n")

	constructor := exported(action)
	var params, sets []string
	for _, member := range slices.Concat(own.Required, arguments[action]) {
		kind, _ := g.kind(schemaName, member, own.Properties[member])
		value := member
		if strings.HasPrefix(kind, "[]") {
			value = fmt.Sprintf("append(%s{}, %s...)", kind, member) // none is a list too
			kind = "..." + kind[2:]
		}
		if !own.needs(member) && strings.HasPrefix(g.optional(name, schemaName, member, kind), "*") {
			value = "&" + member
		}
		params = append(params, member+" "+kind)
		sets = append(sets, exported(member)+": "+value)
	}
	g.printf("// %s makes a [%s].\nfunc %s(%s) *%s {\n\treturn &%s{%s}\n}\n\n", constructor, name, constructor, strings.Join(params, ", "), name, name, strings.Join(sets, ", "))
	g.printf("// Action is %q.\nfunc (*%s) Action() string { return %q }\n\n", action, name, action)
	g.printf("// MarshalJSON is the step as the API takes it.\nfunc (s *%s) MarshalJSON() ([]byte, error) {\n\ttype plain %s\n\treturn withAction(%q, (*plain)(s))\n}\n\n", name, name, action)
	g.printf("func (s *%s) became(r *StepRun) error {\n\ts.Outcome = r\n\treturn r.%s(&s.Result)\n}\n\n", name, into)
	for _, write := range below {
		write()
	}
}

// result is the Go type of what an action answers, and what decodes it.
func (g *generator) result(step string) (kind, into string) {
	run := g.Components.Schemas[step+"Run"]
	into = "into"
	for _, part := range run.AllOf {
		p := part.Properties["result"]
		if p == nil {
			continue
		}
		if len(p.OneOf) > 0 {
			p, into = p.OneOf[0], "unlessDry" // the other is a dry run's
		}
		if name := p.name(); name != "" {
			return "*" + exported(name), into
		}
	}
	return "json.RawMessage", into
}
