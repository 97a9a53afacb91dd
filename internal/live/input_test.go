package live

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
)

func TestParseInput(t *testing.T) {
	for _, good := range []string{
		`{"type":"mouse","kind":"move","x":0.5,"y":1}`, `{"type":"mouse","kind":"down","button":"left","clicks":2,"x":0,"y":0,"modifiers":8}`,
		`{"type":"wheel","dy":-120,"x":0.1,"y":0.1}`, `{"type":"key","kind":"down","key":"Enter"}`, `{"type":"text","text":"é"}`,
		`{"type":"drawn"}`, `{"type":"fit","width":1280,"height":720}`, `{"type":"tab","number":2}`, `{"type":"result","number":0}`,
		`{"type":"mouse","kind":"down","button":"back","x":0,"y":0}`, `{"type":"touch","kind":"start","fingers":[{"id":0,"x":0.5,"y":1},{"id":1,"x":0,"y":0}]}`,
		`{"type":"touch","kind":"end"}`, `{"type":"touch","kind":"cancel","fingers":[]}`, `{"type":"compose","text":"こ"}`, `{"type":"compose","text":""}`,
		`{"type":"copy"}`, `{"type":"take"}`, `{"type":"release"}`, `{"type":"use","number":2}`,
		`{"type":"answer","number":1}`, `{"type":"answer","number":1,"accept":true,"value":""}`, `{"type":"answer","number":9,"accept":true,"option":999}`,
		`{"type":"files","number":1,"files":[{"name":"a","size":67108864},{"name":"..","size":0}]}`,
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
		`{"type":"touch","kind":"start"}`, `{"type":"touch","kind":"tap","fingers":[{"x":0,"y":0}]}`, `{"type":"touch","kind":"move","fingers":[{"id":-1,"x":0,"y":0}]}`,
		`{"type":"touch","kind":"move","fingers":[{"x":0,"y":1.1}]}`, `{"type":"touch","kind":"cancel","fingers":[{"x":0,"y":0}]}`,
		`{"type":"touch","kind":"move","fingers":[{},{},{},{},{},{},{},{},{},{},{}]}`, `{"type":"touch","kind":"move","fingers":[{"x":0,"y":0,"force":1}]}`,
		`{"type":"use"}`, `{"type":"mouse","kind":"down","button":"sixth","x":0,"y":0}`,
		`{"type":"answer"}`, `{"type":"answer","number":1,"option":1000}`, `{"type":"answer","number":1,"option":-1}`, `{"type":"answer","number":1,"value":1}`,
		`{"type":"answer","number":1,"value":"` + strings.Repeat("x", 60_001) + `"}`,
		`{"type":"files","number":1}`, `{"type":"files","files":[{"name":"a","size":1}]}`, `{"type":"files","number":1,"files":[{"name":"../a","size":1}]}`,
		`{"type":"files","number":1,"files":[{"name":"","size":1}]}`, `{"type":"files","number":1,"files":[{"name":"a","size":-1}]}`,
		`{"type":"files","number":1,"files":[{"name":"a","size":67108864},{"name":"b","size":1}]}`, `{"type":"files","number":1,"files":[{"name":"a","size":1,"path":"/etc"}]}`,
	} {
		if in, err := parseInput([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, in)
		}
	}
}

// FuzzParseInput: what is read is within its bounds, and what a link for looking may
// say is one of four things.
func FuzzParseInput(f *testing.F) {
	for _, seed := range []string{
		`{"type":"mouse","kind":"move","x":0.5,"y":1}`, `{"type":"text","text":"é"}`, `{"type":"touch","kind":"move","fingers":[{"id":1,"x":0.5,"y":0.5}]}`,
		`{"type":"fit","width":640,"height":480}`, `{"type":"tab","number":3,"text":"x"}`, `{"type":"take"}`, `{"type":"key","kind":"down","key":"a","modifiers":2}`,
		`{"type":"answer","number":1,"accept":true,"value":"x","option":2}`, `{"type":"files","number":1,"files":[{"name":"a.txt","size":3}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := parseInput(raw)
		if err != nil {
			return
		}
		out := func(n float64) bool { return !(n >= 0 && n <= 1) }
		if out(in.X) || out(in.Y) || slices.ContainsFunc(in.Fingers, func(f finger) bool { return in.Type == "touch" && (out(f.X) || out(f.Y)) }) {
			t.Errorf("%s: %+v", raw, in)
		}
		looks := slices.Contains([]string{"drawn", "fit", "tab", "result"}, in.Type)
		acts := slices.Contains([]string{"mouse", "wheel", "touch", "key", "text", "compose", "copy", "take", "release", "use", "answer", "files"}, in.Type)
		if looks == acts || in.drives() != acts {
			t.Errorf("%s: %+v", raw, in)
		}
	})
}

// TestAFullLineGetsLess: no more than three pictures are on their way to who tells what
// it has drawn, of less quality while they come late, and of more when they don't.
func TestAFullLineGetsLess(t *testing.T) {
	f, now := newFlow(), time.Now()
	for range 10 {
		f.sent(now)
	}
	if f.full() {
		t.Error("who tells nothing is kept from pictures")
	}
	draws := func(after time.Duration) {
		f.sent(now)
		now = now.Add(after)
		f.drawn(now)
	}
	for range maxAhead { // those of before
		f.drawn(now)
	}
	for range maxAhead {
		f.sent(now)
	}
	if !f.full() {
		t.Error("it gets more than it draws")
	}
	for range maxAhead {
		f.drawn(now)
	}
	draws(20 * time.Millisecond)
	for _, want := range []int{60, 40, 40} {
		draws(time.Second)
		if got := f.quality(); got != want || f.full() {
			t.Errorf("late, it gets %d, want %d", got, want)
		}
	}
	for _, want := range []int{60, browser.DefaultQuality} {
		for range goodRow {
			draws(30 * time.Millisecond)
		}
		if got := f.quality(); got != want {
			t.Errorf("in time, it gets %d, want %d", got, want)
		}
	}
	f.drawn(now) // nothing was sent: a forged one counts for nothing
	if f.full() {
		t.Error("full of nothing")
	}
}
