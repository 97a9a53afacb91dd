package step_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
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
		"/one":  `<body style="margin:0">` + frame + `<div style="height:1500px"></div>`,
		"/two":  `<body style="margin:0">` + frame + `<div style="height:1500px"></div>` + frame,
		"/tall": `<body style="margin:0">` + strings.ReplaceAll(frame, "200px", "1500px"),
		"/in":   `<body style="margin:0;background:green">`,
	})
	type rows struct { // of a picture, in a frame or where one would be
		from, to int
		drawn    bool
	}
	all, none := rows{0, 200, true}, rows{201, 720, false}
	b := borrow(t)
	for _, tt := range []struct {
		path    string
		spec    step.Spec
		partial bool
		shows   []rows
	}{
		{"/one", step.Spec{FullPage: true}, false, []rows{all, {201, 1700, false}}},
		{"/one", step.Spec{FullPage: true, Format: "jpeg", Quality: ptr(100)}, false, []rows{all, {216, 1700, false}}},
		{"/one", step.Spec{}, false, []rows{all, none}},
		{"/two", step.Spec{FullPage: true}, true, []rows{all, {201, 1900, false}}},
		{"/two", step.Spec{}, false, []rows{all, none}},
		{"/two", step.Spec{Target: "iframe >> nth=1"}, false, []rows{all}},
		{"/tall", step.Spec{Target: "iframe"}, true, []rows{{800, 1500, true}}}, // which is in view
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL + tt.path})
		tt.spec.Action = "screenshot"
		raw := b.do(tt.spec)
		p, kind, err := image.Decode(bytes.NewReader(b.saved))
		if err != nil {
			t.Fatal(err)
		}
		if want := tt.shows[len(tt.shows)-1].to; p.Bounds().Dx() < 300 || p.Bounds().Dy() != want {
			t.Fatalf("%s, full %t, %s: %v, want %d rows", tt.path, tt.spec.FullPage, tt.spec.Target, p.Bounds(), want)
		}
		for _, part := range tt.shows {
			want := color.RGBA{255, 255, 255, 255}
			if part.drawn {
				want = green
			}
			for i := range (part.to - part.from) * 300 {
				x, y := i%300, part.from+i/300
				if kind == "jpeg" && x > 290 {
					continue // the frame's edge is not sharp
				}
				if !near(p.At(x, y), want) {
					t.Errorf("%s, full %t, %s: %v at %d, %d, want %v", tt.path, tt.spec.FullPage, tt.spec.Target, p.At(x, y), x, y, want)
					break
				}
			}
		}
		if got := strings.Contains(raw, `"partial":true`); got != tt.partial {
			t.Errorf("%s, full %t, %s: partial is %t", tt.path, tt.spec.FullPage, tt.spec.Target, got)
		}
	}
}

// near is isColor for what a JPEG makes of it.
func near(at color.Color, c color.RGBA) bool {
	r, g, b, _ := at.RGBA()
	off := func(a uint32, b uint8) bool { return max(int(a>>8)-int(b), int(b)-int(a>>8)) > 3 }
	return !off(r, c.R) && !off(g, c.G) && !off(b, c.B)
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

// TestNobodyKnowsWhatAPictureLacks when the frames can't be asked where they are:
// that is no place out of the page.
func TestNobodyKnowsWhatAPictureLacks(t *testing.T) {
	site := pages(t, map[string]string{"/": other("", "/in"), "/gone": other("display:none", "/in"), "/in": "in"})
	b := borrow(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for path, want := range map[string]bool{"/": true, "/gone": false} {
		b.do(step.Spec{Action: "goto", URL: site.URL + path})
		if got, err := step.Lacks(t.Context(), b.page, 1280, 720); got != want || err != nil {
			t.Errorf("%s: %t, %v", path, got, err)
		}
		if got, err := step.Lacks(over, b.page, 1280, 720); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, when the step is over: %t, %v", path, got, err)
		}
	}
}
