package step_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestWorkersRun: what a page starts beside its document isn't held up by us.
func TestWorkersRun(t *testing.T) {
	site := pages(t, map[string]string{
		"/worker.js": `postMessage("hello")`, "/service.js": ``,
		"/":       `<p>here</p>`,
		"/worker": `<script>const w = new Worker(URL.createObjectURL(new Blob(['postMessage("hello")']))); w.onmessage = e => parent.postMessage(e.data, '*')</script>`,
	})
	elsewhere := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for name, expression := range map[string]string{
		"worker": `new Promise(done => { const w = new Worker(URL.createObjectURL(new Blob(['postMessage("hello")']))); w.onmessage = e => done(e.data) })`,
		"worker in a worker": `new Promise(done => { const w = new Worker(URL.createObjectURL(new Blob([
			'const w = new Worker(URL.createObjectURL(new Blob([\'postMessage("hello")\']))); w.onmessage = e => postMessage(e.data)']))); w.onmessage = e => done(e.data) })`,
		"shared worker":                     `new Promise(done => { const w = new SharedWorker(URL.createObjectURL(new Blob(['onconnect = e => e.ports[0].postMessage("hello")']))); w.port.onmessage = e => done(e.data); w.port.start() })`,
		"worker in a frame of another site": `new Promise(done => { onmessage = e => done(e.data); const f = document.createElement('iframe'); f.src = '` + elsewhere + `/worker'; document.body.append(f) })`,
		"window":                            `new Promise(done => { const w = open('/', '_blank'); const look = () => w.document.body && w.document.body.innerText.includes('here') ? done('hello') : setTimeout(look, 20); look() })`,
		"window without opener":             `(open('/', '_blank', 'noopener'), 'hello')`,
		"window of another site":            `(open('` + elsewhere + `/', '_blank'), 'hello')`,
		"window with a dialog":              `(open('/', '_blank').alert('stop'), 'hello')`,
		"service worker":                    `navigator.serviceWorker.register('/service.js').then(() => navigator.serviceWorker.ready).then(r => r.active ? 'hello' : 'none')`,
		"worker of a file":                  `new Promise(done => { const w = new Worker('/worker.js', {type: 'module'}); w.onmessage = e => done(e.data) })`,
		"popup of a size":                   `(open('` + elsewhere + `/', '_blank', 'width=300,height=200'), 'hello')`,
	} {
		t.Run(name, func(t *testing.T) {
			res, why := b.run(step.Spec{Action: "evaluate", Expression: expression, Timeout: "20s"})
			if why != nil || res != `"hello"` {
				t.Errorf("got %s, %+v", res, why)
			}
			if res, why = b.run(step.Spec{Action: "extract", Target: "p", Timeout: "20s"}); why != nil || res != `"here"` {
				t.Errorf("afterwards got %s, %+v", res, why)
			}
		})
	}
}

// TestNothingStopsThePage: steps that end early leave the page's own scripts
// running, even one that was on its way just then.
func TestNothingStopsThePage(t *testing.T) {
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hangs.Close)
	site := pages(t, map[string]string{"/": `<a href="` + hangs.URL + `">hangs</a><button disabled>no</button><input type=checkbox disabled><script>
		const count = globalThis.count = {frame: 0, timer: 0, worker: 0, busy: 0}
		const frame = () => { count.frame++; requestAnimationFrame(frame) }
		frame()
		setInterval(() => count.timer++, 5)
		const busy = () => { const end = performance.now() + 15; while (performance.now() < end); count.busy++; setTimeout(busy, 5) }
		busy()
		const w = new Worker(URL.createObjectURL(new Blob(['setInterval(() => postMessage(0), 5)'])))
		w.onmessage = () => count.worker++
	</script>`})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	specs := []step.Spec{
		{Action: "click", Target: "button"}, {Action: "check", Target: "input"}, {Action: "assert", Text: ptr("none")},
		{Action: "evaluate", Expression: "new Promise(() => {})"}, {Action: "evaluate", Expression: "while (true);"},
		{Action: "goto", URL: hangs.URL}, {Action: "click", Target: "a"},
	}
	for _, e := range step.Worked() { // every action that waits for a target
		var s step.Spec
		if err := json.Unmarshal([]byte(e.Step), &s); err != nil {
			t.Fatal(err)
		}
		if s.Target != "" {
			s.Target = "#none"
			specs = append(specs, s)
		}
	}
	ended := 0
	for i, s := range specs {
		for _, early := range []time.Duration{0, time.Millisecond, 15 * time.Millisecond, 40 * time.Millisecond} { // when it is canceled, if it is
			ctx, cancel := context.WithCancel(t.Context())
			s.Timeout = "80ms"
			if early > 0 {
				s.Timeout = "10s"
				time.AfterFunc(early+time.Duration(i)*time.Millisecond, cancel)
			}
			if _, why := b.runIn(ctx, s); why == nil {
				t.Errorf("%s %s%s did not end early", s.Action, s.Target, s.Expression)
			}
			cancel()
			ended++
			if _, why := b.run(step.Spec{Action: "evaluate", Timeout: "20s", Expression: `(async () => {
				const was = {...count}
				while (Object.keys(was).some(name => count[name] === was[name])) await new Promise(done => setTimeout(done, 2))
			})()`}); why != nil {
				main := b.page.Main()
				t.Fatalf("after %s %s%s, ended after %s, the page counts no more: %+v; it is at %s, on its way: %t", s.Action, s.Target, s.Expression, early, why, main.Document.URL, main.Document.Navigating)
			}
		}
	}
	if ended < 100 {
		t.Errorf("only %d steps ended early", ended)
	}
}

