package recording_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/recording"
)

// film is pictures of two sizes, with a time in which nothing is shown.
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
		{At: at}, picture(time.Second, 321, 181, 10), picture(1500*time.Millisecond, 64, 64, 200), {At: at.Add(2 * time.Second)}, picture(3*time.Second, 321, 181, 90),
	}
	return func() (p recording.Picture, err error) {
		if len(all) == 0 {
			return p, io.EOF
		}
		p, all = all[0], all[1:]
		return p, nil
	}, at.Add(5 * time.Second)
}

// TestVideosAreToldWhatWasSeen looks at what ffmpeg is given, in place of which a script
// stands: each picture for as long as it was to be seen, and nothing where there was
// nothing.
func TestVideosAreToldWhatWasSeen(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	script := "#!/bin/sh\nfor last in \"$@\"; do :; done\n{ cat list; ls; echo \"$@\"; } > \"$last\"\n"
	if err := os.WriteFile(filepath.Join(bin, recording.Program), []byte(script), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	next, end := film(t)
	file, err := recording.Video(t.Context(), dir, "webm", next, end)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	raw, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	list, rest, _ := strings.Cut(string(raw), "1.jpg\n2.jpg\n4.jpg\nhidden.jpg\n")
	if want := "file '1.jpg'\nduration 0.500\nfile '2.jpg'\nduration 0.500\nfile 'hidden.jpg'\nduration 1.000\nfile '4.jpg'\nduration 2.000\nfile '4.jpg'\n"; list != want {
		t.Errorf("the list is\n%s", list)
	}
	if !strings.Contains(rest, "scale=322:182:") || !strings.Contains(rest, "libvpx") || !strings.HasSuffix(rest, "made.webm\n") {
		t.Errorf("it is told %s", rest)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	// What it says when it fails is said, and nothing is left either.
	if err := os.WriteFile(filepath.Join(bin, recording.Program), []byte("#!/bin/sh\necho no such thing >&2\nexit 1\n"), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	next, end = film(t)
	if _, err := recording.Video(t.Context(), dir, "mp4", next, end); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("it failed with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	nothing := func() (recording.Picture, error) { return recording.Picture{}, io.EOF }
	if _, err := recording.Video(t.Context(), dir, "mp4", nothing, end); !errors.Is(err, recording.ErrEmpty) {
		t.Errorf("of nothing: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := recording.Video(t.Context(), dir, "mp4", nothing, end); !errors.Is(err, recording.ErrNoProgram) {
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
		file, err := recording.Video(t.Context(), t.TempDir(), format, next, end)
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
