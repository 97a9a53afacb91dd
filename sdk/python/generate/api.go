package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// description is as much of api/openapi.yaml as is needed here.
type description struct {
	Info       struct{ Version string }
	Paths      map[string]map[string]*operation
	Components struct {
		Schemas map[string]*schema
	}
	Tags []struct{ Name, Description string }
}

type operation struct {
	ID          string `yaml:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Parameters  []parameter
	RequestBody *struct {
		Content map[string]content
	} `yaml:"requestBody"`
	Responses map[string]struct {
		Content map[string]content
	}

	method, path string
}

type content struct{ Schema *schema }

type parameter struct {
	Name, In    string
	Description string
	Explode     bool
	Schema      *schema
}

type schema struct {
	Ref                  string `yaml:"$ref"`
	Type                 any
	Format               string
	Description          string
	Enum                 []any
	Const                *string
	Default              any
	Examples             []any
	Items                *schema
	Properties           map[string]*schema
	AdditionalProperties *additional `yaml:"additionalProperties"`
	Required             []string
	OneOf                []*schema `yaml:"oneOf"`
	AllOf                []*schema `yaml:"allOf"`
	Discriminator        *struct {
		PropertyName string            `yaml:"propertyName"`
		Mapping      map[string]string `yaml:"mapping"`
	}
}

// additional is additionalProperties: false, or the schema of the values.
type additional struct{ schema *schema }

func (a *additional) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return nil
	}
	return node.Decode(&a.schema)
}

func read(path string) (*description, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var d description
	if err := yaml.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
		}
	}
	return &d, nil
}

// operations are all, by their ids.
func (d *description) operations() map[string]*operation {
	all := map[string]*operation{}
	for _, methods := range d.Paths {
		for _, op := range methods {
			all[op.ID] = op
		}
	}
	return all
}

// name is the last part of a $ref; "" if it is none.
func (s *schema) name() string { return s.Ref[strings.LastIndex(s.Ref, "/")+1:] }

// kind is the JSON type beside null; "" is any.
func (s *schema) kind() string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if one != "null" {
				return fmt.Sprint(one)
			}
		}
	}
	return ""
}

func (s *schema) requires(name string) bool { return slices.Contains(s.Required, name) }

// members are the names of the properties, those that are required first and in
// their order, the others by the alphabet.
func (s *schema) members() []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// literals is the Literal of an enum, "" if there is none.
func (s *schema) literals() string {
	var values []string
	for _, value := range s.Enum {
		if value != nil {
			values = append(values, fmt.Sprintf("%q", value))
		}
	}
	if s.Const != nil {
		values = append(values, fmt.Sprintf("%q", *s.Const))
	}
	if values == nil {
		return ""
	}
	return "Literal[" + strings.Join(values, ", ") + "]"
}

var duration = regexp.MustCompile(`^\d+(ms|s|m|h)$`)

// isDuration: a text whose example is a time.
func (s *schema) isDuration() bool {
	is := func(value any) bool { text, ok := value.(string); return ok && duration.MatchString(text) }
	return s.kind() == "string" && (is(s.Default) || slices.ContainsFunc(s.Examples, is))
}

// keywords of Python that are names in the API.
var keywords = []string{"assert", "class", "from"}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z]+)`)

// snake is a name as Python spells it.
func snake(name string) string {
	name = strings.ToLower(hump.ReplaceAllString(strings.ReplaceAll(name, "-", "_"), "${1}_${2}"))
	if slices.Contains(keywords, name) {
		name += "_"
	}
	return name
}

// title makes a class's name of a member's.
func title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
