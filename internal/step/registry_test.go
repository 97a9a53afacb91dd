package step

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// TestEveryMemberIsOfAnAction: a step has no member that nothing knows, and an
// action's are told with what they are for.
func TestEveryMemberIsOfAnAction(t *testing.T) {
	used := map[string]bool{"action": true, "sealed": true} // the second is the server's own
	for i := range all {
		a := &all[i]
		seen := map[string]bool{}
		for _, m := range a.of() {
			if seen[m.name] {
				t.Errorf("%s takes %s twice", a.name, m.name)
			}
			seen[m.name], used[m.name] = true, true
			if _, ok := fields[m.name]; !ok || m.tag.Get("doc") == "" {
				t.Errorf("%s: %s has no field, or isn't described", a.name, m.name)
			}
		}
		for _, name := range a.oneOf {
			if !seen[name] {
				t.Errorf("%s needs %s, and doesn't take it", a.name, name)
			}
		}
		if a.does == "" || a.run == nil {
			t.Errorf("%s does nothing", a.name)
		}
	}
	for name := range fields {
		if !used[name] {
			t.Errorf("no action takes %s", name)
		}
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for raw, want := range map[string]string{
		`{"action":"clik","target":"a"}`:                      `s.action: "clik" is none of goto, back, `,
		`{"target":"a"}`:                                      `s.action: "" is none of `,
		`{"action":"click"}`:                                  `s.target: is needed by click`,
		`{"action":"click","target":"a","url":"x"}`:           `s.url: is nothing that click knows`,
		`{"action":"click","target":"a","button":"up"}`:       `s.button: `,
		`{"action":"click","target":"a","modifiers":["x"]}`:   `s.modifiers[0]: `,
		`{"action":"click","target":"text="}`:                 `s.target: at 6: has nothing after text=`,
		`{"action":"click","target":"a","timeout":"1h"}`:      `s.timeout: "1h" is not a duration from 10ms to 10m`,
		`{"action":"scroll"}`:                                 `s: scroll needs one of target, x, y`,
		`{"action":"goto","url":"file:///"}`:                  `s.url: must start with http`,
		`{"action":"waitFor","url":"*","state":"visible"}`:    `s.state: says something about a target`,
		`{"action":"waitFor","target":"a","state":"asleep"}`:  `s.state: `,
		`{"action":"assert","target":"a"}`:                    `s.target: needs a state`,
		`{"action":"screenshot","quality":5}`:                 `s.quality: is for jpeg only`,
		`{"action":"screenshot","quality":0,"format":"jpeg"}`: `s.quality: `,
		`{"action":"setCookies","cookies":[{"name":"a","value":"","url":"http://a.test","domain":"a.test"}]}`: `s.cookies[0].domain: can't go with a url`,
		`{"action":"extract","each":"a","target":"b"}`:                                                        `s.each: can't go with a target`,
		`{"action":"extract","each":"a","all":true}`:                                                          `s.all: is what each says already`,
		`{"action":"extract","all":true,"fields":{"a":"b"}}`:                                                  `s.all: says something about a target`,
		`{"action":"extract","target":"a","type":"date"}`:                                                     `s.type: `,
		`{"action":"extract","target":"a","type":"number","locale":"!"}`:                                      `s.locale: must be a language`,
		`{"action":"extract","target":"a","locale":"de"}`:                                                     `s.locale: must be a language`,
		`{"action":"extract","fields":{"a":{"attribute":"b"}}}`:                                               `s.fields.a.target: is needed`,
		`{"action":"extract","fields":{"a":{"each":"b","optional":true}}}`:                                    `s.fields.a.optional: says that a target may be missing`,
		`{"action":"extract","each":"a","type":"table","fields":{"a":"b"}}`:                                   `s.fields: can't go with`,
		`{"action":"extract","target":"a","attribute":"b","type":"markdown"}`:                                 `s.attribute: is a text or a number`,
		`{"action":"extract","fields":{"a":{"target":"frame=x >> b"}}}`:                                       `s.fields.a.target: at 1: frame=`,
		`{"action":"assert","url":"*","exact":true}`:                                                          `s.exact: says something about`,
		`{"action":"assert","url":"*","class":"a"}`:                                                           `s.class: says something about`,
		`{"action":"setCookies","cookies":[{"name":"","value":""}]}`:                                          `s.cookies[0].name: `,
		`{"action":"extract","fields":{"a":{"target":"text="}}}`:                                              `s.fields.a.target: at 6: has nothing`,
	} {
		var s Spec
		if err := json.Unmarshal([]byte(raw), &s); err != nil {
			t.Fatal(err)
		}
		err, _ := s.Check("s").(*domain.Error)
		if err == nil || !strings.HasPrefix(err.Field+": "+err.Message, want) {
			t.Errorf("%s: %+v", raw, err)
		}
	}
}

// TestAViewerSeesNoSecret of any action: what is typed, chosen or compared, the
// values of cookies, and whom an address is for.
func TestAViewerSeesNoSecret(t *testing.T) {
	for raw, want := range map[string]string{
		`{"action":"fill","target":"#a","value":"secret"}`:                                                 `{"action":"fill","target":"#a","value":"…"}`,
		`{"action":"fill","target":"#a","value":""}`:                                                       `{"action":"fill","target":"#a","value":"…"}`,
		`{"action":"type","value":"secret"}`:                                                               `{"action":"type","value":"…"}`,
		`{"action":"select","target":"#a","values":["secret",""]}`:                                         `{"action":"select","target":"#a","values":["…","…"]}`,
		`{"action":"assert","target":"#a","value":"secret"}`:                                               `{"action":"assert","target":"#a","value":"…"}`,
		`{"action":"setCookies","cookies":[{"name":"a","value":"secret","url":"https://secret@a.test/"}]}`: `{"action":"setCookies","cookies":[{"name":"a","value":"…","url":"https://a.test/"}]}`,
		`{"action":"goto","url":"https://u:secret@a.test/"}`:                                               `{"action":"goto","url":"https://a.test/"}`,
		`{"action":"waitFor","url":"https://u:secret@a.test/*"}`:                                           `{"action":"waitFor","url":"https://a.test/*"}`,
		`{"action":"evaluate","expression":"fetch('https://u:secret@a.test/')"}`:                           `{"action":"evaluate","expression":"fetch('https://a.test/')"}`,
		`{"action":"extract","fields":{"a":{"target":"a[href='https://u:secret@a.test/']"}}}`:              `{"action":"extract","fields":{"a":{"target":"a[href='https://a.test/']"}}}`,
		`{"action":"of another version","value":"secret"}`:                                                 `{}`,
		`[]`:                                   `{}`,
		`{"action":"reload","value":"secret"}`: `{"action":"reload","value":"…"}`,
	} {
		if got := string(Masked(json.RawMessage(raw))); got != want {
			t.Errorf("%s is shown as %s", raw, got)
		}
	}
}

// gone is a page whose browser has ended: whatever is asked of it fails.
func gone() *browser.Page {
	here, there := net.Pipe()
	conn := cdp.NewConn(here, slog.New(slog.NewTextHandler(io.Discard, nil)))
	_ = there.Close()
	<-conn.Done()
	return browser.Ended(conn)
}

// FuzzSteps: what is accepted is stored and read again as it was, is shown
// without its secrets, and can be worked with.
func FuzzSteps(f *testing.F) {
	for i := range all {
		for _, e := range all[i].examples {
			f.Add(e.step)
		}
	}
	f.Add(`{"action":"extract","fields":{"a":{"target":"b","fields":{"c":"d"}}}}`)
	f.Add(`{"action":"setCookies","cookies":[{"name":"a","value":"b","url":"http://a.test"}]}`)
	ended, cancel := context.WithCancel(f.Context())
	cancel()
	page := gone()
	f.Fuzz(func(t *testing.T, raw string) {
		var s Spec
		if strictjson.Unmarshal([]byte(raw), &s) != nil || s.Check("step") != nil {
			return
		}
		var again Spec
		if err := strictjson.Unmarshal(s.Params(), &again); err != nil || again.Check("step") != nil {
			t.Fatalf("%s is accepted, and not as it is stored: %v, %v", raw, err, again.Check("step"))
		}
		if !reflect.DeepEqual(again, s) && string(again.Params()) != string(s.Params()) {
			t.Fatalf("%s is stored as %s, and then as %s", raw, s.Params(), again.Params())
		}
		masked := Masked(s.Params())
		var shown Spec
		if json.Unmarshal(masked, &shown) != nil || shown.Action != s.Action {
			t.Fatalf("%s is shown as %s", raw, masked)
		}
		if v := shown.Value; v != nil && *v != Mask || slices.ContainsFunc(shown.Values, func(v string) bool { return v != Mask }) {
			t.Fatalf("%s is shown as %s", raw, masked)
		}
		r := &run{ctx: ended, whole: ended, running: new(sync.WaitGroup), page: page, spec: &s}
		if s.Target != "" {
			r.target, _ = ParseTarget(s.Target)
		}
		_, _ = actions[s.Action].run(r) // there is no browser, but what is to be asked of it is put together
	})
}

// FuzzShape: whatever shape extract accepts, what is read of any page is made
// what was asked for, or fails.
func FuzzShape(f *testing.F) {
	f.Add(`{"title":"h1","items":{"each":"li","fields":{"md":{"target":"b","type":"markdown"}}}}`, `{"title":"a","items":[{"md":"<p>a</p>"}]}`)
	f.Add(`{"n":{"target":"b","type":"number","locale":"de"},"t":{"target":"table","type":"table"}}`, `{"n":null,"t":[]}`)
	f.Add(`{"m":{"target":"b","all":true,"type":"markdown"}}`, `{"m":["<table><td colspan=9><pre>","<a href=\"x\">"]}`)
	f.Fuzz(func(t *testing.T, fields, read string) {
		var s Spec
		if strictjson.Unmarshal([]byte(`{"action":"extract","fields":`+fields+`}`), &s) != nil || s.Check("step") != nil {
			return
		}
		shape := s.shape()
		if _, err := json.Marshal(shape.args("data-testid")); err != nil {
			t.Fatalf("%s can't be asked for: %v", fields, err)
		}
		if !json.Valid([]byte(read)) {
			return
		}
		if got, err := shape.finish(json.RawMessage(read), &maker{t.Context(), maxHTML, toMarkdown}); err == nil && !json.Valid(got) {
			t.Fatalf("%s of %s became %s", fields, read, got)
		}
	})
}
