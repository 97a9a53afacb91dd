package step_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// restarts has a browser on a page, which is left by its server when that has done
// something in our world, and attached to by the next.
func restarts(t *testing.T, url string, does func(b *bench)) *bench {
	t.Helper()
	t.Parallel()
	dir := browsertest.RunDir(t)
	change := func(c *browser.Config) { c.RunDir, c.Grace = dir, time.Minute }
	before, after := browsertest.Launcher(t, step.Script(), change), browsertest.Launcher(t, step.Script(), change)
	opt := domain.SessionOptions{Viewport: browser.Viewport}
	left, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), opt)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, page: left.Page()}
	b.do(step.Spec{Action: "goto", URL: url})
	does(b)
	left.Leave()
	again, err := after.Attach(t.Context(), left.ID, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close(context.Background()) })
	b.page = again.Page()
	select {
	case <-b.page.Prepared():
	case <-time.After(20 * time.Second):
		t.Fatal("its page does not get ready")
	}
	return b
}

func ours(expression string) func(b *bench) { return func(b *bench) { b.ours(expression) } }

// ours evaluates in our world of the main frame.
func (b *bench) ours(expression string) {
	b.t.Helper()
	main := b.page.Main()
	var res struct {
		Exception any `json:"exceptionDetails"`
	}
	if err := main.Session.Call(b.t.Context(), "Runtime.evaluate", map[string]any{"expression": expression, "contextId": main.Context, "awaitPromise": true}, &res); err != nil || res.Exception != nil {
		b.t.Fatal(err, res.Exception)
	}
}

// TestWhatAGoneServerAimedAt, when it was killed before the mouse came, is aimed at no
// more: the next mouse is another step's, or a viewer's.
func TestWhatAGoneServerAimedAt(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button id=a>A</button><button id=b>B</button>
		<script>heard = []; for (const kind of ['mousemove', 'mousedown', 'click', 'wheel']) addEventListener(kind, e => heard.push(kind), { passive: true })</script>`})
	for _, kind := range []string{"mouse", "hover", "wheel"} {
		t.Run(kind, func(t *testing.T) {
			b := restarts(t, site.URL, ours(`bh.act({ target: `+css("#a")+`, needs: {}, op: 'aim', args: { watch: '`+kind+`' }, ms: 0, tries: 0 })`))
			b.value("heard = []")
			if err := b.page.Wheel(t.Context(), 300, 300, 0, 10); err != nil {
				t.Fatal(err)
			}
			b.do(step.Spec{Action: "click", Target: "#b"})
			if got := b.value("[...new Set(heard)].sort().join()"); got != `"click,mousedown,mousemove,wheel"` {
				t.Errorf("the page heard %s", got)
			}
		})
	}
}

// TestTheMouseIsWatchedBeforeThePageAfterARestart too: what goes to another element than
// the step's no listener of the page's hears.
func TestTheMouseIsWatchedBeforeThePageAfterARestart(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button id=a>A</button><div id=over style="position:fixed;inset:0;display:none"></div>
		<script>heard = []; addEventListener('mousemove', () => over.style.display = 'block', true);
			for (const kind of ['pointerdown', 'mousedown', 'click']) addEventListener(kind, e => heard.push(e.target.id), true)</script>`})
	b := restarts(t, site.URL, ours("0"))
	if f := b.fails(step.Spec{Action: "click", Target: "#a"}, 2*time.Second); f == nil || f.Code != "target_covered" {
		t.Errorf("got %+v", f)
	}
	if got := b.value("heard.join()"); got != `""` {
		t.Errorf("the page heard %s", got)
	}
}

// TestWhatAGoneServerWaitedFor is done by nobody when it is there.
func TestWhatAGoneServerWaitedFor(t *testing.T) {
	site := pages(t, map[string]string{"/": `<select id=s hidden><option>a<option>b</select>`})
	b := restarts(t, site.URL, ours(`void bh.act({ target: `+css("#s")+`, needs: { visible: true }, op: 'select', args: { wants: [{ value: 'b' }] }, ms: 60000, tries: 0 })`))
	b.value("s.hidden = false")
	b.ours("bh.drawn({ frames: 5 })") // in each of which it would look
	if got := b.value("s.value"); got != `"a"` {
		t.Errorf("%s is chosen", got)
	}
}

// TestWhatAGoneServerCovered for a picture is seen again.
func TestWhatAGoneServerCovered(t *testing.T) {
	site := pages(t, map[string]string{"/": `<input id=secret value=hush-hush style="color:red"><p id=p>masked</p><iframe srcdoc=framed></iframe>`})
	const looks = `looks = () => [...document.querySelectorAll('*')].map(e => e.localName + ' ' + e.style?.color + e.style?.opacity).join();`
	b := restarts(t, site.URL, ours(looks+`window.first = looks(); bh.cover({ secrets: ['hush-hush'] }); bh.hide(document.querySelector('iframe')); bh.mask({ targets: [`+css("#p")+`] })`))
	b.ours(`if (looks() !== first) throw first + '\n' + looks()`)
}

// TestWhereAGoneServerWent nobody gets any more: the page stays.
func TestWhereAGoneServerWent(t *testing.T) {
	for _, s := range []step.Spec{{Action: "goto", URL: "/slow"}, {Action: "reload"}} {
		t.Run(s.Action, func(t *testing.T) {
			asked, stopped := make(chan struct{}), make(chan struct{})
			var second atomic.Bool
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if second.Swap(true) {
					close(asked)
					<-r.Context().Done()
					close(stopped)
				}
				_, _ = w.Write([]byte(`<link rel=icon href="data:,">`))
			}))
			t.Cleanup(site.Close)
			done := make(chan struct{})
			restarts(t, site.URL, func(b *bench) {
				before := *b
				if s.URL != "" {
					s.URL = site.URL + s.URL
				}
				go func() {
					defer close(done)
					_, _ = before.run(s)
				}()
				<-asked
			})
			<-done
			select {
			case <-stopped:
			case <-time.After(20 * time.Second):
				t.Error("it goes on")
			}
		})
	}
}

// css is a target as the injected engine takes it.
func css(selector string) string {
	return `{ parts: [{ kind: 'css', css: [[{ css: '` + selector + `' }]] }] }`
}
