package app

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestDownloadsLeaveRoom on the disk of artifacts; what is kept already stays kept, and
// failures are told.
func TestDownloadsLeaveRoom(t *testing.T) {
	for _, tt := range []struct {
		name  string
		full  bool
		file  io.Reader
		keeps error // of what a server before has kept
		want  string
	}{
		{"room", false, strings.NewReader("x"), domain.ErrNotFound, "kept"},
		{"none", true, strings.NewReader("x"), domain.ErrNotFound, codeDiskFull},
		{"none, and it is kept", true, strings.NewReader("x"), nil, ""},
		{"none, and the store is away", true, strings.NewReader("x"), io.ErrUnexpectedEOF, io.ErrUnexpectedEOF.Error()},
		{"none, for a failure", true, nil, nil, ""},
	} {
		keep := withFreeSpace(func() bool { return tt.full }, func(_ context.Context, _ string, _ *browser.Download, file io.Reader) error {
			if file == nil {
				return tt.keeps
			}
			return errors.New("kept")
		})
		err := keep(t.Context(), "browser_1", &browser.Download{}, tt.file)
		got := ""
		if why, ok := errors.AsType[*domain.Failure](err); ok {
			got = why.Code
		} else if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, tt := range []struct {
		free, all uint64
		want      bool
	}{{minFreeBytes, 1 << 40, false}, {minFreeBytes - 1, 1 << 40, true}, {51 << 20, 1 << 30, true}, {52 << 20, 1 << 30, false}, {0, 1 << 40, true}} {
		if got := nearlyFull(tt.free, tt.all); got != tt.want {
			t.Errorf("%d bytes of %d are nearly none: %t", tt.free, tt.all, got)
		}
	}
}

// TestRecordingsLeaveRoom on the disk of the data folder too, also when artifacts are kept
// elsewhere.
func TestRecordingsLeaveRoom(t *testing.T) {
	own := statfs
	t.Cleanup(func() { statfs = own })
	full := ""
	statfs = func(folder string, fs *syscall.Statfs_t) error {
		*fs = syscall.Statfs_t{Bsize: 1 << 20, Blocks: 1 << 20, Bavail: 1 << 19}
		if folder == full {
			fs.Bavail = 1
		}
		return nil
	}
	for _, tt := range []struct {
		artifacts, full string
		want            bool
	}{{"", "", false}, {"", "data", true}, {"artifacts", "", false}, {"artifacts", "data", true}, {"artifacts", "artifacts", true}} {
		full = tt.full
		if got := recordingDiskFull(&blobs{folder: tt.artifacts}, "data")(); got != tt.want {
			t.Errorf("%+v: %t", tt, got)
		}
	}
}
