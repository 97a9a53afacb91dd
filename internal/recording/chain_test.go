package recording_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/recording"
)

// segment counts how many are open.
type segment struct {
	io.Reader
	open *int
}

func (s segment) Close() error { *s.open--; return nil }

// TestChain reads segments one after the other, those without a picture too, and has
// none open at its end: what isn't a segment ends it.
func TestChain(t *testing.T) {
	record := func(name string) []byte {
		return recording.Append(nil, recording.Picture{At: time.UnixMilli(1), JPEG: named(name)})
	}
	begun := []byte(recording.Magic)
	one := slices.Concat(begun, record("a"), record("b"), record("torn")[:10])
	for _, tt := range []struct {
		name     string
		segments [][]byte
		want     []string
		end      error
	}{
		{"none", nil, nil, io.EOF},
		{"some", [][]byte{one, begun, slices.Concat(begun, record("c"))}, []string{"a", "b", "c"}, io.EOF},
		{"one that is none", [][]byte{one, []byte("something else")}, []string{"a", "b"}, recording.ErrFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			left, open := tt.segments, 0
			c := recording.NewChain(func() (io.ReadCloser, error) {
				if len(left) == 0 {
					return nil, io.EOF
				}
				if open++; open > 1 {
					t.Errorf("%d are open at once", open)
				}
				s := segment{bytes.NewReader(left[0]), &open}
				left = left[1:]
				return s, nil
			})
			var got []string
			for {
				p, err := c.Next()
				if err != nil {
					if !errors.Is(err, tt.end) {
						t.Errorf("it ends with %v, want %v", err, tt.end)
					}
					break
				}
				got = append(got, string(p.JPEG[2:]))
			}
			if !slices.Equal(got, tt.want) || open != 0 {
				t.Errorf("read %q with %d left open, want %q with none", got, open, tt.want)
			}
			c.Close()
		})
	}
}
