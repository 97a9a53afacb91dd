package recording_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/recording"
)

// film is pictures of two sizes, with a time in which nothing is shown, and some that are
// damaged.
func film(t *testing.T) (next func() (recording.Picture, error), end time.Time) {
	t.Helper()
	at := time.UnixMilli(1_795_000_000_000)
	picture := func(after time.Duration, width, height int, shade uint8) recording.Picture {
		img := image.NewGray(image.Rect(0, 0, width, height))
		for i := range img.Pix {
			img.Pix[i] = color.Gray{Y: shade}.Y
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, nil); err != nil {
			t.Fatal(err)
		}
		return recording.Picture{At: at.Add(after), JPEG: b.Bytes()}
	}
	all := []recording.Picture{
		{At: at}, {At: at, JPEG: []byte{0xff, 0xd8, 0xff}}, {At: at, JPEG: huge(picture(0, 8, 8, 0).JPEG)}, picture(time.Second, 321, 181, 10), picture(1500*time.Millisecond, 64, 64, 200), {At: at.Add(2 * time.Second)}, picture(3*time.Second, 321, 181, 90),
	}
	return func() (p recording.Picture, err error) {
		if len(all) == 0 {
			return p, io.EOF
		}
		p, all = all[0], all[1:]
		return p, nil
	}, at.Add(5 * time.Second)
}

// huge is a JPEG that says that it has 65,535 rows.
func huge(raw []byte) []byte {
	raw = bytes.Clone(raw)
	frame := bytes.Index(raw, []byte{0xff, 0xc0}) // then come its length, its depth and the rows
	raw[frame+5], raw[frame+6] = 0xff, 0xff
	return raw
}

// ffmpegIs has a script stand for ffmpeg, in a folder of the path.
func ffmpegIs(t *testing.T, bin, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(bin, recording.Program), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
}

// TestVideosEnd when whoever wants one has gone, when it takes too long and when the disk is
// nearly full: also if ffmpeg, or what it has started, hangs. Nothing of them is left.
func TestVideosEnd(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	begun := filepath.Join(bin, "begun") // who writes the other end of it
	if err := syscall.Mkfifo(begun, 0o600); err != nil {
		t.Fatal(err)
	}
	// Both hold the pipe open, and say their ids.
	ffmpegIs(t, bin, `trap "" TERM; exec 3>"`+begun+`"; sh -c 'trap "" TERM; echo $$ >&3; sleep 600; :' & echo $$ >&3; sleep 600; wait`)
	gone := errors.New("whoever wanted it has gone")
	for _, tt := range []struct {
		name   string
		within time.Duration
		leaves bool
		full   func(begun bool) bool
		want   error
		begins bool
	}{
		{"who wants it goes", time.Hour, true, nil, gone, true},
		{"it hangs", time.Second, false, nil, recording.ErrSlow, true},
		{"the disk becomes full", time.Hour, false, func(begun bool) bool { return begun }, recording.ErrDiskFull, true},
		{"the disk is full", time.Hour, false, func(bool) bool { return true }, recording.ErrDiskFull, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recording.HurryVideos(t, tt.within, 10*time.Millisecond)
			ctx, leave := context.WithCancelCause(t.Context())
			defer leave(nil)
			next, end := film(t)
			var runs atomic.Bool
			var full func() bool
			if tt.full != nil {
				full = func() bool { return tt.full(runs.Load()) }
			}
			done := make(chan error, 1)
			go func() {
				_, err := recording.Video(ctx, dir, "mp4", next, end, full)
				done <- err
			}()
			if tt.begins {
				pipe, err := os.Open(begun)
				if err != nil {
					t.Fatal(err)
				}
				defer pipe.Close()
				said := bufio.NewReader(pipe)
				for range 2 {
					if _, err := said.ReadString('\n'); err != nil {
						t.Fatal(err)
					}
				}
				runs.Store(true)
				if tt.leaves {
					leave(gone)
				}
				if rest, err := io.ReadAll(said); err != nil || len(rest) > 0 { // until both have ended
					t.Errorf("they say %q, %v", rest, err)
				}
			}
			if err := <-done; !errors.Is(err, tt.want) {
				t.Errorf("it ends with %v, want %v", err, tt.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left are %v, %v", left, err)
			}
		})
	}
}

// TestVideosAreToldWhatWasSeen looks at what ffmpeg is given, in place of which a script
// stands: each picture for as long as it was to be seen, and nothing where there was
// nothing.
func TestVideosAreToldWhatWasSeen(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	ffmpegIs(t, bin, `for last in "$@"; do :; done
		{ cat list; ls; echo "$@"; } > "$last"`)
	next, end := film(t)
	file, err := recording.Video(t.Context(), dir, "webm", next, end, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	raw, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	list, rest, _ := strings.Cut(string(raw), "3.jpg\n4.jpg\n6.jpg\nhidden.jpg\n")
	if want := "file '3.jpg'\nduration 0.500\nfile '4.jpg'\nduration 0.500\nfile 'hidden.jpg'\nduration 1.000\nfile '6.jpg'\nduration 2.000\nfile '6.jpg'\n"; list != want {
		t.Errorf("the list is\n%s", list)
	}
	if !strings.Contains(rest, "scale=322:182:") || !strings.Contains(rest, "libvpx") || !strings.HasSuffix(rest, "made.webm\n") {
		t.Errorf("it is told %s", rest)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	// What it says when it fails is said, and nothing is left either.
	ffmpegIs(t, bin, "echo no such thing >&2; exit 1")
	next, end = film(t)
	if _, err := recording.Video(t.Context(), dir, "mp4", next, end, nil); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("it failed with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	nothing := func() (recording.Picture, error) { return recording.Picture{}, io.EOF }
	if _, err := recording.Video(t.Context(), dir, "mp4", nothing, end, nil); !errors.Is(err, recording.ErrEmpty) {
		t.Errorf("of nothing: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := recording.Video(t.Context(), dir, "mp4", nothing, end, nil); !errors.Is(err, recording.ErrNoProgram) {
		t.Errorf("without it: %v", err)
	}
}

// TestVideos has ffmpeg itself make them, where there is one.
func TestVideos(t *testing.T) {
	if _, err := exec.LookPath(recording.Program); err != nil {
		t.Logf("%s is not installed: whether it takes what it is given was not tried", recording.Program)
		return
	}
	for format, begins := range map[string]string{"mp4": "ftyp", "webm": "\x1a\x45\xdf\xa3"} {
		next, end := film(t)
		file, err := recording.Video(t.Context(), t.TempDir(), format, next, end, nil)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 12)
		if _, err := io.ReadFull(file, head); err != nil || !strings.Contains(string(head), begins) {
			t.Errorf("%s begins with %q: %v", format, head, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}
