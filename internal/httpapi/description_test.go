package httpapi_test

import (
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/browserhook/browserhook/internal/httpapi"
)

// object is a part of the API's description.
type object = map[string]any

// described is one operation of the description, with what its path shares.
type described struct {
	id, method, path string
	object
}

// named are the members that are times or ids.
var named = regexp.MustCompile(`^(from|since|until)$|(At|Since|Until|Id)$`)

// description is every operation and the schemas that they refer to.
func description(t *testing.T) (all []described, schemas object) {
	t.Helper()
	raw, err := httpapi.OpenAPI("test")
	if err != nil {
		t.Fatal(err)
	}
	var doc object
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc["paths"].(object) {
		for method, op := range item.(object) {
			o := op.(object)
			all = append(all, described{o["operationId"].(string), strings.ToUpper(method), path, o})
		}
	}
	if len(all) < 30 {
		t.Fatalf("only %d operations", len(all))
	}
	return all, doc["components"].(object)["schemas"].(object)
}

// TestDescriptionNamesRealMediaTypes: bodies are JSON, and artifacts what they are.
func TestDescriptionNamesRealMediaTypes(t *testing.T) {
	all, _ := description(t)
	for _, op := range all {
		kinds := func(of any) (names []string) {
			content, _ := of.(object)["content"].(object)
			for name := range content {
				names = append(names, name)
			}
			return names
		}
		if body, ok := op.object["requestBody"]; ok {
			if got := kinds(body); len(got) != 1 || got[0] != "application/json" {
				t.Errorf("%s takes %v", op.id, got)
			}
		}
		for status, answer := range op.object["responses"].(object) {
			for _, kind := range kinds(answer) {
				want := kind == "application/json" || kind == "application/problem+json"
				if op.id == "read-logs" && status == "200" {
					want = want || kind == "application/har+json"
				}
				if op.id == "read-metrics" && status == "200" {
					want = kind == "text/plain"
				}
				if op.id == "export-recording" && status == "200" {
					want = kind == "video/mp4" || kind == "video/webm"
				}
				if op.id == "list-events" && status == "200" {
					want = want || kind == "text/event-stream"
				}
				if op.id == "get-artifact" && (status == "200" || status == "206") {
					want = kind == "image/png" || kind == "image/jpeg" || kind == "application/pdf" || kind == "application/zip" || kind == "*/*" || kind == "application/json"
					if status == "206" {
						want = kind == "*/*" || kind == "multipart/byteranges"
					}
				}
				if !want {
					t.Errorf("%s answers %s with %s", op.id, status, kind)
				}
			}
			if op.id == "get-artifact" && status == "200" && len(kinds(answer)) != 6 {
				t.Errorf("an artifact is %v", kinds(answer))
			}
		}
	}
}

// TestEveryMemberIsDescribed, and every schema; a time and an id by more than their name,
// for clients whose types come from it.
func TestEveryMemberIsDescribed(t *testing.T) {
	_, schemas := description(t)
	n := 0
	var look func(at string, v any)
	look = func(at string, v any) {
		s, ok := v.(object)
		if !ok {
			return
		}
		members, _ := s["properties"].(object)
		for name, one := range members {
			m := one.(object)
			if m["description"] == nil && m["$ref"] == nil {
				t.Errorf("%s.%s is not described", at, name)
			}
			kind, _ := m["type"].(string)
			said := m["pattern"] != nil || m["format"] != nil || m["enum"] != nil || m["const"] != nil
			if kind == "string" && named.MatchString(name) && !said {
				t.Errorf("%s.%s is a time or an id, and its schema doesn't say so", at, name)
			}
			n++
			look(at+"."+name, m)
		}
		look(at+"[]", s["items"])
		for _, kind := range []string{"allOf", "oneOf"} {
			parts, _ := s[kind].([]any)
			for _, part := range parts {
				look(at, part)
			}
		}
	}
	for name, s := range schemas {
		if s.(object)["description"] == nil {
			t.Errorf("%s is not described", name)
		}
		look(name, s)
	}
	if n < 500 {
		t.Errorf("there are %d members", n)
	}
}
