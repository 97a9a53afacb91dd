package httpapi_test

import (
	"strings"
	"testing"
)

// TestStepsAreDescribedByAction: one schema for each, told apart by its name,
// with what it takes and an example of it.
func TestStepsAreDescribedByAction(t *testing.T) {
	_, schemas := description(t)
	step := schemas["Step"].(object)
	kinds := step["discriminator"].(object)
	mapping := kinds["mapping"].(object)
	if kinds["propertyName"] != "action" || len(mapping) < 20 || len(mapping) != len(step["oneOf"].([]any)) {
		t.Fatalf("steps are told apart by %v", kinds)
	}
	for name, ref := range mapping {
		s := schemas[strings.TrimPrefix(ref.(string), "#/components/schemas/")].(object)
		properties := s["properties"].(object)
		if got := properties["action"].(object)["enum"].([]any); len(got) != 1 || got[0] != name {
			t.Errorf("%s is called %v", name, got)
		}
		if s["additionalProperties"] != false || s["description"] == "" || len(s["examples"].([]any)) == 0 {
			t.Errorf("%s: %v", name, s)
		}
		for member, m := range properties {
			if m := m.(object); member != "action" && m["description"] == nil {
				t.Errorf("%s: %s isn't described", name, member)
			}
		}
	}
}

// TestAWrongStepIsToldByItsAction: where it is wrong, and what would be right.
func TestAWrongStepIsToldByItsAction(t *testing.T) {
	onBothStores(t, func(r *rig) {
		session := r.made("POST", "/v1/sessions", `{}`, "sessionId")
		for body, want := range map[string]string{
			`{"action":"clik"}`: `steps[1].action: "clik" is none of assert, back, `,
			`{"target":"a"}`:    `steps[1].action: is needed`,
			`{"action":null}`:   `steps[1].action: is needed`,
			`{"action":5}`:      `steps[1].action: must be a string`,
			`5`:                 `steps[1]: expected object`,
			`{"action":"click","target":"a","url":"http://b"}`: `steps[1].url: is nothing that click knows`,
			`{"action":"click","target":"a","nope":1}`:         `steps[1].nope: is nothing that click knows`,
			`{"action":"click"}`:                               `steps[1].target: is needed`,
			`{"action":"click","target":5}`:                    `steps[1].target: expected string`,
			`{"action":"click","target":"a","button":"up"}`:    `steps[1].button: expected value to be one of "left, right, middle"`,
			`{"action":"scroll"}`:                              `steps[1]: scroll needs one of target, x, y`,
			`{"action":"press","key":"Nope"}`:                  `steps[1].key: `,
		} {
			a := r.ask("POST", "/v1/sessions/"+session+"/steps", `{"steps":[{"action":"reload"},`+body+`]}`)
			if detail, _ := a.body["detail"].(string); a.status != 422 || !strings.HasPrefix(detail, want) {
				r.t.Errorf("%s: %d %s", body, a.status, a.raw)
			}
		}
	})
}
