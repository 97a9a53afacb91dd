package step_test

import (
	"bytes"
	"fmt"
	"image"
	pixels "image/draw"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/step"
)

// red is how many pixels of a picture are: those of a field that isn't covered.
func red(t *testing.T, raw []byte) (n int) {
	t.Helper()
	p, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	all := rgba(p).Pix
	for i := 0; i < len(all); i += 4 {
		if all[i] > 200 && all[i+1] < 60 && all[i+2] < 60 {
			n++
		}
	}
	return n
}

// rgba is a picture whose bytes can be looked at, which is quick.
func rgba(p image.Image) *image.RGBA {
	if p, ok := p.(*image.RGBA); ok {
		return p
	}
	all := image.NewRGBA(p.Bounds())
	pixels.Draw(all, all.Bounds(), p, p.Bounds().Min, pixels.Src)
	return all
}

// stalled serves pages, and a style sheet that comes when the test is over.
func stalled(t *testing.T, bodies map[string]string) *httptest.Server {
	t.Helper()
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/never.css" {
			select {
			case <-over:
			case <-r.Context().Done():
			}
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,">`, bodies[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(over) })
	return s
}

// field is one that is red.
const field = `<body style="margin:0"><input id=secret style="margin:0;border:0;width:60px;height:30px;display:block;background:red;color:red;outline:none">`

// other is a frame of another site.
func other(style, path string) string {
	return `<script>document.write('<iframe id=f style="border:0;display:block;` + style + `" src="http://localhost:' + location.port + '` + path + `"></iframe>')</script>`
}

// TestNoPictureShowsASecret: one in which it can't be shown to be covered is
// none, whatever the page does while it is taken.
func TestNoPictureShowsASecret(t *testing.T) {
	const (
		tall = `<div style="height:3000px"></div>`
		// What a page does when it is touched, or when it is made tall for a picture.
		again = `{ const old = document.querySelector('#secret'), n = old.cloneNode(); n.style.cssText = 'width:60px;height:30px;display:block;background:red;color:red'; n.value = old.value; old.replaceWith(n) }`
		undo  = `new MutationObserver(() => { if (secret.style.cssText != was) secret.style.cssText = was }).observe(secret, { attributes: true })`
		once  = `new MutationObserver((_, o) => { if (secret.style.color == 'transparent') { o.disconnect(); secret.style.cssText = was } }).observe(secret, { attributes: true })`
	)
	site := stalled(t, map[string]string{
		"/plain":   field + tall,
		"/framed":  `<body style="margin:0">` + other("", "/in"),
		"/away":    `<body style="margin:0">` + tall + other("", "/in") + `<script>log = []; new MutationObserver(() => log.push(f.style.opacity)).observe(f, { attributes: true })</script>`,
		"/in":      field + `<script>onmessage = e => eval(e.data)</script>`,
		"/pending": `<script>parent.postMessage('there', '*')</script><link rel=stylesheet href=/never.css><p>new`,
		"/shown":   `<body style="margin:0">` + other("", "/in") + `<script>new MutationObserver(() => { if (f.style.opacity == 0) f.style.opacity = 1 }).observe(f, { attributes: true })</script>`,
		"/undone":  field + `<script>was = secret.style.cssText;` + undo + `</script>`,
		"/once":    field + `<script>was = secret.style.cssText;` + once + `</script>`,
		"/anew":    field + tall + `<script>onresize = () => ` + again + `</script>`,
		"/twice":   field + tall + `<script>first = secret; onresize = () => ` + again + `; setInterval(() => { if (innerHeight < 2000 && !first.isConnected) secret.replaceWith(first) }, 1)</script>`,
		"/shadow":  `<body style="margin:0"><div id=host></div>` + tall + `<script>const root = host.attachShadow({ mode: 'open' }); root.innerHTML = '<input id=secret style="width:60px;height:30px;display:block;border:0;background:red;color:red">'; const secret = root.firstChild; first = secret; onresize = () => { const old = root.firstChild, n = old.cloneNode(); n.style.cssText = 'width:60px;height:30px;display:block;background:red;color:red'; n.value = old.value; old.replaceWith(n) }; setInterval(() => { if (innerHeight < 2000 && !first.isConnected) root.replaceChildren(first) }, 1)</script>`,
		"/loud":    field + `<style>@layer a { #secret { background: red !important } } #secret { transition: all 100s !important }</style>`,
	})
	go1 := "new Promise(done => { onmessage = e => done(e.data); frames[0].postMessage(`location = 'http://localhost:' + location.port + '/pending'`, '*') })"
	go2 := strings.ReplaceAll(go1, "'http://localhost:'", "'http://a.localhost:'")
	b := start(t)
	// How long one takes at most, of a page alone and of one with a frame that has
	// not drawn its new page, which is waited for.
	took := map[bool]time.Duration{false: 700 * time.Millisecond}
	for _, tt := range []struct {
		name, path, first string
		shot              step.Spec
		none              bool
	}{
		{name: "in a page that is tall", path: "/plain", shot: step.Spec{FullPage: true}},
		{name: "in a frame", path: "/framed"},
		{name: "in a page's own style", path: "/loud"},
		{name: "in a frame on its way", path: "/framed", first: go1},
		{name: "in a frame on its way to another site", path: "/framed", first: go2},
		{name: "in a frame that is scrolled out", path: "/away", first: "scrollTo(0, 0); 1", shot: step.Spec{FullPage: true}},
		{name: "in a frame on its way that the page shows", path: "/shown", first: go1, none: true},
		{name: "uncovered by the page", path: "/undone", none: true},
		{name: "uncovered by the page once", path: "/once"},
		{name: "written anew", path: "/anew", shot: step.Spec{FullPage: true}, none: true},
		{name: "written anew and back", path: "/twice", shot: step.Spec{FullPage: true}, none: true},
		{name: "written anew and back in a shadow root", path: "/shadow", shot: step.Spec{FullPage: true}, none: true},
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL + tt.path})
		b.do(step.Spec{Action: "fill", Target: "#secret", Value: ptr("hush hush"), Secret: true})
		if tt.first != "" {
			b.value(tt.first)
		}
		b.saved = nil
		tt.shot.Action, tt.shot.Timeout = "screenshot", "20s"
		if tt.none {
			tt.shot.Timeout = fmt.Sprint(3 * took[tt.path == "/shown"]) // more than one picture takes, however busy the machine is
		}
		began := time.Now()
		got, f := b.run(tt.shot)
		if !tt.none && tt.path != "/away" {
			framed := tt.path == "/framed"
			took[framed] = max(took[framed], time.Since(began))
		}
		switch {
		case tt.none:
			if f == nil || f.Code != "secrets_not_covered" || b.saved != nil {
				t.Errorf("%s: %s, %+v, and %d bytes are kept", tt.name, got, f, len(b.saved))
			}
		case f != nil:
			t.Errorf("%s: %+v", tt.name, f)
		default:
			if n := red(t, b.saved); n > 0 {
				t.Errorf("%s: %d pixels are shown", tt.name, n)
			}
		}
		switch partial := strings.Contains(got, `"partial":true`); {
		case tt.path == "/framed" && partial != (tt.first != ""):
			t.Errorf("%s: partial is %t", tt.name, partial)
		case tt.path == "/away":
			if log := b.value("[...new Set(log)]"); log != `["0",""]` {
				t.Errorf("%s: the frame was so: %s", tt.name, log)
			}
		}
	}
}

