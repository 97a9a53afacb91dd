package step

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"image"
	_ "image/jpeg" // the formats of pictures
	_ "image/png"
	"math"
	"slices"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

var picturing = []action{
	{
		name: "screenshot",
		does: "Takes a picture of what is in view, of an element, in a frame too, or of the whole page however tall it is, and keeps it as an artifact.",
		members: []member{
			target,
			{name: "fullPage", tag: `doc:"The whole page, not only what is in view."`},
			{name: "mask", tag: `doc:"What all that match these targets, in every frame, is covered in the picture." maxItems:"100"`, check: checkMask},
			{name: "format", tag: `doc:"png is the default." enum:"png,jpeg"`},
			{name: "quality", tag: `doc:"Of a jpeg." minimum:"1" maximum:"100"`},
			{name: "scale", tag: `doc:"A pixel of the picture for one of the screen (device, the default) or for one of CSS. They differ where the session has a deviceScaleFactor." enum:"device,css"`},
		},
		answers: "the artifact, and how large the picture is, in its own pixels. partial says that an element is larger than what its frame shows, and the picture only of that.",
		examples: []example{
			{
				step:   `{"action":"screenshot","target":"#logo"}`,
				result: `{"artifactId":"art_…","contentType":"image/png","height":40,"size":330,"width":120}`,
			},
			{
				step:   `{"action":"screenshot","mask":["label=E-mail"],"format":"jpeg","quality":60}`,
				result: `{"artifactId":"art_…","contentType":"image/jpeg","height":720,"size":49000,"width":1280}`,
			},
		},
		check: func(s *Spec, at pathTo) error {
			if s.Quality != nil && s.Format != "jpeg" {
				return domain.Invalid(at("quality"), "is for jpeg only")
			}
			if s.FullPage && s.Target != "" {
				return domain.Invalid(at("fullPage"), "can't go with a target")
			}
			return nil
		},
		run: (*run).screenshot,
	},
	{
		name: "pdf",
		does: "Prints the page, as its style for print has it, and keeps the PDF as an artifact.",
		members: []member{
			{name: "format", tag: `doc:"The paper; A4 is the default." enum:"A3,A4,A5,Letter,Legal,Tabloid"`},
			{name: "landscape", tag: `doc:"The paper lies on its longer side."`},
			{name: "background", tag: `doc:"Backgrounds are printed too."`},
			{name: "pageRanges", tag: `doc:"Which pages; all by default." maxLength:"256" pattern:"^ *[0-9]+( *- *[0-9]+)?( *, *[0-9]+( *- *[0-9]+)?)* *$" patternDescription:"pages and ranges such as 1-5, 8" example:"1-5, 8"`},
		},
		answers: "the artifact.",
		examples: []example{{
			step:   `{"action":"pdf","format":"A4","background":true}`,
			result: `{"artifactId":"art_…","contentType":"application/pdf","size":26000}`,
		}},
		run: (*run).pdf,
	},
}

func checkMask(s *Spec, field string) error {
	for i, raw := range s.Mask {
		at := fmt.Sprintf("%s[%d]", field, i)
		t, err := ParseTarget(raw)
		if err != nil {
			return domain.Invalid(at, "%s", err)
		}
		if t.Frames != nil {
			return domain.Invalid(at, "at 1: every frame is looked at, frame= is for the step's own target")
		}
	}
	return nil
}

// maxPixels bounds a picture: Chromium has all of it in memory at once.
const maxPixels = 100e6

// maxJPEG is how many pixels a side of a JPEG can have.
const maxJPEG = 65535

func (r *run) screenshot() (any, error) {
	area, partial, err := r.area()
	if err != nil {
		return nil, err
	}
	format := cmp.Or(r.spec.Format, "png")
	args := object{"format": format}
	if r.spec.Quality != nil {
		args["quality"] = *r.spec.Quality
	}
	pixels := area.device
	if r.spec.Scale == "css" {
		pixels = 1
	}
	width, height := area.Width*pixels, area.Height*pixels
	if width*height > maxPixels || format == "jpeg" && max(width, height) > maxJPEG {
		return nil, &domain.Failure{Code: "picture_too_large", Message: fmt.Sprintf(
			"The picture would have %.0f × %.0f pixels; at most %.0f million are taken, and a jpeg has at most %d a side. A target is a part of the page.", width, height, maxPixels/1e6, maxJPEG)}
	}
	if r.spec.Target != "" || r.spec.FullPage || pixels != area.device {
		args["clip"] = object{"x": area.X, "y": area.Y, "width": area.Width, "height": area.Height, "scale": pixels / area.device}
		args["captureBeyondViewport"] = true
	}
	var res struct {
		Data string `json:"data"`
	}
	if r.spec.Mask != nil {
		// Nothing is scrolled after this: the covers stay where they are laid.
		masked, err := r.masked()
		defer r.unmask(masked)
		if err != nil {
			return nil, err
		}
	}
	r.waitedFor = "the picture"
	if err := r.covered(func() error { return r.command("Page.captureScreenshot", args, &res) }); err != nil {
		return nil, err
	}
	content, err := base64.StdEncoding.DecodeString(res.Data)
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	is, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	if float64(is.Width) < math.Floor(width)-1 || float64(is.Height) < math.Floor(height)-1 {
		return nil, &domain.Failure{Code: "picture_too_large", Message: fmt.Sprintf("Chromium cut the picture to %d × %d pixels of %.0f × %.0f.", is.Width, is.Height, width, height)}
	}
	result, err := r.kept("screenshot", "image/"+format, content)
	if err != nil {
		return nil, err
	}
	result["width"], result["height"] = is.Width, is.Height
	if partial {
		result["partial"] = true
	}
	return result, nil
}

