package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// schemas reads the description's schemas.
type schemas struct{ all object }

func (s schemas) resolve(schema object) object {
	for {
		ref, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		schema = s.all[ref[strings.LastIndex(ref, "/")+1:]].(object)
	}
}

func (s schemas) body(op described) object {
	body, ok := op.object["requestBody"].(object)
	if !ok {
		return nil
	}
	return s.resolve(body["content"].(object)["application/json"].(object)["schema"].(object))
}

// kind is the schema's type beside null, and whether it takes that.
func kind(schema object) (name string, null bool) {
	switch t := schema["type"].(type) {
	case string:
		return t, false
	case []any:
		for _, one := range t {
			if one == "null" {
				null = true
			} else {
				name = one.(string)
			}
		}
	}
	return name, null
}

func required(schema object) (names []string) {
	all, _ := schema["required"].([]any)
	for _, name := range all {
		names = append(names, name.(string))
	}
	return names
}

// least is the smallest value of a schema that the server takes.
func (s schemas) least(name string, schema object) any {
	schema = s.resolve(schema)
	for _, sub := range s.alternatives(schema) {
		schema = sub
	}
	switch t, _ := kind(schema); t {
	case "object":
		if some, ok := schema["examples"].([]any); ok {
			return maps.Clone(some[0].(object))
		}
		v := object{}
		for _, member := range required(schema) {
			v[member] = s.least(member, schema["properties"].(object)[member].(object))
		}
		if name == "fields" || name == "field" {
			v = object{"target": "a"}
		}
		return v
	case "array":
		return []any{s.least(name+"[]", schema["items"].(object))}
	case "integer", "number":
		most, err := strconv.Atoi(fmt.Sprint(schema["maximum"]))
		if err == nil {
			return min(most, 500)
		}
		return 500
	case "boolean":
		return true
	}
	if some, ok := schema["enum"].([]any); ok {
		return some[0]
	}
	if value, ok := map[string]string{"url": "http://127.0.0.1:1/", "since": "2026-01-01T00:00:00Z"}[name]; ok {
		return value
	}
	return "a"
}

// alternatives of a schema that are objects.
func (s schemas) alternatives(schema object) (all []object) {
	some, _ := schema["oneOf"].([]any)
	for _, one := range some {
		one := s.resolve(one.(object))
		if t, _ := kind(one); t == "object" {
			all = append(all, one)
		}
	}
	return all
}

// walk visits every member of a body, at any depth: put makes the least body
// in which the member's object is the one given.
func (s schemas) walk(schema object, least object, at string, put func(object) object, visit func(name, at string, member object, needed, own bool, put func(any) object)) {
	schema = s.resolve(schema)
	with := func(name string, v any) object {
		one := maps.Clone(least)
		one[name] = v
		return put(one)
	}
	properties, _ := schema["properties"].(object)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		member, here := s.resolve(properties[name].(object)), strings.TrimPrefix(at+"."+name, ".")
		visit(name, here, member, slices.Contains(required(schema), name), false, func(v any) object { return with(name, v) })
		for _, sub := range append(s.alternatives(member), member) {
			s.below(sub, name, here, func(v any) object { return with(name, v) }, visit)
		}
	}
}

// below visits what is in a member: its members, those of its items, and those
// that are the user's own.
func (s schemas) below(member object, name, at string, put func(any) object, visit func(name, at string, member object, needed, own bool, put func(any) object)) {
	if member["discriminator"] != nil {
		for _, sub := range s.alternatives(member) {
			s.below(sub, name, at, put, visit)
		}
		return
	}
	switch t, _ := kind(member); t {
	case "object":
		least, _ := s.least(name, member).(object)
		s.walk(member, least, at, func(v object) object { return put(v) }, visit)
		if own, ok := member["additionalProperties"].(object); ok {
			own = s.resolve(own)
			here := at + ".own"
			visit("own", here, own, false, true, func(v any) object { return put(object{"own": v}) })
			for _, sub := range s.alternatives(own) {
				s.below(sub, "field", here, func(v any) object { return put(object{"own": v}) }, visit)
			}
		}
	case "array":
		items := s.resolve(member["items"].(object))
		visit(name+"[]", at+"[0]", items, false, true, func(v any) object { return put([]any{v}) })
		s.below(items, name+"[]", at+"[0]", func(v any) object { return put([]any{v}) }, visit)
	}
}

