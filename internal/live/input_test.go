package live

import (
	"slices"
	"testing"
)

func TestParseInput(t *testing.T) {
	for _, good := range []string{
		`{"type":"mouse","kind":"move","x":0.5,"y":1}`, `{"type":"mouse","kind":"down","button":"left","clicks":2,"x":0,"y":0,"modifiers":8}`,
		`{"type":"wheel","dy":-120,"x":0.1,"y":0.1}`, `{"type":"key","kind":"down","key":"Enter"}`, `{"type":"text","text":"é"}`,
		`{"type":"drawn"}`, `{"type":"fit","width":1280,"height":720}`, `{"type":"tab","number":2}`, `{"type":"result","number":0}`,
	} {
		if _, err := parseInput([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		``, `{}`, `[]`, `{"type":"mouse"}`, `{"type":"mouse","kind":"down","x":0,"y":0}`, `{"type":"mouse","kind":"move","x":2,"y":0}`,
		`{"type":"mouse","kind":"move","x":-1,"y":0}`, `{"type":"wheel","dy":1e9}`, `{"type":"key","kind":"press","key":"a"}`,
		`{"type":"key","kind":"down","key":""}`, `{"type":"text"}`, `{"type":"text","text":"a","more":1}`, `{"type":"key","kind":"down","key":"a","modifiers":99}`,
		`{"type":"navigate","url":"file:///"}`, `{"type":"text","text":"a"}{"type":"text","text":"b"}`, `{"type":"text","text":"a","Text":"b"}`,
		`{"type":"text","text":"a","text":"b"}`, `{"type":"text","text":"a\u0000"}`, `{"type":"text","text":"\ud800"}`, "{\"type\":\"text\",\"text\":\"\xff\"}",
		`{"type":"wheel","dy":1e400}`, `{"Type":"text","text":"a"}`,
		`{"type":"fit","width":1e9,"height":720}`, `{"type":"fit","width":0,"height":0}`, `{"type":"tab","number":-1}`, `{"type":"result","number":1.5}`,
	} {
		if in, err := parseInput([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, in)
		}
	}
}

func FuzzParseInput(f *testing.F) {
	f.Add([]byte(`{"type":"mouse","kind":"move","x":0.5,"y":1}`))
	f.Add([]byte(`{"type":"text","text":"é"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := parseInput(raw)
		if err == nil && (in.X < 0 || in.X > 1 || in.Y < 0 || in.Y > 1 || !slices.Contains([]string{"mouse", "wheel", "key", "text", "drawn", "fit", "tab", "result"}, in.Type)) {
			t.Errorf("%s: %+v", raw, in)
		}
	})
}
