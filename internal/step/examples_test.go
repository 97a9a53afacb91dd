package step_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/internal/step/steptest"
	"github.com/browserhook/browserhook/internal/strictjson"
)

const shopAddress = "https://shop.example"

// TestExamples: what the documents show is what is answered.
func TestExamples(t *testing.T) {
	site, b := steptest.Shop(t), start(t)
	do := func(t *testing.T, raw string) string {
		t.Helper()
		var s step.Spec
		if err := strictjson.Unmarshal([]byte(strings.ReplaceAll(raw, shopAddress, site.URL)), &s); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		return strings.ReplaceAll((&bench{t: t, page: b.page}).do(s), site.URL, shopAddress)
	}
	for _, e := range step.Worked() {
		t.Run(e.Action, func(t *testing.T) {
			(&bench{t: t, page: b.page}).alone()
			for _, first := range []string{`{"action":"goto","url":"` + shopAddress + `/help"}`, `{"action":"goto","url":"` + shopAddress + `/"}`, e.Before} {
				if first != "" {
					do(t, first)
				}
			}
			got := do(t, e.Step)
			if !shows(e.Result, got) {
				t.Errorf("%s answered\n%s, and shows\n%s", e.Step, got, e.Result)
			}
			if got != "" && got != "null" {
				if err := step.Answers(e.Action, got); err != nil {
					t.Errorf("%s answered %s, and is described otherwise: %v", e.Step, got, err)
				}
			}
			if e.Then != "" {
				if got := do(t, `{"action":"evaluate","expression":`+quote(e.Then)+`}`); got != "true" {
					t.Errorf("%s: then %s is %s", e.Step, e.Then, got)
				}
			}
			if e.Result == "" && e.Then == "" && !strings.Contains("waitFor assert", e.Action) {
				t.Errorf("%s shows nothing", e.Step)
			}
		})
	}
}

func quote(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

// size is how large a file is, which each version of Chromium makes another.
var size = regexp.MustCompile(`"size":\d+`)

// shows says whether a result is the one that is shown.
func shows(shown, got string) bool {
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(size.ReplaceAllString(canonical(shown), `"size":0`)), "…", `[^"]*`) + "$"
	return regexp.MustCompile(pattern).MatchString(size.ReplaceAllString(canonical(got), `"size":0`))
}

// canonical is JSON with its members sorted.
func canonical(raw string) string {
	var v any
	if json.Unmarshal([]byte(raw), &v) != nil {
		return raw
	}
	sorted, _ := json.Marshal(v)
	return string(sorted)
}

// TestEveryActionHasAnExample that says how it is used.
func TestEveryActionHasAnExample(t *testing.T) {
	with := map[string]bool{}
	for _, e := range step.Worked() {
		with[e.Action] = true
		if !strings.HasPrefix(e.Step, `{"action":"`+e.Action+`"`) {
			t.Errorf("%s is no example of %s", e.Step, e.Action)
		}
	}
	for _, name := range step.Names() {
		if !with[name] {
			t.Errorf("%s has none", name)
		}
	}
}
