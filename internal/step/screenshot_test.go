package step_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	_ "image/jpeg"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// picture is a screenshot that must work, and what it shows.
func (b *bench) picture(s step.Spec) image.Image {
	b.t.Helper()
	s.Action = "screenshot"
	raw := b.do(s)
	picture, _, err := image.Decode(bytes.NewReader(b.saved))
	if err != nil {
		b.t.Fatal(err)
	}
	var told struct{ Width, Height int }
	if err := json.Unmarshal([]byte(raw), &told); err != nil || told.Width != picture.Bounds().Dx() || told.Height != picture.Bounds().Dy() {
		b.t.Errorf("%+v answered %s, of a picture of %v", s, raw, picture.Bounds())
	}
	return picture
}

// plain says whether a picture has a size and is of one colour.
func plain(p image.Image, width, height int, c color.RGBA) bool {
	if p.Bounds().Dx() != width || p.Bounds().Dy() != height {
		return false
	}
	for all := rgba(p).Pix; len(all) > 0; all = all[4:] {
		if all[0] != c.R || all[1] != c.G || all[2] != c.B {
			return false
		}
	}
	return true
}

func isColor(at color.Color, c color.RGBA) bool {
	r, g, b, _ := at.RGBA()
	return uint8(r>>8) == c.R && uint8(g>>8) == c.G && uint8(b>>8) == c.B
}

var (
	green   = color.RGBA{0, 128, 0, 255}
	magenta = color.RGBA{255, 0, 255, 255}
)

