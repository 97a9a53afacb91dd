package strictjson_test

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/browserhook/browserhook/internal/strictjson"
)

type size struct {
	Width  int      `json:"width"`
	Height *int     `json:"height,omitempty"`
	Scale  float64  `json:"scale"`
	Names  []string `json:"names"`
}

type body struct {
	URL   string            `json:"url"`
	Size  size              `json:"size"`
	Sizes []size            `json:"sizes"`
	Any   map[string]string `json:"any"`
}

func TestUnmarshalReads(t *testing.T) {
	seven := 7
	for raw, want := range map[string]body{
		`{}`: {}, ` {} `: {}, `{"url":"é\u00e9\ud83d\ude00"}`: {URL: "éé😀"}, `{"url":null,"size":null,"sizes":null,"any":null}`: {},
		`{"size":{"width":5,"height":7.0,"scale":1e-400}}`:  {Size: size{Width: 5, Height: &seven}},
		`{"size":{"width":1e2,"scale":-0.5,"names":["a"]}}`: {Size: size{Width: 100, Scale: -0.5, Names: []string{"a"}}},
		`{"size":{"width":9007199254740991}}`:               {Size: size{Width: 9007199254740991}},
		`{"any":{"url":"a","URL":"b","0":"c"}}`:             {Any: map[string]string{"url": "a", "URL": "b", "0": "c"}},
	} {
		var got body
		if err := strictjson.Unmarshal([]byte(raw), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      strictjson.Error
	}{
		{"nothing", ``, strictjson.Error{Syntax: true, Problem: "it ends too early"}},
		{"an end too early", `{"url":`, strictjson.Error{Syntax: true, Problem: "it ends too early"}},
		{"a second value", `{} {}`, strictjson.Error{Syntax: true, Problem: "something follows it"}},
		{"something after it", `{}x`, strictjson.Error{Syntax: true, Problem: "something follows it"}},
		{"a member twice", `{"url":"a","url":"b"}`, strictjson.Error{Syntax: true, Field: "url", Problem: "comes twice"}},
		{"a member twice, escaped", `{"sizes":[{},{"width":1,"\u0077idth":2}]}`, strictjson.Error{Syntax: true, Field: "sizes[1].width", Problem: "comes twice"}},
		{"a user's own member twice", `{"any":{"0":"a","0":"b"}}`, strictjson.Error{Syntax: true, Field: "any.0", Problem: "comes twice"}},
		{"another case", `{"size":{"width":5,"Width":-5}}`, strictjson.Error{Field: "size.Width", Problem: "is not known here"}},
		{"another case alone", `{"URL":"x"}`, strictjson.Error{Field: "URL", Problem: "is not known here"}},
		{"an unknown member", `{"sizes":[{"depth":1}]}`, strictjson.Error{Field: "sizes[0].depth", Problem: "is not known here"}},
		{"no UTF-8", "{\"any\":{\"a\":\"\xff\"}}", strictjson.Error{Syntax: true, Field: "any.a", Problem: "invalid UTF-8"}},
		{"NUL", `{"any":{"a":"b\u0000"}}`, strictjson.Error{Field: "any.a", Problem: "must not hold the character U+0000"}},
		{"NUL in a name", `{"any":{"a\u0000":"b"}}`, strictjson.Error{Field: `any."a\x00"`, Problem: "must not hold the character U+0000"}},
		{"a long name", `{"any":{"` + strings.Repeat("n", 257) + `":""}}`, strictjson.Error{Field: "any", Problem: "has a member with a name of more than 256 bytes"}},
		{"more than a float64 holds", `{"size":{"width":1e400}}`, strictjson.Error{Field: "size.width", Problem: "is a number out of range"}},
		{"far more", `{"size":{"scale":-1e9999999}}`, strictjson.Error{Field: "size.scale", Problem: "is a number out of range"}},
		{"many digits", `{"sizes":[{"width":` + strings.Repeat("9", 400) + `}]}`, strictjson.Error{Field: "sizes[0].width", Problem: "is a number out of range"}},
		{"more than 53 bits", `{"size":{"width":9007199254740993}}`, strictjson.Error{Field: "size.width", Problem: "is not a whole number of at most 53 bits"}},
		{"a fraction", `{"size":{"height":1.5}}`, strictjson.Error{Field: "size.height", Problem: "is not a whole number of at most 53 bits"}},
		{"a wrong type", `{"size":{"names":["a",1]}}`, strictjson.Error{Field: "size.names[1]", Problem: "is of the wrong type"}},
		{"a wrong whole", `[]`, strictjson.Error{Problem: "is of the wrong type"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got body
			err := strictjson.Unmarshal([]byte(tt.raw), &got)
			if e, ok := errors.AsType[*strictjson.Error](err); !ok || *e != tt.want {
				t.Errorf("%s: %#v", tt.raw, err)
			}
		})
	}
	for name, raw := range map[string]string{
		"a lone surrogate": `{"url":"\ud800"}`, "a low surrogate": `{"url":"\udc00x"}`, "surrogates the wrong way round": `{"any":{"a":"\ude00\ud83d"}}`,
		"a byte order mark": "\ufeff{}", "a control character": "{\"url\":\"a\nb\"}", "a comment": `{/**/}`, "a trailing comma": `{"url":"a",}`,
		"a bare word": `{"size":{"scale":NaN}}`, "a plus": `{"size":{"scale":+1}}`, "a leading zero": `{"size":{"width":01}}`, "hexadecimal": `{"size":{"width":0x1}}`,
		"many values": "[" + strings.Repeat("1,", 50_000) + "1]", "many names": `{"a":[` + strings.Repeat(`{"a":""},`, 20_000) + `1]}`,
		"deep arrays": strings.Repeat("[", 33) + strings.Repeat("]", 33), "deep objects": strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33),
	} {
		t.Run(name, func(t *testing.T) {
			for _, into := range []any{new(body), new(any)} {
				err := strictjson.Unmarshal([]byte(raw), into)
				if e, ok := errors.AsType[*strictjson.Error](err); !ok || !e.Syntax {
					t.Errorf("%.60s: %#v", raw, err)
				}
			}
		})
	}
	if err := strictjson.Check([]byte(strings.Repeat("[", 32) + strings.Repeat("]", 32))); err != nil {
		t.Errorf("32 deep: %v", err)
	}
}

