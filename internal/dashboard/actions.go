package dashboard

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// action is what a step can do, as the API's description says it.
type action struct {
	Name    string          `json:"name"`
	Does    string          `json:"does"`
	Example json.RawMessage `json:"example,omitempty"`
	Members []member        `json:"members"`
}

// member is something that an action takes.
type member struct {
	Name     string   `json:"name"`
	Says     string   `json:"says"`
	Type     string   `json:"type"` // of JSON; empty: any
	Enum     []string `json:"enum,omitempty"`
	Required bool     `json:"required,omitempty"`
	Common   bool     `json:"common,omitempty"` // every action has it
}

// schema is what is read of a schema of the description.
type schema struct {
	Description string
	Type        anyOf
	Enum        []any
	Examples    []json.RawMessage
	Properties  map[string]schema
	Required    []string
	OneOf       []struct {
		Ref string `json:"$ref"`
	}
	Discriminator struct{ Mapping map[string]string }
}

// anyOf is a type, or several.
type anyOf []string

func (a *anyOf) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = anyOf{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// common are what every action takes: they come last.
var common = []string{"timeout", "retries", "optional", "dryRun"}

// actions are what a step can do, for who writes one.
func (h *Handler) actions(c *call) (any, error) {
	req, err := http.NewRequestWithContext(c.r.Context(), http.MethodGet, "http://api/openapi.json", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := h.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	var described struct {
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(raw, &described); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	return actionsOf(described.Components.Schemas), nil
}

func actionsOf(all map[string]schema) []action {
	named := map[string]string{}
	for name, ref := range all["Step"].Discriminator.Mapping {
		named[ref] = name
	}
	out := []action{}
	for _, one := range all["Step"].OneOf {
		is := all[strings.TrimPrefix(one.Ref, "#/components/schemas/")]
		a := action{Name: named[one.Ref], Does: is.Description}
		if len(is.Examples) > 0 {
			a.Example = is.Examples[0]
		}
		for name, p := range is.Properties {
			if name != "action" {
				a.Members = append(a.Members, memberOf(name, p, slices.Contains(is.Required, name)))
			}
		}
		slices.SortFunc(a.Members, func(x, y member) int {
			return strings.Compare(rank(x)+x.Name, rank(y)+y.Name)
		})
		out = append(out, a)
	}
	return out
}

func rank(m member) string {
	switch {
	case m.Name == "target", m.Required && m.Name == "url":
		return "0"
	case m.Required:
		return "1"
	case m.Common:
		return "3"
	}
	return "2"
}

func memberOf(name string, p schema, required bool) member {
	m := member{Name: name, Says: p.Description, Required: required, Common: slices.Contains(common, name)}
	if types := slices.DeleteFunc(slices.Clone(p.Type), func(t string) bool { return t == "null" }); len(types) == 1 {
		m.Type = types[0]
	}
	for _, e := range p.Enum {
		if text, ok := e.(string); ok {
			m.Enum = append(m.Enum, text)
		}
	}
	return m
}
