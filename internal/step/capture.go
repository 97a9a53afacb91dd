package step

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"math"
)

func clip(a rect, scale float64) object {
	return object{"x": a.X, "y": a.Y, "width": a.Width, "height": a.Height, "scale": scale}
}

func (r *run) capture(args object) (content []byte, err error) {
	err = r.inPage(func() (err error) {
		content, err = r.page.Capture(r.ctx, args)
		return err
	})
	return content, err
}

// composes says whether a picture of more than is in view is put together of two.
func (r *run) composes(pixels float64) bool {
	return r.severalProcesses(r.page.Frames()) && pixels <= maxDecoded
}

// composed is a picture of more than is in view, with one of what is in view laid
// upon it. Chromium makes the view tiny for a moment when it is to capture beyond
// it, and what other processes draw may be missing then.
func (r *run) composed(a area, pixels float64, args object) ([]byte, error) {
	inView, err := r.capture(object{"format": "png", "clip": clip(a.view, pixels/a.device)})
	if err != nil {
		return nil, err
	}
	whole, err := r.capture(object{"format": "png", "clip": args["clip"], "captureBeyondViewport": true})
	if err != nil {
		return nil, err
	}
	at := image.Pt(int(math.Round((a.view.X-a.X)*pixels)), int(math.Round((a.view.Y-a.Y)*pixels)))
	quality := 0
	if args["format"] == "jpeg" {
		quality = 80 // Chromium's
		if r.spec.Quality != nil {
			quality = *r.spec.Quality
		}
	}
	return laidUpon(r.ctx, whole, inView, at, quality)
}

// laidUpon is a PNG with another laid upon it at a place: a JPEG, if that has a
// quality. Large ones take seconds, and end with ctx.
func laidUpon(ctx context.Context, below, above []byte, at image.Point, quality int) ([]byte, error) {
	var pictures [2]image.Image
	for i, raw := range [][]byte{below, above} {
		var err error
		if pictures[i], err = png.Decode(while{ctx, bytes.NewBuffer(raw)}); err != nil {
			return nil, fmt.Errorf("decode the picture: %w", err)
		}
	}
	canvas, ok := pictures[0].(draw.Image)
	if !ok {
		return nil, fmt.Errorf("a picture of the kind %T", pictures[0])
	}
	draw.Draw(canvas, pictures[1].Bounds().Add(at), pictures[1], image.Point{}, draw.Src)
	var out bytes.Buffer
	var err error
	if to := (while{ctx, &out}); quality > 0 {
		err = jpeg.Encode(to, canvas, &jpeg.Options{Quality: quality})
	} else {
		err = png.Encode(to, canvas)
	}
	return out.Bytes(), err
}

// while is read and written until ctx ends.
type while struct {
	ctx context.Context //nolint:containedctx // it is one call
	io.ReadWriter
}

func (w while) Read(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	return w.ReadWriter.Read(p)
}

func (w while) Write(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	return w.ReadWriter.Write(p)
}
