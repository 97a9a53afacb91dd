package recording

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Program is what makes videos, found in PATH.
const Program = "ffmpeg"

// ErrNoProgram is a machine without it.
var ErrNoProgram = errors.New("ffmpeg is not installed")

// videoFolder is what the folder is called that a video is made in.
const videoFolder = ".video-*"

// Formats of videos, and their media types.
var Formats = map[string]string{"mp4": "video/mp4", "webm": "video/webm"}

// encoders are what ffmpeg is told for each of them.
var encoders = map[string][]string{
	"mp4":  {"-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-movflags", "+faststart"},
	"webm": {"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "36", "-b:v", "0"},
}

// Video makes a video of pictures, in a file inside dir that the caller closes, and that
// is gone then. next is the next picture, or io.EOF; the last is shown until end.
func Video(ctx context.Context, dir, format string, next func() (Picture, error), end time.Time) (*os.File, error) {
	path, err := exec.LookPath(Program)
	if err != nil {
		return nil, ErrNoProgram
	}
	work, err := os.MkdirTemp(dir, videoFolder)
	if err != nil {
		return nil, fmt.Errorf("make a video: %w", err)
	}
	defer os.RemoveAll(work)
	width, height, err := lay(ctx, work, next, end)
	if err != nil {
		return nil, err
	}
	// Pictures of another size, of a larger window, are fitted in.
	fit := fmt.Sprintf("scale=%[1]d:%[2]d:force_original_aspect_ratio=decrease,pad=%[1]d:%[2]d:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p", width, height)
	args := []string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-f", "concat", "-i", "list", "-vf", fit, "-fps_mode", "vfr", "-an"}
	args = append(append(args, encoders[format]...), "made."+format)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.WaitDelay = work, time.Second
	if said, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("make a video: %w: %s", err, bytes.TrimSpace(said[:min(len(said), 1000)]))
	}
	file, err := os.Open(filepath.Join(work, "made."+format))
	if err != nil {
		return nil, fmt.Errorf("make a video: %w", err)
	}
	return file, nil
}

// ErrEmpty is a recording without a picture.
var ErrEmpty = errors.New("nothing was recorded")

// lay writes the pictures, and a list of them as ffmpeg reads it, and answers how large a
// video of them is.
func lay(ctx context.Context, dir string, next func() (Picture, error), end time.Time) (width, height int, err error) {
	list := &strings.Builder{}
	var before time.Time
	name, dark := "", ""
	show := func(until time.Time) {
		if name != "" {
			// Even a moment is one frame.
			fmt.Fprintf(list, "file '%s'\nduration %.3f\n", name, max(until.Sub(before), time.Millisecond).Seconds())
		}
	}
	for n := 0; ; n++ {
		p, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, 0, err
		}
		if len(p.JPEG) == 0 && width == 0 {
			continue // there is nothing to hide yet
		}
		show(p.At)
		before = p.At
		if len(p.JPEG) == 0 {
			if dark == "" {
				dark = "hidden.jpg"
				if p.JPEG, err = nothing(width, height); err != nil {
					return 0, 0, err
				}
			}
			name = dark
		} else {
			name = strconv.Itoa(n) + ".jpg"
		}
		if width == 0 {
			is, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
			if err != nil {
				return 0, 0, fmt.Errorf("read a picture of a recording: %w", err)
			}
			width, height = is.Width+is.Width%2, is.Height+is.Height%2
		}
		if p.JPEG != nil {
			if err := os.WriteFile(filepath.Join(dir, name), p.JPEG, 0o600); err != nil {
				return 0, 0, fmt.Errorf("make a video: %w", err)
			}
		}
	}
	if name == "" {
		return 0, 0, ErrEmpty
	}
	show(end)
	fmt.Fprintf(list, "file '%s'\n", name) // without which ffmpeg leaves the last duration out
	return width, height, os.WriteFile(filepath.Join(dir, "list"), []byte(list.String()), 0o600)
}

// nothing is the picture that is shown where there is none.
func nothing(width, height int) ([]byte, error) {
	dark := image.NewGray(image.Rect(0, 0, width, height))
	for i := range dark.Pix {
		dark.Pix[i] = color.Gray{Y: 0x22}.Y
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, dark, nil)
	return b.Bytes(), err
}
