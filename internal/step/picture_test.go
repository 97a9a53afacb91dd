package step

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"testing"
)

// TestAPictureThatIsTooLargeIsNotDecoded, whatever its page made of itself.
func TestAPictureThatIsTooLargeIsNotDecoded(t *testing.T) {
	for height, want := range map[int]error{10: nil, 300: errTooManyPixels} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 60000, height)), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := decode(b.Bytes()); !errors.Is(err, want) {
			t.Errorf("a picture of 60000 × %d pixels: %v, want %v", height, err, want)
		}
	}
	if _, err := decode([]byte("no picture")); err == nil {
		t.Error("what is none is a picture")
	}
}

// ending is a context that ends after it has been asked so often.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestWhile: neither reading nor writing goes on when its context has ended.
func TestWhile(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var b bytes.Buffer
	w, p := while{ctx, &b}, make([]byte, 1)
	if n, err := w.Write([]byte("ab")); n != 2 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	if n, err := w.Read(p); n != 1 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	cancel()
	if n, err := w.Write([]byte("c")); n != 0 || !errors.Is(err, context.Canceled) || b.String() != "b" {
		t.Errorf("wrote %d, %v: %q", n, err, b.String())
	}
	if n, err := w.Read(p); n != 0 || !errors.Is(err, context.Canceled) || b.String() != "b" {
		t.Errorf("read %d, %v: %q", n, err, b.String())
	}
}

// TestAPictureIsLaidUponAnother, until its step ends.
func TestAPictureIsLaidUponAnother(t *testing.T) {
	encoded := func(width, height int, c color.Color) []byte {
		p := image.NewRGBA(image.Rect(0, 0, width, height))
		draw.Draw(p, p.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
		var b bytes.Buffer
		if err := png.Encode(&b, p); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	below, above := encoded(40, 300, color.White), encoded(40, 20, color.Black)
	for _, quality := range []int{0, 90} {
		raw, err := laidUpon(t.Context(), below, above, image.Pt(0, 100), quality)
		if err != nil {
			t.Fatal(err)
		}
		p, kind, err := image.Decode(bytes.NewReader(raw))
		if err != nil || (kind == "jpeg") != (quality > 0) {
			t.Fatalf("quality %d: a %s, %v", quality, kind, err)
		}
		for y, white := range map[int]bool{50: true, 110: false, 200: true} {
			if r, _, _, _ := p.At(20, y).RGBA(); r>>8 > 250 != white || r>>8 < 5 == white {
				t.Errorf("quality %d: at %d there is %v", quality, y, p.At(20, y))
			}
		}
		asked := 0
		for ; ; asked++ {
			ctx := &ending{t.Context(), asked}
			_, err := laidUpon(ctx, below, above, image.Pt(0, 100), quality)
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("quality %d: after it was asked %d times: %v", quality, asked, err)
			}
		}
		if asked < 5 {
			t.Errorf("quality %d: it looks %d times whether its step has ended", quality, asked)
		}
	}
}