// TestNothingActsAfterItsEnd: what waited in the page for a step that has ended
// does nothing any more.
func TestNothingActsAfterItsEnd(t *testing.T) {
	site := pages(t, map[string]string{"/": `<input disabled>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan *domain.Failure)
	go func() {
		_, why := b.runIn(ctx, step.Spec{Action: "fill", Target: "input", Value: ptr("late")})
		waits <- why
	}()
	// The step looks at each frame of a page that it waits for.
	b.value(`(async () => { for (let i = 0; i < 20; i++) await new Promise(requestAnimationFrame) })()`)
	cancel()
	if why := <-waits; why == nil || why.Code != step.CodeCanceled {
		t.Fatalf("got %+v", why)
	}
	got := b.value(`(async () => {
		const input = document.querySelector('input')
		input.disabled = false
		for (let i = 0; i < 20; i++) await new Promise(requestAnimationFrame)
		return input.value
	})()`)
	if got != `""` {
		t.Errorf("the input holds %s", got)
	}
}

// TestABusyPageIsWaitedFor: what the page itself does for seconds is neither
// ended by a step that gives up, nor by one that goes to a place in the same
// document, and what was given up is not done afterwards.
func TestABusyPageIsWaitedFor(t *testing.T) {
	began := make(chan struct{}, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/began" {
			began <- struct{}{}
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><script>
			const busy = () => { setTimeout(() => {
				const told = new XMLHttpRequest()
				told.open('GET', '/began', false)
				told.send()
				const end = performance.now() + 2500
				while (performance.now() < end);
				globalThis.finished = true
			}) }
		</script>`)
	}))
	t.Cleanup(site.Close)
	for _, s := range []step.Spec{
		{Action: "evaluate", Expression: "globalThis.acted = true", Timeout: "1s"},
		{Action: "scroll", Y: ptr(10.0), Timeout: "1s"},
		{Action: "goto", URL: site.URL + "/#place"},
		{Action: "back", Timeout: "1s"},
	} {
		t.Run(s.Action, func(t *testing.T) {
			b := borrow(t)
			b.do(step.Spec{Action: "goto", URL: site.URL})
			b.value("busy()")
			<-began
			if _, why := b.run(s); s.Timeout != "" && why == nil {
				t.Fatal("it did not end early")
			}
			got := b.value(`new Promise(done => { const look = () => globalThis.finished ? done(String(globalThis.acted)) : setTimeout(look, 5); look() })`)
			if got != `"undefined"` {
				t.Errorf("acted: %s", got)
			}
		})
	}
}

// TestWhatAValueDoesIsStopped: a getter of what an expression answers is the
// step's own script too.
func TestWhatAValueDoesIsStopped(t *testing.T) {
	b := borrow(t)
	if _, why := b.run(step.Spec{Action: "evaluate", Expression: "({get a() { for (;;); }})", Timeout: "500ms"}); why == nil || why.Code != step.CodeTimeout {
		t.Fatalf("got %+v", why)
	}
	if got := b.value("({then(done) { done('later') }})"); got != `"later"` {
		t.Errorf("got %s", got)
	}
}

// TestBackWithCredentials: the address of where it goes has them, that of the
// page hasn't.
func TestBackWithCredentials(t *testing.T) {
	site := pages(t, map[string]string{"/": `<p>here</p>`})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: strings.Replace(site.URL, "//", "//user:secret@", 1)})
	b.value("history.pushState(0, '', '#there')")
	b.do(step.Spec{Action: "back"})
}