// same takes off an answer what differs from call to call.
func same(v any) any {
	switch v := v.(type) {
	case object:
		for name, one := range v {
			switch name {
			case "sessionId", "stepId", "streamId", "endpointId", "deliveryId", "streamingUrl", "connectUrl", "createdAt", "updatedAt", "readyAt", "secret", "publicKey", "requestId", "status",
				"keyId", "key", "prefix", "queuePosition":
				delete(v, name)
			default:
				v[name] = same(one)
			}
		}
	case []any:
		for i := range v {
			v[i] = same(v[i])
		}
	}
	return v
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// bulk operations are those that are done to what a filter picks.
var bulk = []string{"retry-deliveries", "cancel-deliveries", "recover-endpoint"}

// TestNullIsNotGivenWhenSomethingIsMade: in every POST, at any depth, a null
// member is the same as none, or named as needed; a null among the user's own
// names or in a list is refused.
func TestNullIsNotGivenWhenSomethingIsMade(t *testing.T) {
	all, components := description(t)
	in := schemas{components}
	onBothStores(t, func(r *rig) {
		t := r.t
		r.key = r.newKey(domain.RoleOperator)
		tried, projects := 0, 0
		for _, op := range all {
			schema := in.body(op)
			if op.method != "POST" || schema == nil || slices.Contains(bulk, op.id) {
				continue
			}
			post := func(body object) reply {
				ids := map[string]string{}
				if strings.Contains(op.path, "{sessionId}") {
					ids["sessionId"] = r.made("POST", "/v1/sessions", "{}", "sessionId")
				}
				if strings.Contains(op.path, "{endpointId}") {
					ids["endpointId"] = r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
				}
				if op.id == "create-project" && body["name"] != nil {
					projects++
					body["name"] = fmt.Sprint("project", projects) // no other may have it
				}
				a := r.ask("POST", fill(op.path, ids), text(t, body))
				if op.id == "create-project" {
					delete(a.body, "name")
					delete(a.body, "projectId")
				}
				return a
			}
			least := in.least("", schema).(object)
			in.walk(schema, least, "", func(v object) object { return v }, func(name, at string, member object, needed, own bool, put func(any) object) {
				tried++
				null := post(put(nil))
				switch _, said := kind(member); {
				case own || needed:
					want := "must not be null"
					if needed {
						want = "is needed"
					}
					if null.status != 422 || null.field() != at || !strings.Contains(null.raw, want) || said {
						t.Errorf("%s: %s: %d %s (described with null: %v)", op.id, at, null.status, null.raw, said)
					}
				default:
					body := put(nil)
					without := post(remove(body, name))
					ok := reflect.DeepEqual(same(null.body), same(without.body)) // done, or refused for what the action needs
					if null.status != without.status || !ok {
						t.Errorf("%s: %s: with null %d %s\nwithout %d %s", op.id, at, null.status, null.raw, without.status, without.raw)
					}
					if !said && member["type"] != nil {
						t.Errorf("%s: %s takes null and isn't described so: %v", op.id, at, member)
					}
				}
			})
		}
		if tried < 80 {
			t.Errorf("only %d members were tried", tried)
		}
	})
}

// remove drops the members with the name that are null, at any depth.
func remove(v any, name string) object {
	switch v := v.(type) {
	case object:
		for key, one := range v {
			if key == name && one == nil {
				delete(v, key)
			} else {
				remove(one, name)
			}
		}
		return v
	case []any:
		for _, one := range v {
			remove(one, name)
		}
	}
	return nil
}

// TestNullClearsInAChange what can be cleared, and is refused where nothing can.
func TestNullClearsInAChange(t *testing.T) {
	all, components := description(t)
	in := schemas{components}
	clearable := map[string]string{
		"filter": `{"metadata":{"a":["b"]}}`, "headers": `[{"name":"X-A","value":"b"}]`, "description": `"x"`, "metadata": `{"a":"b"}`,
		"rateLimit": "5", "concurrency": "5",
	}
	onBothStores(t, func(r *rig) {
		t := r.t
		r.key = r.newKey(domain.RoleOperator) // who may change all that can be changed
		for _, op := range all {
			if op.method != "PATCH" {
				continue
			}
			made := r.ask("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`).body
			path := fill(op.path, map[string]string{"endpointId": made["endpointId"].(string), "projectId": r.project})
			in.walk(in.body(op), object{}, "", func(v object) object { return v }, func(name, at string, member object, _, own bool, put func(any) object) {
				_, said := kind(member)
				a := r.ask("PATCH", path, text(t, put(nil)))
				switch {
				case strings.Contains(at, "[") && !own: // a list is made anew
					if a.status != 200 && (a.status != 422 || a.field() != at) {
						t.Errorf("%s: %s: %d %s", op.id, at, a.status, a.raw)
					}
				case said != (a.status == 200) || !said && (a.status != 422 || a.field() != at || !strings.Contains(a.raw, "must not be null")):
					t.Errorf("%s: %s: described with null %v: %d %s", op.id, at, said, a.status, a.raw)
				}
				value, want := clearable[at]
				if strings.ContainsAny(at, ".[") || (at == "url" || at == "events") != !said || !want {
					if at == "url" || at == "events" {
						if said {
							t.Errorf("%s can be cleared", at)
						}
					}
					return
				}
				before := same(r.ask("GET", path, "").body)
				if a := r.ask("PATCH", path, fmt.Sprintf(`{%q:%s}`, at, value)); a.status != 200 || reflect.DeepEqual(same(a.body), before) {
					t.Errorf("%s: set: %d %s", at, a.status, a.raw)
				}
				if a := r.ask("PATCH", path, fmt.Sprintf(`{%q:null}`, at)); a.status != 200 || !reflect.DeepEqual(same(a.body), before) {
					t.Errorf("%s: cleared: %d %s\nwant %v", at, a.status, a.raw, before)
				}
				if a := r.ask("PATCH", path, `{}`); !reflect.DeepEqual(same(a.body), before) {
					t.Errorf("%s: nothing changed: %s", at, a.raw)
				}
			})
		}
	})
}

// TestNullIsRefusedInWhatPicksMany: nothing unsaid widens what is canceled or
// sent again, be it null, nothing, or the zero of a time.
func TestNullIsRefusedInWhatPicksMany(t *testing.T) {
	all, components := description(t)
	in := schemas{components}
	onBothStores(t, func(r *rig) {
		t := r.t
		ids := r.fixtures()
		before := r.ask("GET", "/v1/deliveries", "").raw
		r.key = r.newKey(domain.RoleOperator)
		tried := 0
		for _, op := range all {
			if !slices.Contains(bulk, op.id) {
				continue
			}
			least := object{"eventId": ids["eventId"]}
			if op.id == "recover-endpoint" {
				least = object{"since": "2026-01-01T00:00:00Z"}
			}
			in.walk(in.body(op), least, "", func(v object) object { return v }, func(name, at string, member object, _, _ bool, put func(any) object) {
				values := []any{nil, ""}
				if member["format"] == "date-time" && at != "since" {
					values = append(values, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T01:00:00+01:00")
				}
				for _, v := range values {
					tried++
					a := r.ask("POST", fill(op.path, ids), text(t, put(v)))
					if _, said := kind(member); a.status != 422 || a.field() != at || said {
						t.Errorf("%s: %s: %v: %d %s", op.id, at, v, a.status, a.raw)
					}
				}
			})
		}
		if tried < 30 {
			t.Errorf("only %d were tried", tried)
		}
		if after := r.ask("GET", "/v1/deliveries", "").raw; after != before {
			t.Errorf("something was done: %s\nbefore %s", after, before)
		}
	})
}

// TestBodiesWhereNoneIsTaken: an empty object is what typed clients send; a
// member would be something that isn't done.
func TestBodiesWhereNoneIsTaken(t *testing.T) {
	all, _ := description(t)
	onBothStores(t, func(r *rig) {
		t := r.t
		r.key = r.newKey(domain.RoleOperator)
		tried := 0
		for _, op := range all {
			if _, takes := op.object["requestBody"]; takes || op.method == "GET" {
				continue
			}
			tried++
			path := fill(op.path, nil)
			for body, want := range map[string]int{"": 404, "{}": 404, `{"force":true}`: 422, `{"force":null}`: 422, `[]`: 422, `1`: 422, `null`: 422} {
				if a := r.ask(op.method, path, body); a.status != want {
					t.Errorf("%s %s %s: %d %s", op.method, op.path, body, a.status, a.raw)
				}
			}
		}
		if tried < 5 {
			t.Errorf("only %d were tried", tried)
		}
	})
}
