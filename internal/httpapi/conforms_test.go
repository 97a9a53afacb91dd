package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
)

// contract is the description, to compare answers with.
type contract struct {
	doc      object
	compiler *jsonschema.Compiler

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema // by where they are in doc
}

var published = sync.OnceValues(func() (*contract, error) {
	raw, err := httpapi.OpenAPI("test")
	if err != nil {
		return nil, err
	}
	var doc object
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		return nil, err
	}
	c := &contract{doc: tree.(object), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	return c, c.compiler.AddResource("https://browserhook.test/openapi.json", tree)
})

// valid compares a JSON value with a schema; at is where it is in the description.
func (c *contract) valid(at, raw string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.schemas[at]
	if s == nil {
		var err error
		if s, err = c.compiler.Compile("https://browserhook.test/openapi.json#" + at); err != nil {
			return err
		}
		c.schemas[at] = s
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// escaped is names as a JSON pointer.
func escaped(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString("/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(n)))
	}
	return b.String()
}

// operation is the one that a request is of, and its path in the description.
func (c *contract) operation(method, target string) (path string, op object) {
	target, _, _ = strings.Cut(target, "?")
	asked := strings.Split(target, "/")
	for path, item := range c.doc["paths"].(object) {
		parts := strings.Split(path, "/")
		if len(parts) != len(asked) {
			continue
		}
		fits := true
		for i, p := range parts {
			fits = fits && (p == asked[i] || strings.HasPrefix(p, "{") && asked[i] != "")
		}
		op, ok := item.(object)[strings.ToLower(method)].(object)
		if fits && ok && !slices.Contains([]string{"/v1/deliveries/retry", "/v1/deliveries/cancel"}, target) || path == target && ok {
			return path, op
		}
	}
	return "", nil
}

// conforms compares an answer with the description: its status, headers and body.
func conforms(t *testing.T, method, target string, a reply) {
	t.Helper()
	c, err := published()
	if err != nil {
		t.Fatal(err)
	}
	path, op := c.operation(method, target)
	if op == nil || a.header.Get("Content-Type") == "text/event-stream" {
		return
	}
	status := fmt.Sprint(a.status)
	responses := op["responses"].(object)
	answer, ok := responses[status].(object)
	at := escaped("paths", path, strings.ToLower(method), "responses", status)
	if !ok {
		// What every route may refuse is described once.
		if !slices.Contains([]int{400, 403, 405, 408, 413, 415, 500}, a.status) {
			t.Errorf("%s %s answers %d, and is not described so: %s", method, path, a.status, a.raw)
			return
		}
		answer, at = responses["default"].(object), escaped("paths", path, strings.ToLower(method), "responses", "default")
	}
	if ref, ok := answer["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/responses/")
		at, answer = escaped("components", "responses", name), c.doc["components"].(object)["responses"].(object)[name].(object)
	}
	told, _ := answer["headers"].(object)
	for _, name := range []string{"Location", "ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Disposition", "Idempotency-Replayed", "Preference-Applied", "Retry-After", "WWW-Authenticate", "X-Request-Id"} {
		if _, described := told[name]; a.header.Get(name) != "" && !described {
			t.Errorf("%s %s answers %d with %s, and is not described so", method, path, a.status, name)
		}
	}
	for _, name := range []string{"Location", "ETag", "Accept-Ranges", "Content-Disposition", "WWW-Authenticate", "X-Request-Id"} {
		if _, described := told[name]; described && a.header.Get(name) == "" {
			t.Errorf("%s %s answers %d without %s", method, path, a.status, name)
		}
	}
	content, _ := answer["content"].(object)
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), "; boundary=")
	if _, described := content["*/*"]; described && kind != "multipart/byteranges" {
		return
	}
	if _, described := content[kind]; !described {
		if a.raw != "" {
			t.Errorf("%s %s answers %d with %q: %v", method, path, a.status, kind, content)
		}
		return
	}
	if !strings.HasSuffix(kind, "json") || kind == "application/har+json" || op["operationId"] == "get-artifact" {
		return
	}
	if err := c.valid(at+escaped("content", kind, "schema"), a.raw); err != nil {
		t.Errorf("%s %s answers %d %.500s: %v", method, path, a.status, a.raw, err)
	}
}