// FuzzUnmarshal: what is taken is the one value that encoding/json reads too,
// and is written by strict writers; what is refused says so as an *Error.
func FuzzUnmarshal(f *testing.F) {
	for _, raw := range []string{
		`{}`, `null`, `[1,2.5,-1e3,"a\u00e9"]`, `{"url":"a","URL":"b"}`, `{"a":1,"a":2}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{} {}`, `[[[[]]]]`,
		`{"size":{"width":1e400}}`, `{"a":"\u0000"}`, `"\ud83d\ude00"`, `1e-400`, `{"size":{"width":5,"Width":-5}}`, `9007199254740993`, `-0`,
		`{"sizes":[{"names":[null]}],"any":{"0":"\\"}}`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got any
		err := strictjson.Unmarshal(raw, &got)
		if err != nil {
			if _, ok := errors.AsType[*strictjson.Error](err); !ok {
				t.Fatalf("%q: %#v", raw, err)
			}
		}
		if (err == nil) != (strictjson.Check(raw) == nil) {
			t.Fatalf("%q: Unmarshal says %v, Check %v", raw, err, strictjson.Check(raw))
		}
		canonical := jsontext.Value(bytes.Clone(raw))
		if err == nil {
			var want any
			if err := stdjson.Unmarshal(raw, &want); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: %v, and encoding/json %v, %v", raw, got, want, err)
			}
			if err := canonical.Canonicalize(); err != nil {
				t.Fatalf("%q: %v", raw, err)
			}
			sound(t, got)
		} else if canonical.IsValid() && !refusable(raw) {
			t.Fatalf("%q is valid, and was refused: %v", raw, err)
		}
		// A type is read as encoding/json reads it, or not at all.
		var typed, std body
		if strictjson.Unmarshal(raw, &typed) == nil {
			if err := stdjson.Unmarshal(raw, &std); err == nil && !reflect.DeepEqual(typed, std) {
				t.Fatalf("%q: %+v, and encoding/json %+v", raw, typed, std)
			}
		}
	})
}

// sound fails on what must not come out.
func sound(t *testing.T, v any) {
	t.Helper()
	text := func(s string) {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Fatalf("%q came through", s)
		}
	}
	switch v := v.(type) {
	case string:
		text(v)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			t.Fatalf("%v came through", v)
		}
	case []any:
		for _, one := range v {
			sound(t, one)
		}
	case map[string]any:
		for name, one := range v {
			text(name)
			sound(t, one)
		}
	}
}

// refusable says whether valid JSON holds something that is refused on purpose:
// NUL, too much of something, or a number that encoding/json can't hold either.
func refusable(raw []byte) bool {
	var v any
	if err := stdjson.Unmarshal(raw, &v); err != nil {
		return true
	}
	deepest, values := 0, 0
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return deepest > strictjson.MaxDepth || values > strictjson.MaxValues
		}
		values++
		if token.Kind() == jsontext.KindString && (strings.Contains(token.String(), "\x00") || len(token.String()) > strictjson.MaxName) {
			return true
		}
		deepest = max(deepest, dec.StackDepth())
	}
}
