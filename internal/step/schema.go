package step

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
)

const schemas = "#/components/schemas/"

// Schema describes a step: one schema for each action, told apart by its name.
func (Spec) Schema(r huma.Registry) *huma.Schema {
	const name = "Step"
	if _, ok := r.Map()[name]; ok {
		return &huma.Schema{Ref: schemas + name}
	}
	s := &huma.Schema{
		Type: huma.TypeObject, Description: "A step: its action, and what that action takes.",
		Discriminator: &huma.Discriminator{PropertyName: "action", Mapping: map[string]string{}},
	}
	r.Map()[name] = s
	for i := range all {
		a := &all[i]
		own := strings.ToUpper(a.name[:1]) + a.name[1:] + name
		r.Map()[own] = a.schema(r)
		s.Discriminator.Mapping[a.name] = schemas + own
		s.OneOf = append(s.OneOf, &huma.Schema{Ref: schemas + own})
	}
	s.PrecomputeMessages()
	return &huma.Schema{Ref: schemas + name}
}

// schema describes what one action takes.
func (a *action) schema(r huma.Registry) *huma.Schema {
	s := &huma.Schema{
		Type: huma.TypeObject, Description: a.does, AdditionalProperties: false, Required: []string{"action"},
		Properties: map[string]*huma.Schema{"action": {Type: huma.TypeString, Description: "What the step does.", Enum: []any{a.name}}},
	}
	if a.answers != "" {
		s.Description += " The result: " + a.answers
	}
	for _, m := range a.of() {
		f, ok := fields[m.name]
		if !ok {
			panic(fmt.Sprintf("%s takes %s, which a step has no field for", a.name, m.name))
		}
		f.Tag = m.tag
		one := huma.SchemaFromField(r, f, "")
		one.Nullable = false // who allows null, says so
		s.Properties[m.name] = one
		if m.needed {
			s.Required = append(s.Required, m.name)
		}
	}
	if len(a.oneOf) > 0 {
		s.Description += " At least one of " + strings.Join(a.oneOf, ", ") + " is needed."
	}
	for _, e := range a.examples {
		s.Examples = append(s.Examples, json.RawMessage(e.step))
	}
	s.PrecomputeMessages()
	return s
}

// fields is where a step's members are in Spec.
var fields = func() map[string]reflect.StructField {
	byName := map[string]reflect.StructField{}
	for f := range reflect.TypeFor[Spec]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		byName[name] = f
	}
	return byName
}()

// described is the schemas that steps are checked with where no API has.
var described = sync.OnceValue(func() huma.Registry {
	r := huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer)
	Spec{}.Schema(r)
	return r
})

// valid says which of the members that were given is not as the schema wants it.
func (a *action) valid(field string, given map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := a.member(name); !ok && name != "action" {
			return domain.Invalid(field+"."+name, "is nothing that %s knows", a.name)
		}
	}
	for _, m := range a.of() {
		if _, ok := given[m.name]; !ok && m.needed {
			return domain.Invalid(field+"."+m.name, "is needed by %s", a.name)
		}
	}
	r := described()
	var res huma.ValidateResult
	huma.Validate(r, Spec{}.Schema(r), huma.NewPathBuffer([]byte(field), len(field)), huma.ModeWriteToServer, given, &res)
	if len(res.Errors) == 0 {
		return nil
	}
	if d, ok := res.Errors[0].(*huma.ErrorDetail); ok {
		return domain.Invalid(d.Location, "%s", d.Message)
	}
	return domain.Invalid(field, "%s", res.Errors[0])
}
