package step

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func css(s string) []Complex { return []Complex{{{CSS: s}}} }

func is(s string) *Match  { return &Match{Op: "=", Text: s} }
func has(s string) *Match { return &Match{Op: "*=", Text: s, Fold: true} }

func TestParseTarget(t *testing.T) {
	one := func(p Part) Target { return Target{Parts: []Part{p}} }
	of := func(p ...Part) *Target { return &Target{Parts: p} }
	button := Part{Kind: "role", Role: &Role{Role: "button"}}
	for raw, want := range map[string]Target{
		"#a > b":             one(Part{Kind: "css", CSS: []Complex{{{CSS: "#a"}, {Joint: ">", CSS: "b"}}}}),
		"a[href='x=y']":      one(Part{Kind: "css", CSS: css("a[href='x=y']")}),
		"css=text":           one(Part{Kind: "css", CSS: css("text")}),
		"text=Buy now":       one(Part{Kind: "text", Match: has("Buy now")}),
		`text="Buy \"now\""`: one(Part{Kind: "text", Match: is(`Buy "now"`)}),
		`'It is'`:            one(Part{Kind: "text", Match: is("It is")}),
		`text=Don't`:         one(Part{Kind: "text", Match: has("Don't")}),
		`text=/^a\/b$/im`:    one(Part{Kind: "text", Match: &Match{Op: "re", Text: `^a\/b$`, Flag: "im"}}),
		"label=E-mail":       one(Part{Kind: "label", Match: has("E-mail")}),
		`label="E-mail"`:     one(Part{Kind: "label", Match: is("E-mail")}),
		"placeholder=Search": one(Part{Kind: "attr", Attr: "placeholder", Match: has("Search")}),
		`alt='A "cat"'`:      one(Part{Kind: "attr", Attr: "alt", Match: is(`A "cat"`)}),
		"title=/x/":          one(Part{Kind: "attr", Attr: "title", Match: &Match{Op: "re", Text: "x"}}),
		"testid=cart":        one(Part{Kind: "testid", Match: is("cart")}),
		`testid="cart"`:      one(Part{Kind: "testid", Match: is("cart")}),
		"id=a.b":             one(Part{Kind: "attr", Attr: "id", Match: is("a.b")}),
		"xpath=//td[@a='b']": one(Part{Kind: "xpath", XPath: "//td[@a='b']"}),
		"//td":               one(Part{Kind: "xpath", XPath: "//td"}),
		"(//td)[2]":          one(Part{Kind: "xpath", XPath: "(//td)[2]"}),
		"..":                 one(Part{Kind: "xpath", XPath: ".."}),
		"role=button":        one(button),
		" role = Button ":    one(button),
		`role=button[name="Buy [1]" i][pressed=mixed]`: one(Part{Kind: "role", Role: &Role{
			Role: "button", Name: &Match{Op: "=", Text: "Buy [1]", Fold: true}, States: map[string]string{"pressed": "mixed"}}}),
		`role=heading[level=2][name=/a[/]b/i]`: one(Part{Kind: "role", Role: &Role{Role: "heading", Level: 2, Name: &Match{Op: "re", Text: "a[/]b", Flag: "i"}}}),
		`role=checkbox[checked][disabled=false][include-hidden][name*='x']`: one(Part{Kind: "role", Role: &Role{
			Role: "checkbox", States: map[string]string{"checked": "true", "disabled": "false"}, Hidden: true, Name: &Match{Op: "*=", Text: "x"}}}),
		`internal:role=button[name="Buy"i]`:           one(Part{Kind: "role", Role: &Role{Role: "button", Name: has("Buy")}}),
		`internal:attr=[placeholder="x"i]`:            one(Part{Kind: "attr", Attr: "placeholder", Match: has("x")}),
		`internal:testid=[data-test="x"s]`:            one(Part{Kind: "testid", Attr: "data-test", Match: is("x")}),
		`internal:text="a\nb"i`:                       one(Part{Kind: "full", Match: has("a\nb")}),
		`#a >> text="x >> y" >> nth=-1`:               {Parts: []Part{{Kind: "css", CSS: css("#a")}, {Kind: "text", Match: is("x >> y")}, {Kind: "nth", Nth: -1}}},
		`label=Don't >> visible=false`:                {Parts: []Part{{Kind: "label", Match: has("Don't")}, {Kind: "visible"}}},
		`li >> has="b >> nth=0" >> has-not=text=old`:  {Parts: []Part{{Kind: "css", CSS: css("li")}, {Kind: "has", Of: of(Part{Kind: "css", CSS: css("b")}, Part{Kind: "nth"})}, {Kind: "hasNot", Of: of(Part{Kind: "text", Match: has("old")})}}},
		`*css=li >> text=x`:                           {Parts: []Part{{Kind: "css", CSS: css("li")}, {Kind: "has", Of: of(Part{Kind: "text", Match: has("x")})}}},
		`frame=pay >> #a`:                             {Frames: []FrameRef{{Name: "pay"}}, Parts: []Part{{Kind: "css", CSS: css("#a")}}},
		`frame=*/pay?x=* >> #a`:                       {Frames: []FrameRef{{URL: is("*/pay?x=*")}}, Parts: []Part{{Kind: "css", CSS: css("#a")}}},
		`frame=url=/pay/ >> #a`:                       {Frames: []FrameRef{{URL: &Match{Op: "re", Text: "pay"}}}, Parts: []Part{{Kind: "css", CSS: css("#a")}}},
		`frame="#o >> iframe" >> frame=b >> #a`:       {Frames: []FrameRef{{Target: of(Part{Kind: "css", CSS: css("#o")}, Part{Kind: "css", CSS: css("iframe")})}, {Name: "b"}}, Parts: []Part{{Kind: "css", CSS: css("#a")}}},
		`iframe >> internal:control=enter-frame >> a`: {Frames: []FrameRef{{Target: of(Part{Kind: "css", CSS: css("iframe")})}}, Parts: []Part{{Kind: "css", CSS: css("a")}}},
		`a.b:has-text("x"):visible, p`: one(Part{Kind: "css", CSS: []Complex{
			{{CSS: "a.b", Funcs: []CSSFunc{{Name: "has-text", Text: []string{"x"}}, {Name: "visible"}}}}, {{CSS: "p"}}}}),
		`li:has(> b):nth-match(li, 2)`: one(Part{Kind: "css", CSS: []Complex{{{CSS: "li", Funcs: []CSSFunc{
			{Name: "has", List: []Complex{{{Funcs: []CSSFunc{{Name: "scope"}}}, {Joint: ">", CSS: "b"}}}}, {Name: "nth-match", List: css("li"), N: new(2.0)}}}}}}),
		`li:nth-child(2n + 1 of .a)`: one(Part{Kind: "css", CSS: css(`li:nth-child(2n + 1 of .a)`)}),
		`.\31 a/* , */ .b\:c`:        one(Part{Kind: "css", CSS: []Complex{{{CSS: `.\31 a`}, {Joint: " ", CSS: `.b\:c`}}}}),
	} {
		got, err := ParseTarget(raw)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %s (%v)", raw, diff, err)
		}
		if again, err := ParseTarget(got.String()); err != nil || cmp.Diff(got, again) != "" {
			t.Errorf("%s is written %s, which is %s (%v)", raw, got, cmp.Diff(got, again), err)
		}
	}
}