// TestAPictureBesideOddFrames: those of which there is nothing to cover, or nobody
// to ask, don't keep a page with a secret from being pictured.
func TestAPictureBesideOddFrames(t *testing.T) {
	site := stalled(t, map[string]string{
		"/": field + `<iframe sandbox srcdoc="<p>x"></iframe><iframe sandbox src=/in></iframe><iframe></iframe><iframe src="http://localhost:1/"></iframe>
			<iframe src="data:text/html,<p>x"></iframe><object data=/in></object><embed src=/in><iframe src=/never.css></iframe><iframe src=/in style="display:none"></iframe>
			<iframe src=/field style="display:none"></iframe><iframe src="about:blank#x"></iframe><iframe src="javascript:'<p>x'"></iframe><iframe src="data:application/pdf,%25PDF-1.4"></iframe>
			<div style="height:5000px"></div><iframe loading=lazy src=/in></iframe>`,
		"/in": "<p>in", "/field": `<input value="hush hush">`,
	})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL, WaitUntil: "commit"})
	b.do(step.Spec{Action: "fill", Target: "#secret", Value: ptr("hush hush"), Secret: true})
	for _, full := range []bool{false, true} {
		p := b.picture(step.Spec{FullPage: full})
		if n := red(t, b.saved); n > 0 || !isColor(p.At(30, 15), magenta) {
			t.Errorf("full %t: %d pixels are shown, and %v", full, n, p.At(30, 15))
		}
	}
}

