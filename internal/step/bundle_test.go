package step_test

import (
	"archive/zip"
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// failing runs a step that must fail, and returns the parts of its bundle.
func (b *bench) failing(ctx context.Context, s step.Spec) (parts map[string]string, f *domain.Failure) {
	b.t.Helper()
	parts = map[string]string{}
	_, f = step.Run(ctx, b.page, &s, func(_ context.Context, kind, contentType string, content []byte) (domain.Artifact, error) {
		if kind != "failure" || contentType != "application/zip" {
			b.t.Errorf("a %s of type %s was kept", kind, contentType)
		}
		z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			b.t.Fatal(err)
		}
		for _, file := range z.File {
			in, err := file.Open()
			if err != nil {
				b.t.Fatal(err)
			}
			raw, err := io.ReadAll(in)
			if err != nil {
				b.t.Fatal(err)
			}
			parts[file.Name] = string(raw)
		}
		return domain.Artifact{ID: "art_bundle"}, nil
	}, step.WithBundle)
	if f == nil {
		b.t.Fatalf("%s %s was done", s.Action, s.Target)
	}
	return parts, f
}

// TestWhatIsKeptOfAFailure: the picture has the target framed, the place of the
// mouse crossed and passwords covered, and secrets are nowhere.
func TestWhatIsKeptOfAFailure(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<body style="margin:0;background:white"><div style="height:100px"></div><iframe src=/in style="border:0;display:block;width:600px;height:300px"></iframe>
			<input type=password style="position:absolute;left:700px;top:100px;width:200px;height:40px" value=hunter2>
			<div style="position:absolute;left:0;top:160px;width:400px;height:20px;background:white" id=veil></div>`,
		"/in": `<body style="margin:0"><button id=b style="position:absolute;left:100px;top:40px;width:200px;height:60px">Go</button><input id=i disabled aria-label=Card>
			<script>console.log('hello', 42, {a: 1}); setInterval(() => { console.warn('typed correct-horse'); fetch('/later?q=correct-horse') }, 50)</script>`,
	})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	parts, f := b.failing(t.Context(), step.Spec{Action: "click", Target: "#b", Timeout: "5s"})
	if f.Code != "target_covered" || f.ArtifactID != "art_bundle" {
		t.Errorf("%+v", f)
	}
	picture, err := jpeg.Decode(strings.NewReader(parts["page.jpg"]))
	if err != nil {
		t.Fatalf("the picture: %v, kept: %s", err, parts["failure.json"])
	}
	for what, p := range map[string]struct {
		image.Point
		red, black bool
	}{
		"the frame around the button": {image.Pt(98, 170), true, false},
		"the cross in its middle":     {image.Pt(200, 170), true, false},
		"the password":                {image.Pt(800, 120), false, true},
		"the page":                    {image.Pt(1000, 600), false, false},
	} {
		r, g, bl, _ := picture.At(p.X, p.Y).RGBA()
		r, g, bl = r>>8, g>>8, bl>>8
		red, black := r > 150 && g < 110 && bl < 150, r < 60 && g < 60 && bl < 60
		if red != p.red || black != p.black {
			t.Errorf("%s is %d,%d,%d at %v", what, r, g, bl, p.Point)
		}
	}
	for name, wants := range map[string][]string{
		"tree.txt":     {`- button "Go"`, `- textbox "Card" [disabled=true]`},
		"console.json": {`"text": "typed correct-horse"`, `"type": "warning"`},
		"network.json": {`/later?q=correct-horse`, `"status": 404`},
		"failure.json": {`"code": "target_covered"`, `"target": "#b"`},
	} {
		for _, want := range wants {
			if !strings.Contains(parts[name], want) {
				t.Errorf("%s lacks %s: %s", name, want, parts[name])
			}
		}
	}
	parts, _ = b.failing(t.Context(), step.Spec{Action: "fill", Target: "#i", Value: ptr("correct-horse"), Timeout: "2s"})
	for name, part := range parts {
		if strings.Contains(part, "correct-horse") || strings.Contains(part, "hunter2") {
			t.Errorf("%s holds a secret: %s", name, part)
		}
	}
}

// TestKeepingAFailureIsBounded: a page that answers nothing holds the failure
// up for two seconds, and a cancel not at all.
func TestKeepingAFailureIsBounded(t *testing.T) {
	site := pages(t, map[string]string{"/": `<script>busy = ms => { for (const end = Date.now() + ms; Date.now() < end;); }</script>`})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.value(`setTimeout(busy, 50, 6000); 1`)
	began := time.Now()
	parts, f := b.failing(t.Context(), step.Spec{Action: "click", Target: "#none", Timeout: "300ms"})
	if took := time.Since(began); took > 5*time.Second || parts["page.jpg"] != "" || !strings.Contains(parts["failure.json"], `"page.jpg": "`) || f.ArtifactID == "" {
		t.Errorf("after %s: %+v, %s", took, f, parts["failure.json"])
	}
	b.value("1") // it is there again
	b.value(`setTimeout(busy, 50, 3500); 1`)
	ctx, cancel := context.WithCancel(t.Context())
	canceled := make(chan time.Time, 1)
	time.AfterFunc(800*time.Millisecond, func() { canceled <- time.Now(); cancel() })
	if parts, f = b.failing(ctx, step.Spec{Action: "click", Target: "#none", Timeout: "300ms"}); len(parts) > 0 || f.ArtifactID != "" {
		t.Errorf("%+v kept %v", f, parts)
	}
	if took := time.Since(<-canceled); took > 5*time.Second {
		t.Errorf("the cancel took %s", took)
	}
}