// TestTargetsThatCannotBeRead are refused with the place.
func TestTargetsThatCannotBeRead(t *testing.T) {
	for raw, want := range map[string]string{
		"":                           "at 1: is empty",
		"  ":                         "at 1: is empty",
		"text=":                      "at 6: has nothing",
		`text=""`:                    "at 6: has nothing",
		"role=":                      "at 6: has nothing",
		"label= ":                    "at 7: has nothing",
		"role=Buton":                 `at 6: "buton" is not a role`,
		"role=button[name=]":         "at 18: ']' where a value should be",
		`role=button[name="x]`:       "at 18: the quote isn't closed",
		"role=link[name=Home page]":  "at 21: 'p' where ] (text with spaces needs quotes) should be",
		"role=button[checked]":       "at 13: checked is for the roles checkbox",
		"role=heading[level=x]":      "at 14: level needs a number",
		"role=button[pressed=maybe]": `at 13: pressed is true, false, mixed, not "maybe"`,
		"role=button[foo]":           `at 13: "foo" is none of`,
		`role=button[name=/x`:        "at 18: the regular expression isn't closed",
		"role=button x":              "at 13: 'x' where [ or the end should be",
		"foo=bar":                    `at 1: "foo" is none of`,
		"text=/usr/bin":              `at 11: "bin" are not the flags`,
		"a >> ":                      "at 6: has nothing after css=",
		">> a":                       "at 1: has nothing after css=",
		"nth=0":                      "at 1: nth= needs something before it",
		"a >> nth=x":                 `at 10: "x" is not a whole number`,
		"a >> visible=maybe":         `at 14: "maybe" is neither true nor false`,
		"a >> frame=b":               "at 6: frame= comes first",
		"frame=b":                    "at 8: says no element in the frame",
		`a >> has="b >> c["`:         "at 10: in has=: at 8: it ends where an attribute's name should be",
		"*a=b":                       `at 1: "a" is none of`,
		"*css=a >> *css=b":           "at 11: only one part can have a *",
		"é::::":                      "at 2: a pseudo-element is no element",
		"a:":                         "at 3: it ends where the name of a pseudo-class should be",
		"a[":                         "at 3: it ends where",
		"a[b=1]":                     "at 5: '1' where a value in quotes should be",
		`a[b="c]`:                    "at 5: the quote isn't closed",
		"a[b=c":                      "at 2: the [ isn't closed",
		"a > > b":                    "at 5: '>' where a selector should be",
		"a >":                        "at 4: it ends where a selector should be",
		"a,":                         "at 3: it ends where a selector should be",
		"#1a:not(":                   "at 9: it ends where a selector should be",
		".1a":                        "at 2: '1' where a name",
		"a)":                         "at 2: ')' where a selector should be",
		"a:not(b":                    "at 2: the ( isn't closed",
		"a:nth-child(2":              "at 2: the ( isn't closed",
		"a:has-text(x)":              "at 12: 'x' where text in quotes should be",
		`a:has-text("x", "y")`:       "at 2: :has-text takes one text",
		"a:has-text":                 "at 2: :has-text needs something in brackets",
		"a:visible(b)":               "at 2: :visible takes nothing in brackets",
		"a:nth-match(b)":             "at 2: :nth-match needs",
		"[a]b":                       "at 4: a tag's name comes first",
		"a /* b":                     "at 3: the comment isn't closed",
		"a{b}":                       "at 2: '{' where a selector should be",
		"a\xff":                      "at 1: is not valid UTF-8",
		strings.Repeat(":not(", 40):  "nested deeper than 16",
	} {
		got, err := ParseTarget(raw)
		if err == nil {
			t.Errorf("%q was read as %+v", raw, got)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", raw, err, want)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{
		"#a", "text=a", `role=button[name="a" i][checked]`, `text="\"`, "xpath=//a", `a >> has="b >> nth=0"`, `*css=a >> 'b'`, `a:has-text("x"):not(> b, c)`,
		`frame=a >> frame="b >> c" >> label=Don't >> visible=true`, `text=/a\/b/i >> nth=-1`, `internal:attr=[alt="x"i] >> internal:has-text=/y/`, `.\31 a/**/[b|c~="d" i]`,
		`:near(a, 10.5), :nth-match(b, 2) ~ c`, `testid="a\nb"i`, `text= "a"`, "a >> internal:control=enter-frame >> internal:or=\"b\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := ParseTarget(raw)
		if err != nil {
			if e, ok := errors.AsType[*TargetError](err); !ok || e.At < 1 || e.At > utf8.RuneCountInString(raw)+1 {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		if len(got.Parts) == 0 {
			t.Errorf("%q: %+v", raw, got)
		}
		again, err := ParseTarget(got.String())
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Errorf("%q is written %q: %v %s", raw, got, err, diff)
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
