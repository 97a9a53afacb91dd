package step

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
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