// TestExamplesAreValid: each example in the description is what it is an example of.
func TestExamplesAreValid(t *testing.T) {
	c, err := published()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var look func(at string, v any)
	look = func(at string, v any) {
		o, ok := v.(object)
		if !ok {
			return
		}
		if example, ok := o["example"]; ok && o["schema"] != nil {
			raw, err := json.Marshal(example)
			if err == nil {
				err = c.valid(at+"/schema", string(raw))
			}
			if err != nil {
				t.Errorf("%s: %v", at, err)
			}
			n++
		}
		for name, one := range o {
			if name != "example" && name != "schema" {
				look(at+escaped(name), one)
			}
		}
	}
	look("", c.doc)
	for name, one := range c.doc["components"].(object)["schemas"].(object) {
		examples, _ := one.(object)["examples"].([]any)
		for _, example := range examples {
			raw, _ := json.Marshal(example)
			if err := c.valid(escaped("components", "schemas", name), string(raw)); err != nil {
				t.Errorf("%s: %s: %v", name, raw, err)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("there are %d examples", n)
	}
}

// TestEveryOperationIsDescribed: with a summary, a description, an example of what
// it takes and of what it answers, and what it refuses.
func TestEveryOperationIsDescribed(t *testing.T) {
	all, _ := description(t)
	c, err := published()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, tag := range c.doc["tags"].([]any) {
		known[tag.(object)["name"].(string)] = true
	}
	for _, op := range all {
		summary, _ := op.object["summary"].(string)
		does, _ := op.object["description"].(string)
		own, _, _ := strings.Cut(does, "\n\nRole: ")
		if summary == "" || len(summary) > 60 || len(own) < 20 {
			t.Errorf("%s: %q, %q", op.id, summary, does)
		}
		if tags := op.object["tags"].([]any); len(tags) != 1 || !known[tags[0].(string)] {
			t.Errorf("%s is of %v", op.id, tags)
		}
		if body, ok := op.object["requestBody"].(object); ok && body["content"].(object)["application/json"].(object)["example"] == nil {
			t.Errorf("%s has no example of what it takes", op.id)
		}
		params, _ := op.object["parameters"].([]any)
		for _, p := range params {
			if p.(object)["description"] == nil {
				t.Errorf("%s doesn't say what %s is", op.id, p.(object)["name"])
			}
		}
		responses := op.object["responses"].(object)
		for _, status := range []string{"401", "422", "429", "503", "default"} {
			if responses[status] == nil {
				t.Errorf("%s doesn't say %s", op.id, status)
			}
		}
		for status, answer := range responses {
			answer := answer.(object)
			if answer["$ref"] != nil {
				continue
			}
			headers, _ := answer["headers"].(object)
			if headers["X-Request-Id"] == nil || (status == "201") != (headers["Location"] != nil) {
				t.Errorf("%s answers %s with the headers %v", op.id, status, headers)
			}
			content, _ := answer["content"].(object)
			if media, ok := content["application/json"].(object); ok && op.id != "get-artifact" && media["example"] == nil {
				t.Errorf("%s has no example of %s", op.id, status)
			}
		}
	}
}

// TestWebhooksAreDescribed, from the source that /v1/event-types has.
func TestWebhooksAreDescribed(t *testing.T) {
	c, err := published()
	if err != nil {
		t.Fatal(err)
	}
	hooks := c.doc["webhooks"].(object)
	if len(hooks) != len(domain.EventTypes) {
		t.Errorf("there are %d", len(hooks))
	}
	onBothStores(t, func(r *rig) {
		list := r.ask("GET", "/v1/event-types", "")
		for _, one := range list.body["data"].([]any) {
			one := one.(object)
			name := one["type"].(string)
			hook, ok := hooks[name].(object)
			if !ok {
				t.Errorf("%s is not described", name)
				continue
			}
			if said, _ := hook["post"].(object)["description"].(string); strings.HasPrefix(said, " ") {
				t.Errorf("nothing says what %s tells: it is to be in happened", name)
			}
			media := hook["post"].(object)["requestBody"].(object)["content"].(object)["application/json"].(object)
			if !alike(media["example"], one["example"]) {
				t.Errorf("%s: the examples differ: %v", name, media["example"])
			}
			raw, _ := json.Marshal(one["example"])
			if err := c.valid("/components/schemas/Event", string(raw)); err != nil {
				t.Errorf("%s is no Event: %v", name, err)
			}
			alone := jsonschema.NewCompiler()
			schema, err := jsonschema.UnmarshalJSON(strings.NewReader(marshaled(one["schema"])))
			if err == nil {
				err = alone.AddResource("https://browserhook.test/"+name, schema)
			}
			if err != nil {
				t.Fatal(err)
			}
			compiled, err := alone.Compile("https://browserhook.test/" + name)
			if err != nil {
				t.Fatal(err)
			}
			v, _ := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
			if err := compiled.Validate(v); err != nil {
				t.Errorf("%s by its own schema: %v", name, err)
			}
			v.(object)["data"].(object)["eventType"] = "another"
			if compiled.Validate(v) == nil || c.valid("/components/schemas/Event", marshaled(v)) == nil {
				t.Errorf("%s may be of another type", name)
			}
		}
	})
}

func marshaled(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

func alike(a, b any) bool {
	return marshaled(a) == marshaled(b)
}

// TestLocation: what was made is named by where it is, and is read there.
func TestLocation(t *testing.T) {
	made := map[string]struct{ body, id string }{
		"create-session":  {`{}`, "sessionId"},
		"create-stream":   {`{}`, "streamId"},
		"create-endpoint": {`{"url":"http://127.0.0.1:1/"}`, "endpointId"},
		"create-key":      {`{}`, "keyId"},
		"create-project":  {`{"name":"one"}`, "projectId"},
	}
	onBothStores(t, func(r *rig) {
		const public = "http://browserhook.test"
		session := r.made("POST", "/v1/sessions", `{}`, "sessionId")
		r.key = r.newKey(domain.RoleOperator)
		all, _ := description(t)
		for _, op := range all {
			if op.object["responses"].(object)["201"] == nil {
				continue
			}
			tt, ok := made[op.id]
			if !ok {
				t.Errorf("%s is not made here", op.id)
				continue
			}
			target := strings.ReplaceAll(op.path, "{sessionId}", session)
			for range 2 { // repeated, it is the same
				a := r.ask("POST", target, tt.body, "Idempotency-Key: "+tt.id)
				id, _ := a.body[tt.id].(string)
				if where := a.header.Get("Location"); a.status != http.StatusCreated || id == "" || where != public+target+"/"+id {
					t.Errorf("%s: %d %q of %q", op.id, a.status, where, id)
				}
				if read := r.ask("GET", target+"/"+id, ""); read.status != http.StatusOK || read.body[tt.id] != id || read.body["key"] != nil {
					t.Errorf("%s: it is read as %d %s", op.id, read.status, read.raw)
				}
			}
		}
	})
}

// TestAProblemsTypeExplainsIt: it opens a page that has the code.
func TestAProblemsTypeExplainsIt(t *testing.T) {
	onBothStores(t, func(r *rig) {
		page := r.ask("GET", "/docs/errors", "").raw
		for target, code := range map[string]string{
			"/v1/sessions?no=1": "invalid_request", "/v1/sessions/browser_none": "not_found", "/v1/nothing": "not_found",
			"/v1/keys": "forbidden",
		} {
			a := r.ask("GET", target, "")
			kind, _ := a.body["type"].(string)
			anchor, ok := strings.CutPrefix(kind, "http://browserhook.test/docs/errors#")
			if !ok || anchor != code || a.body["requestId"] != a.header.Get("X-Request-Id") {
				t.Errorf("%s: %d %s", target, a.status, a.raw)
			}
			if !strings.Contains(page, `<h3 id="`+anchor+`">`) {
				t.Errorf("the page doesn't explain %s", anchor)
			}
		}
	})
}
