package step_test

import (
	"bytes"
	"image"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// slow has a document that is loaded take its time for each frame that it draws.
const slow = `<script>const late = () => { const end = performance.now() + 30; while (performance.now() < end); requestAnimationFrame(late) }; onload = late</script>`

// TestWhatFramesDrawLateIsInThePicture: what is scrolled to, and what is masked or
// is secret, in frames of other sites in each other that are slow to draw.
func TestWhatFramesDrawLateIsInThePicture(t *testing.T) {
	const box = `<div id=box class=m style="width:60px;height:30px;background:green"></div>`
	site := pages(t, map[string]string{
		"/":      `<body style="margin:0"><div style="height:900px"></div><script>document.write('<iframe name=other style="border:9px solid" src="http://localhost:' + location.port + '/outer"></iframe>')</script>`,
		"/outer": slow + `<p style="height:200px">x</p><script>document.write('<iframe name=deep style="border:7px solid" src="http://127.0.0.1:' + location.port + '/in"></iframe>')</script>`,
		"/in":    slow + `<body style="margin:0"><div style="height:400px"></div>` + box + `<input id=secret style="margin:0;border:0;width:60px;height:30px;display:block">`,
	})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	if p := b.picture(step.Spec{Target: "frame=deep >> #box"}); !plain(p, 60, 30, green) {
		t.Errorf("what was scrolled to: %v, %v", p.Bounds(), p.At(30, 15))
	}
	if p := b.picture(step.Spec{Target: "frame=deep >> #box", Mask: []string{".m"}}); !plain(p, 60, 30, magenta) {
		t.Errorf("what is masked: %v, %v", p.Bounds(), p.At(30, 15))
	}
	b.do(step.Spec{Action: "fill", Target: "#secret", Value: ptr("hush hush"), Secret: true})
	if p := b.picture(step.Spec{Target: "frame=deep >> #secret"}); !isColor(p.At(30, 15), magenta) {
		t.Errorf("what is secret: %v, %v", p.Bounds(), p.At(30, 15))
	}
}

// TestAPictureSaysWhatItLacks: other sites' frames that are out of view are not
// drawn, and those in view are, in a picture of the whole page too.
func TestAPictureSaysWhatItLacks(t *testing.T) {
	frame := `<script>document.write('<iframe style="border:0;height:200px;display:block" src="http://localhost:' + location.port + '/in"></iframe>')</script>`
	site := pages(t, map[string]string{
		"/one":  `<body style="margin:0">` + frame + `<div style="height:3000px"></div>`,
		"/two":  `<body style="margin:0">` + frame + `<div style="height:3000px"></div>` + frame,
		"/tall": `<body style="margin:0">` + strings.ReplaceAll(frame, "200px", "1500px"),
		"/in":   `<body style="margin:0;background:green">`,
	})
	b := borrow(t)
	for _, tt := range []struct {
		path    string
		spec    step.Spec
		partial bool
	}{
		{"/one", step.Spec{FullPage: true}, false},
		{"/one", step.Spec{FullPage: true, Format: "jpeg", Quality: ptr(100)}, false},
		{"/one", step.Spec{}, false},
		{"/two", step.Spec{FullPage: true}, true},
		{"/two", step.Spec{}, false},
		{"/two", step.Spec{Target: "iframe >> nth=1"}, false},
		{"/tall", step.Spec{Target: "iframe"}, true},
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL + tt.path})
		tt.spec.Action = "screenshot"
		raw := b.do(tt.spec)
		p, _, err := image.Decode(bytes.NewReader(b.saved))
		if err != nil {
			t.Fatal(err)
		}
		y := 100
		if tt.path == "/tall" {
			y = 1400
		}
		if r, g, bl, _ := p.At(30, y).RGBA(); r>>8 > 3 || g>>8 < 125 || g>>8 > 131 || bl>>8 > 3 {
			t.Errorf("%s, full %t, %s: %v where a frame is in view", tt.path, tt.spec.FullPage, tt.spec.Target, p.At(30, y))
		}
		if got := strings.Contains(raw, `"partial":true`); got != tt.partial {
			t.Errorf("%s, full %t, %s: partial is %t", tt.path, tt.spec.FullPage, tt.spec.Target, got)
		}
	}
}

// TestAMaskThatCanNotBeLaid in a frame that hangs fails the picture soon.
func TestAMaskThatCanNotBeLaid(t *testing.T) {
	site := pages(t, map[string]string{
		"/":      `<script>document.write('<iframe src="http://a.localhost:' + location.port + '/hangs"></iframe>')</script>`,
		"/hangs": `<script>onmessage = () => { parent.postMessage(0, '*'); setTimeout(() => { for (;;); }, 20) }</script>`,
	})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.value(`new Promise(done => { onmessage = done; frames[0].postMessage(0, '*') }).then(() => new Promise(done => setTimeout(done, 200, 1)))`)
	if got, f := b.run(step.Spec{Action: "screenshot", Mask: []string{"b"}, Timeout: "20s"}); f == nil || f.Code != "mask_not_laid" {
		t.Errorf("got %s, %+v", got, f)
	}
	b.do(step.Spec{Action: "screenshot"}) // of what it drew before
}