// TestNoPictureShowsWhatIsMasked, as with secrets.
func TestNoPictureShowsWhatIsMasked(t *testing.T) {
	const box = `<body style="margin:0;height:3000px"><div id=m style="position:absolute;width:60px;height:30px;background:red"></div>`
	site := pages(t, map[string]string{
		"/none":    `<body style="margin:0">` + other("display:none", "/in"),
		"/nested":  `<body style="margin:0">` + other("display:none", "/outer"),
		"/outer":   other("", "/in"),
		"/hidden":  `<body style="margin:0">` + other("visibility:hidden", "/in"),
		"/in":      `<body style="margin:0"><div id=m style="width:60px;height:30px;background:red"></div>`,
		"/moves":   box + `<script>onresize = () => m.style.left = parseInt(m.style.left || 0) + 90 + 'px'</script>`,
		"/fixed":   box + `<script>m.style.position = 'fixed'; m.style.bottom = '20px'</script>`,
		"/anyhow":  box + `<script>const move = () => { m.style.left = (parseInt(m.style.left || 0) + 9) % 900 + 'px'; setTimeout(move, 1) }; move()</script>`,
		"/appears": box + `<script>m.id = ''; onresize = () => document.querySelector('div').id = 'm'</script>`,
		"/removes": box + `<script>new MutationObserver(all => all.forEach(r => r.addedNodes.forEach(n => n.remove()))).observe(document.documentElement, { childList: true })</script>`,
		"/shifts":  box + `<script>new MutationObserver(all => all.forEach(r => r.addedNodes.forEach(n => { n.style.left = '500px'; setTimeout(() => n.style.left = '0') }))).observe(document.documentElement, { childList: true })</script>`,
	})
	b := borrow(t)
	took := 700 * time.Millisecond
	for _, tt := range []struct {
		path string
		none bool
	}{{"/none", false}, {"/nested", false}, {"/hidden", false}, {"/in", false}, {"/fixed", false}, {"/moves", true}, {"/anyhow", true}, {"/appears", false}, {"/removes", true}, {"/shifts", true}} {
		b.do(step.Spec{Action: "goto", URL: site.URL + tt.path})
		b.saved = nil
		s := step.Spec{Action: "screenshot", Mask: []string{"#m"}, FullPage: tt.path != "/removes" && tt.path != "/shifts", Timeout: "20s"}
		if tt.none {
			s.Timeout = fmt.Sprint(3 * took) // more than one picture takes, however busy the machine is
		}
		began := time.Now()
		got, f := b.run(s)
		if !tt.none && tt.path != "/none" && tt.path != "/nested" && tt.path != "/hidden" { // of which frames are waited for
			took = max(took, time.Since(began))
		}
		switch {
		case tt.none:
			if f == nil || f.Code != "mask_not_laid" || b.saved != nil {
				t.Errorf("%s: %s, %+v, and %d bytes are kept", tt.path, got, f, len(b.saved))
			}
		case f != nil:
			t.Errorf("%s: %+v", tt.path, f)
		default:
			if n := red(t, b.saved); n > 0 {
				t.Errorf("%s: %d pixels are shown", tt.path, n)
			}
		}
	}
}

// TestWhyAFrameIsNotDrawn: what the page hides isn't waited for.
func TestWhyAFrameIsNotDrawn(t *testing.T) {
	const cancels = `<script>setInterval(() => { const last = requestAnimationFrame(() => {}); for (let i = 0; i < 50; i++) cancelAnimationFrame(last - i) }, 4)</script>`
	site := pages(t, map[string]string{
		"/none":    other("display:none", "/in"),
		"/hidden":  other("visibility:hidden", "/in"),
		"/nested":  other("display:none", "/outer"),
		"/outer":   other("", "/in"),
		"/zero":    other("width:0", "/in"),
		"/clear":   other("opacity:0", "/in"),
		"/away":    `<div style="height:3000px"></div>` + other("", "/in"),
		"/flat":    other("", "/empty"),
		"/far":     `<div style="height:3000px"></div>` + other("", "/empty"),
		"/missing": `<iframe src="http://localhost:1/"></iframe>`,
		"/in":      `<input>`,
		"/gone":    other("", "/no"),
		"/empty":   `<style>html { width: 0; height: 0 }</style><input style="position:absolute">` + cancels,
		"/no":      `<style>html { display: none }</style>` + cancels,
	})
	b := borrow(t)
	for path, want := range map[string][]string{
		"/none": {"target_hidden"}, "/hidden": {"target_hidden"}, "/nested": {"target_hidden", "target_hidden"}, "/zero": nil, "/clear": nil,
		"/away": {"target_out_of_view"}, "/flat": nil, "/gone": nil, "/far": {"target_out_of_view"}, "/missing": {"lost"},
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL + path})
		if slices.Contains(want, "target_out_of_view") { // one that never was in view is drawn
			b.do(step.Spec{Action: "click", Target: "input"})
			b.value("scrollTo(0, 0); 1")
		}
		got, err := step.Undrawn(t.Context(), b.page)
		for end := time.Now().Add(10 * time.Second); want != nil && got == nil && time.Now().Before(end); { // its process hears of it later
			got, err = step.Undrawn(t.Context(), b.page)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", path, err, diff)
		}
	}
}

// TestATargetThatMovesInItsPicture is not what the picture shows.
func TestATargetThatMovesInItsPicture(t *testing.T) {
	site := pages(t, map[string]string{"/": `<body style="margin:0"><div id=t style="position:relative;width:60px;height:2000px;background:green"></div>
		<script>onresize = () => t.style.left = parseInt(t.style.left || 0) + 90 + 'px'</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	began := time.Now()
	b.do(step.Spec{Action: "screenshot"})
	timeout := max(time.Second, 5*time.Since(began)) // more than one picture takes, however busy the machine is
	b.saved = nil
	if got, f := b.run(step.Spec{Action: "screenshot", Target: "#t", Timeout: fmt.Sprint(timeout)}); f == nil || f.Code != "target_moving" || b.saved != nil {
		t.Errorf("%s, %+v, and %d bytes are kept", got, f, len(b.saved))
	}
	b.value("onresize = null; 1")
	if p := b.picture(step.Spec{Target: "#t"}); !plain(p, 60, 2000, green) {
		t.Errorf("%v, or another colour", p.Bounds())
	}
}
