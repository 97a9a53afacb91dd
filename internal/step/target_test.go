package step

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTarget(t *testing.T) {
	for raw, want := range map[string]Target{
		"#a > b":                      {Kind: "css", Body: "#a > b"},
		"a[href='x=y']":               {Kind: "css", Body: "a[href='x=y']"},
		"css=text":                    {Kind: "css", Body: "text"},
		"text=Buy now":                {Kind: "text", Body: "Buy now"},
		`text="Buy \"now\""`:          {Kind: "text", Body: `Buy "now"`, Exact: true},
		"label=E-mail":                {Kind: "label", Body: "E-mail"},
		"placeholder=Search":          {Kind: "placeholder", Body: "Search"},
		"testid=cart":                 {Kind: "testid", Body: "cart"},
		"xpath=//td[@a='b']":          {Kind: "xpath", Body: "//td[@a='b']"},
		"role=button":                 {Kind: "role", Body: "button"},
		`role=button[name="Buy [1]"]`: {Kind: "role", Body: "button", Name: "Buy [1]", Named: true},
		"role=link[name=Home page]":   {Kind: "role", Body: "link", Name: "Home page", Named: true},
		" role = nothing of ours ":    {Kind: "css", Body: "role = nothing of ours"},
	} {
		got, err := ParseTarget(raw)
		if err != nil || got != want {
			t.Errorf("%q: %s (%v)", raw, cmp.Diff(want, got), err)
		}
	}
	for _, bad := range []string{"", "  ", "text=", `text=""`, "role=", "role=Button", "role=button[name=]", `role=button[name="x]`, "label= "} {
		if got, err := ParseTarget(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, got)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"#a", "text=a", `role=button[name="a"]`, `text="\"`, "xpath=//a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := ParseTarget(raw)
		if err == nil && (strings.TrimSpace(got.Body) == "" || got.Kind == "") {
			t.Errorf("%q: %+v", raw, got)
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Add(`{"action":"click","target":"text=a"}`)
	f.Add(`{"action":"extract","fields":{"a":{"target":"b","fields":{"c":"d"}}}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		var s Spec
		if json.Unmarshal([]byte(raw), &s) != nil || s.Check("step") != nil {
			return
		}
		// What is accepted survives being stored.
		var again Spec
		if err := json.Unmarshal(s.Params(), &again); err != nil || again.Check("step") != nil {
			t.Errorf("%s is accepted, and not as it is stored: %v", raw, again.Check("step"))
		}
		if string(again.Params()) != string(s.Params()) {
			t.Errorf("%s is stored as %s, and then as %s", raw, s.Params(), again.Params())
		}
	})
}

// FuzzPageURL: what a browser may be sent to is the web, and is written in one way.
func FuzzPageURL(f *testing.F) {
	for _, raw := range []string{
		"http://a.test/b c?d e#f g", "HTTPS://A.test", "data:text/html,<p>100%", "about:blank", "http:\\a.test\b", "http://a.test\\@b.test/", "javascript:1", "file:///x",
		"view-source:http://a.test", "http://\u2460.test/", "http:/a.test", "DATA:,", "blob:http://a.test/1",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		written, err := CheckURL("url", raw)
		if err != nil {
			return
		}
		if again, err := CheckURL("url", written); again != written || err != nil {
			t.Fatalf("%q is written %q, and then %q, %v", raw, written, again, err)
		}
		scheme, _, _ := strings.Cut(written, ":")
		web := scheme == "http" || scheme == "https"
		if !web && written != raw || !web && !slices.Contains([]string{"data", "about"}, strings.ToLower(scheme)) {
			t.Fatalf("%q is written %q", raw, written)
		}
		if web && strings.ContainsFunc(written, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
			t.Fatalf("%q is written %q", raw, written)
		}
	})
}
