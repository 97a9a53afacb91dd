package app

import (
	"context"
	"errors"
	"io"
	"strings"
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
		{"none", true, strings.NewReader("x"), domain.ErrNotFound, codeNoRoom},
		{"none, and it is kept", true, strings.NewReader("x"), nil, ""},
		{"none, and the store is away", true, strings.NewReader("x"), io.ErrUnexpectedEOF, io.ErrUnexpectedEOF.Error()},
		{"none, for a failure", true, nil, nil, ""},
	} {
		keep := withRoom(func() bool { return tt.full }, func(_ context.Context, _ string, _ *browser.Download, file io.Reader) error {
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
	}{{leastRoom, 1 << 40, false}, {leastRoom - 1, 1 << 40, true}, {51 << 20, 1 << 30, true}, {52 << 20, 1 << 30, false}, {0, 1 << 40, true}} {
		if got := nearlyFull(tt.free, tt.all); got != tt.want {
			t.Errorf("%d bytes of %d are nearly none: %t", tt.free, tt.all, got)
		}
	}
}
