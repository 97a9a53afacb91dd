package recording

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Program is what makes videos, found in PATH.
const Program = "ffmpeg"

var (
	// ErrNoProgram is a machine without it.
	ErrNoProgram = errors.New("ffmpeg is not installed")
	// ErrDiskFull is a disk that is nearly full.
	ErrDiskFull = errors.New("the disk is nearly full")
	// ErrSlow is a video that isn't made in VideoWithin.
	ErrSlow = errors.New("the video was not made in time")
	// ErrElsewhere is a recording with parts in the folder of another server.
	ErrElsewhere = errors.New("parts of the recording are not here")
)

// VideoWithin is how long a video may take to be made.
const VideoWithin = 10 * time.Minute

var (
	videoWithin = VideoWithin // which tests don't wait for
	// diskCheckEvery is how often it is looked whether there is room for more of it.
	diskCheckEvery = time.Second
)

// byTheWay is how far ffmpeg stands back for browsers, as nice counts.
const byTheWay = 10

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
// is gone then. next is the next picture, or io.EOF; the last is shown until end. full says
// whether the disk of dir is nearly full; nil: it never is.
//
// [ErrNoProgram], [ErrEmpty]: there can be none; [ErrDiskFull], [ErrSlow]: not now. When it
// fails, or ctx ends, nothing of it is left and nothing runs.
func Video(ctx context.Context, dir, format string, next func() (Picture, error), end time.Time, full func() bool) (*os.File, error) {
	path, err := exec.LookPath(Program)
	if err != nil {
		return nil, ErrNoProgram
	}
	ctx, cancel := context.WithTimeoutCause(ctx, videoWithin, ErrSlow)
	defer cancel()
	ctx, leave := withFreeSpace(ctx, full)
	defer leave()
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
	cmd := exec.CommandContext(ctx, path, append(append(args, encoders[format]...), "made."+format)...)
	cmd.Dir, cmd.WaitDelay = work, time.Second
	if said, err := run(cmd); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("make a video: %w: %s", err, said)
	}
	file, err := os.Open(filepath.Join(work, "made."+format))
	if err != nil {
		return nil, fmt.Errorf("make a video: %w", err)
	}
	return file, nil
}

// withFreeSpace is a context that ends with ErrDiskFull when the disk is nearly full.
func withFreeSpace(ctx context.Context, full func() bool) (context.Context, func()) {
	if full == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	look := func() {
		if full() {
			cancel(ErrDiskFull)
		}
	}
	look()
	var looking sync.WaitGroup
	looking.Go(func() {
		again := time.NewTicker(diskCheckEvery)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				look()
			case <-ctx.Done():
				return
			}
		}
	})
	return ctx, func() {
		cancel(nil)
		looking.Wait()
	}
}

// run runs a program to its end, behind what else the machine does, and answers how what it
// said begins. All of its processes end with the command's context, and itself with this
// one's death.
func run(cmd *exec.Cmd) (said []byte, err error) {
	out := &beginning{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	runtime.LockOSThread() // it would die with the thread that has started it
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_ = syscall.Setpriority(syscall.PRIO_PGRP, cmd.Process.Pid, byTheWay) // else it is as any other
	err = cmd.Wait()
	return bytes.TrimSpace(out.said), err
}

// beginning is how what a program says begins.
type beginning struct{ said []byte }

func (b *beginning) Write(p []byte) (int, error) {
	const most = 1000
	b.said = append(b.said, p[:min(len(p), most-len(b.said))]...)
	return len(p), nil
}

// ErrEmpty is a recording without a picture.
var ErrEmpty = errors.New("nothing was recorded")

// maxSide bounds the pictures of a video, in pixels each way: what is larger no session's
// screen has shown.
const maxSide = 16384

// lay writes the pictures, and a list of them as ffmpeg reads it, and answers how large a
// video of them is. What is no picture is left out.
func lay(ctx context.Context, dir string, next func() (Picture, error), end time.Time) (width, height int, err error) {
	list := &strings.Builder{}
	var before time.Time
	name := ""
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
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return 0, 0, err
		}
		is := image.Config{}
		if len(p.JPEG) > 0 {
			if is, err = jpeg.DecodeConfig(bytes.NewReader(p.JPEG)); err != nil || max(is.Width, is.Height) > maxSide || min(is.Width, is.Height) < 1 {
				continue
			}
		} else if width == 0 {
			continue // there is nothing to hide yet
		}
		show(p.At)
		before, name = p.At, strconv.Itoa(n)+".jpg"
		if len(p.JPEG) == 0 {
			name = "hidden.jpg"
			p.JPEG = nothing
		}
		if width == 0 {
			width, height = is.Width+is.Width%2, is.Height+is.Height%2
		}
		if err := os.WriteFile(filepath.Join(dir, name), p.JPEG, 0o600); err != nil {
			return 0, 0, fmt.Errorf("make a video: %w", err)
		}
	}
	if name == "" {
		return 0, 0, ErrEmpty
	}
	show(end)
	fmt.Fprintf(list, "file '%s'\n", name) // without which ffmpeg leaves the last duration out
	return width, height, os.WriteFile(filepath.Join(dir, "list"), []byte(list.String()), 0o600)
}

// nothing is the picture that is shown where there is none: black, as what is around one
// that doesn't fill the video.
var nothing = func() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil) // a buffer takes all
	return b.Bytes()
}()
