package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/strictjson"
)

// nulls is what null means in bodies. In a POST it is the same as leaving the
// member out; in a PATCH it clears the member, see [patch]; everywhere else,
// and where the members are the user's own, it is refused. The description
// says so of each member, and what it doesn't say is not let through.
type nulls struct{ schemas huma.Registry }

// refuseNull marks an operation as one in which null is refused: nothing unsaid
// may widen what it is done to.
func refuseNull(op *huma.Operation) { op.Metadata = map[string]any{"null": "refused"} }

// describe has the description allow null for what may be left out of a POST,
// at any depth.
func (n nulls) describe(api *huma.OpenAPI) {
	for _, item := range api.Paths {
		if op := item.Post; op != nil && op.RequestBody != nil && op.Metadata["null"] != "refused" {
			n.allow(op.RequestBody.Content["application/json"].Schema)
		}
	}
}

func (n nulls) allow(schema *huma.Schema) {
	schema = n.resolve(schema)
	for _, sub := range schema.OneOf {
		n.allow(sub)
	}
	if schema.Items != nil {
		n.allow(schema.Items)
	}
	if own, ok := schema.AdditionalProperties.(*huma.Schema); ok {
		n.allow(own)
	}
	for name, member := range schema.Properties {
		if slices.Contains(schema.Required, name) {
			n.allow(member)
		} else {
			schema.Properties[name] = n.nullable(member)
		}
	}
}

// nullable is the schema with null beside. It is a copy, since others that
// refer to it don't mean null by it.
func (n nulls) nullable(schema *huma.Schema) *huma.Schema {
	one := *n.resolve(schema)
	one.Properties = maps.Clone(one.Properties)
	if schema.Description != "" {
		one.Description = schema.Description // of the member, not of its type
	}
	if one.Type == "" {
		return &one // anything
	}
	if len(one.Enum) > 0 && !one.Nullable {
		one.Enum = append(slices.Clone(one.Enum), nil)
	}
	one.Nullable = true
	n.allow(&one)
	return &one
}

// resolve follows a reference to the schema that it stands for.
func (n nulls) resolve(schema *huma.Schema) *huma.Schema {
	for schema.Ref != "" {
		schema = n.schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

// check finds the first null that the schema has no place for, and the first
// object that is of none of several kinds. A member that must be there is missing
// when it is null.
func (n nulls) check(schema *huma.Schema, v any) (where, problem string) {
	schema = n.resolve(schema)
	members, isObject := v.(map[string]any)
	if d := schema.Discriminator; d != nil && isObject {
		if schema, where, problem = n.chosen(d, members); problem != "" {
			return where, problem
		}
	}
	for _, sub := range schema.OneOf {
		if isObject && sub.Type == huma.TypeObject {
			schema = sub
		}
	}
	switch v := v.(type) {
	case []any:
		for i, one := range v {
			if one == nil {
				return fmt.Sprintf("[%d]", i), "must not be null"
			}
			if schema.Items == nil {
				continue
			}
			if below, problem := n.check(schema.Items, one); problem != "" {
				return joinPath(fmt.Sprintf("[%d]", i), below), problem
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			member, known := schema.Properties[name]
			if !known {
				member, _ = schema.AdditionalProperties.(*huma.Schema)
			}
			switch {
			case member == nil: // huma says that it is unknown
				continue
			case v[name] != nil:
				if below, problem := n.check(member, v[name]); problem != "" {
					return joinPath(name, below), problem
				}
			case slices.Contains(schema.Required, name):
				return name, "is needed"
			case !known || !n.resolve(member).Nullable:
				return name, "must not be null"
			}
		}
	}
	return "", ""
}

// chosen is which of several schemas an object is of. Of one that is of none, or
// has members that the chosen one doesn't know, huma would say less.
func (n nulls) chosen(d *huma.Discriminator, members map[string]any) (schema *huma.Schema, where, problem string) {
	switch name := members[d.PropertyName].(type) {
	case nil:
		return nil, d.PropertyName, "is needed"
	case string:
		ref, ok := d.Mapping[name]
		if !ok {
			return nil, d.PropertyName, fmt.Sprintf("%q is none of %s", name, strings.Join(slices.Sorted(maps.Keys(d.Mapping)), ", "))
		}
		schema = n.schemas.SchemaFromRef(ref)
		for _, member := range slices.Sorted(maps.Keys(members)) {
			if _, known := schema.Properties[member]; !known {
				return nil, member, "is nothing that " + name + " knows"
			}
		}
		return schema, "", ""
	default:
		return nil, d.PropertyName, "must be a string"
	}
}

func joinPath(at, below string) string {
	if strings.HasPrefix(below, "[") {
		return at + below
	}
	return at + "." + below
}

// patch is a member of a change. Left out, it stays; null clears it: it gets
// the type's empty value.
type patch[T any] struct {
	given bool
	value T
}

// UnmarshalJSON is called for null too.
func (p *patch[T]) UnmarshalJSON(raw []byte) error {
	p.given = true
	return strictjson.Unmarshal(raw, &p.value)
}

// MarshalJSON is for huma, which writes what it reads.
func (p patch[T]) MarshalJSON() ([]byte, error) { return json.Marshal(p.value) }

// Schema is the type's own, with null.
func (patch[T]) Schema(r huma.Registry) *huma.Schema {
	return nulls{r}.nullable(huma.SchemaFromType(r, reflect.TypeFor[T]()))
}

// change is what is to be set; nil stays as it is.
func (p *patch[T]) change() *T {
	if !p.given {
		return nil
	}
	return &p.value
}