// kept keeps what the step made and answers what is told of it.
func (r *run) kept(kind, contentType string, content []byte) (object, error) {
	a, err := r.save(r.ctx, kind, contentType, content)
	if err != nil {
		return nil, &domain.Failure{Code: "artifact_not_saved", Message: "What the step made could not be kept."}
	}
	return object{"artifactId": a.ID, "contentType": a.ContentType, "size": a.Size}, nil
}

// area is a part of the page, in CSS pixels of its document, and how many of the
// screen's there are for one.
type area struct{ X, Y, Width, Height, device float64 }

// area is what the picture is to show, and whether that is a part only of what
// was asked for.
func (r *run) area() (a area, partial bool, err error) {
	target := verdict{}
	if r.spec.Target != "" {
		if target, err = r.act(needs{Visible: true, Point: true}, "box", nil); err != nil {
			return a, false, err
		}
	}
	var metrics struct {
		View struct {
			X      float64 `json:"pageX"`
			Y      float64 `json:"pageY"`
			Width  float64 `json:"clientWidth"`
			Height float64 `json:"clientHeight"`
		} `json:"cssLayoutViewport"`
		Device struct {
			Width float64 `json:"clientWidth"`
		} `json:"layoutViewport"`
		Content struct {
			Width  float64 `json:"width"`
			Height float64 `json:"height"`
		} `json:"cssContentSize"`
	}
	if err := r.command("Page.getLayoutMetrics", nil, &metrics); err != nil {
		return a, false, err
	}
	view := metrics.View
	a = area{view.X, view.Y, view.Width, view.Height, 1}
	if view.Width > 0 && metrics.Device.Width > 0 {
		a.device = metrics.Device.Width / view.Width
	}
	switch box := target.Box; {
	case r.spec.FullPage:
		a.X, a.Y, a.Width, a.Height = 0, 0, metrics.Content.Width, metrics.Content.Height
	case r.spec.Target == "":
	case target.frame.Parent == "":
		a.X, a.Y, a.Width, a.Height = box.X, box.Y, box.Width, box.Height
	default:
		left, top := max(box.Left, 0), max(box.Top, 0)
		right, bottom := min(box.Left+box.Width, target.Width), min(box.Top+box.Height, target.Height)
		to, err := r.outward(target.frame, target.Width, target.Height)
		if err != nil {
			return a, false, err
		}
		// What another process draws is in the picture when it has drawn it.
		if _, err := r.call(target.frame, "drawn", object{}); err != nil && (!lost(err) || r.ctx.Err() != nil) {
			return a, false, err
		}
		x1, y1, x2, y2 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, corner := range [][2]float64{{left, top}, {right, top}, {left, bottom}, {right, bottom}} {
			x, y := to(corner[0], corner[1])
			x1, y1, x2, y2 = min(x1, x), min(y1, y), max(x2, x), max(y2, y)
		}
		a.X, a.Y, a.Width, a.Height = x1+view.X, y1+view.Y, x2-x1, y2-y1
		partial = right-left < box.Width-0.5 || bottom-top < box.Height-0.5
	}
	if !(a.Width > 0 && a.Height > 0) {
		return a, false, &domain.Failure{Code: "target_out_of_view", Message: "There is nothing to take a picture of.", WaitedFor: r.waitedFor}
	}
	return a, partial, nil
}

// masked covers what is to be covered, and says in which frames. A picture in
// which something isn't, is none.
func (r *run) masked() (in []browser.Frame, err error) {
	targets := make([]Target, len(r.spec.Mask))
	for i, raw := range r.spec.Mask {
		t, err := ParseTarget(raw)
		if err != nil {
			return nil, err // Check has seen it
		}
		targets[i] = t.withTestID(r.page.TestID)
	}
	r.waitedFor = "every frame to cover what is masked"
	for _, f := range r.page.Frames() {
		if f.Context == 0 || f.Document.Missing != "" {
			continue
		}
		in = append(in, f)
		v, err := r.call(f, "mask", object{"targets": targets})
		switch {
		case err != nil && (!lost(err) || r.ctx.Err() != nil):
			return in, err
		case err == nil && !v.OK:
			return in, r.refused(v)
		}
	}
	return in, nil
}

// unmask takes the covers off. Nothing that follows meets them: the page hears
// of this first.
func (r *run) unmask(in []browser.Frame) {
	for _, f := range slices.Backward(in) {
		_, _ = f.Session.Send("Runtime.evaluate", object{"expression": "bh.unmask()", "contextId": f.Context})
	}
}
