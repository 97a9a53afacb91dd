package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is as much of an OpenAPI 3.1 description as is read.
type document struct {
	Info       struct{ Version string }
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*schema }
}

type operation struct {
	OperationID string `yaml:"operationId"`
	Summary     string
	Description string
	Parameters  []parameter
	RequestBody *struct {
		Required bool
		Content  map[string]content
	} `yaml:"requestBody"`
	Responses map[string]struct{ Content map[string]content }
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                *schema
}

type content struct{ Schema *schema }

// schema is a JSON Schema, of the words that the description uses. A word that isn't
// here is an error: what it says would be lost.
type schema struct {
	Ref         string `yaml:"$ref"`
	Description string
	Type        kinds
	Enum        []any
	Const       any
	Properties  map[string]*schema
	Required    []string
	Items       *schema
	Additional  *additional `yaml:"additionalProperties"`
	OneOf       []*schema   `yaml:"oneOf"`
	AllOf       []*schema   `yaml:"allOf"`

	Discriminator    any
	Title            string
	Format           string
	Pattern          string
	Default          any
	Example          any
	Examples         []any
	Minimum          *float64
	Maximum          *float64
	ExclusiveMinimum *float64 `yaml:"exclusiveMinimum"`
	MinLength        *int     `yaml:"minLength"`
	MaxLength        *int     `yaml:"maxLength"`
	MinItems         *int     `yaml:"minItems"`
	MaxItems         *int     `yaml:"maxItems"`
	MinProperties    *int     `yaml:"minProperties"`
	MaxProperties    *int     `yaml:"maxProperties"`
	UniqueItems      bool     `yaml:"uniqueItems"`
	ReadOnly         bool     `yaml:"readOnly"`
	WriteOnly        bool     `yaml:"writeOnly"`
	Deprecated       bool
	ContentMediaType string         `yaml:"contentMediaType"`
	Rest             map[string]any `yaml:",inline"`
}

// kinds is a type or several.
type kinds []string

func (k *kinds) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*k = kinds{n.Value}
		return nil
	}
	return n.Decode((*[]string)(k))
}

// additional is what members without a name of their own are: false, or a schema.
type additional struct{ *schema }

func (a *additional) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		var any bool
		if err := n.Decode(&any); err != nil || !any {
			return err
		}
	}
	a.schema = &schema{}
	if n.Kind == yaml.ScalarNode {
		return nil
	}
	return n.Decode(a.schema)
}

func (s *schema) check(at string) error {
	for word := range s.Rest {
		if !strings.HasPrefix(word, "x-") {
			return fmt.Errorf("%s: the word %s is not known here", at, word)
		}
	}
	return nil
}

// name is that of a reference's schema.
func (s *schema) name() string {
	return strings.TrimPrefix(s.Ref, "#/components/schemas/")
}