// TestScreenshots of elements wherever they are, of pages however tall, and with
// what is masked.
func TestScreenshots(t *testing.T) {
	const box = `<div id=box style="width:60px;height:30px;background:green"></div>`
	site := pages(t, map[string]string{
		"/": `<body style="margin:0"><div style="height:900px"></div><iframe name=same style="border:7px solid;margin:9px" src=/in></iframe>
			<script>document.write('<iframe name=other style="border:5px solid" src="http://localhost:' + location.port + '/outer"></iframe>')</script>`,
		"/in": `<body style="margin:0"><div style="height:400px"></div>` + box + `<div id=tall style="width:50px;height:900px;background:green"></div>`, "/outer": `<p>x</p><iframe name=deep src="/in"></iframe>`,
		"/tall": `<body style="margin:0"><script>for (let i = 0; i < 250; i++) document.write('<div style="height:100px;background:rgb(' + i + ',0,77)"></div>')</script>`,
		"/mask": `<body style="margin:0">` + box + `<div class=m style="width:60px;height:30px;background:red"></div><iframe src=/in2 style="border:0;width:60px;height:30px;display:block"></iframe>
			<dialog id=d style="margin:0;padding:0;border:0;top:200px;left:0"><div class=m style="width:60px;height:30px;background:red"></div></dialog><script>d.showModal()</script>`,
		"/scroll": `<body style="margin:0"><div style="height:100px;overflow:auto"><div style="height:500px"></div><div id=t style="width:60px;height:30px"><div class=m style="width:60px;height:30px;background:red"></div></div></div>`,
		"/in2":    `<body style="margin:0"><div class=m style="width:60px;height:30px;background:red"></div>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, frame := range []string{"same", "deep"} {
		if p := b.picture(step.Spec{Target: "frame=" + frame + " >> #box"}); !plain(p, 60, 30, green) {
			t.Errorf("in the frame %s: %v, or another colour", frame, p.Bounds())
		}
	}
	if raw := b.do(step.Spec{Action: "screenshot", Target: "frame=same >> #tall"}); !strings.Contains(raw, `"partial":true`) {
		t.Errorf("of what is larger than its frame: %s", raw)
	}
	b.do(step.Spec{Action: "goto", URL: site.URL + "/tall"})
	p := b.picture(step.Spec{FullPage: true})
	if p.Bounds().Dy() != 25000 {
		t.Fatalf("a page of 25000 pixels: %v", p.Bounds())
	}
	for i := range 250 {
		if !isColor(p.At(600, i*100+50), color.RGBA{uint8(i), 0, 77, 255}) {
			t.Fatalf("at %d: %v", i*100+50, p.At(600, i*100+50))
		}
	}
	b.value(`document.body.style.height = '100000px'; 1`)
	for _, s := range []step.Spec{{FullPage: true}, {FullPage: true, Format: "jpeg"}} {
		s.Action = "screenshot"
		if _, f := b.run(s); f == nil || f.Code != "picture_too_large" || !strings.Contains(f.Message, "× 100000 pixels") {
			t.Errorf("%+v: %+v", s, f)
		}
	}
	b.do(step.Spec{Action: "goto", URL: site.URL + "/mask"})
	p = b.picture(step.Spec{Mask: []string{".m", "#none"}})
	// The second is in a frame, which the dialog's backdrop darkens.
	for y, want := range map[int]color.RGBA{45: magenta, 75: {229, 0, 229, 255}, 215: magenta} {
		if !isColor(p.At(30, y), want) {
			t.Errorf("at %d: %v, want %v", y, p.At(30, y), want)
		}
	}
	if got := b.value(`[document.documentElement.children.length, document.querySelectorAll('div').length]`); got != "[2,3]" {
		t.Errorf("a mask was left: %s", got)
	}
	if p = b.picture(step.Spec{}); isColor(p.At(30, 45), magenta) {
		t.Error("a mask was left")
	}
	b.do(step.Spec{Action: "goto", URL: site.URL + "/scroll"})
	if p = b.picture(step.Spec{Target: "#t", Mask: []string{".m"}}); !plain(p, 60, 30, magenta) {
		t.Errorf("what was scrolled into view is not masked: %v, %v", p.Bounds(), p.At(30, 15))
	}
}

// TestScreenshotsAtAScale: a pixel is one of the screen's, or of CSS.
func TestScreenshotsAtAScale(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := &bench{t: t, page: browsertest.Launch(t, l, domain.SessionOptions{DeviceScaleFactor: 2, Viewport: domain.Viewport{Width: 400, Height: 300}}).Page()}
	b.do(step.Spec{Action: "goto", URL: `data:text/html,<body style="margin:0;background:green"><div id=box style="width:60px;height:30px">`})
	for _, tt := range []struct {
		spec          step.Spec
		width, height int
	}{
		{step.Spec{}, 800, 600}, {step.Spec{Scale: "css"}, 400, 300}, {step.Spec{Target: "#box"}, 120, 60}, {step.Spec{Target: "#box", Scale: "css"}, 60, 30},
		{step.Spec{FullPage: true, Scale: "device"}, 800, 600}, {step.Spec{FullPage: true, Scale: "css"}, 400, 300},
	} {
		if p := b.picture(tt.spec); !plain(p, tt.width, tt.height, green) {
			t.Errorf("%+v: %v, or another colour", tt.spec, p.Bounds())
		}
	}
}

func TestPDF(t *testing.T) {
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: `data:text/html,<h1>one</h1><h1 style="break-before:page">two</h1>`})
	count := func(s step.Spec) int {
		t.Helper()
		s.Action = "pdf"
		raw := b.do(s)
		if !bytes.HasPrefix(b.saved, []byte("%PDF-")) || !strings.Contains(raw, `"contentType":"application/pdf"`) {
			t.Errorf("%+v: %s", s, raw)
		}
		return bytes.Count(b.saved, []byte("/Type /Page\n")) + bytes.Count(b.saved, []byte("/Type /Page "))
	}
	if n := count(step.Spec{}); n != 2 {
		t.Errorf("it has %d pages", n)
	}
	if n := count(step.Spec{PageRanges: "2", Landscape: true, Format: "A5", Background: true}); n != 1 {
		t.Errorf("one of them has %d pages", n)
	}
	if _, f := b.run(step.Spec{Action: "pdf", PageRanges: "7-9"}); f == nil || f.Code != "pdf_failed" {
		t.Errorf("pages that aren't there: %+v", f)
	}
}
