package step

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"

	"github.com/browserhook/browserhook/internal/browser"
)

// The picture of a failure.

// rect is a box in a frame's view, in CSS pixels.
type rect struct{ X, Y, Width, Height float64 }

// marked is a picture of what is in view: with what the target matches framed,
// a cross where the mouse would have gone, and passwords covered.
func (r *run) marked() ([]byte, error) {
	marks := r.eachFrame("marks", object{"target": r.target, "any": r.spec.Target != ""})
	with, err := r.covers(nil)
	if err != nil {
		return nil, err
	}
	var content []byte
	if err := r.pictured(with, func([]verdict) (err error) {
		content, err = r.page.Capture(r.ctx, object{"format": "jpeg", "quality": 80})
		return err
	}); err != nil {
		return nil, err
	}
	decoded, err := decode(content)
	if err != nil {
		return nil, err
	}
	var view layout
	if err := r.page.Call(r.ctx, "Page.getLayoutMetrics", nil, &view); err != nil || view.Seen.Width <= 0 {
		return nil, errors.Join(err, errNoView)
	}
	canvas := image.NewRGBA(decoded.Bounds())
	draw.Draw(canvas, canvas.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	scale := float64(canvas.Bounds().Dx()) / view.Seen.Width
	for _, m := range marks {
		to, err := r.outward(m.frame, m.Width, m.Height)
		if err != nil {
			continue
		}
		on := func(b rect) image.Rectangle { return spread(to, b, scale) }
		for _, b := range m.Hidden {
			draw.Draw(canvas, on(b), image.NewUniform(color.Black), image.Point{}, draw.Src)
		}
		for _, b := range m.Boxes {
			frameOf(canvas, on(b))
		}
	}
	if r.seen.Width > 0 && r.seen.Why == "target_covered" {
		if to, err := r.outward(r.seen.frame, r.seen.Width, r.seen.Height); err == nil {
			x, y := to(r.seen.X, r.seen.Y)
			cross(canvas, int(x*scale), int(y*scale))
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, canvas, &jpeg.Options{Quality: 80}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// maxDecoded is how many pixels a picture may have that is drawn upon, to mark what
// failed or to be put together of two: it is in the server's memory then.
const maxDecoded = 1 << 24

var errTooManyPixels = errors.New("the picture has too many pixels to be marked")

func decode(content []byte) (image.Image, error) {
	is, err := jpeg.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if is.Width*is.Height > maxDecoded {
		return nil, errTooManyPixels
	}
	return jpeg.Decode(bytes.NewReader(content))
}

var errNoView = errors.New("the page shows nothing")

// outward is how points of a frame's view come to be in the whole page's: through the
// elements of the frames around it, which are asked once for many points.
func (r *run) outward(f browser.Frame, width, height float64) (func(x, y float64) (float64, float64), error) {
	to := func(x, y float64) (float64, float64) { return x, y }
	for inner := f; inner.Parent != ""; {
		owner, err := r.ownerOf(inner)
		if err != nil {
			return nil, err
		}
		if width <= 0 || height <= 0 {
			return nil, errNoView
		}
		before, next := to, owner.outward(width, height)
		to = func(x, y float64) (float64, float64) { return next(before(x, y)) }
		inner, width, height = owner.in, owner.view.Seen.Width, owner.view.Seen.Height
	}
	return to, nil
}

// owner is the element of a frame.
type owner struct {
	in              browser.Frame // the window of the process that draws it
	view            layout        // of that
	node            int64
	content, border []float64 // quads that it is drawn as there
}

// quad is how parts of a box's width and height come to be in the quad that it is
// drawn as.
func quad(points []float64) func(right, down float64) (float64, float64) {
	return func(right, down float64) (float64, float64) { return onto(points, right, down) }
}

// outward is how points of the frame's view, which is so large, come to be in
// that around it.
func (o owner) outward(width, height float64) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) { return onto(o.content, x/width, y/height) }
}

func (r *run) ownerOf(f browser.Frame) (o owner, err error) {
	around := r.above(f)
	if len(around) == 0 {
		return o, errNoView
	}
	o.in = r.page.Root(around[0])
	if err := o.in.Session.Call(r.ctx, "Page.getLayoutMetrics", nil, &o.view); err != nil {
		return o, err
	}
	var node struct {
		ID int64 `json:"backendNodeId"`
	}
	if err := o.in.Session.Call(r.ctx, "DOM.getFrameOwner", object{"frameId": f.ID}, &node); err != nil {
		return o, err
	}
	var box struct {
		Model struct {
			Content []float64 `json:"content"`
			Border  []float64 `json:"border"`
		} `json:"model"`
	}
	if err := o.in.Session.Call(r.ctx, "DOM.getBoxModel", object{"backendNodeId": node.ID}, &box); err != nil {
		return o, err
	}
	if len(box.Model.Content) < 8 || len(box.Model.Border) < 8 {
		return o, errNoView
	}
	o.node, o.content, o.border = node.ID, box.Model.Content, box.Model.Border
	return o, nil
}

// spread is the smallest box in the picture that holds a box of a frame.
func spread(to func(x, y float64) (float64, float64), b rect, scale float64) image.Rectangle {
	in := bounds(to, b)
	pixel := func(v float64) int { return int(max(-1e6, min(1e6, math.Round(v*scale)))) } // pages give what they like
	return image.Rect(pixel(in.X), pixel(in.Y), pixel(in.X+in.Width), pixel(in.Y+in.Height))
}

// bounds is the smallest box in the whole page's view that holds a box of a frame.
func bounds(to func(x, y float64) (float64, float64), b rect) rect {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, corner := range [][2]float64{{b.X, b.Y}, {b.X + b.Width, b.Y}, {b.X, b.Y + b.Height}, {b.X + b.Width, b.Y + b.Height}} {
		x, y := to(corner[0], corner[1])
		left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
	}
	return rect{left, top, right - left, bottom - top}
}

var ink = image.NewUniform(color.RGBA{R: 230, G: 0, B: 60, A: 255})

// frameOf draws a frame around a box.
func frameOf(canvas draw.Image, b image.Rectangle) {
	const thick = 3
	outer := b.Inset(-thick)
	for _, side := range []image.Rectangle{
		image.Rect(outer.Min.X, outer.Min.Y, outer.Max.X, b.Min.Y), image.Rect(outer.Min.X, b.Max.Y, outer.Max.X, outer.Max.Y),
		image.Rect(outer.Min.X, b.Min.Y, b.Min.X, b.Max.Y), image.Rect(b.Max.X, b.Min.Y, outer.Max.X, b.Max.Y),
	} {
		draw.Draw(canvas, side, ink, image.Point{}, draw.Src)
	}
}

// cross draws a cross at a point.
func cross(canvas draw.Image, x, y int) {
	const arm, thick = 12, 1
	draw.Draw(canvas, image.Rect(x-arm, y-thick, x+arm+1, y+thick+1), ink, image.Point{}, draw.Src)
	draw.Draw(canvas, image.Rect(x-thick, y-arm, x+thick+1, y+arm+1), ink, image.Point{}, draw.Src)
}
