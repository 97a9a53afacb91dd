package live

import (
	"slices"
	"testing"
)

func TestParseInput(t *testing.T) {
	for _, good := range []string{
		`{"type":"mouse","kind":"move","x":0.5,"y":1}`, `{"type":"mouse","kind":"down","button":"left","clicks":2,"x":0,"y":0,"modifiers":8}`,
		`{"type":"wheel","dy":-120,"x":0.1,"y":0.1}`, `{"type":"key","kind":"down","key":"Enter"}`, `{"type":"text","text":"é"}`,
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
		if err == nil && (in.X < 0 || in.X > 1 || in.Y < 0 || in.Y > 1 || !slices.Contains([]string{"mouse", "wheel", "key", "text"}, in.Type)) {
			t.Errorf("%s: %+v", raw, in)
		}
	})
}

// TestNewestFrameWins: a viewer that fetches nothing holds one frame, the last.
func TestNewestFrameWins(t *testing.T) {
	v := newMailbox()
	for i := range 100 {
		v.put([]byte{byte(i)})
	}
	if got := <-v.frames; got[0] != 99 {
		t.Errorf("frame %d", got[0])
	}
	select {
	case <-v.frames:
		t.Error("an old frame was kept")
	default:
	}
}
