package httpapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"github.com/danielgtaylor/huma/v2/yaml"

	"github.com/browserhook/browserhook/internal/domain"
)

// What is published differs from what requests are checked with: an id of
// another form is not found rather than wrong, and answers may have members
// that come later.

// published is the description as everybody sees it.
func (s *server) published() ([]byte, error) {
	raw, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	given, used := map[string]bool{}, map[string]bool{}
	for _, part := range []any{doc["paths"], doc["webhooks"], doc["components"].(map[string]any)["responses"]} {
		reach(part, schemas, used)
	}
	maps.DeleteFunc(schemas, func(name string, _ any) bool { return !used[name] }) // what stands in others by itself
	eachObject(doc["paths"], func(o map[string]any) {
		if body, ok := o["requestBody"]; ok {
			reach(body, schemas, given)
		}
		if name, ok := o["name"].(string); ok && o["in"] != nil {
			o["schema"] = meant(name, o["schema"])
		}
	})
	for name, one := range schemas {
		eachObject(one, func(o map[string]any) {
			delete(o, "patternDescription")
			if !given[name] && o["additionalProperties"] == false {
				delete(o, "additionalProperties")
			}
			if properties, ok := o["properties"].(map[string]any); ok {
				for name, member := range properties {
					properties[name] = meant(name, member)
				}
			}
		})
	}
	if err := asWritten(doc, raw); err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}

// asWritten gives the examples in a value the order of members that they were written in.
func asWritten(v any, raw json.RawMessage) error {
	switch v := v.(type) {
	case map[string]any:
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			return err
		}
		for name, one := range v {
			if name == "properties" {
				continue // one of which may be called so
			}
			if name == "example" || name == "examples" {
				v[name] = members[name]
			} else if err := asWritten(one, members[name]); err != nil {
				return err
			}
		}
	case []any:
		var all []json.RawMessage
		if err := json.Unmarshal(raw, &all); err != nil {
			return err
		}
		for i, one := range v {
			if err := asWritten(one, all[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// openapiYAML is the description as everybody sees it, as YAML.
func (s *server) openapiYAML() ([]byte, error) {
	raw, err := s.published()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = yaml.Convert(&out, bytes.NewReader(raw))
	return out.Bytes(), err
}

// eachObject calls f for every object in a value, at any depth.
func eachObject(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, one := range v {
			eachObject(one, f)
		}
	case []any:
		for _, one := range v {
			eachObject(one, f)
		}
	}
}

// reach marks every schema that a value refers to.
func reach(v any, schemas map[string]any, seen map[string]bool) {
	eachObject(v, func(o map[string]any) {
		ref, _ := o["$ref"].(string)
		name, ok := strings.CutPrefix(ref, components)
		if ok && !seen[name] {
			seen[name] = true
			reach(schemas[name], schemas, seen)
		}
	})
}

// ids are the members that name something.
var ids = map[string]domain.Prefix{
	"sessionId": domain.PrefixSession, "stepId": domain.PrefixStep, "eventId": domain.PrefixEvent, "endpointId": domain.PrefixEndpoint,
	"deliveryId": domain.PrefixDelivery, "waitsFor": domain.PrefixDelivery, "attemptId": domain.PrefixAttempt, "artifactId": domain.PrefixArtifact,
	"streamId": domain.PrefixStream, "viewerId": domain.PrefixViewer, "projectId": domain.PrefixProject, "keyId": domain.PrefixKey, "nodeId": "node", "requestId": "req",
}

// stem is what an id with the prefix looks like.
func stem(p domain.Prefix) string { return string(p) + "_[0-9a-z]+" }

func idPattern(p domain.Prefix) string { return "^" + stem(p) + "$" }

// links are the members that are addresses of this server's.
var links = map[string]bool{"streamingUrl": true, "connectUrl": true, "artifactUrl": true}

// times are the members that are times and aren't called so.
var times = map[string]bool{"lastSeen": true, "failingSince": true, "timestamp": true}

// meant is the schema of a text with what its name says of it.
func meant(name string, schema any) any {
	s, ok := schema.(map[string]any)
	if !ok || s["enum"] != nil || s["pattern"] != nil || s["format"] != nil || s["const"] != nil || !isString(s["type"]) {
		return schema
	}
	prefix, isID := ids[name]
	switch {
	case isID:
		s["pattern"] = idPattern(prefix)
	case links[name]:
		s["format"] = "uri"
	case times[name] || strings.HasSuffix(name, "At"):
		s["format"] = "date-time"
	}
	return s
}

// isString says whether a type is text, or null beside.
func isString(kind any) bool {
	if both, ok := kind.([]any); ok {
		return len(both) == 2 && both[0] == "string"
	}
	return kind == "string"
}
