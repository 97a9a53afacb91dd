package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/browserhook/browserhook/internal/strictjson"
)

func TestMend(t *testing.T) {
	for _, tt := range []struct{ raw, want string }{
		{`"\ud83d"`, `"�"`}, {`"\ude00\ud83d"`, `"��"`}, {`"\ud83d\ude00"`, `"😀"`},
		{"\"\xff\xed\xa0\x80\"", `"����"`}, {`"a\u0000b"`, `"a�b"`},
		{`"\u0001\u001f\u007f\u2028\t\n"`, `"\u0001\u001f` + "\x7f" + `\u2028\t\n"`},
		{`{"\ud800":1,"\ud801":[2],"x":3}`, `{"�":1,"x":3}`}, {`{"a":{"b":1,"b":2},"a":3}`, `{"a":{"b":1}}`},
		{`[1e400,-1e400,1e308,-0,0.1,12345678901234567890,1E5]`, `[null,null,1e308,-0,0.1,12345678901234567890,1E5]`},
		{" [ 1 , true , null ] \n", `[1,true,null]`}, {`""`, `""`},
		{strings.Repeat("[", 5) + strings.Repeat("]", 5), "[[[[[]]]]]"},
	} {
		got, err := strictjson.Mend([]byte(tt.raw), 5)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s became %s (%v), want %s", tt.raw, got, err, tt.want)
		}
	}
	for _, raw := range []string{"", "[1", "1 2", `{"a"}`, "nul", `"\x"`, "\x00", "[1]]", `{"a":1,"a":}`} {
		if got, err := strictjson.Mend([]byte(raw), 5); err == nil {
			t.Errorf("%q became %s", raw, got)
		}
	}
	for _, raw := range []string{"[[[[[[", `{"a":[{"a":[{"a":[]}]}]}`} {
		if _, err := strictjson.Mend([]byte(raw), 5); !errors.Is(err, strictjson.ErrDeep) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

// FuzzMend: whatever a page made, what comes out is taken by every reader, and
// stays as it is when it is mended again.
func FuzzMend(f *testing.F) {
	for _, raw := range []string{
		`{"a":"\ud83d","\u0000":[1e400,-0],"\ud800":1,"\ud801":{"x":null}}`, "[\"\xff\",\"\xed\xa0\x80\"]", `"\u2028"`, "1", "[[[[[[", "",
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		const depth = 8
		got, err := strictjson.Mend(raw, depth)
		if err != nil {
			return
		}
		if !utf8.Valid(got) || !json.Valid(got) || bytes.Contains(got, []byte(`\u0000`)) && !bytes.Contains(got, []byte(`\\u0000`)) {
			t.Fatalf("%q became %q", raw, got)
		}
		dec := jsontext.NewDecoder(bytes.NewReader(got)) // strict: no duplicates, no lone surrogates
		deepest := 0
		for {
			tok, err := dec.ReadToken()
			if err != nil {
				t.Fatalf("%q became %q: %v", raw, got, err)
			}
			if tok.Kind() == jsontext.KindString && strings.Contains(tok.String(), "\x00") {
				t.Fatalf("%q became %q", raw, got)
			}
			deepest = max(deepest, dec.StackDepth())
			if dec.StackDepth() == 0 {
				break
			}
		}
		if deepest > depth {
			t.Fatalf("%q is %d deep", got, deepest)
		}
		var v any
		if err := json.Unmarshal(got, &v); err != nil {
			t.Fatalf("%q became %q: %v", raw, got, err)
		}
		if again, err := strictjson.Mend(got, depth); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%q became %q (%v)", got, again, err)
		}
	})
}
