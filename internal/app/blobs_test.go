package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

func TestBlobsAreRemovedWithTheirFolders(t *testing.T) {
	dir := t.TempDir()
	b, err := openBlobs(t.Context(), "", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, key := range []string{"proj_1/browser_1/art_1", "proj_1/browser_1/art_2", "proj_1/browser_10/art_3", "proj_2/browser_2/art_4"} {
		if _, err := b.Write(t.Context(), key, strings.NewReader("x"), "image/png"); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"proj_1/browser_1/", "proj_1/browser_1/", "proj_2/browser_2/art_4", "proj_2/browser_2/art_4", "proj_9/"} {
		if err := b.Remove(t.Context(), key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	var left []string
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		left = append(left, path[len(dir):])
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"", "/proj_1", "/proj_1/browser_10", "/proj_1/browser_10/art_3"}
	if len(left) != len(want) || left[3] != want[3] {
		t.Errorf("left are %q, want %q", left, want)
	}
	if _, err := b.Open(t.Context(), "proj_1/browser_1/art_1"); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("a file that is gone: %v", err)
	}
}
