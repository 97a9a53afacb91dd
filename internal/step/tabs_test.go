package step_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// try does a step that is written as users do, within half a minute unless it
// says otherwise.
func (b *bench) try(raw string) (string, *domain.Failure) {
	b.t.Helper()
	var s step.Spec
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		b.t.Fatal(err)
	}
	if s.Timeout == "" {
		s.Timeout = "30s"
	}
	return b.run(s)
}

// must is try for a step that must work.
func (b *bench) must(raw string) string {
	b.t.Helper()
	res, why := b.try(raw)
	if why != nil {
		b.t.Fatalf("%s: %+v (saw %s)", raw, why, why.Seen)
	}
	return res
}

// alone closes all tabs but one.
func (b *bench) alone() {
	b.t.Helper()
	for {
		open := b.page.Tabs().Open()
		if len(open) == 1 {
			return
		}
		if err := b.page.Tabs().Close(b.t.Context(), open[len(open)-1]); err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestTabs(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<button id=in onclick="window.open('/login', 'login', 'width=400,height=300')">Sign in</button>
			<a id=blank target=_blank href=/other>Other</a><a id=noopener target=_blank rel=noopener href=/other>Other, alone</a>
			<button id=empty onclick="const w = window.open(); w.document.body.innerHTML = '<p>written</p>'">Write</button>
			<button id=none>None</button><button id=missing onclick="window.open('http://127.0.0.1:1/')">Missing</button><p id=who></p>
			<script>onmessage = e => who.textContent = 'hello ' + e.data</script>`,
		"/login": `<form action=/granted><input name=user></form>`,
		"/granted": `<p>One moment</p><script>opener.postMessage(new URLSearchParams(location.search).get('user'), '*')
			setTimeout(close, 50)</script>`,
		"/other": `<p id=here>other</p><button id=bye onclick="window.close()">Bye</button><script>setTimeout(() => document.title = opener ? 'opened' : 'alone')</script>`,
	})
	b := startWith(t, func(c *browser.Config) { c.MaxTabs = 4 })
	home := func(t *testing.T) *bench {
		b := &bench{t: t, page: b.page.Tabs().Current()}
		b.alone()
		b.must(`{"action":"goto","url":"` + site.URL + `/"}`)
		return b
	}
	t.Run("sign in elsewhere", func(t *testing.T) {
		b := home(t)
		if got, want := b.must(`{"action":"click","target":"#in","popup":true}`), fmt.Sprintf(`{"tab":{"index":1,"url":"%s/login","title":"/login","current":true}}`, site.URL); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		b.must(`{"action":"fill","target":"[name=user]","value":"Ann"}`)
		b.must(`{"action":"press","target":"[name=user]","key":"Enter"}`)
		// The tab closes meanwhile: what waits goes on in the one that opened it.
		b.must(`{"action":"waitFor","target":"text=hello Ann"}`)
		if got := b.must(`{"action":"tab"}`); got != fmt.Sprintf(`{"tabs":[{"index":0,"url":"%s/","title":"/","current":true}]}`, site.URL) {
			t.Errorf("tabs: %s", got)
		}
		b.must(`{"action":"click","target":"#none"}`)
	})
	for _, tt := range []struct{ target, title string }{{"#blank", "alone"}, {"#noopener", "alone"}} {
		t.Run(tt.target, func(t *testing.T) {
			b := home(t)
			b.must(`{"action":"click","target":"` + tt.target + `","popup":true}`)
			b.must(`{"action":"assert","text":"other","title":"` + tt.title + `","url":"*/other"}`)
			// The mouse closes the tab, which is what it was to do.
			b.must(`{"action":"click","target":"#bye"}`)
			b.must(`{"action":"assert","target":"#none","state":"visible"}`)
		})
	}
	t.Run("opened before anybody waits", func(t *testing.T) {
		b := home(t)
		b.must(`{"action":"click","target":"#blank"}`)
		b.must(`{"action":"click","target":"#none"}`) // it is still there that steps run
		b.must(`{"action":"tab","do":"wait"}`)
		b.must(`{"action":"assert","target":"#here","state":"visible"}`)
		b.must(`{"action":"tab","do":"switch","index":0}`)
		b.must(`{"action":"click","target":"#none"}`)
		b.must(`{"action":"tab","do":"switch","url":"*/other"}`)
		b.must(`{"action":"click","target":"#here"}`)
		b.must(`{"action":"tab","do":"close"}`)
		b.must(`{"action":"click","target":"#none"}`)
	})
	t.Run("written by its opener", func(t *testing.T) {
		b := home(t)
		if got := b.must(`{"action":"click","target":"#empty","popup":true}`); got != `{"tab":{"index":1,"url":"about:blank","title":"","current":true}}` {
			t.Errorf("got %s", got)
		}
		b.must(`{"action":"click","target":"text=written"}`)
	})
	t.Run("opened by a step", func(t *testing.T) {
		b := home(t)
		if got := b.must(`{"action":"tab","do":"open","url":"` + site.URL + `/other"}`); !strings.Contains(got, `"index":1`) {
			t.Errorf("got %s", got)
		}
		b.must(`{"action":"click","target":"#here"}`)
		b.must(`{"action":"tab","do":"switch","title":"/"}`)
		b.must(`{"action":"tab","do":"close","index":1}`)
		b.must(`{"action":"click","target":"#none"}`)
	})
	t.Run("the last is closed", func(t *testing.T) {
		b := home(t)
		b.must(`{"action":"tab","do":"close"}`)
		if got := b.must(`{"action":"tab"}`); got != `{"tabs":[{"index":0,"url":"about:blank","title":"","current":true}]}` {
			t.Errorf("got %s", got)
		}
		home(t).must(`{"action":"click","target":"#none"}`)
	})
	for _, tt := range []struct{ step, code string }{
		{`{"action":"click","target":"#none","popup":true,"timeout":"2s"}`, "popup_not_opened"},
		{`{"action":"click","target":"#missing","popup":true}`, "navigation_failed"},
		{`{"action":"tab","do":"wait","timeout":"200ms"}`, "popup_not_opened"},
		{`{"action":"tab","do":"switch","url":"*/nowhere","timeout":"200ms"}`, "tab_not_found"},
		{`{"action":"tab","do":"close","index":9}`, "tab_not_found"},
		{`{"action":"evaluate","expression":"setTimeout(() => { open('/other'); close() }, 20); new Promise(() => {})","timeout":"300ms"}`, "timeout"}, // only what was opened by a page may close itself
	} {
		t.Run(tt.step, func(t *testing.T) {
			b := home(t)
			if res, why := b.try(tt.step); why == nil || why.Code != tt.code {
				t.Errorf("got %s, %#v", res, why)
			}
			home(t).must(`{"action":"click","target":"#none"}`)
		})
	}
	t.Run("what looks goes on elsewhere, and says so", func(t *testing.T) {
		b := home(t)
		b.must(`{"action":"click","target":"#in","popup":true}`)
		b.must(`{"action":"evaluate","expression":"setTimeout(close, 500); 0"}`) // when the next step looks
		_, why := b.try(`{"action":"waitFor","target":"#nowhere","timeout":"2s"}`)
		if why == nil || why.Message != "Timed out after 2s. The tab in which the step began was closed, and it went on in the next." {
			t.Errorf("got %+v", why)
		}
	})
	t.Run("what has acted doesn't go on elsewhere", func(t *testing.T) {
		b := home(t)
		b.must(`{"action":"click","target":"#in","popup":true}`)
		_, why := b.try(`{"action":"evaluate","expression":"setTimeout(close, 50); new Promise(() => {})"}`)
		if why == nil || why.Code != step.CodeTabClosed {
			t.Errorf("got %+v", why)
		}
		b.must(`{"action":"click","target":"#none"}`)
	})
	t.Run("a storm", func(t *testing.T) {
		b := home(t)
		b.must(`{"action":"evaluate","expression":"for (let i = 0; i < 8; i++) open('about:blank'); 0"}`)
		got := b.must(`{"action":"tab"}`)
		if n := strings.Count(got, `"index"`); n != 4 || !strings.Contains(got, `"closed":5`) {
			t.Errorf("%d tabs: %.200s", n, got)
		}
		b.must(`{"action":"click","target":"#none"}`)
		if _, why := b.try(`{"action":"tab","do":"open"}`); why == nil || why.Code != "too_many_tabs" {
			t.Errorf("one more: %+v", why)
		}
		b.alone()
	})
	t.Run("one that hangs", func(t *testing.T) {
		b := home(t)
		b.must(`{"action":"tab","do":"open","url":"` + site.URL + `/other"}`)
		if _, why := b.try(`{"action":"evaluate","expression":"setTimeout(() => { for (;;); }); 1","timeout":"1s"}`); why != nil {
			t.Fatalf("%+v", why)
		}
		b.must(`{"action":"tab","do":"switch","index":0}`)
		b.must(`{"action":"tab","do":"close","index":1}`)
		home(t).must(`{"action":"click","target":"#none"}`)
	})
}

func TestDialogs(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<button id=alert onclick="alert('hi'); done('alerted')">Alert</button><button id=confirm onclick="done(confirm('sure?'))">Confirm</button>
			<button id=prompt onclick="done(prompt('name?', 'nobody'))">Prompt</button><button id=two onclick="done(confirm('one?') + ' ' + prompt('two?'))">Two</button>
			<button id=stay onclick="onbeforeunload = e => e.preventDefault(); done('stays')">Stay</button><a id=leave href=/left>Leave</a>
			<button id=loop onclick="for (;;) alert('again')">Loop</button><p id=out></p><script>const done = x => out.textContent = String(x)</script>`,
		"/left": `<p id=out>left</p>`,
	})
	b := start(t)
	for _, tt := range []struct{ name, rules, click, out, result string }{
		{"an alert", ``, "#alert", "alerted", `{"dialogs":[{"type":"alert","message":"hi","accepted":false}]}`},
		{"a question", ``, "#confirm", "false", `{"dialogs":[{"type":"confirm","message":"sure?","accepted":false}]}`},
		{"a prompt", ``, "#prompt", "null", `{"dialogs":[{"type":"prompt","message":"name?","accepted":false}]}`},
		{"a question accepted", `{"action":"dialog","do":"accept"}`, "#confirm", "true", `{"dialogs":[{"type":"confirm","message":"sure?","accepted":true}]}`},
		{"a prompt answered", `{"action":"dialog","do":"accept","value":"Ann"}`, "#prompt", "Ann", `{"dialogs":[{"type":"prompt","message":"name?","accepted":true}]}`},
		{"a prompt accepted", `{"action":"dialog","do":"accept"}`, "#prompt", "nobody", `{"dialogs":[{"type":"prompt","message":"name?","accepted":true}]}`},
		{"two in turn", `{"action":"dialog","do":"accept"}{"action":"dialog","do":"accept","value":"x"}`, "#two", "true x", ``},
		{"by type", `{"action":"dialog","do":"accept","type":"prompt","value":"x"}`, "#two", "false x", ``},
		{"all", `{"action":"dialog","do":"accept","all":true}`, "#two", "true ", ``},
		{"one before all", `{"action":"dialog","do":"accept","all":true}{"action":"dialog","do":"dismiss"}`, "#two", "false ", ``},
		{"reset", `{"action":"dialog","do":"accept","all":true}{"action":"dialog","do":"reset"}`, "#confirm", "false", ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &bench{t: t, page: b.page}
			b.must(`{"action":"dialog","do":"reset"}`)
			b.must(`{"action":"goto","url":"` + site.URL + `/"}`)
			for dec := json.NewDecoder(strings.NewReader(tt.rules)); dec.More(); {
				var raw json.RawMessage
				if err := dec.Decode(&raw); err != nil {
					t.Fatal(err)
				}
				b.must(string(raw))
			}
			if res := b.must(`{"action":"click","target":"` + tt.click + `"}`); tt.result != "" && res != tt.result {
				t.Errorf("answered %s", res)
			}
			if out := b.value("out.textContent"); out != `"`+tt.out+`"` {
				t.Errorf("got %s", out)
			}
		})
	}
	b.must(`{"action":"dialog","do":"reset"}`)
	t.Run("leaving is agreed to", func(t *testing.T) {
		b := &bench{t: t, page: b.page}
		b.must(`{"action":"click","target":"#stay"}`)
		b.must(`{"action":"click","target":"#leave"}`)
		b.must(`{"action":"assert","text":"left"}`)
	})
	t.Run("leaving is refused", func(t *testing.T) {
		b := &bench{t: t, page: b.page}
		b.must(`{"action":"goto","url":"` + site.URL + `/"}`)
		b.must(`{"action":"click","target":"#stay"}`)
		b.must(`{"action":"dialog","do":"dismiss","type":"beforeunload","all":true}`)
		for _, s := range []string{`{"action":"goto","url":"` + site.URL + `/left"}`, `{"action":"reload"}`, `{"action":"back"}`} {
			if res, why := b.try(s); why == nil || why.Code != step.CodeNotLeft {
				t.Errorf("%s: got %s, %+v", s, res, why)
			}
		}
		b.must(`{"action":"click","target":"#leave"}`)
		b.must(`{"action":"click","target":"#alert"}`)
		b.must(`{"action":"assert","text":"alerted"}`)
		b.must(`{"action":"dialog","do":"reset"}`)
		b.must(`{"action":"goto","url":"` + site.URL + `/left"}`)
	})
	t.Run("a list stays as it is", func(t *testing.T) {
		b := &bench{t: t, page: b.page}
		if got := fmt.Sprint(step.WithDialogs(map[string]any{"dialogs": "all"}, b.page.Tabs(), 0)); got != "map[dialogs:all]" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("without end", func(t *testing.T) {
		b := &bench{t: t, page: b.page}
		b.must(`{"action":"goto","url":"` + site.URL + `/"}`)
		_, before := b.page.Tabs().Dialogs(0)
		if _, why := b.try(`{"action":"click","target":"#loop","timeout":"2s"}`); why == nil || why.Code != step.CodeTimeout {
			t.Errorf("got %+v", why)
		}
		if shown, _ := b.page.Tabs().Dialogs(before); len(shown) == 0 || shown[len(shown)-1].Message != "again" {
			t.Errorf("the click has shown %d dialogs", len(shown))
		}
		b.must(`{"action":"tab","do":"close"}`) // whatever its page does
		b.must(`{"action":"goto","url":"` + site.URL + `/left"}`)
		b.must(`{"action":"assert","text":"left"}`)
		var list struct{ Dialogs []browser.Dialog }
		if err := json.Unmarshal([]byte(b.must(`{"action":"dialog","do":"list"}`)), &list); err != nil || len(list.Dialogs) == 0 || len(list.Dialogs) > 100 {
			t.Errorf("%d dialogs, %v", len(list.Dialogs), err)
		}
	})
}

// TestTabsAndDialogsAreChecked: what can't be done is refused when the step is
// posted, with the member that is wrong.
func TestTabsAndDialogsAreChecked(t *testing.T) {
	for raw, field := range map[string]string{
		`{"action":"tab"}`: "", `{"action":"tab","do":"list"}`: "", `{"action":"tab","do":"open"}`: "", `{"action":"tab","do":"wait"}`: "",
		`{"action":"tab","do":"close"}`: "", `{"action":"tab","do":"close","title":""}`: "", `{"action":"tab","do":"switch","index":0}`: "",
		`{"action":"tab","do":"go"}`: "step.do", `{"action":"tab","do":"switch"}`: "step.do", `{"action":"tab","index":0}`: "step.do",
		`{"action":"tab","do":"open","index":1}`: "step.do", `{"action":"tab","do":"open","url":"file:///etc/passwd"}`: "step.url",
		`{"action":"tab","do":"wait","url":"*"}`: "step.do", `{"action":"tab","do":"switch","index":-1}`: "step.index",
		`{"action":"dialog"}`: "step.do", `{"action":"dialog","do":"accept"}`: "", `{"action":"dialog","do":"accept","value":""}`: "",
		`{"action":"dialog","do":"dismiss","value":"x"}`: "step.value", `{"action":"dialog","do":"accept","type":"alert","value":"x"}`: "step.value",
		`{"action":"dialog","do":"list","type":"alert"}`: "step.type", `{"action":"dialog","do":"reset","all":true}`: "step.all",
		`{"action":"dialog","do":"accept","type":"print"}`: "step.type", `{"action":"download"}`: "", `{"action":"download","url":"ftp://x/"}`: "step.url",
		`{"action":"click","target":"a","popup":true,"download":true}`: "step.download", `{"action":"hover","target":"a","popup":true}`: "step.popup",
	} {
		var s step.Spec
		if err := json.Unmarshal([]byte(raw), &s); err != nil {
			t.Fatal(err)
		}
		err := s.Check("step")
		if e, ok := errors.AsType[*domain.Error](err); (err == nil) != (field == "") || ok && e.Field != field {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
